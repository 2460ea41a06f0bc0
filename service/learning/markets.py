"""What lists would look like under a scorer: needs of the served release matched as a night would match them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from matcher import exposure, priority
from matcher.matching import Matcher
from matcher.promotion import Market
from matcher.vocabulary import GateState, Tier
from service.reference import load_places
from service.releases.rules import policy_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.encoder import Encoder
    from matcher.matches import Match
    from matcher.policy import GatePolicy
    from matcher.profiles import Need
    from matcher.scoring import Scorer
    from service.releases import Release

MOST: Final = 500
"""Needs matched under each scorer, evenly spaced over the release: a minute's work, and shares to some hundredths."""

_LDC: Final = "LDC"


def market(release: Release, encoder: Encoder, scorer: Scorer) -> Market:
    """Match, and count whom the ten best of every list show and serve."""
    places, as_of = load_places(), release.manifest.as_of
    policy = policy_of(release.manifest.facts.policy)
    matcher = Matcher(release.catalogue, encoder, places, as_of, scorer, policy, release.thirds(places))
    shown: Counter[str] = Counter()
    served, best, violations = set(), set(), 0
    needs = _some(release)
    for need, shortlist in zip(needs, matcher.match_all(needs, exposure.TOP), strict=True):
        listed = [match for match in shortlist.matches if not match.near_miss]
        shown.update(match.organisation_id for match in listed)
        violations += sum(_fails(match, policy) for match in listed)
        if listed:
            served.add(need.id)
        if any(match.tier is Tier.A for match in listed):
            best.add(need.id)
    ldc = [need.id for need in needs if _LDC in priority.vulnerable_groups(need, places, as_of)]
    covered = exposure.cover({_LDC: ldc}, served, best)[_LDC]
    owners = {one.organisation_id for one in release.capabilities}
    gini = exposure.measure(list(shown.values()), len(owners)).gini
    return Market(gini, covered.with_match, covered.with_tier_a, violations)


def _some(release: Release) -> Sequence[Need]:
    count = len(release.needs)
    wanted = min(count, MOST)
    return [release.needs[row * count // wanted] for row in range(wanted)]


def _fails(match: Match, policy: GatePolicy) -> bool:
    return any(gate.state is GateState.FAIL and policy.is_hard(gate.gate) for gate in match.gates)

"""Several needs matched as one: who serves most of them, by the shortlists that each of them has already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import Tier

DIGITS: Final = 6  # as scores are written


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a need's shortlist."""

    organisation_id: OrganisationId
    capability_id: CapabilityId
    rank: int
    score: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Serving:
    """A need that a partner could serve, with what it would serve it."""

    need_id: NeedId
    capability_id: CapabilityId
    rank: int
    score: float
    tier: Tier


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation for all of the needs: ``score`` is the mean over them of its best match, 0 where it has none."""

    organisation_id: OrganisationId
    score: float
    serves: tuple[Serving, ...]  # one a need, the highest score first, ties by need id


def combine(shortlists: Mapping[NeedId, Sequence[Listed]]) -> tuple[Partner, ...]:
    """Return whoever is eligible for a need, by falling score for all of them, ties by organisation id.

    Near misses count for none. No score is made anew: taking a match off a list never raises its partner.
    """
    best: defaultdict[OrganisationId, list[Serving]] = defaultdict(list)
    for need_id, lines in shortlists.items():
        found: dict[OrganisationId, Listed] = {}
        for line in lines:
            if line.tier is not Tier.C and (
                line.organisation_id not in found or _key(line) < _key(found[line.organisation_id])
            ):
                found[line.organisation_id] = line
        for organisation, line in found.items():
            best[organisation].append(Serving(need_id, line.capability_id, line.rank, line.score, line.tier))
    partners = (
        Partner(
            organisation,
            round(sum(one.score for one in served) / len(shortlists), DIGITS),
            tuple(sorted(served, key=lambda one: (-one.score, one.need_id))),
        )
        for organisation, served in best.items()
    )
    return tuple(sorted(partners, key=lambda partner: (-partner.score, partner.organisation_id)))


def _key(line: Listed) -> tuple[float, CapabilityId]:
    return -line.score, line.capability_id

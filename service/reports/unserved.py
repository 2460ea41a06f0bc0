"""Needs without a partner, by sector and place: whom to recruit, by the gates that keep the nearest ones out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.policy import FAIL, GATES
from matcher.vocabulary import GateName
from matcher.wording import listed, many
from service.reference import load_places
from service.releases.rules import policy_of
from service.reports.survey import NOT_STATED, Listing, Report, place_names

if TYPE_CHECKING:
    from matcher.profiles import Need
    from service.reports.survey import Survey

WEAK: Final = 0.5
"""Under it a score, which is meant as a probability, says that the match is more likely wrong than right."""


class Lack(StrEnum):
    """How a need is unserved."""

    NO_PARTNER = "no_partner"  # neither an eligible offer nor a near miss
    NEAR_MISSES_ONLY = "near_misses_only"  # nobody eligible
    WEAK_MATCHES_ONLY = "weak_matches_only"  # somebody passes the gates, and no score reaches one half


@dataclass(frozen=True, slots=True)
class GateCount:
    """How many offers fail a gate."""

    gate: GateName
    offers: int


@dataclass(frozen=True, slots=True)
class UnservedNeed:
    """A need that has nobody, with what keeps the nearest offers out.

    Gates are counted over its near misses; beside weak matches over those near misses that score higher than they do;
    without any near miss or match over every offer of the release.
    """

    need_id: str
    need_title: str
    owner_organisation_id: str
    lack: Lack
    places: tuple[str, ...]
    sectors: tuple[str, ...]
    best_score: float | None  # of whom is eligible; None without anybody
    offers: int  # that the gates were counted over
    gates: tuple[GateCount, ...]  # that fail most, first
    recruit: str  # whom to look for, in a sentence


@dataclass(frozen=True, slots=True)
class Gap:
    """Needs of one sector or place. A need that states several counts in each."""

    name: str
    needs: int
    no_partner: int
    near_misses_only: int
    weak_matches_only: int


@dataclass(frozen=True, slots=True)
class UnservedReport(Report):
    """Needs without an eligible partner, or with weak ones only, and what keeps partners out."""

    no_partner: int
    near_misses_only: int
    weak_matches_only: int
    by_sector: tuple[Gap, ...]  # those with an unserved need, the most first
    by_place: tuple[Gap, ...]
    gates: tuple[GateCount, ...]  # over all of the offers that were counted
    unserved: tuple[UnservedNeed, ...]  # nobody at all first, then near misses, then weak matches, in the order of ids


def report(survey: Survey) -> UnservedReport:
    """Count the needs that nobody fit is listed for."""
    lacks = {listing.need.id: lack for listing in survey.listings if (lack := lack_of(listing))}
    unserved = [listing for listing in survey.listings if listing.need.id in lacks]
    needs = sorted((_need(survey, one, lacks[one.need.id]) for one in unserved), key=lambda need: _ORDER[need.lack])
    totals = Counter[GateName]()
    for need in needs:
        totals.update({each.gate: each.offers for each in need.gates})
    counts = Counter(lacks.values())
    return UnservedReport(
        *survey.head(),
        counts[Lack.NO_PARTNER],
        counts[Lack.NEAR_MISSES_ONLY],
        counts[Lack.WEAK_MATCHES_ONLY],
        _gaps(survey.listings, lacks, _sectors),
        _gaps(survey.listings, lacks, place_names),
        _ordered(totals),
        tuple(needs),
    )


def lack_of(listing: Listing) -> Lack | None:
    """Say how a need is unserved; None when it is served."""
    eligible = listing.eligible
    if not listing.lines:
        return Lack.NO_PARTNER
    if not eligible:
        return Lack.NEAR_MISSES_ONLY
    return Lack.WEAK_MATCHES_ONLY if max(line.score for line in eligible) < WEAK else None


_ORDER: Final = {lack: at for at, lack in enumerate(Lack)}


def _sectors(need: Need) -> tuple[str, ...]:
    return need.sectors or (NOT_STATED,)


def _gaps(
    listings: Iterable[Listing], lacks: dict[str, Lack], names: Callable[[Need], Sequence[str]]
) -> tuple[Gap, ...]:
    needs, found = Counter[str](), Counter[tuple[str, Lack]]()
    for listing in listings:
        stated = list(dict.fromkeys(names(listing.need)))
        needs.update(stated)
        lack = lacks.get(listing.need.id)
        found.update((name, lack) for name in stated if lack)
    gaps = [Gap(name, needs[name], *(found[name, lack] for lack in Lack)) for name in {name for name, _ in found}]
    return tuple(sorted(gaps, key=lambda gap: (*(-count for count in _worst_first(gap)), gap.name)))


def _worst_first(gap: Gap) -> tuple[int, int, int]:
    return gap.no_partner + gap.near_misses_only + gap.weak_matches_only, gap.no_partner, gap.near_misses_only


def _need(survey: Survey, listing: Listing, lack: Lack) -> UnservedNeed:
    need = listing.need
    best = max((line.score for line in listing.eligible), default=None)
    if lack is Lack.NO_PARTNER:
        failed, offers = _everywhere(survey, need)
        basis = f"none of all {many(offers, 'offer')} comes near:"
    else:
        near = [line for line in listing.lines if line.near_miss and line.score > (best or 0)]
        failed, offers = Counter(gate for line in near for gate in line.failed_gates), len(near)
        basis = f"of {many(offers, 'offer')} that would score higher"
    gates, places = _ordered(failed), place_names(need)
    each_said = [f"{one.offers} {'fails' if one.offers == 1 else 'fail'} the {one.gate.value} gate" for one in gates]
    said = ", ".join(each_said) or "none fails a gate"
    weak = "" if best is None else f"the best eligible offer scores {best:.2f}; "
    why = f"{basis} {said}" if offers else "no near miss would score higher"
    sectors = [sector.replace(".", ": ").replace("_", " ") for sector in need.sectors or ()] or ["any sector"]
    recruit = f"{listed(sectors)} for {_where(places)}: {weak}{why}"
    facts = (need.id, need.title, need.owner_organisation_id, lack, places, need.sectors or ())
    return UnservedNeed(*facts, best, offers, gates, recruit)


def _where(places: Sequence[str]) -> str:
    return "any place" if list(places) == [NOT_STATED] else listed(places)


def _everywhere(survey: Survey, need: Need) -> tuple[Counter[GateName], int]:
    """Count the failures of each hard gate over every offer that may be seen, by the release's own rules."""
    from matcher import gates
    from matcher.asked import Asked

    release = survey.release
    policy, columns = policy_of(release.manifest.facts.policy), release.catalogue.columns
    states = gates.judge(Asked.of(need, release.organisations, columns, load_places()), columns, policy)
    seen = np.array([survey.visible.shows("capabilities", one) for one in release.capabilities.ids()], np.bool_)
    counts = np.count_nonzero(states[:, seen] == FAIL, axis=1).tolist()
    hard = {gate: count for gate, count in zip(GATES, counts, strict=True) if count and policy.is_hard(gate)}
    return Counter(hard), int(np.count_nonzero(seen))


def _ordered(counts: Counter[GateName]) -> tuple[GateCount, ...]:
    order = list(GateName)
    found = sorted(counts.items(), key=lambda pair: (-pair[1], order.index(pair[0])))
    return tuple(GateCount(gate, count) for gate, count in found)

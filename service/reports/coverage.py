"""Which groups of countries are served: needs with a match, and with one that is well supported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcher import exposure, priority
from matcher.vocabulary import Tier
from service.reference import load_places
from service.reports.survey import Report

if TYPE_CHECKING:
    from service.reports.survey import Survey

EVERY: Final = "every need"
OTHERS: Final = "none of these groups"


@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """Needs of one group; a need may be of several. Shares are None for a group without needs."""

    group: str
    needs: int
    served: int  # needs with at least one match that is no near miss
    with_match: float | None  # their share
    with_tier_a: float | None  # share of needs with a match of tier A


@dataclass(frozen=True, slots=True)
class CoverageReport(Report):
    """Needs served, by vulnerable group as of the release's day."""

    groups: tuple[GroupCoverage, ...]


def report(survey: Survey) -> CoverageReport:
    """Count the needs of each group that have somebody eligible on their list."""
    places, as_of = load_places(), survey.release.manifest.as_of
    groups: dict[str, list[str]] = {name: [] for name in (EVERY, *priority.GROUPS, OTHERS)}
    for listing in survey.listings:
        found = priority.vulnerable_groups(listing.need, places, as_of)
        for name in (EVERY, *(found or [OTHERS])):
            groups[name].append(listing.need.id)
    served = {listing.need.id for listing in survey.listings if listing.eligible}
    best = {one.need.id for one in survey.listings if any(line.tier is Tier.A for line in one.lines)}
    covered = exposure.cover(groups, served, best)
    rows = (
        GroupCoverage(name, each.needs, len(served.intersection(groups[name])), each.with_match, each.with_tier_a)
        for name, each in covered.items()
    )
    return CoverageReport(*survey.head(), tuple(rows))

"""How the matches share out over the tiers, and what each need's best one is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher.vocabulary import Tier
from service.reports.survey import Report

if TYPE_CHECKING:
    from service.reports.survey import Survey


@dataclass(frozen=True, slots=True)
class TierShare:
    """Matches of one tier, and the needs whose best match is of it. Shares are None where there is nothing to share."""

    tier: Tier
    matches: int
    share: float | None  # of all matches
    needs: int  # whose first match is of this tier
    needs_share: float | None  # of all needs


@dataclass(frozen=True, slots=True)
class TierReport(Report):
    """Shares of the tiers."""

    matches: int
    one_tier_only: bool  # all matches are of one tier: the profiles say too little to tell them apart
    coverage_mean: float | None  # of the matches: share of the weight with evidence
    needs_without_match: int
    tiers: tuple[TierShare, ...]


def report(survey: Survey) -> TierReport:
    """Count matches, and needs by their first match."""
    lines = [line for listing in survey.listings for line in listing.lines]
    tiers = Counter(line.tier for line in lines)
    firsts = Counter(listing.lines[0].tier for listing in survey.listings if listing.lines)
    needs = len(survey.listings)
    return TierReport(
        *survey.head(),
        len(lines),
        len(tiers) == 1,
        round(sum(line.coverage for line in lines) / len(lines), 6) if lines else None,
        needs - firsts.total(),
        tuple(
            TierShare(tier, tiers[tier], _share(tiers[tier], len(lines)), firsts[tier], _share(firsts[tier], needs))
            for tier in Tier
        ),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None

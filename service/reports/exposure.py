"""How often each organisation is shown, and how that stands against what it can take on."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matcher import exposure
from matcher.vocabulary import ActivityStatus
from service.reports.survey import Report

if TYPE_CHECKING:
    from service.reports.survey import Survey


@dataclass(frozen=True, slots=True)
class Shown:
    """An organisation that stands among the first ten of a list."""

    organisation_id: str
    name: str | None  # None where it is not described, or not to be seen
    country: str | None
    activity_status: ActivityStatus | None
    shown: int  # lines among the first ten of every list, near misses included
    needs: int  # whose first ten hold it as eligible
    first: int  # lists it heads as eligible
    slots_total: int | None  # partnerships it can take on; None is unknown
    load: float | None  # needs for each slot; None where slots are unknown or none


@dataclass(frozen=True, slots=True)
class ExposureReport(Report):
    """How evenly organisations are shown; load is what lists ask of them, not what they agreed to."""

    providers: int  # organisations that offer something
    providers_shown: int
    gini: float | None  # of the lines among the first ten, over all providers; 0: everyone alike
    top_10_percent_share: float | None  # of these lines, by the busiest tenth of the providers
    organisations: tuple[Shown, ...]  # the most shown first, ties by id


def report(survey: Survey) -> ExposureReport:
    """Count every organisation's lines among the first ten of each list."""
    shown, first = Counter[str](), Counter[str]()
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for listing in survey.listings:
        top = listing.lines[: exposure.TOP]
        shown.update(line.organisation_id for line in top)
        for line in top:
            if not line.near_miss:
                needs[line.organisation_id].add(listing.need.id)
        first.update(line.organisation_id for line in listing.eligible[:1])
    providers = len(_providers(survey) | set(shown))
    measured = exposure.measure(list(shown.values()), providers)
    rows = (_row(survey, one, count, len(needs[one]), first[one]) for one, count in shown.items())
    return ExposureReport(
        *survey.head(),
        measured.providers,
        measured.providers_shown,
        measured.gini,
        measured.top_10_percent_share,
        tuple(sorted(rows, key=lambda row: (-row.shown, row.organisation_id))),
    )


def _row(survey: Survey, organisation_id: str, shown: int, needs: int, first: int) -> Shown:
    known = survey.organisation(organisation_id)
    if known is None:
        return Shown(organisation_id, None, None, None, shown, needs, first, None, None)
    slots = known.slots_total
    load = round(needs / slots, 2) if slots else None
    return Shown(organisation_id, known.name, known.country, known.activity_status, shown, needs, first, slots, load)


def _providers(survey: Survey) -> set[str]:
    """Read who offers what may be seen, as plain JSON: building each record takes six times as long."""
    records = survey.release.capabilities
    rows = (row for row, one in enumerate(records.ids()) if survey.visible.shows("capabilities", one))
    return {json.loads(records.line(row))["organisation_id"] for row in rows}

"""Partners that sleep and rank high: whom to wake up, and for which needs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from matcher.exposure import TOP
from matcher.profiles import Organisation
from matcher.vocabulary import ActivityStatus, Tier
from service.reports.survey import Report

if TYPE_CHECKING:
    from service.reports.survey import Listing, Survey

ASLEEP: Final = frozenset({ActivityStatus.DORMANT, ActivityStatus.INACTIVE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A need that a sleeping partner stands high for."""

    need_id: str
    need_title: str
    capability_id: str
    rank: int
    score: float
    tier: Tier
    only: bool  # whether nobody awake is eligible: without this partner, or another that sleeps, the need has none


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A dormant or inactive organisation among the ten best of a need."""

    organisation_id: str
    name: str
    country: str | None
    city: str | None
    activity_status: ActivityStatus
    last_contact_at: date | None
    contact_channel: str | None  # a role mailbox or form
    needs: tuple[Wanted, ...]  # the best score first; one line a need


@dataclass(frozen=True, slots=True)
class DormantReport(Report):
    """Dormant and inactive partners worth reactivating."""

    asleep: int  # organisations of the release that are dormant or inactive
    organisations: tuple[Sleeper, ...]  # those wanted for most needs first, then by their best score, then id


def report(survey: Survey) -> DormantReport:
    """List sleeping organisations among the ten first eligible matches of a need."""
    asleep = _asleep(survey)
    wanted: defaultdict[str, list[Wanted]] = defaultdict(list)
    for listing in survey.listings:
        for one, line in _wanted(listing, asleep):
            wanted[one].append(line)
    rows = [_sleeper(asleep[one], lines) for one, lines in wanted.items()]
    rows.sort(key=lambda row: (-len(row.needs), -row.needs[0].score, row.organisation_id))
    return DormantReport(*survey.head(), len(asleep), tuple(rows))


def _asleep(survey: Survey) -> dict[str, Organisation]:
    known = (survey.organisation(one) for one in survey.release.organisations)
    return {one.id: one for one in known if one is not None and one.activity_status in ASLEEP}


def _wanted(listing: Listing, asleep: dict[str, Organisation]) -> list[tuple[str, Wanted]]:
    """Return the sleepers of one list, each with its best line."""
    eligible, need = listing.eligible, listing.need
    only = all(line.organisation_id in asleep for line in eligible)
    found: dict[str, Wanted] = {}
    for line in eligible[:TOP]:
        if line.organisation_id in asleep:
            made = Wanted(need.id, need.title, line.capability_id, line.rank, line.score, line.tier, only)
            found.setdefault(line.organisation_id, made)
    return list(found.items())


def _sleeper(known: Organisation, lines: list[Wanted]) -> Sleeper:
    status = known.activity_status or ActivityStatus.DORMANT  # only those with a status are asleep
    return Sleeper(
        known.id,
        known.name,
        known.country,
        known.city,
        status,
        known.last_contact_at,
        known.contact_channel,
        tuple(sorted(lines, key=lambda line: (-line.score, line.need_id))),
    )

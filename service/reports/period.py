"""What a tenant achieved in a period, for a steering committee: by project, city cluster and country.

*Project* and *cluster* are what the need states. A need with several countries counts in
each; the totals count it once. An introduction, an acceptance, an agreement is counted when a pair first reached that
stage or a later one; a memorandum of understanding is none. A partner is reactivated when its record went from dormant
or inactive to active; it counts in its own country, and with the needs that it was ever paired with. Days at a stage
are counted of stays that ended in the period, as median with the number of stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from matcher.errors import BadInput
from matcher.outcomes import FORWARD, PairState
from matcher.profiles import Need, Organisation
from matcher.vocabulary import ActivityStatus, Stage
from service.outcomes.dismissing import facets_of
from service.reference import load_places
from service.reports.survey import NOT_STATED, place_names
from service.store import Told, states_of_pairs
from service.store.models import RecordRow, VersionRow, is_
from service.visibility import WITHDRAWN_NOW, Audience, Visibility

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.events import Pair

ASLEEP: Final = frozenset({ActivityStatus.DORMANT, ActivityStatus.INACTIVE})
_REACHED: Final = {
    "introductions": Stage.INTRO_REQUESTED,
    "introductions_accepted": Stage.INTRO_ACCEPTED,
    "agreements": Stage.AGREEMENT_SIGNED,
    "commissioned": Stage.COMMISSIONED,
}
_DAY: Final = 86_400.0  # seconds
_GROUPS: Final = ("project", "cluster", "country")
Group = tuple[str, str]
"""What is grouped by, and the group's name; ("", "") is everything."""


@dataclass(frozen=True, slots=True)
class Row:
    """What happened in one group."""

    name: str
    needs_assessed: int = 0  # needs of the tenant that were first saved in the period
    introductions: int = 0  # pairs, as everything below
    introductions_accepted: int = 0
    agreements: int = 0
    commissioned: int = 0
    partners_reactivated: int = 0  # organisations


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long pairs of a group stayed at a stage that they left in the period."""

    by: str  # "total", "project", "cluster" or "country"
    name: str
    stage: Stage
    n: int  # stays
    median_days: float


@dataclass(frozen=True, slots=True)
class PeriodReport:
    """What a tenant achieved from the first day to the last, both included."""

    tenant_id: str
    first_day: date
    last_day: date
    withheld: int  # pairs with events of which a side may not be seen
    total: tuple[Row, ...]  # one row
    by_project: tuple[Row, ...]  # by name, as the others
    by_cluster: tuple[Row, ...]
    by_country: tuple[Row, ...]
    time_at_stage: tuple[StageTime, ...]  # total first, then by group and stage


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose report, of which days, for whom."""

    tenant_id: str
    first_day: date
    last_day: date
    audience: Audience
    visible: Visibility

    def holds(self, moment: datetime | None) -> bool:
        """Say whether a moment lies in the period (days in UTC)."""
        start = datetime.combine(self.first_day, time(), UTC)
        end = datetime.combine(self.last_day, time(), UTC) + timedelta(days=1)
        return moment is not None and start <= moment < end


def report(session: Session, asked: Asked) -> PeriodReport:
    """Count a period. Raises BadInput where it ends before it begins."""
    if asked.last_day < asked.first_day:
        expected = f"a last day from {asked.first_day} on"
        raise BadInput("period", expected=expected, got=asked.last_day.isoformat(), fix="turn the two round")
    states = states_of_pairs(session, Told(asked.tenant_id, asked.audience))
    pairs = {pair: state for (_, pair), state in states.items() if asked.visible.shows_pair(*pair)}
    needs = _needs(session, asked, {need for need, _ in pairs})

    def groups(need_id: str) -> tuple[Group, ...]:
        return _groups_of(needs.get(need_id))

    counts: defaultdict[Group, defaultdict[str, set[object]]] = defaultdict(lambda: defaultdict(set))
    for group, field, item in _counted(session, asked, pairs, groups):
        counts[group][field].add(item)
    rows = {group: Row(group[1], **{name: len(items) for name, items in of.items()}) for group, of in counts.items()}
    return PeriodReport(
        tenant_id=asked.tenant_id,
        first_day=asked.first_day,
        last_day=asked.last_day,
        withheld=len(states) - len(pairs),
        total=(rows.get(("", ""), Row("")),),
        by_project=_of(rows, "project"),
        by_cluster=_of(rows, "cluster"),
        by_country=_of(rows, "country"),
        time_at_stage=_times(pairs, asked, groups),
    )


def _of(rows: Mapping[Group, Row], by: str) -> tuple[Row, ...]:
    return tuple(row for (kind, _), row in sorted(rows.items()) if kind == by)


def _groups_of(need: Need | None) -> tuple[Group, ...]:
    if need is None:
        return (("", ""), *((by, NOT_STATED) for by in _GROUPS))
    countries = (("country", name) for name in place_names(need))
    return ("", ""), ("project", need.project or NOT_STATED), ("cluster", need.cluster or NOT_STATED), *countries


def _counted(
    session: Session,
    asked: Asked,
    pairs: Mapping[Pair, PairState],
    groups: Callable[[str], tuple[Group, ...]],
) -> Iterator[tuple[Group, str, object]]:
    """Yield each thing that is counted with its group and field; the same thing twice counts once."""
    for need_id in _assessed(session, asked):
        yield from ((group, "needs_assessed", need_id) for group in groups(need_id))
    for pair, state in pairs.items():
        for field, stage in _REACHED.items():
            if asked.holds(first_reached(state, stage)):
                yield from ((group, field, pair) for group in groups(pair[0]))
    partners = _reactivated(session, asked)
    for organisation_id, country in partners.items():
        yield ("", ""), "partners_reactivated", organisation_id
        yield ("country", country), "partners_reactivated", organisation_id
    for need_id, organisation_id in _providers(session, pairs):
        if organisation_id in partners:
            kept = (group for group in groups(need_id) if group[0] in {"project", "cluster"})
            yield from ((group, "partners_reactivated", organisation_id) for group in kept)


def first_reached(state: PairState, stage: Stage) -> datetime | None:
    """Return when a pair first stood at a stage or a later one of the order; None if it never did."""
    least = FORWARD.index(stage)
    stays = (stay.start for stay in state.stays if stay.stage in FORWARD and FORWARD.index(stay.stage) >= least)
    return next(stays, None)


def _times(
    pairs: Mapping[Pair, PairState], asked: Asked, groups: Callable[[str], tuple[Group, ...]]
) -> tuple[StageTime, ...]:
    days: defaultdict[tuple[Group, Stage], list[float]] = defaultdict(list)
    for (need_id, _), state in pairs.items():
        for stay in state.stays:
            if stay.end is not None and asked.holds(stay.end):
                for group in groups(need_id):
                    days[group, stay.stage].append((stay.end - stay.start).total_seconds() / _DAY)
    order = list(Stage)
    found = sorted(days.items(), key=lambda one: (one[0][0], order.index(one[0][1])))
    return tuple(
        StageTime(by or "total", name, stage, len(of), round(median(of), 2)) for ((by, name), stage), of in found
    )


def _needs(session: Session, asked: Asked, paired: set[str]) -> dict[str, Need]:
    """Return the tenant's needs and those it works on, as they stand now, by id; those that may be seen."""
    query = select(RecordRow.id, RecordRow.tenant_id, RecordRow.profile).where(RecordRow.kind == "needs")
    return {
        row.id: Need.model_validate_json(row.profile)
        for row in session.execute(query)
        if (row.tenant_id == asked.tenant_id or row.id in paired) and asked.visible.shows("needs", row.id)
    }


def _assessed(session: Session, asked: Asked) -> Iterator[str]:
    states = [state.value for state in WITHDRAWN_NOW]
    query = select(RecordRow.id, RecordRow.created_at).where(
        RecordRow.kind == "needs", is_(RecordRow.tenant_id, asked.tenant_id), RecordRow.review_state.not_in(states)
    )
    for row in session.execute(query):
        if asked.holds(row.created_at) and asked.visible.shows("needs", row.id):
            yield row.id


def _providers(session: Session, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the need and the organisation of each pair whose capability the store holds."""
    facets = facets_of(session, sorted({capability_id for _, capability_id in pairs}))
    owners = {capability_id: value for capability_id, facet, value in facets if facet == "organisation"}
    yield from ((need_id, owners[capability_id]) for need_id, capability_id in pairs if capability_id in owners)


def _reactivated(session: Session, asked: Asked) -> dict[str, str]:
    """Return the organisations that woke up in the period, with the name of their country."""
    woken = {
        each for each, at in _awakenings(session) if asked.holds(at) and asked.visible.shows("organisations", each)
    }
    query = select(RecordRow.id, RecordRow.profile).where(RecordRow.kind == "organisations")
    return {
        row.id: _country_name(Organisation.model_validate_json(row.profile).country)
        for row in session.execute(query)
        if row.id in woken
    }


def _country_name(stated: str | None) -> str:
    places = load_places()
    try:
        return NOT_STATED if stated is None else places.name_of(places.country(stated))
    except BadInput:  # a name that nobody knows counts under itself
        return stated or NOT_STATED


def _awakenings(session: Session) -> Iterator[tuple[str, datetime]]:
    """Yield each change of an organisation's record from dormant or inactive to active, with its moment."""
    kind = "organisations"
    old = select(VersionRow.id, VersionRow.version, VersionRow.at, VersionRow.profile).where(VersionRow.kind == kind)
    changed = (RecordRow.kind == kind, RecordRow.version > 1)
    new = select(RecordRow.id, RecordRow.version, RecordRow.updated_at, RecordRow.profile).where(*changed)
    found: list[tuple[str, int, datetime, str]] = [
        (each, version, at, profile) for part in (old, new) for each, version, at, profile in session.execute(part)
    ]
    versions = sorted(found, key=lambda row: row[:2])
    for organisation_id, rows in groupby(versions, key=lambda row: row[0]):
        before: str | None = None
        for _, _, at, profile in rows:
            status = json.loads(profile).get("activity_status")
            if before in ASLEEP and status == ActivityStatus.ACTIVE:
                yield organisation_id, at
            before = status

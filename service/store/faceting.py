"""Counting what a list could be narrowed to, over exactly the records that the list would show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, Select, func, select

from matcher.errors import BadInput
from matcher.vocabulary import Urgency
from service.store.listing import Filters, conditions, states_urgency
from service.store.models import FacetRow, RecordRow
from service.store.reading import held

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from matcher.places import PlaceBook


_BETWEEN: Final = "\x1f"  # the separator of units: single-spaced names of places have no control characters

Staged = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Places:
    """What names of places mean: the book, the groups to count by, and the date they are understood as of."""

    book: PlaceBook
    groups: Collection[str]
    as_of: date


@dataclass(frozen=True, slots=True)
class Facets:
    """How many records of a list have each value; a record may count under several values of one facet."""

    total: int = 0
    countries: Mapping[str, int] = field(default_factory=dict)  # by alpha-3 code; stated regions and groups count apart
    groups: Mapping[str, int] = field(default_factory=dict)  # records for at least one country of a group
    sectors: Mapping[str, int] = field(default_factory=dict)
    goals: Mapping[str, int] = field(default_factory=dict)
    urgencies: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)  # needs with a pair at a stage


def count_facets(session: Session, kind: str, filters: Filters, places_known: Places, staged: Staged) -> Facets:
    """Count the values of the records of one kind that pass the filters.

    ``staged`` holds the needs at each stage of the pipeline, as far as whoever looks may know them.
    """
    listed = (RecordRow.kind == kind, *conditions(filters))
    ids = select(RecordRow.id).where(*listed)
    total = _count(session, ids)
    of_listed = (FacetRow.kind == kind, FacetRow.id.in_(ids))
    counted = (
        select(FacetRow.facet, FacetRow.value, func.count())
        .where(*of_listed, FacetRow.facet.in_(["sector", "sdg"]))
        .group_by(FacetRow.facet, FacetRow.value)
    )
    by_facet: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for facet, value, count in session.execute(counted):
        by_facet[facet][value] = count
    places = _places(session, of_listed)
    urgent = ((level.value, ids.where(states_urgency(level.value))) for level in Urgency)
    urgencies = {level: _count(session, found) for level, found in urgent}
    countries, grouped = _by_place(places, places_known)
    stages = {stage: _count(session, ids.where(RecordRow.id.in_(held(needs)))) for stage, needs in staged.items()}
    return Facets(total, countries, grouped, by_facet["sector"], by_facet["sdg"], urgencies, stages)


def _count(session: Session, ids: Select[str]) -> int:
    return session.execute(select(func.count()).select_from(ids.subquery())).scalar_one()


def _places(session: Session, of_listed: tuple[ColumnElement[bool], ...]) -> dict[tuple[str, ...], int]:
    """Count records by all the places that they state together; the database does, so no record comes here."""
    stated = select(func.aggregate_strings(FacetRow.value, _BETWEEN).label("names"))
    together = stated.where(*of_listed, FacetRow.facet == "country").group_by(FacetRow.id).subquery()
    counted = select(together.c.names, func.count()).group_by(together.c.names)
    found: Counter[tuple[str, ...]] = Counter()
    for names, count in session.execute(counted):
        found[tuple(sorted(names.split(_BETWEEN)))] += count
    return found


def _by_place(places: Mapping[tuple[str, ...], int], known: Places) -> tuple[dict[str, int], dict[str, int]]:
    """Count records for each country that is stated as one, and for each group with a country of it."""
    covered = {name: _resolved(known.book, name, known.as_of) for names in places for name in names}
    members = {group: _resolved(known.book, group, known.as_of) for group in known.groups}
    countries, grouped = Counter[str](), Counter(dict.fromkeys(members, 0))
    for names, count in places.items():
        every = [covered[name] for name in names]
        for code in {next(iter(codes)) for codes in every if len(codes) == 1}:
            countries[code] += count
        reached = frozenset[str]().union(*every)
        for group, codes in members.items():
            grouped[group] += count * (not reached.isdisjoint(codes))
    return dict(countries), dict(grouped)


def _resolved(book: PlaceBook, name: str, as_of: date) -> frozenset[str]:
    try:
        return book.resolve(name, as_of)
    except BadInput:
        return frozenset()

"""Pairs of organisations that people say are two: a suggestion dismissed for good, until somebody takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.identity import resolved
from service.store.merges import active_merges
from service.store.models import DistinctionRow, is_
from service.store.records import hold_records

Pair = tuple[str, str]
"""Two ids, the lesser first."""


@dataclass(frozen=True, slots=True)
class Distinction:
    """Somebody's word that two organisations are not one, and, where it was taken back, who did so."""

    number: int
    pair: Pair
    made_at: datetime
    made_by: str
    reason: str
    undone_at: datetime | None
    undone_by: str | None


def pair_of(one: str, other: str) -> Pair:
    """Return two ids in their order; raises BadInput on one organisation twice."""
    if one == other:
        raise BadInput("one_organisation", expected="two organisations", got=one)
    return min(one, other), max(one, other)


def distinct_pairs(session: Session) -> frozenset[Pair]:
    """Return every pair that is told apart now."""
    query = select(DistinctionRow.organisation_id, DistinctionRow.other_organisation_id)
    held = session.execute(query.where(DistinctionRow.undone_at.is_(None)))
    return frozenset((row.organisation_id, row.other_organisation_id) for row in held)


def distinctions(session: Session, organisation_id: str | None = None) -> tuple[Distinction, ...]:
    """Return what people ever said so, of one organisation or of all, oldest first; what was taken back too."""
    query = select(DistinctionRow).order_by(DistinctionRow.number)
    if organisation_id is not None:
        sides = (DistinctionRow.organisation_id, DistinctionRow.other_organisation_id)
        query = query.where(or_(*(is_(side, organisation_id) for side in sides)))
    return tuple(_distinction(row) for row in session.execute(query).scalars())


def distinguish(session: Session, pair: Pair, *, actor: str, at: datetime, reason: str) -> Distinction:
    """Say that two organisations are two; raises BadInput where that was said, or where they are merged."""
    hold_records(session)
    if pair in distinct_pairs(session):
        raise BadInput("distinct", expected="a pair that is not told apart yet", got=" and ".join(pair))
    roots = resolved(active_merges(session))
    if roots.get(pair[0], pair[0]) == roots.get(pair[1], pair[1]):
        fix = "unmerge them first"
        raise BadInput("merged", expected="two organisations that are not merged", got=" and ".join(pair), fix=fix)
    row = {
        "organisation_id": pair[0],
        "other_organisation_id": pair[1],
        "made_at": at,
        "made_by": actor,
        "reason": reason,
    }
    number = session.execute(insert(DistinctionRow).values(row).returning(DistinctionRow.number)).scalar_one()
    return _distinction(session.get_one(DistinctionRow, number))


def undo_distinction(session: Session, pair: Pair, *, actor: str, at: datetime) -> Distinction:
    """Take it back: the two may be suggested again. Raises BadInput where nobody told them apart."""
    hold_records(session)
    sides = (is_(DistinctionRow.organisation_id, pair[0]), is_(DistinctionRow.other_organisation_id, pair[1]))
    number = session.execute(select(DistinctionRow.number).where(*sides, DistinctionRow.undone_at.is_(None))).scalar()
    if number is None:
        raise BadInput("not_distinct", expected="a pair that is told apart", got=" and ".join(pair))
    change = {"undone_at": at, "undone_by": actor}
    session.execute(update(DistinctionRow).where(DistinctionRow.number == number).values(change))
    session.expire_all()
    return _distinction(session.get_one(DistinctionRow, number))


def _distinction(row: DistinctionRow) -> Distinction:
    pair = (row.organisation_id, row.other_organisation_id)
    return Distinction(row.number, pair, row.made_at, row.made_by, row.reason, row.undone_at, row.undone_by)

"""Merges of organisations: rows of their own beside the profiles, which stay as they are. Undone, they stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.identity import resolved
from service.store.models import DistinctionRow, MergeRow, is_
from service.store.records import hold_records


@dataclass(frozen=True, slots=True)
class Merge:
    """Somebody's word that two ids are one organisation, and, where it was taken back, who did so."""

    number: int
    organisation_id: str  # absorbed
    kept_organisation_id: str
    merged_at: datetime
    merged_by: str
    reason: str
    unmerged_at: datetime | None
    unmerged_by: str | None


def active_merges(session: Session) -> dict[str, str]:
    """Return absorbed -> kept of every merge that holds, as it was stated (see ``matcher.identity.resolved``)."""
    query = select(MergeRow.organisation_id, MergeRow.kept_organisation_id).where(MergeRow.unmerged_at.is_(None))
    return {row.organisation_id: row.kept_organisation_id for row in session.execute(query.order_by(MergeRow.number))}


def merge_history(session: Session, organisation_id: str) -> tuple[Merge, ...]:
    """Return every merge an organisation was ever in, oldest first."""
    sides = or_(is_(MergeRow.organisation_id, organisation_id), is_(MergeRow.kept_organisation_id, organisation_id))
    rows = session.execute(select(MergeRow).where(sides).order_by(MergeRow.number)).scalars()
    return tuple(_merge(row) for row in rows)


def merge(session: Session, absorbed: str, kept: str, *, actor: str, at: datetime, reason: str = "") -> Merge:
    """Let one organisation be absorbed by another from the next night on.

    Raises BadInput where it is absorbed already, where the two are one organisation already or the same id, or where
    somebody told them apart.
    """
    hold_records(session)
    merges = active_merges(session)
    if absorbed in merges:
        fix = f"unmerge it from {merges[absorbed]} first"
        raise BadInput("merged", expected="an organisation that is in no other", got=absorbed, fix=fix)
    if resolved(merges).get(kept, kept) == absorbed:
        raise BadInput("merged", expected="two organisations that are not one already", got=kept)
    apart = (is_(DistinctionRow.organisation_id, min(absorbed, kept)), DistinctionRow.undone_at.is_(None))
    told = select(DistinctionRow.number).where(*apart, is_(DistinctionRow.other_organisation_id, max(absorbed, kept)))
    if session.execute(told).first() is not None:
        fix = "take back that they are two first"
        raise BadInput("distinct", expected="two organisations that were not told apart", got=kept, fix=fix)
    row = {
        "organisation_id": absorbed,
        "kept_organisation_id": kept,
        "merged_at": at,
        "merged_by": actor,
        "reason": reason,
    }
    number = session.execute(insert(MergeRow).values(row).returning(MergeRow.number)).scalar_one()
    return _merge(session.get_one(MergeRow, number))


def unmerge(session: Session, absorbed: str, *, actor: str, at: datetime) -> Merge:
    """Take a merge back from the next night on; raises BadInput where the organisation is in no other."""
    hold_records(session)
    active = select(MergeRow.number).where(is_(MergeRow.organisation_id, absorbed), MergeRow.unmerged_at.is_(None))
    number = session.execute(active).scalar()
    if number is None:
        raise BadInput("not_merged", expected="an organisation that was merged into another", got=absorbed)
    change = {"unmerged_at": at, "unmerged_by": actor}
    session.execute(update(MergeRow).where(MergeRow.number == number).values(change))
    session.expire_all()
    return _merge(session.get_one(MergeRow, number))


def _merge(row: MergeRow) -> Merge:
    return Merge(
        row.number,
        row.organisation_id,
        row.kept_organisation_id,
        row.merged_at,
        row.merged_by,
        row.reason,
        row.unmerged_at,
        row.unmerged_by,
    )

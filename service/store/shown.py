"""What was shown to whom, kept for a time: tenant and role, never a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from service.store.models import is_
from service.store.outcome_models import ShownRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Shown:
    """One match on one list that was sent."""

    tenant_id: str
    role: str
    release_id: str
    need_id: str
    capability_id: str
    rank: int  # in the need's list of the release, from 1
    position: int  # on the list that was sent, from 1
    score: float
    tier: str
    at: datetime


def add_shown(session: Session, shown: Collection[Shown]) -> None:
    """Write what was shown, all of it at once."""
    if shown:
        session.execute(insert(ShownRow), [asdict(one) for one in shown])


def list_shown(
    session: Session, *, tenant_id: str | None = None, after: int = 0, limit: int = 500
) -> tuple[tuple[int, Shown], ...]:
    """Return what was shown with its number, in the order of writing, those numbered above ``after``."""
    query = select(ShownRow).where(ShownRow.number > after).order_by(ShownRow.number).limit(limit)
    if tenant_id is not None:
        query = query.where(is_(ShownRow.tenant_id, tenant_id))
    names = tuple(Shown.__dataclass_fields__)
    return tuple(
        (row.number, Shown(**{name: getattr(row, name) for name in names})) for row in session.execute(query).scalars()
    )


def forget_shown(session: Session, before: datetime) -> None:
    """Remove what was shown before a moment."""
    session.execute(delete(ShownRow).where(ShownRow.at < before))

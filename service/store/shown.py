"""What was shown to whom, kept for a time: tenant and role, never a person."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from service.store.models import is_
from service.store.outcome_models import ShownRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


OPENED: Final = 0
"""Position of a pair that was opened by itself: somebody looked at it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One match on one list that was sent."""

    tenant_id: str
    role: str
    release_id: str
    need_id: str
    capability_id: str
    rank: int  # in the need's list of the release, from 1
    position: int  # on the list that was sent, from 1; OPENED: the pair was opened by itself
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
    return tuple((row.number, _shown(row)) for row in session.execute(query).scalars())


def opened_pairs(session: Session) -> Iterator[Shown]:
    """Yield every opening of a pair by itself, in the order of writing."""
    query = select(ShownRow).where(ShownRow.position == OPENED).order_by(ShownRow.number)
    yield from (_shown(row) for row in session.execute(query.execution_options(yield_per=5_000)).scalars())


def releases_shown(
    session: Session, tenant_id: str, need_id: str, capability_id: str
) -> Iterator[tuple[datetime, str]]:
    """Yield when a pair stood on a list of a tenant and from which release, in the order of writing."""
    pair = (is_(ShownRow.need_id, need_id), is_(ShownRow.capability_id, capability_id))
    query = select(ShownRow.at, ShownRow.release_id).where(is_(ShownRow.tenant_id, tenant_id), *pair)
    yield from ((at, release) for at, release in session.execute(query.order_by(ShownRow.number)))


def forget_shown(session: Session, before: datetime) -> None:
    """Remove what was shown before a moment."""
    session.execute(delete(ShownRow).where(ShownRow.at < before))


def _shown(row: ShownRow) -> Shown:
    return Shown(**{name: getattr(row, name) for name in Shown.__dataclass_fields__})

"""Attempts to sign in: a few in a quarter of an hour, then nobody is even asked.

They are counted in the store, so all processes and machines that serve it count together. An attempt counts from before
the password is looked at until it succeeds: many sent at once get no further than many sent one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, delete, insert, select, text

from service.store.models import AttemptRow, is_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store import Store

WINDOW: Final = timedelta(minutes=15)
"""The time in which attempts count together."""

A_LOGIN: Final = 5  # of one login from one address: a person who mistypes needs fewer
AN_ADDRESS: Final = 30  # from one address, whatever the login: an office behind one router mistypes too
ANYWHERE: Final = (
    100  # of one login from all addresses: guessing spread over many machines; a desk is not locked out by few
)
_LOCK: Final = 0x73_69_67_6E  # "sign": names the advisory lock on PostgreSQL
_ADDRESS_CHARACTERS: Final = 100  # the width of the column


class Attempts:
    """Counts attempts by login and by address. Safe to share among threads."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._clock = store, clock

    def begin(self, login: str, address: str) -> int:
        """Count an attempt and return 0; or count nothing and return the seconds until one is let through."""
        now, login, address = self._clock(), _held(login), _held(address)[:_ADDRESS_CHARACTERS]
        of_login, from_address = is_(AttemptRow.login, login), is_(AttemptRow.address, address)
        with self._store.writing() as session:
            if (
                session.get_bind().dialect.name == "postgresql"
            ):  # counting and adding is one step; SQLite has one writer
                session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})
            session.execute(delete(AttemptRow).where(AttemptRow.at <= now - WINDOW))
            wait = max(
                _wait(session, (of_login, from_address), A_LOGIN, now),
                _wait(session, (from_address,), AN_ADDRESS, now),
                _wait(session, (of_login,), ANYWHERE, now),
            )
            if not wait:
                session.execute(insert(AttemptRow).values(login=login, address=address, at=now))
        return wait


def forget(session: Session, login: str, address: str) -> None:
    """Forget the attempts of a login from an address: one of them has succeeded."""
    whose = (is_(AttemptRow.login, _held(login)), is_(AttemptRow.address, _held(address)[:_ADDRESS_CHARACTERS]))
    session.execute(delete(AttemptRow).where(*whose))


def _wait(session: Session, whose: tuple[ColumnElement[bool], ...], most: int, now: datetime) -> int:
    """Return the seconds until fewer than ``most`` attempts count; 0 where it is fewer already."""
    query = select(AttemptRow.at).where(*whose).order_by(AttemptRow.number.desc()).offset(most - 1).limit(1)
    oldest = session.execute(query).scalar()
    return 0 if oldest is None else max(int((oldest + WINDOW - now).total_seconds()) + 1, 1)


def _held(text: str) -> str:
    return text.replace("\x00", "")

"""Writes of one request in one transaction, committed when the answer to the request is known.

Whatever asks the store within ``holding`` works in that transaction: every ``Store.writing`` block is a part of it, and
``Store.reading`` sees what was written. So an answer can be kept with what it answers: both are there, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session


class Held:
    """One transaction over several blocks, which may run in several threads, one after another."""

    def __init__(self, engine: Engine, first: Callable[[Session], None]) -> None:
        self._engine, self._first = engine, first
        self._after: list[Callable[[], Any]] = []
        self.session: Session | None = None  # None until something is written

    @contextmanager
    def part(self, engine: Engine) -> Iterator[Session]:
        """Give the transaction to one block. The first begins it; what a later one that fails wrote is undone alone."""
        if engine is not self._engine:
            raise ValueError("the writes of one request go to one store")
        if self.session is not None:
            with self.session.begin_nested():
                yield self.session
            return
        session = Session(self._engine, autoflush=False)
        try:
            self._first(session)
            yield session
            session.flush()
        except BaseException:
            session.close()  # nothing of it was committed
            raise
        self.session = session

    def then(self, act: Callable[[], Any]) -> None:
        """Do something once the transaction is committed; not at all where it is taken back."""
        self._after.append(act)

    def commit(self) -> None:
        """Make everything lasting."""
        session, self.session = self.session, None
        if session is not None:
            with session:
                session.commit()
        for act in self._after:
            act()

    def undo(self) -> None:
        """Take everything back; after a commit there is nothing to take back."""
        session, self.session = self.session, None
        if session is not None:
            session.close()


_HELD: Final[ContextVar[Held | None]] = ContextVar("held", default=None)


def held() -> Held | None:
    """Return the transaction that the request at hand works in."""
    return _HELD.get()


@contextmanager
def holding(one: Held) -> Iterator[None]:
    """Let everything within, also in threads it hands work to, write in one transaction."""
    token = _HELD.set(one)
    try:
        yield
    finally:
        _HELD.reset(token)


def when_committed(act: Callable[[], Any]) -> None:
    """Do something once what was written is lasting: now, or when the request's transaction is."""
    one = _HELD.get()
    if one is None:
        act()
    else:
        one.then(act)

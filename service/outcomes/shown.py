"""What was shown and opened is written down, so that what was chosen can be learned from. Off the request's path.

A request only puts its list into a queue that has an end: a full one drops the list and counts it, and nothing waits.
The lists are written in batches, and what is left when the server stops. The same list shown again to the same tenant
and role within ``AGAIN`` counts once. Kept for ``shown_days`` (settings); 0 keeps nothing.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from service.store import Store, StoreError
from service.store.shown import Shown, add_shown, forget_shown

WAITING: Final = 2_000
"""Lists that may wait to be written: some megabytes, seconds of a busy server."""

AGAIN: Final = 3600.0
"""Seconds within which the same list shown again counts once: a person who turns pages, a program that polls."""

FORGET_EVERY: Final = 3600.0
"""Seconds between two removals of what is older than it is kept."""

_REMEMBERED: Final = 50_000  # lists known to be written within AGAIN; forgotten all at once
_BATCH: Final = 200  # lists a transaction: some thousand rows, a fraction of a second
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """One match of a list."""

    need_id: str
    capability_id: str
    rank: int
    score: float
    tier: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who saw a list, as far as it is kept."""

    tenant_id: str
    role: str


@dataclass(frozen=True, slots=True)
class _List:
    viewer: Viewer
    release_id: str
    lines: tuple[Seen, ...]
    at: datetime
    first: int = 1  # position of the first line


class ShownLog:
    """Takes lists from requests and writes them when told to. Safe to share among threads."""

    def __init__(self, store: Store, days: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._days, self._clock = store, days, clock
        self._waiting: deque[_List] = deque()
        self._known: dict[int, float] = {}
        self._writing = threading.Lock()
        self._forget_at = float("-inf")
        self.dropped = 0  # lists that found the queue full, or could not be written

    def note(self, viewer: Viewer, release_id: str, lines: Sequence[Seen], first: int = 1) -> None:
        """Take a list that is being sent, or with ``first`` OPENED a pair by itself; never waits and never fails."""
        if not self._days or not lines:
            return
        key = hash((viewer, release_id, first, tuple((line.need_id, line.capability_id) for line in lines)))
        now = self._clock()
        if self._known.get(key, float("-inf")) > now:
            return
        if len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = now + AGAIN
        self._waiting.append(_List(viewer, release_id, tuple(lines), datetime.now(UTC), first))

    def write(self) -> int:
        """Write what waits and remove what is too old; returns the matches written. A busy store costs lists."""
        written = 0
        with self._writing:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                rows = [row for one in batch for row in _rows(one)]
                try:
                    with self._store.writing() as session:
                        add_shown(session, rows)
                except StoreError as error:
                    self.dropped += len(batch)
                    _log.warning("what was shown is not written", lists=len(batch), error=str(error))
                    break
                written += len(rows)
            self._forget()
        return written

    def _forget(self) -> None:
        if self._clock() < self._forget_at:
            return
        self._forget_at = self._clock() + FORGET_EVERY
        try:
            with self._store.writing() as session:
                forget_shown(session, datetime.now(UTC) - timedelta(days=self._days))
        except StoreError as error:
            _log.warning("what was shown long ago is not removed", error=str(error))


def _rows(one: _List) -> list[Shown]:
    facts = (one.viewer.tenant_id, one.viewer.role, one.release_id)
    return [
        Shown(*facts, line.need_id, line.capability_id, line.rank, position, line.score, line.tier, one.at)
        for position, line in enumerate(one.lines, one.first)
    ]

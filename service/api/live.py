"""The living store beside the immutable release: what changed, what may be seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from matcher.vocabulary import Confidentiality, ReviewState
from service.store import Filters, Store
from service.store.standing import Standing, standing_now
from service.visibility import WITHDRAWN_NOW, Visibility, visibility

LEVEL: Final = Confidentiality.PUBLIC
"""What a key may see. Keys know no tenant and no role, so each is any signed-in user (DOMAIN)."""

SHOWN_STATES: Final = frozenset(ReviewState) - WITHDRAWN_NOW
SHOWN: Final = Filters(review_states=SHOWN_STATES, confidentiality=frozenset({LEVEL}))
"""What lists are narrowed to before anything that was asked for."""

LOOKED_UP: Final = 1.0
"""Seconds that an answer about everything is used again: a withdrawal takes effect within this time."""


class Live:
    """Asks the store what a release cannot know. Safe to share among threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._visible = Visibility()
        self._until = float("-inf")

    def standing(self, kind: str, record_id: str) -> Standing | None:
        """Return how a record stands now; None when the store does not hold it."""
        return standing_now(self._store, kind, record_id)

    def visible(self) -> Visibility:
        """Return what may be seen now."""
        if self._clock() >= self._until:
            with self._lock:
                if self._clock() >= self._until:
                    with self._store.reading() as session:
                        self._visible = visibility(session, LEVEL)
                    self._until = self._clock() + LOOKED_UP
        return self._visible


def is_shown(found: Standing) -> bool:
    """Say whether a record may be seen."""
    return found.review_state in SHOWN_STATES and found.confidentiality is LEVEL

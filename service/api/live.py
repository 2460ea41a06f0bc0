"""The living store beside the immutable release: what changed, what may be seen, and by whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from matcher.vocabulary import ReviewState
from service.store import Filters, Store
from service.store.standing import Standing, standing_now
from service.unseen import Unseen
from service.visibility import WITHDRAWN_NOW, Audience, Visibility, sees_all, visibility

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release

SHOWN_STATES: Final = frozenset(ReviewState) - WITHDRAWN_NOW

LOOKED_UP: Final = 1.0
"""Seconds that an answer about everything is used again: a withdrawal takes effect within this time."""

_MOST: Final = 200  # audiences remembered at once: one a tenant, for brokers and for others


class Live:
    """Asks the store what a release cannot know. Safe to share among threads."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float] = time.monotonic,
        release: Callable[[], Release | None] = lambda: None,
    ) -> None:
        self._store, self._clock, self._release = store, clock, release
        self._lock = threading.Lock()
        self._known: dict[Audience, tuple[float, Visibility]] = {}
        self._unseen: dict[Audience, tuple[Visibility, Unseen]] = {}

    def standing(self, kind: str, record_id: str) -> Standing | None:
        """Return how a record stands now; None when the store does not hold it."""
        return standing_now(self._store, kind, record_id)

    def visible(self, asker: Principal) -> Visibility:
        """Return what somebody may see now."""
        audience = asker.audience
        known = self._known.get(audience)
        if known is not None and self._clock() < known[0]:
            return known[1]
        with self._lock:
            known = self._known.get(audience)
            if known is None or self._clock() >= known[0]:
                with self._store.reading() as session:
                    found = visibility(session, audience, self._release())
                if known is not None and known[1] == found:
                    found = known[1]  # what was counted under it holds
                if len(self._known) >= _MOST:
                    self._known.clear()
                    self._unseen.clear()
                known = self._known[audience] = (self._clock() + LOOKED_UP, found)
            return known[1]

    def sees_all(self, asker: Principal) -> bool:
        """Say whether nothing is confidential to somebody: who may be told figures that count everything."""
        with self._store.reading() as session:
            return sees_all(session, asker.audience)

    def unseen(self, asker: Principal, release: Release) -> Unseen:
        """Return the capabilities of a release that somebody may not see now."""
        visible, audience = self.visible(asker), asker.audience
        known = self._unseen.get(audience)
        if known is None or known[0] is not visible or known[1].release.id != release.id:
            known = self._unseen[audience] = visible, Unseen(release, visible)
        return known[1]


def is_shown(found: Standing, asker: Principal) -> bool:
    """Say whether somebody may see a record."""
    return found.review_state in SHOWN_STATES and asker.audience.sees(found.confidentiality, found.tenant_id)


def shown_to(asker: Principal) -> Filters:
    """Return what lists are narrowed to before anything that was asked for."""
    return Filters(review_states=SHOWN_STATES, audience=asker.audience)

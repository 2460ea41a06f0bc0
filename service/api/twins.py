"""Organisations that may be one, compared once for as long as no organisation changes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from matcher.identity import Twins, all_duplicates, resolved
from matcher.profiles import Organisation
from service.store import active_merges, distinct_pairs, snapshot
from service.store.models import RecordRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

_KIND = "organisations"


@dataclass(frozen=True, slots=True)
class Named:
    """An organisation as a suggestion names it."""

    name: str
    country: str | None


@dataclass(frozen=True)
class Suggested:
    """Every two organisations that may be one, the likest first, and what they are called."""

    state: tuple[Any, ...]  # of the store, when they were compared
    pairs: tuple[Twins, ...]
    names: Mapping[str, Named]


class Suggesting:
    """Compares all organisations when somebody asks and one has changed. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Suggested | None = None

    def of(self, session: Session) -> Suggested:
        """Return what is suggested as of the session's moment, merged and distinguished ones among it."""
        state = _state(session)
        with self._lock:
            if self._known is None or self._known.state != state:
                every = [Organisation.model_validate_json(row.profile) for row in snapshot(session, _KIND)]
                names = {one.id: Named(one.name, one.country) for one in every}
                self._known = Suggested(state, all_duplicates(every), names)
            return self._known

    def open(self, session: Session) -> tuple[Suggested, list[Twins]]:
        """Return what is suggested, and those pairs of it that nobody has decided on: neither merged nor told apart."""
        found, apart, roots = self.of(session), distinct_pairs(session), resolved(active_merges(session))
        return found, [
            one for one in found.pairs if one.ids not in apart and len({roots.get(each, each) for each in one.ids}) == 2
        ]


def _state(session: Session) -> tuple[Any, ...]:
    """Tell two states of the organisations apart without reading them."""
    counted = (func.count(), func.sum(RecordRow.version), func.max(RecordRow.updated_at))
    return tuple(session.execute(select(*counted).where(RecordRow.kind == _KIND)).one())

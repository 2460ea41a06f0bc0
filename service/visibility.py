"""Who may see what now. A release never changes, so every read and export of one asks here first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from matcher.vocabulary import Confidentiality, ReviewState

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

WITHDRAWN_NOW: Final = frozenset({ReviewState.WITHDRAWN, ReviewState.DRAFT, ReviewState.IN_REVIEW})
"""States that take a record out of every answer at once, whatever release holds it."""

_LEVELS: Final = (Confidentiality.PUBLIC, Confidentiality.PARTNERS, Confidentiality.BROKER_ONLY)


@dataclass(frozen=True)
class Visibility:
    """The ids, by kind, that a reader may not see; everything else may be seen."""

    hidden: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def shows(self, kind: str, record_id: str) -> bool:
        """Say whether a record may be seen."""
        return record_id not in self.hidden.get(kind, frozenset())

    def shows_pair(self, need_id: str, capability_id: str) -> bool:
        """Say whether a match may be seen: both of its sides may."""
        return self.shows("needs", need_id) and self.shows("capabilities", capability_id)


def visibility(session: Session, level: Confidentiality = Confidentiality.PUBLIC) -> Visibility:
    """Ask the store, as it is now, what a reader of ``level`` and below may not see.

    A record that the store does not hold keeps the state it had in the release.
    """
    from sqlalchemy import or_, select

    from service.store.models import RecordRow

    allowed = [known.value for known in _LEVELS[: _LEVELS.index(level) + 1]]
    states = [state.value for state in WITHDRAWN_NOW]
    query = select(RecordRow.kind, RecordRow.id).where(
        or_(RecordRow.review_state.in_(states), RecordRow.confidentiality.not_in(allowed))
    )
    hidden: dict[str, set[str]] = {}
    for row in session.execute(query):
        hidden.setdefault(row.kind, set()).add(row.id)
    return Visibility({kind: frozenset(ids) for kind, ids in hidden.items()})

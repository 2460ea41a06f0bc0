"""Who may see what now. A release never changes, so every read and export of one asks here first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from matcher.vocabulary import Confidentiality, ReviewState
from service.accounts.roles import Permission

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.releases import Release

WITHDRAWN_NOW: Final = frozenset({ReviewState.WITHDRAWN, ReviewState.DRAFT, ReviewState.IN_REVIEW})
"""States that take a record out of every answer at once, whatever release holds it."""

_CHUNK: Final = 500  # ids asked for at once
_LEVELS: Final = (Confidentiality.PUBLIC, Confidentiality.PARTNERS, Confidentiality.BROKER_ONLY)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who looks, as far as confidentiality asks: whose confidential records are seen. None means every tenant's.

    Public records are seen by any signed-in user; what is withdrawn is seen by nobody.
    """

    partners: frozenset[str] | None = frozenset()  # tenants whose "partners" records are seen
    broker_only: frozenset[str] | None = frozenset()  # tenants whose "broker_only" records are seen

    @classmethod
    def of_level(cls, level: Confidentiality) -> Audience:
        """Return the audience of a file that the operator writes: every tenant's records up to a level."""
        reached = _LEVELS.index(level)
        return cls(None if reached >= 1 else frozenset(), None if reached >= 2 else frozenset())

    @classmethod
    def of(cls, permitted: frozenset[Permission], tenant_id: str, granted_by: frozenset[str]) -> Audience:
        """Return the audience of an account: what it is permitted, its tenant, and those that granted its tenant."""
        own = frozenset({tenant_id})
        return cls(
            partners=own | granted_by if Permission.READ_PARTNERS in permitted else frozenset(),
            broker_only=own if Permission.READ_BROKER_ONLY in permitted else frozenset(),
        )

    def sees(self, confidentiality: Confidentiality, tenant_id: str) -> bool:
        """Say whether a record that is not withdrawn may be seen."""
        if confidentiality is Confidentiality.PUBLIC:
            return True
        tenants = self.partners if confidentiality is Confidentiality.PARTNERS else self.broker_only
        return tenants is None or tenant_id in tenants


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


def visibility(
    session: Session, level: Confidentiality | Audience = Confidentiality.PUBLIC, release: Release | None = None
) -> Visibility:
    """Ask the store, as it is now, what an audience may not see; a level is every tenant's records up to it.

    A record that a release holds and the store does not keeps what the release says of it. Nobody knows any more whose
    it is: unless it was public, only an audience that sees every tenant's sees it.
    """
    from sqlalchemy import select

    from service.store.models import RecordRow
    from service.store.seeing import hidden_from

    audience = level if isinstance(level, Audience) else Audience.of_level(level)
    states = [state.value for state in WITHDRAWN_NOW]
    hidden: dict[str, set[str]] = {}
    for why in (RecordRow.review_state.in_(states), hidden_from(audience)):  # each by an index of its own
        for row in session.execute(select(RecordRow.kind, RecordRow.id).where(why)):
            hidden.setdefault(row.kind, set()).add(row.id)
    for kind, levels in (release.confidential if release else {}).items():
        told = {one for one, confidentiality in levels.items() if not audience.sees(confidentiality, "")}
        unsure = told - hidden.get(kind, set())
        if unsure:
            hidden.setdefault(kind, set()).update(unsure - _held(session, kind, sorted(unsure)))
    return Visibility({kind: frozenset(ids) for kind, ids in hidden.items()})


def _held(session: Session, kind: str, ids: list[str]) -> set[str]:
    """Return those of some ids that the store holds."""
    from sqlalchemy import select

    from service.store.models import RecordRow

    parts = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
    asked = (select(RecordRow.id).where(RecordRow.kind == kind, RecordRow.id.in_(part)) for part in parts)
    return {record_id for query in asked for record_id in session.execute(query).scalars()}


def sees_all(session: Session, audience: Audience) -> bool:
    """Say whether no record of the store is confidential to an audience; what is withdrawn is left aside."""
    from sqlalchemy import select

    from service.store.models import RecordRow
    from service.store.seeing import hidden_from

    return session.execute(select(RecordRow.id).where(hidden_from(audience)).limit(1)).first() is None

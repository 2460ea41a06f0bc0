"""What happened to pairs: written once, never changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, exists, insert, literal, or_, select, text
from sqlalchemy.orm import aliased

from matcher.matches import Event
from matcher.outcomes import Numbered, PairState, admit, fold
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import Confidentiality, ReasonCode, Stage
from service.accounts.roles import DEFAULT_TENANT
from service.store.engine import Store, _explained
from service.store.errors import EventConflict
from service.store.models import EventRow, is_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.visibility import Audience

Pair = tuple[NeedId, CapabilityId]

_ANY: Final = (
    select(literal(1)).where(EventRow.tenant_id == bindparam("tenant"), EventRow.need_id == bindparam("need")).limit(1)
)
"""Built once and asked past the ORM: most needs have no events, and each of their pages asks."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its number (growing), whose it is, and the release that was shown, if any."""

    number: int
    event: Event
    release_id: str | None
    tenant_id: str = DEFAULT_TENANT
    confidentiality: Confidentiality = Confidentiality.PARTNERS

    @property
    def numbered(self) -> Numbered:
        """The event as it is folded."""
        return Numbered(self.number, self.event)


@dataclass(frozen=True, slots=True)
class Attached:
    """What an event is written with: whose it is, who may read it, and what was on the screen."""

    tenant_id: str = DEFAULT_TENANT
    confidentiality: Confidentiality = Confidentiality.PARTNERS
    release_id: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Whose events are read, and by whom: one tenant's where it is named, what an audience is told where one is."""

    tenant_id: str | None = None
    audience: Audience | None = None

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions on rows; all must hold."""
        if self.tenant_id is not None:
            yield is_(EventRow.tenant_id, self.tenant_id)
        if self.audience is not None:
            yield _told_to(self.audience)


EVERYTHING: Final = Told()


@dataclass(frozen=True, slots=True)
class PairStateAt:
    """An event just written, and where its pair stands now."""

    stored: StoredEvent
    state: PairState


def record_event(
    session: Session,
    event: Event,
    attached: Attached,
    *,
    after: int | None = None,
    clock: Callable[[], datetime] | None = None,
) -> PairStateAt:
    """Append an event that may follow what happened to its pair in its tenant, and return it with the state it leaves.

    ``after`` is the number of the pair's last event as the caller saw it (0: none). Raises EventConflict when another
    was written meanwhile, and BadInput when the event may not follow. One writer a pair at a time.
    With a ``clock`` the event happens now, asked once the pair is held: of two writers the later one is not told that
    the other one's event is younger.
    """
    _hold_pair(session, attached.tenant_id, event)
    earlier = pair_events(session, attached.tenant_id, event.need_id, event.capability_id)  # SQLite waits its turn here
    if clock is not None:
        event = replace(event, at=clock())
    last = earlier[-1].number if earlier else 0
    if after is not None and after != last:
        raise EventConflict(expected=after, got=last)
    admit([one.numbered for one in earlier], event)
    row = _row(event, attached) | {"follows": last}
    number = session.execute(insert(EventRow).values(row).returning(EventRow.number)).scalar_one()
    stored = StoredEvent(number, event, attached.release_id, attached.tenant_id, attached.confidentiality)
    return PairStateAt(stored, fold([*(one.numbered for one in earlier), stored.numbered]))


def add_event(session: Session, event: Event, *, release_id: str | None = None) -> int:
    """Append an event as it is, unjudged, for the default tenant; return its number. ``event.at`` carries its zone."""
    row = _row(event, Attached(release_id=release_id))
    return session.execute(insert(EventRow).values(row).returning(EventRow.number)).scalar_one()


def pair_events(session: Session, tenant_id: str, need_id: str, capability_id: str) -> tuple[StoredEvent, ...]:
    """Return everything that happened to a pair in a tenant, in the order it was written."""
    wanted = (is_(EventRow.need_id, need_id), is_(EventRow.capability_id, capability_id))
    query = select(EventRow).where(is_(EventRow.tenant_id, tenant_id), *wanted).order_by(EventRow.number)
    return tuple(_stored(row) for row in session.execute(query).scalars())


def list_events(
    session: Session,
    *,
    need_id: str | None = None,
    capability_id: str | None = None,
    told: Told = EVERYTHING,
    after: int = 0,
    limit: int = 500,
) -> tuple[StoredEvent, ...]:
    """Return events in the order they were written, those numbered above ``after``, ``limit`` at most."""
    query = select(EventRow).where(EventRow.number > after).order_by(EventRow.number).limit(limit)
    if need_id is not None:
        query = query.where(is_(EventRow.need_id, need_id))
    if capability_id is not None:
        query = query.where(is_(EventRow.capability_id, capability_id))
    query = query.where(*told.conditions())
    return tuple(_stored(row) for row in session.execute(query).scalars())


def states_of_pairs(
    session: Session, told: Told = EVERYTHING, *, declined: bool = False, need_id: str | None = None
) -> dict[tuple[str, Pair], PairState]:
    """Return where every pair that has events stands, by tenant and pair; with ``declined`` those ever declined.

    With ``need_id`` the pairs of one need.
    """
    order = (EventRow.tenant_id, EventRow.need_id, EventRow.capability_id, EventRow.number)
    query = select(EventRow).where(*told.conditions()).order_by(*order)
    if declined:
        query = query.where(_ever_declined())
    if need_id is not None:
        query = query.where(is_(EventRow.need_id, need_id))
    rows: Iterable[StoredEvent] = map(_stored, session.execute(query).scalars())
    grouped = groupby(rows, key=lambda one: (one.tenant_id, (one.event.need_id, one.event.capability_id)))
    return {key: fold([one.numbered for one in found]) for key, found in grouped}


def has_events(store: Store, tenant_id: str, need_id: str) -> bool:
    """Say whether anything is recorded of any pair of a need, in a fraction of the time of reading it."""
    with _explained(store.address), store._reader.connect() as connection:  # noqa: SLF001 - the store's own package
        return connection.execute(_ANY, {"tenant": tenant_id, "need": need_id}).first() is not None


def _ever_declined() -> ColumnElement[bool]:
    other = aliased(EventRow)
    same = (getattr(other, name) == getattr(EventRow, name) for name in ("tenant_id", "need_id", "capability_id"))
    return exists().where(other.stage == Stage.DECLINED.value, *same)


def _told_to(audience: Audience) -> ColumnElement[bool]:
    """Return as a condition on rows which events somebody is told (DOMAIN, confidentiality)."""
    told = [EventRow.confidentiality == Confidentiality.PUBLIC.value]
    levels = ((Confidentiality.PARTNERS, audience.partners), (Confidentiality.BROKER_ONLY, audience.broker_only))
    for level, tenants in levels:
        row = EventRow.confidentiality == level.value
        told.append(row if tenants is None else row & EventRow.tenant_id.in_(sorted(tenants)))
    return or_(*told)


def _hold_pair(session: Session, tenant_id: str, event: Event) -> None:
    """Keep other writers of the pair out until the transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    named = f"events\n{tenant_id}\n{event.need_id}\n{event.capability_id}".encode()
    key = int.from_bytes(hashlib.sha256(named).digest()[:8], signed=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def _row(event: Event, attached: Attached) -> dict[str, Any]:
    return {
        "need_id": event.need_id,
        "capability_id": event.capability_id,
        "actor": event.actor,
        "at": event.at,
        "stage": event.stage.value,
        "reason_codes": json.dumps([code.value for code in event.reason_codes]),
        "note": event.note,
        "due_on": event.due_on,
        "corrects": event.corrects,
        "release_id": attached.release_id,
        "tenant_id": attached.tenant_id,
        "confidentiality": attached.confidentiality.value,
    }


def _stored(row: EventRow) -> StoredEvent:
    event = Event(
        need_id=NeedId(row.need_id),
        capability_id=CapabilityId(row.capability_id),
        actor=row.actor,
        at=row.at,
        stage=Stage(row.stage),
        reason_codes=tuple(ReasonCode(code) for code in json.loads(row.reason_codes)),
        note=row.note,
        due_on=row.due_on,
        corrects=row.corrects,
    )
    return StoredEvent(row.number, event, row.release_id, row.tenant_id, Confidentiality(row.confidentiality))

"""What happened to pairs: written once, never changed."""

import json
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import ReasonCode, Stage
from service.store.models import EventRow, is_


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its number (growing) and the release that was shown, if any."""

    number: int
    event: Event
    release_id: str | None


def add_event(session: Session, event: Event, *, release_id: str | None = None) -> int:
    """Append an event and return its number. ``event.at`` carries its zone."""
    row = {
        "need_id": event.need_id,
        "capability_id": event.capability_id,
        "actor": event.actor,
        "at": event.at,
        "stage": event.stage.value,
        "reason_codes": json.dumps([code.value for code in event.reason_codes]),
        "note": event.note,
        "release_id": release_id,
    }
    return session.execute(insert(EventRow).values(row).returning(EventRow.number)).scalar_one()


def list_events(
    session: Session,
    *,
    need_id: str | None = None,
    capability_id: str | None = None,
    after: int = 0,
    limit: int = 500,
) -> tuple[StoredEvent, ...]:
    """Return events in the order they were written, those numbered above ``after``, ``limit`` at most."""
    query = select(EventRow).where(EventRow.number > after).order_by(EventRow.number).limit(limit)
    if need_id is not None:
        query = query.where(is_(EventRow.need_id, need_id))
    if capability_id is not None:
        query = query.where(is_(EventRow.capability_id, capability_id))
    return tuple(_stored(row) for row in session.execute(query).scalars())


def stages_of_pairs(session: Session) -> dict[tuple[NeedId, CapabilityId], list[Stage]]:
    """Return the stages of every pair that has events, oldest first."""
    query = select(EventRow.need_id, EventRow.capability_id, EventRow.stage).order_by(EventRow.number)
    found: dict[tuple[NeedId, CapabilityId], list[Stage]] = {}
    for need_id, capability_id, stage in session.execute(query):
        found.setdefault((NeedId(need_id), CapabilityId(capability_id)), []).append(Stage(stage))
    return found


def _stored(row: EventRow) -> StoredEvent:
    event = Event(
        need_id=NeedId(row.need_id),
        capability_id=CapabilityId(row.capability_id),
        actor=row.actor,
        at=row.at,
        stage=Stage(row.stage),
        reason_codes=tuple(ReasonCode(code) for code in json.loads(row.reason_codes)),
        note=row.note,
    )
    return StoredEvent(row.number, event, row.release_id)

"""What the routes of outcomes take and send."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, Field

from matcher.vocabulary import Confidentiality, ReasonCode, Stage
from service.api.bodies import Body
from service.api.schemas import Sent


class EventIn(Body):
    """Something that happened to a pair."""

    stage: Annotated[Stage, Field(description="Where the pair is now.", examples=["intro_requested"])]
    reason_codes: Annotated[
        tuple[ReasonCode, ...],
        Field(max_length=5, description="Why; asked for with declined and closed_no_deal, allowed only with an end."),
    ] = ()
    note: Annotated[str, Field(max_length=4_000, description="For those who work on the pair.")] = ""
    due_on: Annotated[date | None, Field(description="When the next action is due.")] = None
    at: Annotated[
        AwareDatetime | None,
        Field(description="When it happened, with its zone; now unless stated. Not before the pair's last event."),
    ] = None
    corrects: Annotated[
        int | None,
        Field(ge=1, le=2**53, description="Number of the event this one stands in place of: how a pair is reopened."),
    ] = None
    confidentiality: Annotated[
        Confidentiality, Field(description="Who is told: any user, the tenant and those it granted, or its brokers.")
    ] = Confidentiality.PARTNERS


EVENT_EXAMPLES: Final[dict[str, Any]] = {
    "asked": {
        "summary": "An introduction was asked for; look again in two weeks",
        "value": {"stage": "intro_requested", "due_on": "2027-01-15"},
    },
    "dismissed": {
        "summary": "Not this one, and why: it stays off the lists",
        "value": {"stage": "declined", "reason_codes": ["price"], "note": "Twice the budget."},
    },
}


class EventOut(Sent):
    """An event as it was written."""

    number: Annotated[int, Field(description="Grows in the order of writing.")]
    tenant_id: str
    need_id: str
    capability_id: str
    actor: Annotated[str, Field(examples=["key:3f9c1d2b4e5f"])]
    at: datetime
    stage: Stage
    reason_codes: list[ReasonCode]
    note: str
    due_on: date | None
    corrects: int | None
    confidentiality: Confidentiality
    release_id: Annotated[str | None, Field(description="The release that was served when it was written.")]


class StayOut(Sent):
    """A time that a pair spent at a stage."""

    stage: Stage
    start: datetime
    end: Annotated[datetime | None, Field(description="Null while it lasts.")]


class StateOut(Sent):
    """Where a pair stands: its events, folded."""

    stage: Annotated[Stage | None, Field(description="Null before the first event.")]
    since: datetime | None
    reason_codes: list[ReasonCode]
    due_on: date | None
    next_action: Annotated[str, Field(examples=["chase the reply to the introduction"])]
    stays: list[StayOut]


class HistoryOut(Sent):
    """A pair in the asker's tenant: where it stands and everything that happened to it."""

    need_id: str
    capability_id: str
    state: StateOut
    events: Annotated[
        list[EventOut], Field(description="In the order of writing, what was corrected included; the ETag is the last.")
    ]


class RecordedOut(Sent):
    """An event just written, and where its pair stands now."""

    event: EventOut
    state: StateOut


class EventsOut(Sent):
    """Events of all pairs, in the order of writing."""

    items: list[EventOut]
    next: Annotated[int | None, Field(description="Give it as after to read on; null at the end.")]


MODELS: Final[tuple[type[BaseModel], ...]] = (EventIn,)
"""Bodies of the routes of outcomes; ``openapi.describe`` adds them."""

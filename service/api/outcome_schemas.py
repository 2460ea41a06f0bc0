"""What the routes of outcomes take and send."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, Field

from matcher.followup import RuleScope, RuleState
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
    proposed_rules: Annotated[
        list[int], Field(description="Hard rules that this dismissal proposes, because its reason repeats.")
    ]


class DismissedOut(Sent):
    """A pair that the asker's tenant keeps off its lists, and why."""

    capability_id: str
    capability_title: str
    rank: Annotated[int | None, Field(description="Where it would stand; null where the list does not hold it.")]
    why: Annotated[str, Field(examples=["dismissed: price", "rule 3 (provider org-1): political"])]
    reason_codes: Annotated[list[ReasonCode], Field(description="Empty where the asker may not be told.")]
    note: str
    since: datetime | None
    rule: Annotated[int | None, Field(description="The rule that keeps it off; null where it was dismissed itself.")]


class DismissedListOut(Sent):
    """What is kept off a need's list."""

    need_id: str
    items: Annotated[list[DismissedOut], Field(description="Those of the list in rank order, then the others by id.")]


class RuleOut(Sent):
    """A hard rule: pairs of this provider, need or sector stay off the tenant's lists, once a person confirmed it."""

    number: int
    scope: RuleScope
    value: Annotated[str, Field(description="Id of the organisation or need, or the sector.", examples=["org-1"])]
    reason: ReasonCode
    state: RuleState
    dismissals: Annotated[int, Field(description="Pairs that stood dismissed for the reason when it was proposed.")]
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str


class RulesOut(Sent):
    """Rules of the asker's tenant, in the order in which they were proposed."""

    items: list[RuleOut]


class DecisionIn(Body):
    """What a person decides about a rule."""

    state: Annotated[
        Literal[RuleState.CONFIRMED, RuleState.REJECTED],
        Field(description="Confirmed acts at once; rejecting a confirmed rule lifts it."),
    ]
    note: Annotated[str, Field(max_length=2_000)] = ""


DECISION_EXAMPLES: Final[dict[str, Any]] = {
    "confirm": {"summary": "Keep them off", "value": {"state": "confirmed", "note": "Settled with the ministry."}},
    "reject": {"summary": "Judge each pair by itself", "value": {"state": "rejected"}},
}


class ShownOut(Sent):
    """A match that stood on a list that was sent."""

    number: int
    role: str
    release_id: str
    need_id: str
    capability_id: str
    rank: Annotated[int, Field(description="In the need's whole list, from 1.")]
    position: Annotated[int, Field(description="On the list that was sent, from 1; 0: the pair was opened by itself.")]
    score: float
    tier: str
    at: datetime


class ShownListOut(Sent):
    """What was shown in the asker's tenant, in the order of writing."""

    items: list[ShownOut]
    next: Annotated[int | None, Field(description="Give it as after to read on; null at the end.")]


class EventsOut(Sent):
    """Events of all pairs, in the order of writing."""

    items: list[EventOut]
    next: Annotated[int | None, Field(description="Give it as after to read on; null at the end.")]


MODELS: Final[tuple[type[BaseModel], ...]] = (EventIn, DecisionIn)
"""Bodies of the routes of outcomes; ``openapi.describe`` adds them."""

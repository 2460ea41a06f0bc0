"""The route of a tenant's pipeline."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from matcher.vocabulary import ReasonCode, Stage
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.naming import Naming
from service.api.parameters import MOST
from service.api.schemas import Sent
from service.outcomes.pipeline import QUIET_DAYS, Entry, Pipeline, Wanted, pipeline
from service.store import Told, states_of_pairs

if TYPE_CHECKING:
    from service.api.keys import Principal


class PipelineEntryOut(Sent):
    """A pair of the pipeline."""

    need_id: str
    need_title: str
    capability_id: str
    capability_title: str
    organisation_id: Annotated[str | None, Field(description="The provider; null where the offer is not known now.")]
    organisation_name: Annotated[str, Field(description="Empty where nobody stated it.")]
    stage: Stage
    since: datetime
    days_at_stage: int
    days_quiet: Annotated[int, Field(description="Days since the last event.")]
    quiet: Annotated[bool, Field(description="Open, and without an event for quiet_days or longer.")]
    due_on: date | None
    overdue: bool
    next_action: Annotated[str, Field(description="Empty where nothing is left to do.")]
    reason_codes: list[ReasonCode]
    note: str


class PipelineOut(Sent):
    """A tenant's pairs: overdue ones first, by due date, then those quiet for longest."""

    at: datetime
    quiet_days: int
    by_stage: Annotated[dict[Stage, int], Field(description="Of all pairs that the other filters leave.")]
    total: Annotated[int, Field(description="Pairs that all filters leave, sent or not.")]
    quiet: int
    overdue: int
    items: list[PipelineEntryOut]
    next: Annotated[int | None, Field(description="Give it as offset to read on; null at the end.")]


class PipelineAsked(BaseModel):
    """What the pipeline is narrowed to; a parameter that is not here is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")

    stage: Annotated[tuple[Stage, ...], Field(description="Only these stages; may be repeated.")] = ()
    need_id: Annotated[str | None, Field(max_length=200, description="Only pairs of this need.")] = None
    quiet: Annotated[bool | None, Field(description="Only quiet pairs, or only others.")] = None
    overdue: Annotated[bool | None, Field(description="Only pairs whose due date has passed, or only others.")] = None
    due_by: Annotated[date | None, Field(description="Only pairs due by this day.")] = None
    open: Annotated[bool | None, Field(description="Only pairs that are not closed, or only closed ones.")] = None
    quiet_days: Annotated[int, Field(ge=1, le=3650, description="Days without an event that count as quiet.")] = (
        QUIET_DAYS
    )
    offset: Annotated[int, Field(ge=0, le=1_000_000, description="Pairs to skip.")] = 0
    limit: Annotated[int, Field(ge=1, le=MOST, description="Pairs at most.")] = 50


def router() -> APIRouter:
    """Return the route under /v1."""
    made = APIRouter(prefix="/v1", tags=["outcomes"])
    made.add_api_route(
        "/pipeline",
        get_pipeline,
        response_model=PipelineOut,
        operation_id="get_pipeline",
        summary="The tenant's pairs by stage, what is due and what has gone quiet",
    )
    return made


def get_pipeline(context: Here, asker: Asker, wanted: Annotated[PipelineAsked, Query()]) -> Response:
    """Return the pairs that something happened to in the asker's tenant, as far as the asker may see and be told."""
    now = datetime.now(UTC)
    found = of_tenant(context, asker, wanted, now)
    end = wanted.offset + wanted.limit
    with Naming(context, asker) as naming:
        items = [written(entry, naming) for entry in found.entries[wanted.offset : end]]
    answer = PipelineOut(
        at=now,
        quiet_days=wanted.quiet_days,
        by_stage=dict(found.by_stage),
        total=len(found.entries),
        quiet=found.quiet,
        overdue=found.overdue,
        items=items,
        next=end if end < len(found.entries) else None,
    )
    return json_answer(answer)


def of_tenant(context: Context, asker: Principal, wanted: PipelineAsked, now: datetime) -> Pipeline:
    """Lay out the asker's tenant's pipeline; for the route and for pages."""
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        states = states_of_pairs(session, Told(asker.tenant_id, asker.audience))
    narrowed = Wanted(wanted.stage, wanted.need_id, wanted.quiet, wanted.overdue, wanted.due_by, wanted.open)
    pairs = {pair: state for (_, pair), state in states.items()}
    return pipeline(pairs, visible.shows_pair, now, narrowed, wanted.quiet_days)


def written(entry: Entry, naming: Naming) -> PipelineEntryOut:
    """Write a pair with what its sides are called; for the route and for pages."""
    state, capability = entry.state, naming.capability(entry.capability_id)
    if state.stage is None or state.since is None:  # only pairs with events are laid out
        raise ValueError(entry)
    return PipelineEntryOut(
        need_id=entry.need_id,
        need_title=naming.title("needs", entry.need_id),
        capability_id=entry.capability_id,
        capability_title=capability.title if capability else "",
        organisation_id=capability.organisation_id if capability else None,
        organisation_name=naming.title("organisations", capability.organisation_id) if capability else "",
        stage=state.stage,
        since=state.since,
        days_at_stage=entry.days_at_stage,
        days_quiet=entry.days_quiet,
        quiet=entry.quiet,
        due_on=state.due_on,
        overdue=entry.overdue,
        next_action=state.next_action,
        reason_codes=list(state.reason_codes),
        note=state.note,
    )

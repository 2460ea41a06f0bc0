"""Routes of what became of pairs: events are written, never changed; a pair's state is their fold."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.outcomes import PairState, fold
from matcher.profiles import SINGULAR, CapabilityId, NeedId
from service.accounts.roles import Permission
from service.api.answers import address, json_answer
from service.api.bodies import described, reading
from service.api.context import Asker, Context, Here
from service.api.live import is_shown
from service.api.openapi import problem
from service.api.outcome_schemas import (
    EVENT_EXAMPLES,
    EventIn,
    EventOut,
    EventsOut,
    HistoryOut,
    RecordedOut,
    StateOut,
    StayOut,
)
from service.api.parameters import IfMatch, Limit, RecordId
from service.api.problems import FieldProblem, Refused, bad_value, shortened, unknown
from service.outcomes.dismissing import propose
from service.store import Attached, EventConflict, StoredEvent, Told, list_events, pair_events, record_event
from service.store.holding import when_committed

if TYPE_CHECKING:
    from service.api.keys import Principal

_OF_THE_BODY: Final = frozenset({"reason_codes"})
"""Refusals that no history would change; the others depend on what happened before."""


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["outcomes"])
    made.add_api_route(
        "/matches/{need_id}/{capability_id}/events",
        history,
        response_model=HistoryOut,
        operation_id="list_events_of_pair",
        summary="What happened to a pair",
    )
    made.add_api_route(
        "/matches/{need_id}/{capability_id}/events",
        record,
        methods=["POST"],
        status_code=201,
        response_model=RecordedOut,
        responses={409: problem("May not follow what happened"), 412: problem("Another event was written meanwhile")},
        operation_id="record_event",
        summary="Record what happened to a pair",
        openapi_extra=described(EventIn, EVENT_EXAMPLES),
    )
    made.add_api_route(
        "/events",
        events,
        response_model=EventsOut,
        operation_id="list_events",
        summary="What happened to all pairs",
    )
    return made


def history(context: Here, asker: Asker, need_id: RecordId, capability_id: RecordId) -> Response:
    """Return the pair's events in the asker's tenant, and the state they fold to.

    An event is never changed: one that was wrong is followed by one that corrects it, and both are listed. Events that
    the asker may not be told are left out, of the state too.
    """
    _require_pair(context, asker, need_id, capability_id)
    with context.store.reading() as session:
        told = [one for one in pair_events(session, asker.tenant_id, need_id, capability_id) if _tells(asker, one)]
    found = HistoryOut(
        need_id=need_id,
        capability_id=capability_id,
        state=state_out(fold([one.numbered for one in told])),
        events=[event_out(one) for one in told],
    )
    answer = json_answer(found)
    answer.headers["ETag"] = f'"{told[-1].number if told else 0}"'
    return answer


def record(
    context: Here,
    asker: Asker,
    need_id: RecordId,
    capability_id: RecordId,
    sent: Annotated[EventIn, reading(EventIn)],
    if_match: IfMatch = None,
) -> Response:
    """Record an event of a pair, in the name of the asker and for the asker's tenant.

    A pair goes forward through the stages and may skip; declined, stalled, withdrawn and closed_no_deal are reached
    from any. A closed pair is reopened only by correcting the event that closed it. With If-Match (the ETag of the
    history) it is written only if nobody wrote another event meanwhile.
    """
    asker.require(Permission.RECORD_OUTCOMES)
    _require_pair(context, asker, need_id, capability_id)
    now = datetime.now(UTC)
    if sent.at is not None and sent.at > now:
        raise bad_value("at", BadInput("at", expected="a moment that is not in the future", got=sent.at.isoformat()))
    event = Event(
        NeedId(need_id),
        CapabilityId(capability_id),
        asker.actor,
        sent.at or now,
        sent.stage,
        tuple(dict.fromkeys(sent.reason_codes)),
        sent.note.replace("\x00", ""),
        sent.due_on,
        sent.corrects,
    )
    release_id = _release_id(context)
    attached = Attached(asker.tenant_id, sent.confidentiality, release_id)
    try:
        with context.store.writing() as session:
            clock = None if sent.at else partial(datetime.now, UTC)
            written = record_event(session, event, attached, after=_expected(if_match), clock=clock)
            least = context.settings.rule_after if written.state.dismissed else 0
            proposed = propose(session, asker.tenant_id, event.reason_codes, least, now) if least else []
    except EventConflict as conflict:
        detail = f"Another event, number {conflict.got}, is the pair's last; read the history and decide again."
        raise Refused(412, "changed", detail) from None
    except BadInput as error:
        raise _refused(error) from None
    when_committed(lambda: context.following.dismissals.forget(asker.tenant_id))
    found = RecordedOut(event=event_out(written.stored), state=state_out(written.state), proposed_rules=proposed)
    answer = json_answer(found, status=201, release_id=release_id)
    answer.headers["Location"] = address("v1", "matches", need_id, capability_id, "events")
    answer.headers["ETag"] = f'"{written.stored.number}"'
    return answer


def events(
    context: Here,
    asker: Asker,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only events with a greater number.")] = 0,
    limit: Limit = 50,
) -> Response:
    """Return events of the asker's tenant in the order of writing: for programs that keep a copy.

    Events of pairs of which a side may not be seen any more are left out.
    """
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        found = list_events(session, told=Told(asker.tenant_id, asker.audience), after=after, limit=limit)
    shown = [one for one in found if visible.shows_pair(one.event.need_id, one.event.capability_id)]
    last = found[-1].number if len(found) == limit else None
    return json_answer(EventsOut(items=[event_out(one) for one in shown], next=last))


def event_out(stored: StoredEvent) -> EventOut:
    """Write an event."""
    event = stored.event
    return EventOut(
        number=stored.number,
        tenant_id=stored.tenant_id,
        need_id=event.need_id,
        capability_id=event.capability_id,
        actor=event.actor,
        at=event.at,
        stage=event.stage,
        reason_codes=list(event.reason_codes),
        note=event.note,
        due_on=event.due_on,
        corrects=event.corrects,
        confidentiality=stored.confidentiality,
        release_id=stored.release_id,
    )


def state_out(state: PairState) -> StateOut:
    """Write where a pair stands."""
    return StateOut(
        stage=state.stage,
        since=state.since,
        reason_codes=list(state.reason_codes),
        due_on=state.due_on,
        next_action=state.next_action,
        stays=[StayOut(stage=stay.stage, start=stay.start, end=stay.end) for stay in state.stays],
    )


def _tells(asker: Principal, stored: StoredEvent) -> bool:
    return asker.audience.sees(stored.confidentiality, stored.tenant_id)


def _require_pair(context: Context, asker: Principal, need_id: str, capability_id: str) -> None:
    """Raise Refused (404) unless both sides are known, to the store or the release, and may be seen."""
    for kind, record_id in (("needs", need_id), ("capabilities", capability_id)):
        found = context.live.standing(kind, record_id)
        if found is None:
            known = _release_id(context) is not None and context.release().records(kind).row_of(record_id) is not None
        else:
            known = is_shown(found, asker)
        if not known:
            raise unknown(SINGULAR[kind], record_id)


def _release_id(context: Context) -> str | None:
    try:
        return context.release().id
    except Refused:
        return None


def _expected(if_match: str | None) -> int | None:
    """Read the number of the last event from If-Match; raises Refused (412) on what is no tag of a history."""
    if if_match is None or if_match.strip() == "*":
        return None
    number = if_match.strip().removeprefix("W/").strip('"')
    if not number.isascii() or not number.isdigit():
        raise Refused(412, "changed", "If-Match is not the ETag of a pair's history; read it again.")
    return int(number)


def _refused(error: BadInput) -> Refused:
    """Tell why an event was refused: 422 where the body is wrong by itself, 409 where it may not follow."""
    if error.code in _OF_THE_BODY:
        return bad_value(error.code, error)
    found = FieldProblem(
        field=error.code, code=error.code, value=shortened(error.got), expected=error.expected, fix=error.fix
    )
    detail = f"{error.code}: expected {error.expected}."
    return Refused(409, "cannot-follow", detail, errors=[found.model_dump()])

"""What became of a pair: recorded from its page or the need's, and all pairs of the tenant by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from matcher.outcomes import CLOSED, FORWARD, PairState, effective, fold
from matcher.vocabulary import Stage
from service.accounts.roles import Permission
from service.api import outcomes, pipeline
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.naming import Naming
from service.api.outcome_schemas import EventIn
from service.api.parameters import RecordId
from service.api.problems import Refused
from service.console import plots, spelling
from service.console.answered import query_of
from service.console.lookups import told
from service.console.navigation import frame_of
from service.console.rendering import page
from service.console.words import N_
from service.store import Told, has_events, pair_events, states_of_pairs

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.store import StoredEvent

_NO_REASON: Final = N_("Choose a reason, too: a pair that ends needs one.")
_PAIRS: Final = 200  # on the pipeline's page
_UNSAID: Final = frozenset({Stage.SUGGESTED, Stage.VIEWED})  # nobody records these by hand
SAID: Final = tuple(stage for stage in Stage if stage not in _UNSAID)
ENDS: Final = (Stage.DECLINED, Stage.STALLED, Stage.WITHDRAWN, Stage.CLOSED_NO_DEAL)


@dataclass(frozen=True)
class Past:
    """A pair's state and history, and what may be recorded of it."""

    state: PairState
    events: tuple[StoredEvent, ...]
    choices: tuple[Stage, ...]
    may_record: bool
    counted: tuple[StoredEvent, ...]  # those that nothing stands in place of, the newest first: what may be corrected


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/pipeline", pipeline_page, response_class=HTMLResponse)
    made.add_api_route("/needs/{need_id}/with/{capability_id}/outcome", record, methods=["POST"])
    made.add_api_route("/needs/{need_id}/shortlist", shortlist, methods=["POST"])


def past_of(context: Context, asker: Principal, need_id: str, capability_id: str) -> Past:
    """Read what happened to a pair, as far as the asker may be told."""
    with context.store.reading() as session:
        found = pair_events(session, asker.tenant_id, need_id, capability_id)
    events = tuple(one for one in found if asker.audience.sees(one.confidentiality, one.tenant_id))
    numbered = [one.numbered for one in events]
    state, counted = fold(numbered), {number for number, _ in effective(numbered)}
    latest = tuple(one for one in reversed(events) if one.number in counted)
    return Past(state, events, tuple(_choices(state)), asker.may(Permission.RECORD_OUTCOMES), latest)


def stages_of_need(context: Context, asker: Principal, need_id: str) -> dict[str, Stage]:
    """Return, by capability, how far the tenant's pairs of a need have come; not those that were only looked at."""
    if not has_events(context.store, asker.tenant_id, need_id):
        return {}
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        found = states_of_pairs(session, Told(asker.tenant_id, asker.audience), need_id=need_id)
    shown = (
        (capability, state.stage)
        for (_, (_, capability)), state in found.items()
        if visible.shows_pair(need_id, capability)
    )
    return {capability: stage for capability, stage in shown if stage is not None and stage not in _UNSAID}


def _choices(state: PairState) -> Iterator[Stage]:
    """Yield the stages that may follow: those ahead, and the ends; nothing after an end but what a correction does."""
    if state.stage in CLOSED:
        return
    at = FORWARD.index(state.stage) if state.stage in FORWARD else -1
    yield from (stage for place, stage in enumerate(FORWARD) if place > at and stage not in _UNSAID)
    yield from ENDS


async def record(request: Request, context: Here, asker: Asker, need_id: RecordId, capability_id: RecordId) -> Response:
    """Record what the form of a pair's page says, and go back there; a refusal is told on the page."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=50)
    back = address("needs", need_id, "with", capability_id)
    problem = await run_in_threadpool(_recorded, context, asker, (need_id, capability_id), form)
    if not problem:
        return RedirectResponse(f"{back}#outcome", 303)
    return page(request, "refused.html", release=None, status=409, problem=problem, back=f"{back}#outcome")


async def shortlist(request: Request, context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Shortlist the match whose button was pressed, and go back to the list."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=50)
    chosen = form.get("capability", [""])[0]
    back = address("needs", need_id)
    asked = {"stage": [Stage.SHORTLISTED.value]}
    problem = await run_in_threadpool(_recorded, context, asker, (need_id, chosen), asked)
    if not problem:
        return RedirectResponse(f"{back}#matches", 303)
    return page(request, "refused.html", release=None, status=409, problem=problem, back=back)


def _recorded(context: Context, asker: Principal, pair: tuple[str, str], form: Mapping[str, list[str]]) -> str:
    """Write an event by the interface's own route; returns why not, in words."""
    said: dict[str, Any] = {
        name: form[name][0].strip() for name in ("stage", "note", "due_on", "corrects") if form.get(name)
    }
    said = {name: value for name, value in said.items() if value}
    if reasons := [reason for reason in form.get("reason_codes", ()) if reason]:
        said["reason_codes"] = reasons
    try:
        outcomes.record(context, asker, *pair, EventIn.model_validate(said))
    except ValidationError:
        return N_("Something in the form cannot be used: choose a stage, and write the day as a date.")
    except Refused as refused:
        fields = {one.get("field") for one in refused.more.get("errors", ())}
        return _NO_REASON if fields == {"reason_codes"} and not reasons else told(refused)
    return ""


def pipeline_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show the tenant's pairs by stage: overdue first, then those quiet for longest."""
    given = query_of(request)
    problem = ""
    asked, everything = pipeline.PipelineAsked(limit=_PAIRS), pipeline.PipelineAsked()
    now = datetime.now(UTC)
    try:
        asked = pipeline.PipelineAsked.model_validate({"limit": _PAIRS, **given, "stage": _stages(given)})
    except ValidationError:
        problem = N_("One of the filters cannot be used.")
    whole = pipeline.of_tenant(context, asker, everything, now)
    found = pipeline.of_tenant(context, asker, asked, now)
    with Naming(context, asker) as naming:
        entries = [pipeline.written(entry, naming) for entry in found.entries[:_PAIRS]]
    entries.sort(key=lambda entry: not entry.next_action)  # what asks for nothing more comes last
    return page(
        request,
        "pipeline.html",
        release=None,
        status=422 if problem else 200,
        problem=problem,
        given=given,
        entries=entries,
        total=len(found.entries),
        quiet=whole.quiet,
        overdue=whole.overdue,
        stages=[(stage, whole.by_stage.get(stage, 0)) for stage in Stage],
        funnel=_funnel(request, whole.by_stage),
    )


def _stages(given: Mapping[str, str]) -> tuple[str, ...]:
    return (given["stage"],) if given.get("stage") else ()


def _funnel(request: Request, by_stage: Mapping[Stage, int]) -> list[plots.Step]:
    """Count, for each stage of the way, the pairs that are there or have come further; ends stand in the table."""
    spoken = frame_of(request).language
    steps, reached = [], 0
    for stage in reversed(FORWARD):
        reached += by_stage.get(stage, 0)
        steps.append(plots.Step(spoken.words.gettext(spelling.plain(stage.value)), reached, spoken.number(reached)))
    return [step for step in reversed(steps) if step.value]

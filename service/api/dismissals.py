"""Routes of what a tenant keeps off its lists: dismissed pairs, hard rules that a person decides, what was shown."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.followup import RuleState
from service.accounts.audit import Action, audit
from service.accounts.roles import Permission
from service.api import shortlists
from service.api.answers import json_answer
from service.api.bodies import described, reading
from service.api.context import Asker, Context, Here
from service.api.following import why_off
from service.api.openapi import problem
from service.api.outcome_schemas import (
    DECISION_EXAMPLES,
    DecisionIn,
    DismissedListOut,
    DismissedOut,
    RuleOut,
    RulesOut,
    ShownListOut,
    ShownOut,
)
from service.api.parameters import Limit, RecordId
from service.api.problems import Refused
from service.store import HardRule, decide_rule, get_rule, list_rules, list_shown
from service.store.holding import when_committed

if TYPE_CHECKING:
    from service.outcomes.dismissing import Why


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["outcomes"])
    made.add_api_route(
        "/needs/{need_id}/dismissed",
        dismissed,
        response_model=DismissedListOut,
        operation_id="list_dismissed",
        summary="What is kept off a need's list, and why",
    )
    made.add_api_route(
        "/rules", rules, response_model=RulesOut, operation_id="list_rules", summary="Hard rules and proposals"
    )
    made.add_api_route(
        "/rules/{number}/decision",
        decide,
        methods=["POST"],
        response_model=RuleOut,
        responses={409: problem("Decided so already, or by somebody else meanwhile")},
        operation_id="decide_rule",
        summary="Confirm or reject a rule",
        openapi_extra=described(DecisionIn, DECISION_EXAMPLES),
    )
    made.add_api_route(
        "/shown",
        shown,
        response_model=ShownListOut,
        operation_id="list_shown",
        summary="What was shown, to learn from",
    )
    return made


def dismissed(context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Return the pairs of the need that the asker's tenant declined or keeps off by a rule, with the reasons.

    A dismissal sticks from release to release until the event is corrected, a rule until it is rejected.
    """
    served = shortlists.serve(context, asker, need_id)
    release, visible = context.release(), context.live.visible(asker)
    why = why_off(context, asker, release)
    items = [_dismissed(context, line.capability_id, line.at + 1, line.why) for line in served.off if line.why]
    listed = {line.capability_id for line in served.off}
    for capability_id in sorted(context.following.dismissals.of(asker.tenant_id).dismissed.get(need_id, ())):
        reason = why(need_id, capability_id)
        if reason is not None and capability_id not in listed and visible.shows("capabilities", capability_id):
            items.append(_dismissed(context, capability_id, None, reason))
    return json_answer(DismissedListOut(need_id=need_id, items=items), release_id=served.release_id)


def rules(
    context: Here,
    asker: Asker,
    state: Annotated[RuleState | None, Query(description="Only rules in this state.")] = None,
) -> Response:
    """Return the tenant's hard rules. A proposal does nothing until somebody confirms it."""
    asker.require(Permission.READ_BROKER_ONLY)
    with context.store.reading() as session:
        found = list_rules(session, asker.tenant_id, state)
    return json_answer(RulesOut(items=[_rule(one) for one in found]))


def decide(
    context: Here,
    asker: Asker,
    number: Annotated[int, Path(ge=1, le=2**53, description="The rule's number.")],
    sent: Annotated[DecisionIn, reading(DecisionIn)],
) -> Response:
    """Confirm or reject a rule of the asker's tenant; who did is written down, in the audit log too."""
    asker.require(Permission.APPROVE_RULES)
    now = datetime.now(UTC)
    with context.store.writing() as session:
        rule = get_rule(session, asker.tenant_id, number)
        if rule is None:
            raise Refused(404, "unknown-rule", f"There is no rule {number} here.")
        try:
            decided = decide_rule(session, rule, sent.state, actor=asker.actor, at=now, note=sent.note)
        except BadInput:
            raise Refused(409, "decided", f"Rule {number} is {rule.state} already.") from None
        if decided is None:
            raise Refused(409, "decided", f"Somebody else decided rule {number} meanwhile; read it again.")
        facts = {"decision": sent.state.value, "rule": f"{rule.key.scope} {rule.key.value}: {rule.key.reason}"}
        tenant = asker.tenant_id
        audit(session, Action.REVIEWED, actor=asker.actor, at=now, subject=f"rule {number}", tenant_id=tenant, **facts)
    when_committed(lambda: context.following.dismissals.forget(asker.tenant_id))
    return json_answer(_rule(decided))


def shown(
    context: Here,
    asker: Asker,
    after: Annotated[int, Query(ge=0, le=2**53, description="Only lines with a greater number.")] = 0,
    limit: Limit = 50,
) -> Response:
    """Return what was shown in the asker's tenant: match, rank, score, release and the role that saw it, never who.

    The same list shown again to the same role within an hour counts once. Pairs of which a side may not be seen any
    more are left out.
    """
    asker.require(Permission.MEASURE)
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        found = list_shown(session, tenant_id=asker.tenant_id, after=after, limit=limit)
    items = [
        ShownOut(number=number, **{name: value for name, value in asdict(one).items() if name != "tenant_id"})
        for number, one in found
        if visible.shows_pair(one.need_id, one.capability_id)
    ]
    return json_answer(ShownListOut(items=items, next=found[-1][0] if len(found) == limit else None))


def _dismissed(context: Context, capability_id: str, rank: int | None, why: Why) -> DismissedOut:
    capability = context.release().capabilities.get(capability_id)
    return DismissedOut(
        capability_id=capability_id,
        capability_title=capability.title if capability else "",
        rank=rank,
        why=why.words,
        reason_codes=list(why.reason_codes),
        note=why.note,
        since=why.since,
        rule=why.rule.number if why.rule else None,
    )


def _rule(rule: HardRule) -> RuleOut:
    facts = {"number": rule.number, "scope": rule.key.scope, "value": rule.key.value, "reason": rule.key.reason}
    return RuleOut(
        **facts,
        state=rule.state,
        dismissals=rule.dismissals,
        proposed_at=rule.proposed_at,
        decided_at=rule.decided_at,
        decided_by=rule.decided_by,
        note=rule.note,
    )

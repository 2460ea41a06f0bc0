"""What administrators and reviewers decide: accounts, keys, the audit log, rules, and organisations that are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.profiles import KINDS
from service.accounts.roles import Permission, Role
from service.api import accounts, dismissals, identity, reviews, writing
from service.api.account_schemas import KeyIn, UserIn, UserPatch
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.outcome_schemas import DecisionIn
from service.api.parameters import RecordId
from service.api.problems import unknown
from service.console.answered import answered, done, form_of
from service.console.lookups import about_rule, organisation_now
from service.console.recorded import SINGLES
from service.console.rendering import page

if TYPE_CHECKING:
    from service.api.keys import Principal

_REVIEWED: Final = 50
_LINES: Final = 100  # of the audit log


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/administration", administration_page, response_class=HTMLResponse)
    made.add_api_route("/administration/keys", make_key, methods=["POST"])
    made.add_api_route("/administration/keys/{prefix}/revoke", revoke_key, methods=["POST"])
    made.add_api_route("/administration/users", make_user, methods=["POST"])
    made.add_api_route("/administration/users/{login}/disable", disable_user, methods=["POST"])
    made.add_api_route("/rules", rules_page, response_class=HTMLResponse)
    made.add_api_route("/rules/{number}", decide_rule, methods=["POST"])
    made.add_api_route("/reviews", reviews_page, response_class=HTMLResponse)
    made.add_api_route("/reviews/{kind}/{record_id}", decide_review, methods=["POST"])
    made.add_api_route("/organisations/{record_id}/duplicates", duplicates_page, response_class=HTMLResponse)
    made.add_api_route("/organisations/{record_id}/merge", merge, methods=["POST"])
    made.add_api_route("/organisations/{record_id}/unmerge", unmerge, methods=["POST"])


def administration_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show accounts, keys and who did what."""
    return _administration(request, context, asker)


async def make_key(request: Request, context: Here, asker: Asker) -> Response:
    """Make a key and show it, the only time it can be seen."""
    form = await form_of(request)

    def made() -> Response:
        found = answered(accounts.add_key(context, asker, KeyIn(name=form["name"], role=Role(form["role"]))))
        return _administration(request, context, asker, key=found["key"])

    return await done(request, "/administration", made)


async def revoke_key(request: Request, context: Here, asker: Asker, prefix: RecordId) -> Response:
    """End a key for good."""
    return await done(request, "/administration", lambda: accounts.revoke_key(context, asker, prefix))


async def make_user(request: Request, context: Here, asker: Asker) -> Response:
    """Make a user."""
    form = await form_of(request)
    made = {name: form[name] for name in ("login", "role", "password") if name in form}
    return await done(
        request, "/administration", lambda: accounts.add_user(context, asker, UserIn.model_validate(made))
    )


async def disable_user(request: Request, context: Here, asker: Asker, login: RecordId) -> Response:
    """End an account for good."""
    return await done(
        request, "/administration", lambda: accounts.patch_user(context, asker, login, UserPatch(disabled=True))
    )


def rules_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show hard rules that wait to be decided, and those that were."""
    found = answered(dismissals.rules(context, asker))["items"]
    may = asker.may(Permission.APPROVE_RULES)
    about = {one["number"]: about_rule(context, asker, one["scope"], one["value"]) for one in found}
    return page(request, "rules.html", release=None, rules=found, about=about, may_decide=may)


async def decide_rule(request: Request, context: Here, asker: Asker, number: int) -> Response:
    """Confirm or reject a rule."""
    form = await form_of(request)
    said = {name: form[name] for name in ("state", "note") if name in form}
    return await done(
        request, "/rules", lambda: dismissals.decide(context, asker, number, DecisionIn.model_validate(said))
    )


def reviews_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show what was inferred and nobody has reviewed yet."""
    found = answered(reviews.queue(context, asker, None, request.query_params.get("after"), _REVIEWED))
    return page(request, "reviews.html", release=None, waiting=found["items"], further=found["next"], singles=SINGLES)


async def decide_review(request: Request, context: Here, asker: Asker, kind: str, record_id: RecordId) -> Response:
    """Confirm or reject one inferred field; the record must be as it was when the page was made."""
    form = await form_of(request)

    def decide() -> Response:
        if kind not in KINDS:
            raise unknown("kind of record", kind)
        sent = reviews.ReviewIn.model_validate({"fields": [form["field"]]})
        held = writing.Held(form.get("etag"))
        confirmed = form["verdict"] == "confirm"
        return reviews.decide_on(context, asker, (kind, record_id), sent, held, confirmed=confirmed)

    return await done(request, "/reviews", decide)


def duplicates_page(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Show organisations that may be this one, with the reasons, and what people have said of it."""
    found = answered(identity.list_duplicates(context, asker, record_id, 20))
    merges = answered(identity.list_merges(context, asker, record_id))["items"]
    may = asker.may(Permission.MERGE)
    return page(
        request,
        "duplicates.html",
        release=None,
        record_id=record_id,
        names=_names(context, asker, {record_id, found["kept_organisation_id"], *_merged(merges)}),
        found=found,
        merges=merges,
        may_merge=may,
    )


async def merge(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Say that an organisation is another one."""
    form = await form_of(request)
    said = {name: form[name] for name in ("into", "reason") if name in form}
    back = f"{address('organisations', record_id)}/duplicates"
    return await done(
        request,
        back,
        lambda: identity.merge_organisation(context, asker, record_id, identity.MergeIn.model_validate(said)),
    )


async def unmerge(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Take a merge back."""
    back = f"{address('organisations', record_id)}/duplicates"
    return await done(request, back, lambda: identity.unmerge_organisation(context, asker, record_id))


def _merged(merges: list[dict[str, Any]]) -> set[str]:
    return {one[side] for one in merges for side in ("organisation_id", "kept_organisation_id")}


def _names(context: Context, asker: Principal, ids: set[str]) -> dict[str, str]:
    """Return what organisations are called, by id; those nobody described, or not to be seen, by their ids."""
    found = {one: organisation_now(context, asker, one) for one in ids}
    return {one: known.name if known else one for one, known in found.items()}


def _administration(request: Request, context: Context, asker: Principal, key: str = "") -> Response:
    found = answered(accounts.show(context, asker))
    lines = answered(accounts.log(context, asker, None, None, None, _LINES))["items"]
    keys = answered(accounts.keys(context, asker))["items"]
    facts: dict[str, Any] = {"users": found["users"], "tenants": found["tenants"], "keys": keys, "lines": lines}
    facts["people"] = {f"key:{one['prefix']}": one["name"] for one in keys}
    return page(request, "administration.html", release=None, key=key, roles=[role.value for role in Role], **facts)

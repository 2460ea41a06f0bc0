"""Organisations that may be one, over the whole store: a work list to decide on, pair by pair."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.identity import LIKELY
from service.accounts.roles import Permission
from service.api import duplicates
from service.api.context import Asker, Here
from service.api.duplicates import AgainIn, DistinctIn
from service.api.parameters import RecordId
from service.console.answered import answered, done, form_of
from service.console.rendering import page
from service.console.returning import inside

_SHOWN: Final = 50


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/duplicates", twins_page, response_class=HTMLResponse)
    made.add_api_route("/organisations/{record_id}/distinguish", distinguish, methods=["POST"])
    made.add_api_route("/organisations/{record_id}/undistinguish", undistinguish, methods=["POST"])


def twins_page(
    request: Request, context: Here, asker: Asker, state: str = "open", cursor: str | None = None
) -> Response:
    """Show pairs that nobody has decided on, or those that were told apart."""
    told_apart = state == "distinct"
    found = answered(
        duplicates.list_all(context, asker, "distinct" if told_apart else "open", LIKELY, cursor or None, _SHOWN)
    )
    may = asker.may(Permission.MERGE)
    return page(request, "twins.html", release=None, found=found, told_apart=told_apart, may_merge=may)


async def distinguish(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Say that two organisations are two."""
    form = await form_of(request)
    said = {name: form[name] for name in ("other", "reason") if name in form}
    back = inside(form.get("back", "/duplicates"))
    return await done(
        request,
        back,
        lambda: duplicates.distinguish_organisation(context, asker, record_id, DistinctIn.model_validate(said)),
    )


async def undistinguish(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Take back that two organisations are two."""
    form = await form_of(request)
    return await done(
        request,
        "/duplicates?state=distinct",
        lambda: duplicates.undistinguish_organisation(context, asker, record_id, AgainIn(other=form["other"])),
    )

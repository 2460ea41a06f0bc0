"""Filters of the list of needs that somebody saved under a name: subscriptions, seen from the console.

A saved filter is followed like any other subscription: what is new for it is told by its digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.accounts.roles import Permission
from service.api import subscriptions
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.subscriptions import NeedFilterIn, SubscriptionId, SubscriptionIn
from service.console.answered import done, form_of
from service.console.lookups import release_or_none
from service.console.rendering import page

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.store import Subscription

FIELDS: Final = tuple(NeedFilterIn.model_fields)
"""What can be saved of the address of a list; where one is on it cannot."""


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/saved", saved_page, response_class=HTMLResponse)
    made.add_api_route("/saved", save, methods=["POST"])
    made.add_api_route("/saved/{subscription_id}/rename", rename, methods=["POST"])
    made.add_api_route("/saved/{subscription_id}/remove", remove, methods=["POST"])


def offered(context: Context, asker: Principal, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list of needs says of saved filters: the asker's own, and what could be saved now."""
    own = [one for one in subscriptions.owned(context, asker) if one.follows.name]
    return {
        "saved": [(one.follows.name, address_of(one)) for one in own],
        "may_save": asker.may(Permission.RECORD_OUTCOMES),
        "to_save": {name: given[name] for name in FIELDS if name in given},
    }


def address_of(one: Subscription) -> str:
    """Return the list that a subscription follows, or its need."""
    if one.follows.need_id is not None:
        return address("needs", one.follows.need_id)
    return f"/?{urlencode(one.follows.needs)}" if one.follows.needs else "/"


def saved_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show what the asker saved and follows, with what is new for each, and forms to rename and remove it."""
    own = [(one, address_of(one)) for one in subscriptions.owned(context, asker)]
    return page(request, "saved.html", release=release_or_none(context), own=own)


async def save(request: Request, context: Here, asker: Asker) -> Response:
    """Save the filter of the list that the form stands on."""
    form = await form_of(request)
    needs = {name: form[name] for name in FIELDS if name in form}

    def made() -> Response:
        sent = SubscriptionIn.model_validate({"name": form["name"], "needs": needs})
        return subscriptions.make(context, asker, sent)

    return await done(request, f"/?{urlencode(needs)}" if needs else "/", made)


async def rename(request: Request, context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Call a saved filter something else."""
    form = await form_of(request)

    def renamed() -> Response:
        found = subscriptions.own(context, asker, subscription_id)
        follows = {name: getattr(found.follows, name) for name in SubscriptionIn.model_fields}
        sent = SubscriptionIn.model_validate({**follows, "name": form["name"]})
        return subscriptions.replace(context, asker, subscription_id, sent, f'"{found.version}"')

    return await done(request, "/saved", renamed)


async def remove(request: Request, context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Forget a saved filter, and follow it no more."""
    return await done(request, "/saved", lambda: subscriptions.remove(context, asker, subscription_id))

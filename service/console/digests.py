"""The page of what is new for a subscription."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api.context import Asker, Here
from service.api.subscriptions import SubscriptionId, digest_of
from service.console.rendering import page
from service.outcomes.posting import by_need


def add(made: APIRouter) -> None:
    """Add the page to a router."""
    made.add_api_route("/subscriptions/{subscription_id}/digest", digest_page, response_class=HTMLResponse)


def digest_page(request: Request, context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Show what changed for a subscription since its news was last written."""
    found = digest_of(context, asker, subscription_id)
    return page(request, "digest.html", release=context.release(), digest=found, needs=list(by_need(found)))

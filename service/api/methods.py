"""Methods that every address answers alike (RFC 9110): HEAD as GET without its body, OPTIONS and 405 with Allow."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.routing import Match

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODILESS: Final[ContextVar[bool]] = ContextVar("bodiless", default=False)
"""Whether the answer under way leaves without its body: nobody sees what would stand in it."""

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Headed:
    """Answers HEAD as GET would, with the same headers and no body (section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        before = BODILESS.set(True)
        try:
            await self._app({**scope, "method": "GET"}, receive, bare)
        finally:
            BODILESS.reset(before)


def allowed(request: Request) -> str:
    """Return what Allow says of an address: the methods of all its routes, not of the first (section 10.2.1)."""
    routes = request.app.router.routes
    asked = ({**request.scope, "method": method} for method in _METHODS)
    found = {one["method"] for one in asked if any(route.matches(one)[0] is Match.FULL for route in routes)}
    return ", ".join(sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set())))

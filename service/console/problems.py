"""What goes wrong, told to a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.api.problems import Refused
from service.console.words import N_

Handler = Callable[[Request, Exception], Awaitable[Response]]
_NOTHING_HERE: Final = N_("Nothing is to be seen at this address.")
_NOT_PERMITTED: Final = N_("Your role does not permit this. An administrator can give you another one.")


def or_page(handler: Handler) -> Handler:
    """Return a handler that answers a browser's page with a page, and everything else as ``handler`` does."""

    async def answer(request: Request, error: Exception) -> Response:
        if not _wants_page(request):
            return await handler(request, error)
        from service.console.rendering import page

        status = error.status_code if isinstance(error, HTTPException) else 422
        detail = error.detail if isinstance(error, Refused) else _NOTHING_HERE
        detail = _NOT_PERMITTED if _not_permitted(error) else detail
        made = page(request, "problem.html", release=None, status=status, detail=detail)
        made.headers.update((error.headers if isinstance(error, HTTPException) else None) or {})
        return made

    return answer


def _not_permitted(error: Exception) -> bool:
    return isinstance(error, Refused) and error.code == "not-permitted"


def _wants_page(request: Request) -> bool:
    path = request.url.path
    program = path.startswith("/v1") or path.endswith(".json")
    return not program and "text/html" in request.headers.get("accept", "")

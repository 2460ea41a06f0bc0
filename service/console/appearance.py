"""How pages look to one person: light, dark, or as their system has it. Kept in a cookie, not in the store."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from service.console.navigation import THEME, THEMES
from service.console.returning import inside

_YEAR: Final = 365 * 24 * 3600


def add(made: APIRouter) -> None:
    """Add the address to a router."""
    made.add_api_route("/appearance", appearance)


def appearance(
    request: Request,
    theme: Annotated[str, Query(max_length=20)] = THEMES[0][0],
    back: Annotated[str, Query(max_length=2_000)] = "/",
) -> Response:
    """Keep the choice and go back to where it was made."""
    answer = RedirectResponse(inside(back), 303)
    if theme in dict(THEMES[1:]):
        secure = request.url.scheme == "https"
        answer.set_cookie(THEME, theme, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
    else:
        answer.delete_cookie(THEME, httponly=True, samesite="lax")
    return answer

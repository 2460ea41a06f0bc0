"""What changed on the lists since somebody looked last, or since any release that is kept, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.vocabulary import SECTORS
from service.api import news
from service.api.context import Asker, Context, Here
from service.api.problems import Refused
from service.console.answered import answered, query_of
from service.console.lookups import told
from service.console.rendering import page
from service.console.words import N_

if TYPE_CHECKING:
    from service.api.keys import Principal

SEEN: Final = "matcher_seen"
"""Cookie with the release that somebody saw the changes of last: it says nothing of anybody."""

_YEAR: Final = 365 * 24 * 3600
_SHOWN: Final = 100


def add(made: APIRouter) -> None:
    """Add the page to a router."""
    made.add_api_route("/changes", changes_page, response_class=HTMLResponse)


def changes_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show changes since the release that was looked at last, or the one that is asked for."""
    release = context.release()
    made = context.following.shelf.moments()
    kept = {
        name: made[name] for name in sorted(made, key=made.__getitem__, reverse=True) if name != release.id
    }  # the newest first
    given = query_of(request)
    last = request.cookies.get(SEEN, "")
    if "since" not in given and last in kept:
        given["since"] = last
    found, problem = _told(context, asker, given) if kept else (None, "")
    if found:
        given.setdefault("since", found["since"])  # the one that was taken where none was asked for
    answer = page(
        request,
        "changes.html",
        release=release,
        status=422 if problem else 200,
        found=found,
        problem=problem,
        given=given,
        kept=kept,
        sectors=sorted(SECTORS),
        last=last,
    )
    secure = request.url.scheme == "https"
    answer.set_cookie(SEEN, release.id, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
    return answer


def _told(context: Context, asker: Principal, given: dict[str, str]) -> tuple[Any, str]:
    try:
        wanted = news.ChangesAsked.model_validate({"limit": _SHOWN, **given, **_listed(given)})
        return answered(news.of_all(context, asker, wanted)), ""
    except ValidationError:
        return None, N_("One of the filters cannot be used.")
    except Refused as refused:
        return None, told(refused)


def _listed(given: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: (given[name],) for name in ("kind", "cause") if name in given}

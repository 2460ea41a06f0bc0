"""Asking the routes of the interface, and doing by them what forms say: pages have the permissions of programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.api.problems import Refused
from service.console.lookups import told
from service.console.rendering import page
from service.console.words import N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_FIELDS: Final = 200  # of a form
_UNUSABLE: Final = N_("Something in the form cannot be used.")


def answered(answer: Response) -> Any:
    """Return the JSON of an answer."""
    return json.loads(bytes(answer.body))


def query_of(request: Request) -> dict[str, str]:
    """Return what an address asks that says something, the last value of each."""
    return {name: value for name, value in request.query_params.items() if value.strip()}


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form that say something, the first value of each."""
    found = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=_FIELDS)
    return {name: values[0].strip() for name, values in found.items() if values[0].strip()}


async def done(request: Request, back: str, act: Callable[[], Response]) -> Response:
    """Do what a form asks and go back, or show the page that it answers with; a refusal is told on a page."""
    try:
        answer = await run_in_threadpool(act)
    except (ValidationError, ValueError, KeyError):
        return page(request, "refused.html", release=None, status=422, problem=_UNUSABLE, back=back)
    except Refused as refused:
        problem = told(refused)
        return page(request, "refused.html", release=None, status=refused.status_code, problem=problem, back=back)
    return answer if isinstance(answer, HTMLResponse) else RedirectResponse(back, 303)

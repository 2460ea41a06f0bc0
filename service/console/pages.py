"""The pages and their addresses."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from service.console import (
    administering,
    appearance,
    cases,
    changes,
    comparing,
    digests,
    importing,
    need,
    needs,
    outcomes,
    overviews,
    periods,
    portfolio,
    recorded,
    saved,
    signing,
    twins,
    worlds,
)
from service.console.rendering import page

_HERE: Final = Path(__file__).parent


@cache
def routes() -> tuple[BaseRoute, ...]:
    """Return every page and the files they load; what they take is worked out once a process."""
    made = APIRouter(include_in_schema=False)
    made.add_api_route("/", needs.needs_page, response_class=HTMLResponse)
    made.add_api_route("/needs", needs.to_needs)
    for part in (
        need,
        cases,
        comparing,
        outcomes,
        importing,
        digests,
        administering,
        changes,
        recorded,
        overviews,
        portfolio,
        saved,
        twins,
        periods,
        worlds,
        signing,
        appearance,
    ):
        part.add(made)
    made.add_api_route("/docs", docs_page, response_class=HTMLResponse)
    made.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    return tuple(made.routes)


def docs_page(request: Request) -> Response:
    """Show the interface's description for a person, from the same document that programs read."""
    document = request.app.openapi()
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return page(request, "docs.html", release=None, document=document, operations=operations)

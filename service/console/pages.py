"""The pages and their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from matcher.profiles import Capability
from service.api import records, reverse
from service.api.context import Asker, Here
from service.api.parameters import RecordId
from service.console import appearance, comparing, need, needs, overviews, signing
from service.console.lookups import organisation_now, release_or_none
from service.console.rendering import page

_HERE: Final = Path(__file__).parent
_PAGE: Final = 25  # needs on a page: what a person scrolls through
_NEEDS_LISTED: Final = 50  # needs on a capability's page


def mount(app: FastAPI) -> None:
    """Add the pages to an application."""
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    made = APIRouter(include_in_schema=False)
    made.add_api_route("/", needs.needs_page, response_class=HTMLResponse)
    for part in (need, comparing, signing, overviews, appearance):
        part.add(made)
    made.add_api_route("/capabilities/{capability_id}", capability_page, response_class=HTMLResponse)
    made.add_api_route("/docs", docs_page, response_class=HTMLResponse)
    app.include_router(made)


def capability_page(request: Request, context: Here, asker: Asker, capability_id: RecordId) -> Response:
    """Show a capability with the needs whose shortlists hold it."""
    stored = records.find(context, asker, "capabilities", capability_id)
    release = release_or_none(context)
    found = reverse.serve(context, asker, release, capability_id, _NEEDS_LISTED) if release else None
    organisation = None
    if isinstance(stored.profile, Capability):
        organisation = organisation_now(context, asker, stored.profile.organisation_id)
    return page(request, "capability.html", release=release, stored=stored, found=found, organisation=organisation)


def docs_page(request: Request) -> Response:
    """Show the interface's description for a person, from the same document that programs read."""
    document = request.app.openapi()
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return page(request, "docs.html", release=None, document=document, operations=operations)

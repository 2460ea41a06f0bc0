"""The pages and their addresses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from matcher.profiles import Capability, Need
from matcher.vocabulary import SECTORS
from service.api import records, reverse, shortlists
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.parameters import MOST, Listing, RecordId
from service.api.problems import Refused
from service.console import appearance, overviews, signing, views
from service.console.rendering import page
from service.console.words import N_
from service.store import StoredRecord

if TYPE_CHECKING:
    from service.releases import Release

_HERE: Final = Path(__file__).parent
_PAGE: Final = 25  # needs on a page: what a person scrolls through
_NEEDS_LISTED: Final = 50  # needs on a capability's page


def mount(app: FastAPI) -> None:
    """Add the pages to an application."""
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    made = APIRouter(include_in_schema=False)
    made.add_api_route("/", needs_page, response_class=HTMLResponse)
    made.add_api_route("/needs/{need_id}", need_page, response_class=HTMLResponse)
    made.add_api_route("/capabilities/{capability_id}", capability_page, response_class=HTMLResponse)
    made.add_api_route("/docs", docs_page, response_class=HTMLResponse)
    signing.add(made)
    overviews.add(made)
    appearance.add(made)
    app.include_router(made)


def needs_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show a page of needs, narrowed as asked, each with its tiers in the served release."""
    given = {name: value for name, value in request.query_params.items() if value.strip()}
    problem, listed = "", None
    try:
        wanted = Listing(**{"limit": _PAGE, **given})
        listed = records.pages(context, asker, "needs", wanted)
    except ValidationError:
        problem = N_("One of the filters cannot be used: a goal is a number from 1 to 17.")
    except Refused as refused:
        problem = _told(refused)
    release = _release(context)
    rows = [_need_row(context, asker, release, stored) for stored in listed.items] if listed else []
    further = {**given, "cursor": listed.next} if listed and listed.next else None
    return page(
        request,
        "needs.html",
        release=release,
        status=422 if problem else 200,
        rows=rows,
        wanted=given,
        problem=problem,
        sectors=sorted(SECTORS),
        further=urlencode(further) if further else "",
        narrowed=bool(set(given) - {"cursor", "limit"}),
    )


def need_page(request: Request, context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Show a need with its whole shortlist."""
    release = _release(context)
    need, stored = _need(context, asker, release, need_id)
    listed, problem = None, ""
    try:
        served = shortlists.serve(context, asker, need_id).narrowed(limit=MOST)
        listed = views.list_view(served, release.organisations if release else {})
    except Refused as refused:
        problem = _told(refused)
    return page(request, "need.html", release=release, need=need, stored=stored, listed=listed, problem=problem)


def capability_page(request: Request, context: Here, asker: Asker, capability_id: RecordId) -> Response:
    """Show a capability with the needs whose shortlists hold it."""
    stored = records.find(context, asker, "capabilities", capability_id)
    release = _release(context)
    found = reverse.serve(context, asker, release, capability_id, _NEEDS_LISTED) if release else None
    organisation = None
    if isinstance(stored.profile, Capability):
        try:
            organisation = records.find(context, asker, "organisations", stored.profile.organisation_id).profile
        except Refused:  # stands for an organisation nobody stated
            organisation = None
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


def _need(
    context: Context, asker: Principal, release: Release | None, need_id: str
) -> tuple[Need, StoredRecord | None]:
    """Return the need as it stands; from the release where the store does not hold it."""
    try:
        stored = records.find(context, asker, "needs", need_id)
    except Refused:
        if context.live.standing("needs", need_id) is not None or release is None:
            raise
        if (kept := release.needs.get(need_id)) is None:
            raise
        return kept, None
    if not isinstance(stored.profile, Need):  # the store keeps kinds apart
        raise TypeError(type(stored.profile).__name__)
    return stored.profile, stored


def _need_row(context: Context, asker: Principal, release: Release | None, stored: StoredRecord) -> dict[str, Any]:
    """Say of a need what the list shows; its tiers only where the release has it as it is."""
    served = shortlists.if_published(context, asker, release, stored.id, stored.content_hash) if release else None
    return {
        "need": stored.profile,
        "href": address("needs", stored.id),
        "served": served,
        "tiers": views.tier_counts(served.lines) if served else (),
    }


def _release(context: Context) -> Release | None:
    try:
        return context.release()
    except Refused:
        return None


def _told(refused: Refused) -> str:
    suggestions = refused.more.get("suggestions")
    return f"{refused.detail} Did you mean {', '.join(suggestions)}?" if suggestions else refused.detail

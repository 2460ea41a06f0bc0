"""Records of every kind but needs: lists, one search across all of them, and a page for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.profiles import Capability, CaseStory, FacilitatorProgramme, FundingMechanism, Organisation, Profile
from service.api import records, reverse
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.live import shown_to
from service.api.parameters import Listing, RecordId
from service.api.problems import Refused, unknown
from service.console.answered import query_of
from service.console.lookups import organisation_now, release_or_none, told
from service.console.rendering import page
from service.console.views import NETWORKS
from service.console.words import N_
from service.reports.exposure import ExposureReport
from service.reports.names import ReportName
from service.store import list_by_title

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release
    from service.reports.exposure import Shown
    from service.store import StoredRecord

TITLES: Final = {
    "organisations": N_("Organisations"),
    "capabilities": N_("Capabilities"),
    "mechanisms": N_("Funding"),
    "facilitators": N_("Facilitators"),
    "cases": N_("Cases"),
    "needs": N_("Needs"),
}
"""What each kind of record is called on a page; needs have a list of their own."""

SINGLES: Final = {
    "organisations": N_("Organisation"),
    "capabilities": N_("Capability"),
    "mechanisms": N_("Funding"),
    "facilitators": N_("Facilitator"),
    "cases": N_("Case"),
    "needs": N_("Need"),
}
"""What one record of each kind is called."""

_PAGE: Final = 25
_NEEDS_LISTED: Final = 50  # needs on a capability's page
_OF_ONE: Final = 100  # records of one organisation on its page


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/search", search_page, response_class=HTMLResponse)
    made.add_api_route("/capabilities/{record_id}", capability_page, response_class=HTMLResponse)
    made.add_api_route("/organisations/{record_id}", organisation_page, response_class=HTMLResponse)
    for kind in ("mechanisms", "facilitators", "cases"):
        _add_record(made, kind)
    for kind in ("organisations", "capabilities", "mechanisms", "facilitators", "cases"):
        _add_list(made, kind)


def _add_list(made: APIRouter, kind: str) -> None:
    def list_page(request: Request, context: Here, asker: Asker) -> Response:
        return _listed(request, context, asker, kind, f"/{kind}")

    made.add_api_route(f"/{kind}", list_page, response_class=HTMLResponse)


def _add_record(made: APIRouter, kind: str) -> None:
    def record_page(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
        stored = records.find(context, asker, kind, record_id)
        owner = _owner(context, asker, stored)
        names = _network(context, asker, stored.profile)
        facts: dict[str, Any] = {"stored": stored, "kind": kind, "owner": owner, "names": names, "titles": TITLES}
        return page(request, "record.html", release=None, **facts)

    made.add_api_route(f"/{kind}/{{record_id}}", record_page, response_class=HTMLResponse)


def search_page(
    request: Request, context: Here, asker: Asker, q: Annotated[str, Query(max_length=300)] = ""
) -> Response:
    """Search records of every kind for words, each of which must begin a word of the record."""
    if not q.strip():
        return page(
            request, "records.html", release=None, kind=None, rows=[], problem="", given={}, further="", **_HEAD
        )
    return _listed(request, context, asker, None, "/search")


_HEAD: Final[dict[str, Any]] = {"titles": TITLES, "singles": SINGLES, "path": "/search"}


def _listed(request: Request, context: Context, asker: Principal, kind: str | None, path: str) -> Response:
    given = query_of(request)
    problem, found = "", None
    try:
        found = records.pages(context, asker, kind, Listing(**{"limit": _PAGE, **given}), list_by_title)
    except ValidationError:
        problem = N_("One of the filters cannot be used: a goal is a number from 1 to 17.")
    except Refused as refused:
        problem = told(refused)
    rows = [_line(stored) for stored in found.items] if found else []
    further = urlencode({**given, "cursor": found.next}) if found and found.next else ""
    return page(
        request,
        "records.html",
        release=None,
        status=422 if problem else 200,
        kind=kind,
        rows=rows,
        problem=problem,
        given=given,
        further=further,
        **{**_HEAD, "path": path},
    )


def _line(stored: StoredRecord) -> dict[str, Any]:
    return {
        "kind": stored.kind,
        "title": records.title_of(stored.profile),
        "summary": getattr(stored.profile, "summary", None) or "",
        "profile": stored.profile,
        "href": address(stored.kind, stored.id),
    }


def capability_page(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Show a capability with the needs whose shortlists hold it."""
    stored = records.find(context, asker, "capabilities", record_id)
    release = release_or_none(context)
    found = reverse.serve(context, asker, release, record_id, _NEEDS_LISTED) if release else None
    organisation = None
    if isinstance(stored.profile, Capability):
        organisation = organisation_now(context, asker, stored.profile.organisation_id)
    return page(request, "capability.html", release=release, stored=stored, found=found, organisation=organisation)


def organisation_page(request: Request, context: Here, asker: Asker, record_id: RecordId) -> Response:
    """Show an organisation: what it states, what it offers, needs and pays for, and how often lists show it."""
    organisation = organisation_now(context, asker, record_id)
    with context.store.reading() as session:
        filters = _of_organisation(asker, record_id)
        found = list_by_title(session, None, filters, limit=_OF_ONE).items
    held = [stored for stored in found if stored.kind != "organisations"]
    if organisation is None and not held:
        raise unknown("organisation", record_id)
    release = release_or_none(context)
    return page(
        request,
        "organisation.html",
        release=release,
        organisation=organisation,
        organisation_id=record_id,
        names=_network(context, asker, organisation) if organisation else {},
        rows=[_line(stored) for stored in held],
        load=_load(context, asker, release, record_id) if release else None,
        singles=SINGLES,
    )


def _of_organisation(asker: Principal, organisation_id: str) -> Any:
    from dataclasses import replace

    return replace(shown_to(asker), organisation_id=organisation_id)


def _load(context: Context, asker: Principal, release: Release, organisation_id: str) -> Shown | None:
    report = context.reporting.get(ReportName.EXPOSURE, release, context.live.visible(asker)).report
    if not isinstance(report, ExposureReport):  # of the kind that was asked for
        raise TypeError(type(report).__name__)
    return next((one for one in report.organisations if one.organisation_id == organisation_id), None)


def _network(context: Context, asker: Principal, profile: Profile) -> dict[str, str]:
    """Return what the organisations that a record names as its network are called, by id, where they are described."""
    ids = [one for field in sorted(NETWORKS) for one in getattr(profile, field, None) or ()][:_OF_ONE]
    found = ((one, organisation_now(context, asker, one)) for one in ids)
    return {one: known.name for one, known in found if known}


def _owner(context: Context, asker: Principal, stored: StoredRecord) -> Organisation | None:
    """Return whose programme, mechanism or case it is, where that is described."""
    profile = stored.profile
    if isinstance(profile, FundingMechanism | FacilitatorProgramme):
        return organisation_now(context, asker, profile.organisation_id)
    if isinstance(profile, CaseStory) and profile.provider_id:
        return organisation_now(context, asker, profile.provider_id)
    return None

"""Routes that give a need's shortlist as a file: a workbook, and pages to print."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from service.accounts.audit import Action, audit
from service.accounts.roles import Permission
from service.api import shortlists
from service.api.answers import RELEASE_HEADER
from service.api.context import Asker, Here
from service.api.following import note_shown
from service.api.matches import need_asked, not_shortlisted
from service.api.parameters import RecordId
from service.exports.lists import Run, notes_of
from service.exports.workbook import MEDIA_TYPE, Workbook
from service.releases import Release

_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A page that needs no other file", "content": {"text/html": {"schema": {"type": "string"}}}}
}
_BOOK: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A workbook of six sheets",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["exports"])
    made.add_api_route(
        "/needs/{need_id}/shortlist.xlsx",
        shortlist_workbook,
        response_class=Response,
        responses=_BOOK,
        operation_id="export_shortlist_xlsx",
        summary="The shortlist of a need as a workbook",
    )
    made.add_api_route(
        "/needs/{need_id}/brief",
        need_brief,
        response_class=HTMLResponse,
        responses=_PAGE,
        operation_id="get_brief_of_need",
        summary="A need's best matches on a page to print",
    )
    made.add_api_route(
        "/matches/{need_id}/{capability_id}/brief",
        pair_brief,
        response_class=HTMLResponse,
        responses=_PAGE,
        operation_id="get_brief_of_match",
        summary="One pair on a page to print",
    )
    return made


def shortlist_workbook(context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Return every match of the need's shortlist with reasons, gates, near misses and open questions, as XLSX.

    The values are those that the list of matches serves; the last sheet names the release and says how many matches
    are withheld. A text that a spreadsheet would run as a formula has an apostrophe before it. Needs the permission
    "export", and is written into the audit log.
    """
    asker.require(Permission.EXPORT)
    release = context.release()
    served = shortlists.serve(context, asker, need_id)
    note_shown(context, asker, served)
    names = release.organisations
    sink = io.BytesIO()
    with Workbook(sink) as book:
        matches = (line.match() for line in served.lines)
        lines = (
            (match, names[match.organisation_id].name if match.organisation_id in names else "") for match in matches
        )
        book.add(served.release_id, served, lines)
        book.tell(_run(release, served), notes_of([served]))
    now = datetime.now(UTC)
    facts = {"release_id": served.release_id, "rows": len(served.lines), "withheld": served.withheld}
    with context.store.writing() as session:
        audit(session, Action.EXPORTED, actor=asker.actor, at=now, subject=need_id, tenant_id=asker.tenant_id, **facts)
    answer = Response(sink.getvalue(), media_type=MEDIA_TYPE)
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", need_id)[:100]
    answer.headers["Content-Disposition"] = f'attachment; filename="shortlist-{slug}.xlsx"'
    return _named(answer, served)


def need_brief(context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Return one page about the need: its best matches with reasons, what is not known, whom to ask next.

    It holds its own style, no script and no address of another file. What does not fit on it is counted.
    """
    from service.exports import briefs

    release = context.release()
    served = shortlists.serve(context, asker, need_id)
    note_shown(context, asker, served)
    return _page(briefs.of_need(need_asked(context, asker, release, need_id), _sheet(release, served)), served)


def pair_brief(context: Here, asker: Asker, need_id: RecordId, capability_id: RecordId) -> Response:
    """Return one page about a pair of the need's shortlist: both sides, what counts most, gates, next step.

    A pair that is not shortlisted is a problem (404, "not-shortlisted"), as for the pair itself.
    """
    from service.exports import briefs

    release = context.release()
    served = shortlists.serve(context, asker, need_id)
    line = next((line for line in served.lines if line.capability_id == capability_id), None)
    if line is None:
        raise not_shortlisted(context, asker, need_id, capability_id)
    need, capability = need_asked(context, asker, release, need_id), release.capabilities.get(capability_id)
    return _page(briefs.of_pair(need, capability, line.match(), _sheet(release, served)), served)


def _run(release: Release, served: shortlists.Served) -> Run:
    return Run(release.manifest, datetime.now(UTC), served.withheld, served.provisional)


def _sheet(release: Release, served: shortlists.Served) -> Any:
    from service.exports.briefs import Sheet

    matches = tuple(line.match() for line in served.lines)
    return Sheet(served, matches, _run(release, served), release.organisations)


def _page(text: str, served: shortlists.Served) -> Response:
    from service.exports.briefs import policy

    answer = HTMLResponse(text)
    answer.headers["Content-Security-Policy"] = f"{policy()}; frame-ancestors 'none'"
    return _named(answer, served)


def _named(answer: Response, served: shortlists.Served) -> Response:
    answer.headers[RELEASE_HEADER] = served.release_id
    return answer

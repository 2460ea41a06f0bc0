"""The list of needs: found by words and narrowed by facets; the address is its whole state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from matcher.vocabulary import SECTORS
from service.api import records, shortlists
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.parameters import Listing
from service.api.problems import Refused
from service.console import views
from service.console.lookups import release_or_none, told
from service.console.rendering import page
from service.console.words import N_

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release
    from service.store import StoredRecord

_PAGE: Final = 25  # needs on a page: what a person scrolls through


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
        problem = told(refused)
    release = release_or_none(context)
    rows = [_row(context, asker, release, stored) for stored in listed.items] if listed else []
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


def _row(context: Context, asker: Principal, release: Release | None, stored: StoredRecord) -> dict[str, Any]:
    """Say of a need what the list shows; its tiers only where the release has it as it is."""
    found = shortlists.tiers_if_published(context, asker, release, stored.id, stored.content_hash) if release else None
    return {
        "need": stored.profile,
        "href": address("needs", stored.id),
        "published": found is not None,
        "tiers": views.tier_counts(found[0]) if found else (),
        "eligible": found[1] if found else 0,
    }

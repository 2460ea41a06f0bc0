"""The list of needs: found by words and narrowed by facets; the address is its whole state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from matcher.priority import GROUPS
from matcher.vocabulary import SECTORS, Stage, Urgency
from service.api import records, shortlists
from service.api.answers import address
from service.api.context import Asker, Context, Here
from service.api.parameters import Listing
from service.api.problems import Refused
from service.console import saved, views
from service.console.answered import query_of
from service.console.lookups import release_or_none, told
from service.console.rendering import page
from service.console.words import N_
from service.reference import load_places
from service.store import list_by_title
from service.store.faceting import Facets, Places, count_facets

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release
    from service.store import StoredRecord

_PAGE: Final = 25  # needs on a page: what a person scrolls through
_OFFERED: Final = 12  # values of a facet that are offered; the form reaches the others


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that the list can be narrowed to, or is."""

    label: str
    count: int
    href: str
    chosen: bool


def needs_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show a page of needs, narrowed as asked, each with its tiers in the served release."""
    given = query_of(request)
    problem, listed, facets = "", None, Facets()
    try:
        wanted = Listing(**{"limit": _PAGE, **given})
        listed = records.pages(context, asker, "needs", wanted, list_by_title)
        facets = _counted(context, asker, wanted)
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
        total=facets.total,
        facets=[] if problem else list(_facets(facets, given)),
        wanted=given,
        problem=problem,
        sectors=sorted(SECTORS),
        urgencies=[level.value for level in Urgency],
        stages=[stage.value for stage in Stage],
        **saved.offered(context, asker, given),
        further=urlencode(further) if further else "",
        narrowed=bool(set(given) - {"cursor", "limit"}),
    )


def to_needs(request: Request) -> Response:
    """Lead to the list, where its kind's address would be looked for."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{query}", 308)


def _counted(context: Context, asker: Principal, wanted: Listing) -> Facets:
    known = Places(load_places(), GROUPS, datetime.now(UTC).date())
    staged = records.staged_needs(context, asker)
    with context.store.reading() as session:
        filters = records.filters_of(session, asker, wanted, staged)
        return count_facets(session, "needs", filters, known, {stage.value: ids for stage, ids in staged.items()})


def _facets(found: Facets, given: Mapping[str, str]) -> Iterator[tuple[str, list[Choice]]]:
    """Yield each facet with the values that would narrow the list, the most frequent first; what is chosen can go."""
    book = load_places()
    countries = {code: book.name_of(code) for code in found.countries}
    parts: tuple[tuple[str, str, Mapping[str, int], Mapping[str, str]], ...] = (
        (N_("Group"), "country", found.groups, {}),
        (N_("Country"), "country", found.countries, countries),
        (N_("Sector"), "sector", found.sectors, {}),
        (N_("Goal"), "sdg", found.goals, {}),
        (N_("Urgency"), "urgency", found.urgencies, {}),
        (N_("Stage"), "stage", found.stages, {}),
    )
    for title, field, counts, labels in parts:
        ordered = sorted(
            ((count, value) for value, count in counts.items() if count), key=lambda one: (-one[0], one[1])
        )
        chosen = [
            Choice(labels.get(value, value), count, _without(given, field), chosen=True)
            for count, value in ordered
            if given.get(field) == value
        ]
        others = [
            Choice(labels.get(value, value), count, _with(given, field, value), chosen=False)
            for count, value in ordered
            if given.get(field) != value and count < found.total
        ]
        if chosen or others:
            yield title, [*chosen, *others[:_OFFERED]]


def _with(given: Mapping[str, str], field: str, value: str) -> str:
    return f"/?{urlencode({**_kept(given), field: value})}"


def _without(given: Mapping[str, str], field: str) -> str:
    left = {name: value for name, value in _kept(given).items() if name != field}
    return f"/?{urlencode(left)}" if left else "/"


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name != "cursor"}


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

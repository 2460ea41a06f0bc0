"""What worked in similar places for needs of this kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.errors import BadInput
from matcher.profiles import CaseStory, Located, Place
from service.api import similar
from service.api.context import Asker, Here
from service.api.parameters import RecordId
from service.console.lookups import need_now
from service.console.rendering import page
from service.console.words import N_
from service.reference import load_places

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

_SHOWN: Final = 10
_GROUPS: Final = ("LDC", "SIDS", "LLDC")
_LIKE: Final = 0.4  # cosine from which records count as alike, as in clusters (README, Reports of a release)


@dataclass(frozen=True, slots=True)
class Near:
    """A case with how near its places are to the need's; ``nearness`` is 0 for the same country, 3 for elsewhere."""

    case: CaseStory
    likeness: float
    nearness: int
    said: str


def add(made: APIRouter) -> None:
    """Add the page to a router."""
    made.add_api_route("/needs/{need_id}/cases", cases_page, response_class=HTMLResponse)


def cases_page(request: Request, context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Show cases alike by their texts, those of the nearest places first."""
    release = context.release()
    need, _ = need_now(context, asker, release, need_id)
    found = similar.alike(context, asker, release, "cases", need)
    home = _countries(need.beneficiary_places or (), release.manifest.as_of)
    near = [
        Near(
            case,
            likeness,
            *_nearness(home, _countries(case.places or (), release.manifest.as_of), release.manifest.as_of),
        )
        for case, likeness in found
        if isinstance(case, CaseStory) and likeness >= _LIKE
    ]
    near.sort(key=lambda one: (one.nearness, -one.likeness, one.case.id))
    return page(request, "cases.html", release=release, need=need, cases=near[:_SHOWN])


def _nearness(home: frozenset[str], there: frozenset[str], as_of: date) -> tuple[int, str]:
    book = load_places()
    if home & there:
        return 0, N_("in the same country")
    if {book.region_of(one) for one in home} & {book.region_of(one) for one in there}:
        return 1, N_("in the same region")
    for group in _GROUPS:
        members = book.resolve(group, as_of)
        if home & members and there & members:
            return 2, N_("in countries of the same group")
    return 3, N_("elsewhere")


def _countries(places: Iterable[Place], as_of: date) -> frozenset[str]:
    found: set[str] = set()
    for place in places:
        try:
            found |= load_places().resolve(place.country if isinstance(place, Located) else place, as_of)
        except BadInput:
            continue
    return frozenset(found)

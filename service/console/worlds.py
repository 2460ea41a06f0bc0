"""Where needs and partners are: a map of points, and a list that says the same."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.errors import BadInput
from matcher.priority import GROUPS
from service.api.context import Asker, Context, Here
from service.api.live import shown_to
from service.console.lookups import release_or_none
from service.console.rendering import page
from service.reference import data_folder, load_places
from service.store.faceting import Places, count_facets

if TYPE_CHECKING:
    from service.api.keys import Principal

POINTS: Final = "points.csv"
WIDTH, HEIGHT = 720, 340  # of the picture: a degree is two units, from 85 degrees north to 85 south
_NORTH: Final = 85.0


@dataclass(frozen=True, slots=True)
class Spot:
    """One country: how many needs are for it, how many partners are at home there, and where the point lies."""

    code: str
    name: str
    needs: int
    partners: int
    x: float
    y: float

    @property
    def size(self) -> float:
        """Radius: the area grows with the number, and nothing is too small to be seen."""
        return round(2.5 + 1.6 * math.sqrt(self.needs + self.partners), 1)


def add(made: APIRouter) -> None:
    """Add the page to a router."""
    made.add_api_route("/map", map_page, response_class=HTMLResponse)


def map_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show needs and partners by country."""
    needs, partners = (_by_country(context, asker, kind) for kind in ("needs", "organisations"))
    spots = sorted(_spots(needs, partners), key=lambda one: (-one.needs, -one.partners, one.name))
    return page(request, "map.html", release=release_or_none(context), spots=spots, width=WIDTH, height=HEIGHT)


def _by_country(context: Context, asker: Principal, kind: str) -> dict[str, int]:
    known = Places(load_places(), GROUPS, datetime.now(UTC).date())
    with context.store.reading() as session:
        return dict(count_facets(session, kind, shown_to(asker), known, {}).countries)


def _spots(needs: dict[str, int], partners: dict[str, int]) -> Iterable[Spot]:
    book, points = load_places(), read_points()
    for code in needs.keys() | partners.keys():
        latitude, longitude = points[code]
        x, y = 2 * (longitude + 180), 2 * (_NORTH - latitude)
        yield Spot(code, book.name_of(code), needs.get(code, 0), partners.get(code, 0), x, y)


@cache
def read_points() -> dict[str, tuple[float, float]]:
    """Return a point within each country, in whole degrees north and east; raises BadInput on a row that is none."""
    path = data_folder() / "reference" / POINTS
    found: dict[str, tuple[float, float]] = {}
    with path.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            try:
                found[row["alpha3"]] = float(row["latitude"]), float(row["longitude"])
            except (ValueError, KeyError) as error:
                raise BadInput("not_a_point", expected=f"alpha3,latitude,longitude in {POINTS}", got=row) from error
    return found

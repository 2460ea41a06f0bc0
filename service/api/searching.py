"""The route that searches for partners under conditions of the asker; the matcher of the release answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from matcher import searching
from matcher.errors import BadInput
from matcher.narrowing import Criteria
from matcher.profiles import Need
from matcher.searching import Wish
from service.api import searched
from service.api.bodies import CriteriaIn, SearchMatchesIn, described, reading
from service.api.context import Asker, Context, Here
from service.api.exploring import asked_about
from service.api.following import off_rows
from service.api.keys import Principal
from service.api.problems import FieldProblem, bad_value, refused_values, shortened
from service.api.searched import SearchedOut
from service.api.validation import admitted
from service.reference import load_places

if TYPE_CHECKING:
    from service.releases import Release
    from service.visibility import Visibility

ADHOC_ID: Final = "adhoc"
EXAMPLES: Final[dict[str, Any]] = {
    "plain": {"summary": "The list of a saved need, as it is", "value": {"need_id": "need-hill-village-power"}},
    "narrowed": {
        "summary": "Trained operators preferred, nothing young, one of each organisation",
        "value": {
            "need": {"title": "Electricity for a hill village", "text": "5 kW from a small river."},
            "must": {"countries": ["Nepal"], "trl_min": 7},
            "must_not": {"transfer_modes": ["licence_exclusive"]},
            "should": {"offer_kinds": ["training"]},
            "min_score": 0.2,
            "group_by": "organisation",
            "per_group": 1,
            "diversity": 0.3,
        },
    },
}
Asked = Annotated[SearchMatchesIn, reading(SearchMatchesIn)]


def router() -> APIRouter:
    """Return the route under /v1."""
    made = APIRouter(prefix="/v1", tags=["matches"])
    made.add_api_route(
        "/matches:search",
        search_matches,
        methods=["POST"],
        response_model=SearchedOut,
        operation_id="search_matches",
        summary="Search partners under conditions",
        openapi_extra=described(SearchMatchesIn, EXAMPLES),
    )
    return made


def search_matches(context: Here, asker: Asker, wanted: Asked) -> Response:
    """Match a need now, by the path of the night, under conditions that act before the cut or on the order.

    Scores are those of the release's scorer: conditions never change one; examples do, by moving the need's vectors.
    Where nobody is adequate, the answer names the nearest offer and the gate or condition it fails. Nothing is saved.
    """
    release, need = _need(context, asker, wanted)
    off = off_rows(context, asker, need.id, release)
    wish = _Reader(context.live.visible(asker), release, off).wish(wanted)
    found = context.deciding.using(
        release, lambda matcher: searching.search(replace(matcher, hidden=wish.hidden), need, wish)
    )
    return searched.answer(context, asker, release, wanted, found)


def _need(context: Context, asker: Principal, wanted: SearchMatchesIn) -> tuple[Release, Need]:
    if wanted.need_id is not None:
        return asked_about(context, asker, wanted.need_id)
    need, _ = admitted("needs", {"id": ADHOC_ID, **(wanted.need or {})})
    if not isinstance(need, Need):  # of the kind that was asked for
        raise TypeError(type(need).__name__)
    return context.release(), need


class _Reader:
    """Reads what was asked against a release, and collects what is not known there."""

    def __init__(self, visible: Visibility, release: Release, off: frozenset[int] = frozenset()) -> None:
        self._release, self._visible, self._off = release, visible, off
        self._problems: list[FieldProblem] = []

    def wish(self, wanted: SearchMatchesIn) -> Wish:
        """Return the wish in rows of the release's catalogue; raises Refused with everything that is not known."""
        hidden = (self._release.capabilities.row_of(one) for one in self._visible.hidden.get("capabilities", ()))
        wish = Wish(
            k=wanted.limit,
            must=self._criteria("must", wanted.must),
            must_not=self._criteria("must_not", wanted.must_not),
            should=self._criteria("should", wanted.should),
            min_score=wanted.min_score,
            diversity=wanted.diversity,
            group_by=wanted.group_by,
            per_group=wanted.per_group,
            pinned=self._rows("pin", [pin.capability_id for pin in wanted.pin]),
            excluded=self._excluded(wanted),
            hidden=frozenset(row for row in hidden if row is not None) | self._off,
            like=self._rows("like", wanted.like),
            unlike=self._rows("unlike", wanted.unlike),
        )
        if self._problems:
            raise refused_values(self._problems)
        return wish

    def _rows(self, field: str, ids: list[str]) -> tuple[int, ...]:
        found = []
        for at, each in enumerate(dict.fromkeys(ids)):
            row = self._release.capabilities.row_of(each)
            if row is None or not self._visible.shows("capabilities", each):
                self._problems.append(
                    FieldProblem(
                        field=f"{field}.{at}",
                        code="unknown_record",
                        value=shortened(each),
                        expected="the id of a capability of the release",
                    )
                )
            else:
                found.append(row)
        return tuple(found)

    def _excluded(self, wanted: SearchMatchesIn) -> frozenset[int]:
        """Return the rows to leave out; an id that is not there leaves nothing out, and that is what was wanted."""
        alone = (self._release.capabilities.row_of(one.capability_id) for one in wanted.exclude if one.capability_id)
        owners = frozenset(one.organisation_id for one in wanted.exclude if one.organisation_id)
        judged = Criteria(organisations=owners).judge(self._release.catalogue.columns)
        rows = [row for flags in judged.values() for row in np.flatnonzero(flags).tolist()]
        return frozenset([*(row for row in alone if row is not None), *rows])

    def _criteria(self, part: str, given: CriteriaIn) -> Criteria:
        return Criteria(
            countries=self._countries(f"{part}.countries", given.countries),
            provider_countries=self._countries(f"{part}.provider_countries", given.provider_countries),
            sectors=frozenset(given.sectors),
            sdg_goals=frozenset(given.sdg_goals),
            transfer_modes=frozenset(given.transfer_modes),
            offer_kinds=frozenset(given.offer_kinds),
            organisations=frozenset(given.organisations),
            trl_min=given.trl_min,
            trl_max=given.trl_max,
        )

    def _countries(self, field: str, names: list[str]) -> frozenset[str]:
        """Resolve places on the day of the release, as its gates do."""
        places, found = load_places(), frozenset[str]()
        for name in names:
            try:
                found |= places.resolve(name, self._release.manifest.as_of)
            except BadInput as error:
                raise bad_value(field, error) from None
        return found

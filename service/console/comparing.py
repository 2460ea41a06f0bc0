"""Up to four partners of a need side by side, and the need's list as it would be under other conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.policy import GATES
from matcher.profiles import Capability, Need
from matcher.vocabulary import GateMode, TransferMode
from service.api import exploring, shortlists
from service.api.context import Asker, Here
from service.api.parameters import RecordId
from service.api.problems import Refused
from service.console import views
from service.console.lookups import names_of, need_now, told
from service.console.rendering import page
from service.console.words import N_
from service.wire import match_from_json
from service.withholding import Withholding

if TYPE_CHECKING:
    from matcher.matches import Match
    from matcher.whatif import Moved
    from service.releases import Release

MOST: Final = 4  # columns that can still be read beside one another
_LISTED: Final = 20  # matches of a list that is tried out
_FACTS: Final = (
    *("offer_kind", "trl", "transfer_modes", "ip", "price", "lead_time_months", "training_included", "places_offered"),
    *("deployed_in", "operating_envelope", "infrastructure_required", "skills_required", "languages_supported"),
)
"""Fields of an offer that partners are compared by, in this order."""


MODES: Final = (
    ("", N_("as it is")),
    (GateMode.HARD.value, N_("hard: a failure removes")),
    (GateMode.SOFT.value, N_("soft: a failure is only shown")),
    (GateMode.OFF.value, N_("off: not judged")),
)
"""How a gate can be treated when a list is tried out."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: what is compared, and a cell for each partner."""

    name: str
    cells: tuple[Any, ...]


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/needs/{need_id}/compare", compare_page, response_class=HTMLResponse)
    made.add_api_route("/needs/{need_id}/what-if", what_if_page, response_class=HTMLResponse)


def compare_page(
    request: Request,
    context: Here,
    asker: Asker,
    need_id: RecordId,
    chosen: Annotated[tuple[str, ...], Query(alias="with", max_length=50)] = (),
) -> Response:
    """Show the chosen partners in columns; those that are not on the need's list are told, not shown."""
    release = context.release()
    need, _ = need_now(context, asker, release, need_id)
    lines = {line.capability_id: line for line in shortlists.serve(context, asker, need_id).lines}
    wanted = tuple(dict.fromkeys(one for one in chosen if one in lines))[:MOST]
    matches = [match_from_json(lines[one].text) for one in wanted]
    compared = [views.match_view(match) for match in matches]
    return page(
        request,
        "compare.html",
        release=release,
        need=need,
        compared=compared,
        names=names_of(context, asker, release, (match.organisation_id for match in matches)),
        signals=list(_signals(matches)),
        gates=list(_gates(matches)),
        facts=list(_facts(release, matches)),
        left_out=len(set(chosen)) - len(wanted),
    )


def what_if_page(request: Request, context: Here, asker: Asker, need_id: RecordId) -> Response:
    """Show the need's list as it would be; what is asked stands in the address, and nothing is saved."""
    release = context.release()
    need, _ = need_now(context, asker, release, need_id)
    given = {name: value.strip() for name, value in request.query_params.items() if value.strip()}
    values, problem, found = _asked(need, given), "", None
    if values:
        try:
            found, _ = exploring.tried(context, asker, need_id, values, _LISTED)
        except Refused as refused:
            problem = told(refused)
    visible = context.live.visible(asker)
    moved, gone = (
        [_seen(one, visible) for one in part if visible.shows("capabilities", one.match.capability_id)]
        for part in ((found.moved, found.gone) if found else ((), ()))
    )
    names = names_of(context, asker, release, (one.match.organisation_id for one in (*moved, *gone)))
    return page(
        request,
        "what_if.html",
        release=release,
        status=422 if problem else 200,
        need=need,
        given=given,
        asked=bool(values),
        problem=problem,
        gates=[gate.value for gate in GATES],
        modes=MODES,
        transfer_modes=[mode.value for mode in TransferMode],
        moved=moved,
        gone=gone,
        eligible=found.shortlist.eligible if found else 0,
        names=names,
    )


def _asked(need: Need, given: dict[str, str]) -> dict[str, Any]:
    """Return the fields of the form as the body of a what-if; empty where nothing is changed."""
    gates = {gate.value: given[f"gate_{gate.value}"] for gate in GATES if given.get(f"gate_{gate.value}")}
    fields: dict[str, Any] = {}
    if accept := given.get("accept"):
        fields["accepted_modes"] = sorted({*(need.accepted_modes or ()), accept})
        fields["rejected_modes"] = [mode for mode in need.rejected_modes or () if mode != accept]
    if trl := given.get("trl_min"):
        fields["trl_min"] = trl
    if given.get("co_development_ok"):
        fields["co_development_ok"] = True
    if budget := given.get("budget"):
        currency = need.budget.currency if need.budget else given.get("currency", "USD")
        fields["budget"] = f"{currency} {budget}"
    if complete := given.get("complete_by"):
        fields["complete_by"] = complete
    return {name: part for name, part in (("gates", gates), ("need", fields)) if part}


def _seen(moved: Moved, visible: Any) -> Moved:
    from dataclasses import replace

    return replace(moved, match=Withholding(visible).match(moved.match))


def _signals(matches: list[Match]) -> Iterator[Row]:
    """Yield a line for each signal, those that tell the partners apart the most first."""
    by_name = [{one.signal: one for one in match.contributions} for match in matches]
    names = list(dict.fromkeys(name for one in by_name for name in one))
    spread = {name: _spread([one[name].points if name in one else 0.0 for one in by_name]) for name in names}
    for name in sorted(names, key=lambda name: -spread[name]):
        yield Row(views.signal_name(name), tuple(one.get(name) for one in by_name))


def _spread(points: list[float]) -> float:
    return max(points) - min(points)


def _gates(matches: list[Match]) -> Iterator[Row]:
    by_name = [{gate.gate: gate for gate in match.gates} for match in matches]
    for name in dict.fromkeys(name for one in by_name for name in one):
        yield Row(name.value, tuple(one.get(name) for one in by_name))


def _facts(release: Release, matches: list[Match]) -> Iterator[Row]:
    """Yield what the offers state, where one of them states it."""
    offers = [release.capabilities.get(match.capability_id) for match in matches]
    for field in _FACTS:
        cells = tuple(_cell(offer, field) for offer in offers)
        if any(cells):
            yield Row(views.label(field), cells)


def _cell(offer: Capability | None, field: str) -> str:
    value = getattr(offer, field, None)
    return "" if value is None else views.said(value)

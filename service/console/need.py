"""One need with its shortlist, and one pair of it in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.vocabulary import ReasonCode
from service.accounts.roles import Permission
from service.api import exploring, shortlists
from service.api.context import Asker, Context, Here
from service.api.following import note_opened, note_shown
from service.api.matches import not_shortlisted
from service.api.parameters import MOST, RecordId
from service.api.problems import Refused
from service.console import outcomes, plots, views
from service.console.cards import card, cards, with_every_addend
from service.console.lookups import names_of, need_now, organisation_now, people_of, release_or_none, told
from service.console.navigation import frame_of
from service.console.rendering import page
from service.wire import match_from_json

if TYPE_CHECKING:
    from matcher.profiles import Need
    from service.api.keys import Principal
    from service.api.shortlists import Served

SHOWN: Final = 20
"""Matches on a need's page unless all are asked for: more than anybody compares, and the page stays light."""


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/needs/{need_id}", need_page, response_class=HTMLResponse)
    made.add_api_route("/needs/{need_id}/with/{capability_id}", pair_page, response_class=HTMLResponse)


def need_page(
    request: Request,
    context: Here,
    asker: Asker,
    need_id: RecordId,
    every: Annotated[bool, Query(alias="all", description="Show every match.")] = False,
) -> Response:
    """Show a need with its shortlist, the first of it unless all is asked for."""
    release = release_or_none(context)
    try:
        served = shortlists.serve(context, asker, need_id).narrowed(limit=MOST)
    except Refused as refused:
        need, _ = need_now(context, asker, release, need_id)
        facts: dict[str, Any] = {"need": need, "served": None, "owner": None, "problem": told(refused)}
        return page(request, "need.html", release=release, **facts)
    need = _need_of(context, asker, served)
    shown = served if every else served.narrowed(limit=SHOWN)
    note_shown(context, asker, shown)
    matches = [line.match() for line in shown.lines]
    names = names_of(context, asker, release, (match.organisation_id for match in matches))
    stages, spoken = outcomes.stages_of_need(context, asker, need_id), frame_of(request).language
    laid_out = cards(matches, names, stages, spoken)
    return page(
        request,
        "need.html",
        release=release,
        need=need,
        served=served,
        judged_in=context.release_of(served.release_id).manifest,
        problem="",
        eligible=[one for one in laid_out if not one.match.near_miss],
        near=[one for one in laid_out if one.match.near_miss],
        tiers=views.tier_counts(line.tier for line in served.lines),
        warning=views.warning(served),
        notes=views.further_notes(served),
        spots=[plots.Spot(one.rank, one.score, one.coverage, one.tier.value, one.capability_title) for one in matches],
        may_record=asker.may(Permission.RECORD_OUTCOMES),
        hidden=len(served.lines) - len(shown.lines),
        off=[(line.match(), line.why) for line in served.off],
        owner=organisation_now(context, asker, need.owner_organisation_id),
    )


def pair_page(
    request: Request,
    context: Here,
    asker: Asker,
    need_id: RecordId,
    capability_id: RecordId,
    lift: Annotated[bool, Query(description="Try what would lift the match.")] = False,
) -> Response:
    """Show one match in full: whoever could help, what is ready, the draft, and what would lift it if asked."""
    release = context.release()
    need, _ = need_now(context, asker, release, need_id)
    served = shortlists.serve(context, asker, need_id)
    line = served.line(capability_id)
    if line is None:
        raise not_shortlisted(context, asker, need_id, capability_id)
    note_opened(context, asker, served, line)
    match = match_from_json(line.text)
    names, spoken = names_of(context, asker, release, [match.organisation_id]), frame_of(request).language
    return page(
        request,
        "pair.html",
        release=release,
        need=need,
        card=with_every_addend(card(match, names, None, spoken), spoken),
        lift=exploring.lifted(context, asker, need_id, capability_id) if lift else None,
        served=served,
        past=outcomes.past_of(context, asker, need_id, capability_id),
        people=people_of(context, asker),
        reasons_there_are=tuple(ReasonCode),
        stages_there_are=outcomes.SAID,
    )


def _need_of(context: Context, asker: Principal, served: Served) -> Need:
    """Return the need that a list is of: a list that is not provisional is of the need as the release holds it."""
    release = context.release_of(served.release_id)
    found = None if served.provisional else release.needs.get(served.need_id)
    return found or need_now(context, asker, release, served.need_id)[0]

"""One need with its shortlist, and one pair of it in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from matcher.vocabulary import ReasonCode, Stage
from service.accounts.roles import Permission
from service.api import exploring, shortlists
from service.api.context import Asker, Context, Here
from service.api.following import note_shown
from service.api.matches import not_shortlisted
from service.api.parameters import MOST, RecordId
from service.api.problems import Refused
from service.console import outcomes, plots, views
from service.console.cards import CARDS, Card, partner_of
from service.console.lookups import names_of, need_now, release_or_none, told
from service.console.navigation import frame_of
from service.console.rendering import environment, locale_tag, page
from service.wire import match_from_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from service.api.keys import Principal

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
    need, _ = need_now(context, asker, release, need_id)
    served, problem = None, ""
    try:
        served = shortlists.serve(context, asker, need_id).narrowed(limit=MOST)
    except Refused as refused:
        problem = told(refused)
    if served is None:
        return page(request, "need.html", release=release, need=need, served=None, problem=problem)
    shown = served if every else served.narrowed(limit=SHOWN)
    note_shown(context, asker, shown)
    cards = CARDS.of(need_id, shown.lines, locale_tag(frame_of(request).language))
    may_record = asker.may(Permission.RECORD_OUTCOMES)
    stages = outcomes.stages_of_need(context, asker, need_id)
    filled = _filled(request, context, asker, cards, stages)
    note_shown(context, asker, shown)
    return page(
        request,
        "need.html",
        release=release,
        need=need,
        served=served,
        problem="",
        eligible=[html for card, html in filled if not card.near],
        near=[html for card, html in filled if card.near],
        tiers=views.tier_counts(line.tier for line in served.lines),
        warning=views.warning(served),
        notes=views.further_notes(served),
        spots=_spots(cards),
        may_record=may_record,
        hidden=len(served.lines) - len(shown.lines),
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
    match = match_from_json(line.text)
    names = names_of(context, asker, release, [match.organisation_id])
    return page(
        request,
        "pair.html",
        release=release,
        need=need,
        view=views.match_view(match),
        partner=names.get(match.organisation_id, match.organisation_id),
        lift=exploring.lifted(context, asker, need_id, capability_id) if lift else None,
        served=served,
        past=outcomes.past_of(context, asker, need_id, capability_id),
        reasons_there_are=tuple(ReasonCode),
    )


def _filled(
    request: Request, context: Context, asker: Principal, cards: list[Card], stages: Mapping[str, Stage]
) -> list[tuple[Card, Markup]]:
    release = release_or_none(context)
    names = names_of(context, asker, release, (card.organisation_id for card in cards))
    action = environment(locale_tag(frame_of(request).language)).get_template("action.html").module.action  # type: ignore[attr-defined]
    may_record = asker.may(Permission.RECORD_OUTCOMES)
    return [
        (card, card.filled(partner_of(card, names), action(card, stages.get(card.capability_id), may_record)))
        for card in cards
    ]


def _spots(cards: list[Card]) -> list[plots.Spot]:
    return [plots.Spot(card.rank, card.score, card.coverage, card.tier, card.title) for card in cards]

"""The route that puts partners of one need side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from matcher import comparing
from matcher.comparing import FEWEST, MOST, Row
from matcher.matches import Match, NearMiss, OpenQuestion, Shortlist
from matcher.profiles import NeedId
from matcher.vocabulary import Tier
from service.api import shortlists
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.exploring import asked_about
from service.api.keys import Principal
from service.api.parameters import RecordId
from service.api.problems import FieldProblem, refused_values, unknown
from service.api.schemas import ReleaseId, Sent

if TYPE_CHECKING:
    from service.releases import Release


class PartnerOut(Sent):
    """One column: a partner, with what its match says as a whole."""

    capability_id: str
    capability_title: str
    organisation_id: str
    organisation: Annotated[str | None, Field(description="Name of the provider; null where it is not described.")]
    rank: Annotated[int | None, Field(description="Place on the need's list; null where it is not on it.")]
    score: float
    best_score: Annotated[float, Field(description="If every unknown turned out well.")]
    tier: Tier
    coverage: float
    near_miss: list[NearMiss]
    open_questions: list[OpenQuestion]
    summary: str


class ComparedOut(Sent):
    """Partners of a need side by side: gates, then signals, those first in which they differ most."""

    release_id: ReleaseId
    need_id: str
    need_title: str
    partners: list[PartnerOut]
    rows: list[Row]


def router() -> APIRouter:
    """Return the route under /v1."""
    made = APIRouter(prefix="/v1", tags=["matches"])
    made.add_api_route(
        "/needs/{need_id}/compare",
        compare,
        response_model=ComparedOut,
        operation_id="compare_partners",
        summary="Partners of a need side by side",
    )
    return made


def compare(
    context: Here,
    asker: Asker,
    need_id: RecordId,
    capability_id: Annotated[
        list[str],
        Query(min_length=FEWEST, max_length=MOST, description="Two to four capabilities, in the order of the columns."),
    ],
) -> Response:
    """Compare two to four capabilities for one need, column by column, on the list or not.

    Cells are the gates and addends of their matches; nothing is judged anew. A cell that ``leads`` does best where
    somebody does worse.
    """
    ids = list(dict.fromkeys(capability_id))
    if len(ids) < FEWEST:
        problem = FieldProblem(
            field="capability_id", code="too_few", value=str(ids), expected=f"{FEWEST} to {MOST} different ones"
        )
        raise refused_values([problem])
    release, need = asked_about(context, asker, need_id)
    visible = context.live.visible(asker)
    for each in ids:
        if release.capabilities.row_of(each) is None or not visible.shows("capabilities", each):
            raise unknown("capability of the release", each)
    listed = {line.capability_id: line.match() for line in shortlists.serve(context, asker, need_id).lines}
    found = {**_explained(context, asker, need_id, [each for each in ids if each not in listed]), **listed}
    if missing := [each for each in ids if each not in found]:
        raise unknown("capability on this need's lists", missing[0])
    matches = [found[each] for each in ids]
    out = ComparedOut(
        release_id=release.id,
        need_id=need.id,
        need_title=need.title,
        partners=[_partner(release, match, on_list=match.capability_id in listed) for match in matches],
        rows=list(comparing.compare(matches)),
    )
    return json_answer(out, release_id=release.id)


def _explained(context: Context, asker: Principal, need_id: str, ids: list[str]) -> dict[str, Match]:
    """Explain what the list does not hold, less what the asker may not see beside it."""
    if not ids:
        return {}
    release, need = asked_about(context, asker, need_id)
    rows = [row for row in map(release.capabilities.row_of, ids) if row is not None]
    hidden = context.live.unseen(asker, release).rows
    matches = context.deciding.using(
        release, lambda matcher: comparing.explained(replace(matcher, hidden=hidden), need, rows), need
    )
    alone = Shortlist(NeedId(need.id), need.title, matches, 0, 0)
    lines = shortlists.made(context, asker, alone, release.id).lines
    return {line.capability_id: line.match() for line in lines}


def _partner(release: Release, match: Match, *, on_list: bool) -> PartnerOut:
    provider = release.organisations.get(match.organisation_id)
    return PartnerOut(
        capability_id=match.capability_id,
        capability_title=match.capability_title,
        organisation_id=match.organisation_id,
        organisation=provider.name if provider else None,
        rank=match.rank if on_list else None,
        score=match.score,
        best_score=match.best_score,
        tier=match.tier,
        coverage=match.coverage,
        near_miss=list(match.near_miss),
        open_questions=list(match.open_questions),
        summary=match.summary,
    )

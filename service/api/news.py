"""Routes of what changed since an earlier release, and why: for one need, and for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from matcher.changes import Thresholds
from matcher.errors import BadInput
from matcher.followup import ChangeCause, ChangeKind
from service.accounts.roles import Permission
from service.api import shortlists
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.naming import Naming
from service.api.parameters import MOST, RecordId
from service.api.problems import Refused, bad_value
from service.api.schemas import ReleaseId, Sent
from service.outcomes.choosing import Choice, Chosen, NeedFilter, choose
from service.outcomes.comparing import compare_need
from service.outcomes.news import LEAST, Change, News, made_with

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release


class ChangeOut(Sent):
    """A pair that changed."""

    need_id: str
    need_title: Annotated[str, Field(description="Empty where it is not known any more.")]
    capability_id: str
    capability_title: Annotated[str, Field(description="Empty where it is not known any more.")]
    kind: ChangeKind
    cause: ChangeCause
    detail: Annotated[str, Field(examples=["the capability, or the organisation behind it, says something else"])]
    rank_before: Annotated[int | None, Field(description="Null where it was not listed.")]
    rank_after: Annotated[int | None, Field(description="Null where it is listed no more.")]
    score_before: float | None
    score_after: float | None


class NewsOut(Sent):
    """What changed between two releases."""

    since: Annotated[str, Field(description="The earlier release.")]
    release_id: ReleaseId
    made_with: Annotated[list[str], Field(description="What the two runs were made with that differs.")]
    min_ranks: int
    min_change: float
    counts: Annotated[
        dict[ChangeKind, dict[ChangeCause, int]], Field(description="Of all changes asked for, by kind and cause.")
    ]
    total: Annotated[int, Field(description="Changes that are told, sent or not.")]
    withheld: Annotated[int, Field(description="Changes left out: a side is not to be seen.")]
    kept_off: Annotated[int, Field(description="Changes left out: pairs that the tenant keeps off its lists.")]
    items: Annotated[list[ChangeOut], Field(description="By need, then by rank; what is listed no more stands last.")]
    next: Annotated[int | None, Field(description="Give it as offset to read on; null at the end.")]


class ChangesOfNeedAsked(BaseModel):
    """What is told of a need's changes."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        str | None, Field(max_length=200, description="An earlier release; the one before unless stated.")
    ] = None
    min_ranks: Annotated[int, Field(ge=1, le=1000, description="Ranks a pair must move to count as up or down...")] = (
        LEAST.ranks
    )
    min_change: Annotated[float, Field(gt=0, le=1, description="... or so much of the score.")] = LEAST.score
    min_score: Annotated[float, Field(ge=0, le=1, description="Only pairs that score so now, or did before.")] = 0.0
    kind: Annotated[tuple[ChangeKind, ...], Field(description="Only these kinds; may be repeated.")] = ()
    cause: Annotated[tuple[ChangeCause, ...], Field(description="Only these causes; may be repeated.")] = ()
    offset: Annotated[int, Field(ge=0, le=100_000_000, description="Changes to skip.")] = 0
    limit: Annotated[int, Field(ge=1, le=MOST, description="Changes at most.")] = 50


class ChangesAsked(ChangesOfNeedAsked):
    """What is told of all changes."""

    country: Annotated[str | None, Field(max_length=200, description="Only needs of a country, region or group.")] = (
        None
    )
    sector: Annotated[str | None, Field(max_length=100, description="Only needs of a sector.")] = None
    sdg: Annotated[int | None, Field(ge=1, le=17, description="Only needs of a goal.")] = None
    q: Annotated[str | None, Field(max_length=300, description="Only needs that hold these words.")] = None


@dataclass(frozen=True, slots=True)
class Told:
    """News between two releases, and which of it is told."""

    before: Release
    after: Release
    news: News
    chosen: Chosen


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["changes"])
    made.add_api_route(
        "/needs/{need_id}/changes",
        of_need,
        response_model=NewsOut,
        operation_id="list_changes_of_need",
        summary="What changed on a need's list, and why",
    )
    made.add_api_route(
        "/changes",
        of_all,
        response_model=NewsOut,
        operation_id="list_changes",
        summary="What changed on all lists, and why",
    )
    return made


def of_need(context: Here, asker: Asker, need_id: RecordId, wanted: Annotated[ChangesOfNeedAsked, Query()]) -> Response:
    """Return what became of the pairs of a need since an earlier release that is still kept.

    The cause is *data* where a record of the pair, or one that it is ranked among, differs; *model* where the text
    model or the weights do; *rule* where gates, their treatment, the length of the lists or the program do.
    """
    shortlists.serve(context, asker, need_id)  # raises what a list raises
    before, after = between(context, wanted.since)
    least, visible = Thresholds(wanted.min_ranks, wanted.min_change), context.live.visible(asker)
    news = News(compare_need(before, after, need_id), least, visible)
    return _answer(context, asker, told(context, asker, before, after, news, wanted, None), wanted)


def of_all(context: Here, asker: Asker, wanted: Annotated[ChangesAsked, Query()]) -> Response:
    """Return what became of all pairs since an earlier release that is still kept, by need; the counts say the rest."""
    before, after = between(context, wanted.since)
    needs = needs_of(context, asker, NeedFilter(wanted.country, wanted.sector, wanted.sdg, wanted.q))
    compared = context.following.shelf.compared(before, after)
    news = News(compared, Thresholds(wanted.min_ranks, wanted.min_change), context.live.visible(asker))
    return _answer(context, asker, told(context, asker, before, after, news, wanted, needs), wanted)


def needs_of(context: Context, asker: Principal, wanted: NeedFilter) -> frozenset[str] | None:
    """Return the needs that a filter leaves; raises Refused on one that means nothing."""
    with context.store.reading() as session:
        try:
            return wanted.ids(session, asker.audience, datetime.now(UTC).date())
        except BadInput as error:
            raise bad_value("sector" if error.code == "sector" else "country", error) from None


def between(context: Context, since: str | None) -> tuple[Release, Release]:
    """Return an earlier release and the one that is served; raises Refused (404) naming what is kept."""
    after, shelf = context.release(), context.following.shelf
    before = shelf.before(after) if since is None else shelf.release(since)
    if before is None:
        kept = ", ".join(shelf.names())
        detail = f"There is no earlier release {since or ''} to compare with; kept are {kept}."
        raise Refused(404, "unknown-release", detail, kept=list(shelf.names()))
    return before, after


def told(  # noqa: PLR0913, PLR0917 - two releases and what is asked of them
    context: Context,
    asker: Principal,
    before: Release,
    after: Release,
    news: News,
    wanted: ChangesOfNeedAsked,
    needs: frozenset[str] | None,
) -> Told:
    """Choose what is told."""
    asker.require(Permission.READ)
    choice = Choice(needs, wanted.kind, wanted.cause, wanted.min_score)
    off = context.following.dismissals.of(asker.tenant_id)
    return Told(before, after, news, choose(news, choice, off, after))


def _answer(context: Context, asker: Principal, found: Told, wanted: ChangesOfNeedAsked) -> Response:
    rows, end = found.chosen.rows, wanted.offset + wanted.limit
    with Naming(context, asker, found.before) as naming:
        items = [change_out(found.news.at(row), naming) for row in rows[wanted.offset : end].tolist()]
    answer = NewsOut(
        since=found.before.id,
        release_id=found.after.id,
        made_with=made_with(found.news.compared),
        min_ranks=wanted.min_ranks,
        min_change=wanted.min_change,
        counts=counts_out(found.chosen.counts),
        total=len(rows),
        withheld=found.chosen.withheld,
        kept_off=found.chosen.kept_off,
        items=items,
        next=end if end < len(rows) else None,
    )
    return json_answer(answer, release_id=found.after.id)


def counts_out(counts: Mapping[str, Mapping[str, int]]) -> dict[ChangeKind, dict[ChangeCause, int]]:
    """Write counts by kind and cause."""
    return {ChangeKind(kind): {ChangeCause(cause): count for cause, count in of.items()} for kind, of in counts.items()}


def change_out(change: Change, naming: Naming) -> ChangeOut:
    """Write a change with the titles of both sides."""
    return ChangeOut(
        need_id=change.need_id,
        need_title=naming.title("needs", change.need_id),
        capability_id=change.capability_id,
        capability_title=naming.title("capabilities", change.capability_id),
        kind=change.kind,
        cause=change.cause,
        detail=change.detail,
        rank_before=change.rank_before,
        rank_after=change.rank_after,
        score_before=change.score_before,
        score_after=change.score_after,
    )

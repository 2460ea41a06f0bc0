"""Routes that find records like another: needs, capabilities and cases, within a kind or across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from embeddings.index import top_k
from matcher.classification import goals_of, sectors_of
from matcher.profiles import SINGULAR, Capability, CaseStory, Need
from service.api.answers import address, json_answer
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.likeness import ComparedKind
from service.api.live import is_shown
from service.api.parameters import RecordId
from service.api.problems import unknown
from service.api.records import find
from service.api.schemas import ReleaseId, Sent

if TYPE_CHECKING:
    from matcher.resembling import Compared
    from service.releases import Release

KINDS: Final[tuple[ComparedKind, ...]] = ("needs", "capabilities", "cases")
_MODELS: Final = (Need, Capability, CaseStory)
_SUMMARY: Final = 300  # characters of a summary in a list


class SimilarOut(Sent):
    """A record like the one that was asked about."""

    kind: ComparedKind
    id: str
    title: str
    summary: Annotated[str, Field(description="The first words of its summary.")]
    likeness: Annotated[float, Field(ge=-1, le=1, description="Cosine of the vectors of title and summary.")]
    sectors: Annotated[list[str], Field(description="Sectors that both state.")]
    sdg_goals: Annotated[list[int], Field(description="Goals that both state.")]
    href: str


class SimilarsOut(Sent):
    """Records of the release like one record, the likest first."""

    release_id: ReleaseId
    kind: ComparedKind
    id: str
    items: list[SimilarOut]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["records"])
    for kind in KINDS:
        _add(made, kind)
    return made


def _add(made: APIRouter, kind: ComparedKind) -> None:
    def similar(
        context: Here,
        asker: Asker,
        record_id: RecordId,
        among: Annotated[ComparedKind, Query(description="Kind of the records that are looked for.")] = kind,
        limit: Annotated[int, Query(ge=1, le=50, description="Records at most.")] = 10,
    ) -> Response:
        release = context.release()
        record = _record(context, asker, release, kind, record_id)
        found = alike(context, asker, release, among, record)
        items = [_told(among, other, cosine, record) for other, cosine in found[:limit]]
        return json_answer(
            SimilarsOut(release_id=release.id, kind=kind, id=record_id, items=items), release_id=release.id
        )

    made.add_api_route(
        f"/{kind}/{{record_id}}/similar",
        similar,
        response_model=SimilarsOut,
        operation_id=f"list_similar_to_{SINGULAR[kind]}",
        summary=f"Needs, capabilities or cases like a {SINGULAR[kind]}",
        description="By the cosine of the vectors of title and summary, among the records of the release that is "
        "served and that may be seen; ties by id. Likeness is no suitability: gates are not asked.",
    )


def _record(context: Context, asker: Principal, release: Release, kind: ComparedKind, record_id: str) -> Compared:
    """Return a record as it stands, or as the release holds it where the store does not."""
    now = context.live.standing(kind, record_id)
    if now is None:
        there = kind in release.manifest.counts and context.live.visible(asker).shows(kind, record_id)
        held = release.records(kind).get(record_id) if there else None
    else:
        held = find(context, asker, kind, record_id).profile if is_shown(now, asker) else None
    if not isinstance(held, _MODELS):
        raise unknown(SINGULAR[kind], record_id)
    return held


def alike(
    context: Context, asker: Principal, release: Release, kind: ComparedKind, record: Compared
) -> list[tuple[Compared, float]]:
    """Return the likest records that the asker may see, fifty at most; what is hidden is masked before the cut."""
    if kind not in release.manifest.counts:
        return []
    records = release.records(kind)
    cosines = context.deciding.using(
        release, lambda matcher: context.resembling.cosines(release, kind, matcher, record)
    )
    allowed = np.ones(len(records), dtype=np.bool_)
    own = {record.id} if isinstance(record, _MODELS[KINDS.index(kind)]) else set[str]()
    hidden = context.live.visible(asker).hidden.get(kind, frozenset())
    rows = [records.row_of(each) for each in (*hidden, *own)]
    allowed[[row for row in rows if row is not None]] = False
    hits = top_k(cosines, 50, allowed)
    return [(records[row], float(score)) for row, score in zip(hits.rows.tolist(), hits.scores.tolist(), strict=True)]


def _told(kind: ComparedKind, other: Compared, cosine: float, record: Compared) -> SimilarOut:
    ours, theirs = map(_about, (record, other))
    return SimilarOut(
        kind=kind,
        id=other.id,
        title=other.title,
        summary=(other.summary or "")[:_SUMMARY],
        likeness=round(max(-1.0, min(1.0, cosine)), 6),
        sectors=sorted(ours[0] & theirs[0]),
        sdg_goals=sorted(ours[1] & theirs[1]),
        href=address("v1", kind, other.id),
    )


def _about(record: Compared) -> tuple[frozenset[str], frozenset[int]]:
    """Return the sectors and goals a record states."""
    if isinstance(record, CaseStory):
        return frozenset(record.sectors or ()), frozenset(record.sdg_goals or ())
    return sectors_of(record.sectors, record.crs_purpose), frozenset(map(int, goals_of(record) or ()))

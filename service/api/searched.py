"""The answer of a search for partners: a shortlist, and why it is as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field
from starlette.responses import Response

from matcher.matches import Gate, Match
from matcher.vocabulary import GateName
from service.api import shortlists
from service.api.answers import json_answer
from service.api.schemas import Sent, ShortlistHead

if TYPE_CHECKING:
    from matcher.searching import Found
    from service.api.bodies import SearchMatchesIn
    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release

_NOBODY: Final = "No adequate partner"


class PlacingOut(Sent):
    """Why a match stands where it does."""

    capability_id: str
    rank_by_score: Annotated[int | None, Field(description="Its place by score alone; null for a near miss.")]
    pinned: Annotated[str | None, Field(description="The reason it was pinned for; null where it was not.")]
    preferences: Annotated[list[str], Field(description="Criteria of should that it meets.")]


class GroupOut(Sent):
    """Matches of one provider or country."""

    key: Annotated[str | None, Field(description="Organisation id or alpha-3 code; null where the country is unknown.")]
    title: str
    eligible: Annotated[int, Field(description="Offers of it among those that were scored.")]
    capability_ids: Annotated[list[str], Field(description="Those that are listed, best first.")]


class NotPinnedOut(Sent):
    """A pinned offer that does not stand first: it is not eligible, or does not meet the conditions."""

    capability_id: str
    reason: str
    gates: Annotated[list[Gate], Field(description="The hard gates that it fails; none: it fails a condition.")]


class ExcludedOut(Sent):
    """What was left out on purpose."""

    capability_id: str | None
    organisation_id: str | None
    reason: str


class NearestOut(Sent):
    """The offer that comes nearest where nobody is adequate."""

    why: Annotated[str, Field(examples=["No adequate partner: the nearest fails place: not offered in Nepal."])]
    gates: Annotated[list[Gate], Field(description="The hard gates that it fails.")]
    criteria: Annotated[list[str], Field(description="Conditions it fails.", examples=[["must.trl_min"]])]
    below_min_score: bool
    match: Match


class SearchedOut(ShortlistHead):
    """Matches in the order that was asked for, near misses after them; ``placings`` go with them one by one."""

    adequate: Annotated[bool, Field(description="Whether anybody passes gates, conditions and the least score.")]
    placings: list[PlacingOut]
    groups: Annotated[list[GroupOut] | None, Field(description="Null where no grouping was asked for.")]
    not_pinned: list[NotPinnedOut]
    excluded: list[ExcludedOut]
    failing: Annotated[
        dict[GateName, int], Field(description="How many offers that meet the conditions fail each hard gate.")
    ]
    matches: list[Match]
    nearest: Annotated[NearestOut | None, Field(description="Null where somebody is adequate, or nobody is there.")]


def answer(context: Context, asker: Principal, release: Release, wanted: SearchMatchesIn, found: Found) -> Response:
    """Write what was found, as the asker may see it."""
    served = shortlists.made(context, asker, found.shortlist, release.id)
    ids = release.capabilities.id_of
    pins = {pin.capability_id: pin.reason for pin in wanted.pin}
    head: dict[str, Any] = {
        **served.head(),
        "adequate": any(not match.near_miss for match in found.shortlist.matches),
        "placings": [
            {
                "capability_id": match.capability_id,
                "rank_by_score": placing.rank_by_score,
                "pinned": pins[match.capability_id] if placing.pinned else None,
                "preferences": placing.preferences,
            }
            for match, placing in zip(found.shortlist.matches, found.placings, strict=True)
        ],
        "groups": None if wanted.group_by is None else _groups(release, found),
        "not_pinned": [
            json.loads(NotPinnedOut(capability_id=ids(row), reason=pins[ids(row)], gates=list(gates)).model_dump_json())
            for row, gates in found.not_pinned.items()
        ],
        "excluded": [one.model_dump() for one in wanted.exclude],
        "failing": {gate.value: count for gate, count in found.failing.items()},
    }
    body = shortlists.spliced(head, "matches", [line.text for line in served.lines])
    return json_answer(
        body[:-1] + f',"nearest":{_nearest(context, asker, release, found)}}}'.encode(), release_id=release.id
    )


def _groups(release: Release, found: Found) -> list[dict[str, Any]]:
    return [
        GroupOut(
            key=group.key,
            title=group.title,
            eligible=group.eligible,
            capability_ids=[release.capabilities.id_of(row) for row in group.shown],
        ).model_dump()
        for group in found.groups
    ]


def _nearest(context: Context, asker: Principal, release: Release, found: Found) -> str:
    nearest = found.nearest
    if nearest is None:
        return "null"
    alone = shortlists.made(context, asker, replace(found.shortlist, matches=(nearest.match,)), release.id)
    reasons = [f"{gate.gate.value}: {gate.detail}" for gate in nearest.gates]
    reasons += [f"the condition {name}" for name in nearest.criteria]
    said = f"fails {'; '.join(reasons)}" if reasons else f"scores {nearest.match.score:.2f}, below the least asked for"
    head = {
        "why": f"{_NOBODY}: the nearest {said}.",
        "gates": [
            {"gate": gate.gate.value, "state": gate.state.value, "detail": gate.detail} for gate in nearest.gates
        ],
        "criteria": nearest.criteria,
        "below_min_score": nearest.below_min_score,
    }
    return f'{json.dumps(head, ensure_ascii=False)[:-1]},"match":{alone.lines[0].text}}}'

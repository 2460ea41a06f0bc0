"""Routes of what the service is for: shortlists of needs, needs of capabilities, pairs explained, needs matched now."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from matcher.matches import Gate
from matcher.profiles import Need
from matcher.vocabulary import GateState
from service.api import paging, reverse, shortlists
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.deciding import gates_of
from service.api.following import note_opened, note_reverse, note_shown, why_off
from service.api.keys import Principal
from service.api.live import is_shown
from service.api.openapi import problem
from service.api.paging import LINES_ANSWER, Lines, Mark, ReleaseCursor
from service.api.parameters import Limit, MinScore, RecordId, TierFilter
from service.api.problems import Refused, unknown
from service.api.schemas import MatchOut, NotShortlisted, ReverseOut, ShortlistOut
from service.api.validation import JsonObject, admitted
from service.releases import Release
from service.releases.rules import policy_of

ADHOC_ID: Final = "adhoc"
MINIMAL: Final = {
    "summary": "Minimal: a title or a text is enough",
    "value": {
        "title": "Electricity for a hill village",
        "text": "A village far from the grid needs 5 kW from a small river.",
        "places": ["Nepal"],
    },
}
FULLER: Final = {
    "summary": "What is stated is judged; what is left out is unknown",
    "value": {
        "id": "need-hill-village-power",
        "title": "Electricity for a hill village",
        "summary": "A village far from the grid needs power from a small river, run by people trained on site.",
        "beneficiary_places": ["NPL"],
        "sectors": ["energy.hydropower"],
        "sdg_goals": [7],
        "site_conditions": {"power": {"min": 5, "max": 5, "unit": "kW"}, "head": {"min": 8, "max": 12, "unit": "m"}},
        "accepted_modes": ["training", "sale"],
        "budget": {"min": 20000, "max": 60000, "currency": "USD"},
    },
}
NEED_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Need-Input"},
                "examples": {"minimal": MINIMAL, "fuller": FULLER},
            }
        },
    }
}


ListOrder = Annotated[
    shortlists.Order, Query(description="By score, or after allocation: introductions first, near misses last.")
]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["matches"])
    made.add_api_route(
        "/needs/{need_id}/matches",
        of_need,
        response_model=ShortlistOut,
        responses={200: LINES_ANSWER, 410: problem("The release that the cursor belongs to is gone")},
        operation_id="list_matches_of_need",
        summary="The shortlist of a need",
    )
    made.add_api_route(
        "/capabilities/{capability_id}/matches",
        of_capability,
        response_model=ReverseOut,
        responses={200: LINES_ANSWER, 410: problem("The release that the cursor belongs to is gone")},
        operation_id="list_matches_of_capability",
        summary="The needs a capability could answer",
    )
    made.add_api_route(
        "/matches/{need_id}/{capability_id}",
        of_pair,
        response_model=MatchOut,
        operation_id="get_match",
        summary="One pair, explained",
    )
    made.add_api_route(
        "/match",
        of_new_need,
        methods=["POST"],
        response_model=ShortlistOut,
        operation_id="match_need",
        summary="Match a need that is not saved",
        openapi_extra=NEED_BODY,
    )
    return made


def of_need(  # noqa: PLR0913, PLR0917 - as many as a list can be asked for with
    context: Here,
    asker: Asker,
    need_id: RecordId,
    lines: Lines,
    limit: Limit = 10,
    min_score: MinScore = 0.0,
    tier: TierFilter = None,
    order: ListOrder = shortlists.Order.SCORE,
    cursor: ReleaseCursor = None,
) -> Response:
    """Return the need's matches in rank order, near misses (tier C) after those that are eligible.

    From the release that is served; ``provisional`` while the need was saved or changed since the night. Each match
    says whether it is among the introductions that providers have room for (``allocated``), and why or why not.
    A cursor goes on in the release it came from, as long as that is kept (410 otherwise).
    """
    asked = (need_id, min_score, *(tier or ()), order.value)
    mark = None if cursor is None else paging.read(cursor, asked)
    whole = (
        shortlists.serve(context, asker, need_id) if mark is None else shortlists.resumed(context, asker, need_id, mark)
    )
    left = whole.ordered(order).after(mark, order)
    if lines:
        left = left.narrowed(limit=len(left.lines), min_score=min_score, tiers=tier or ())
        note_shown(context, asker, left)
        return paging.streamed((line.text for line in left.lines), release_id=left.release_id)
    found = left.narrowed(limit=limit + 1, min_score=min_score, tiers=tier or ())
    page = found.narrowed(limit=limit)
    following = None
    if len(found.lines) > limit:
        version = shortlists.version_of(context, need_id) if page.provisional else ""
        following = paging.write(page.mark(order, version), asked)
    note_shown(context, asker, page)
    return _sent(page, following)


def of_capability(
    context: Here,
    asker: Asker,
    capability_id: RecordId,
    lines: Lines,
    limit: Limit = 10,
    cursor: ReleaseCursor = None,
) -> Response:
    """Return the needs whose shortlists hold the capability, the ones it suits best first."""
    mark = None if cursor is None else paging.read(cursor, [capability_id])
    release = context.release() if mark is None else context.release_of(mark.release_id)
    capability = release.capabilities.get(capability_id)
    if capability is None or not context.live.visible(asker).shows("capabilities", capability_id):
        raise unknown("capability of the release", capability_id)
    start = mark.after[1] if mark else 0
    end = len(release.reverse(capability_id)) if lines else start + limit
    found = reverse.serve(context, asker, release, capability_id, end)
    page = found.entries[start:]
    note_reverse(context, asker, release.id, capability_id, page)
    texts = (entry.json() for entry in page)
    if lines:
        return paging.streamed(texts, release_id=release.id)
    following = paging.write(Mark(release.id, "", (0, end)), [capability_id]) if end < found.total else None
    head = {
        "capability_id": capability_id,
        "capability_title": capability.title,
        "release_id": release.id,
        "total": found.total,
        "withheld": found.withheld,
        "next": following,
        "kept_off": found.kept_off,
    }
    return json_answer(shortlists.spliced(head, "needs", list(texts)), release_id=release.id)


def of_pair(context: Here, asker: Asker, need_id: RecordId, capability_id: RecordId) -> Response:
    """Return one match of the need's shortlist with every gate, every addend of the score and the open questions.

    A pair that the asker's tenant dismissed is explained too, and says so (``kept_off``).
    A pair that is not shortlisted is a problem (404, "not-shortlisted") that says which gates it passes and fails.
    """
    served = shortlists.serve(context, asker, need_id)
    line = served.line(capability_id)
    if line is None:
        raise not_shortlisted(context, asker, need_id, capability_id)
    note_opened(context, asker, served, line)
    why = None if line.why is None else line.why.words
    head = json.dumps({**served.head(), "kept_off": why}, ensure_ascii=False)
    return json_answer(f'{head[:-1]},"match":{line.text}}}'.encode(), release_id=served.release_id)


def of_new_need(
    context: Here,
    asker: Asker,
    values: JsonObject,
    limit: Annotated[int, Query(ge=1, le=100, description="Eligible matches at most.")] = 10,
) -> Response:
    """Match a need at once against the release that is served, by the very path a night takes.

    Nothing is kept and nothing is allocated. The body is a need in its canonical form, or the least that says
    something: a title or a text. An id is not needed.
    """
    release = context.release()
    need, _ = admitted("needs", {"id": ADHOC_ID, **values})
    if not isinstance(need, Need):  # of the kind that was asked for
        raise TypeError(type(need).__name__)
    return _sent(shortlists.adhoc(context, asker, release, need, limit))


def _sent(served: shortlists.Served, following: str | None = None) -> Response:
    texts = [line.text for line in served.lines]
    head = {**served.head(), "next": following}
    return json_answer(shortlists.spliced(head, "matches", texts), release_id=served.release_id)


def not_shortlisted(context: Context, asker: Principal, need_id: str, capability_id: str) -> Refused:
    """Say whether the pair exists, and what the gates say of it."""
    release = context.release()
    row = release.capabilities.row_of(capability_id)
    if row is None or not context.live.visible(asker).shows("capabilities", capability_id):
        return unknown("capability of the release", capability_id)
    need = need_asked(context, asker, release, need_id)
    gates = gates_of(release, need, row) if need is not None else ()
    policy = policy_of(release.manifest.facts.policy)
    failed = [gate for gate in gates if gate.state is GateState.FAIL and policy.is_hard(gate.gate)]
    facts = NotShortlisted(
        release_id=release.id,
        need_id=need_id,
        capability_id=capability_id,
        eligible=None if need is None else not failed,
        gates=list(gates),
    )
    off = why_off(context, asker, release)(need_id, capability_id)
    said = _why(failed, known=need is not None) if off is None else f"The pair is kept off the lists here: {off.words}."
    return Refused(404, "not-shortlisted", said, **json.loads(facts.model_dump_json()))


def _why(failed: list[Gate], *, known: bool) -> str:
    if failed:
        reasons = "; ".join(f"{gate.gate.value}: {gate.detail}" for gate in failed)
        return f"The pair is not on the need's shortlist: it fails {reasons}."
    if known:
        return "The pair is not on the need's shortlist: no hard gate fails, but others rank above it."
    return "The pair is not on the need's shortlist."


def need_asked(context: Context, asker: Principal, release: Release, need_id: str) -> Need | None:
    """Return the need as the shortlist was made from it, as far as that is cheap to know."""
    from service.api.records import find

    standing = context.live.standing("needs", need_id)
    if standing is not None and is_shown(standing, asker):
        profile = find(context, asker, "needs", need_id).profile
        return profile if isinstance(profile, Need) else None
    return release.needs.get(need_id) if context.live.visible(asker).shows("needs", need_id) else None

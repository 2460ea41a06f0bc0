"""Routes of the work list of duplicates: every two organisations that may be one, and the word that they are two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.identity import LIKELY, Twins
from service.accounts.audit import Action, audit
from service.accounts.roles import Permission
from service.api.answers import address, json_answer
from service.api.bodies import Body, described, reading
from service.api.context import Asker, Context, Here
from service.api.identity import visible_organisation
from service.api.openapi import problem
from service.api.parameters import Limit, RecordId
from service.api.problems import Refused, bad_value
from service.api.schemas import Sent
from service.store import Distinction, distinctions, distinguish, pair_of, undo_distinction
from service.store.models import RecordRow
from service.store.reading import held
from service.wire import cursor_of, place_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from service.api.keys import Principal
    from service.api.twins import Suggested
    from service.visibility import Visibility

_KIND: Final = "organisations"
Rank = tuple[float, str, str]
"""Where a pair stands in the list: the likest first, then by ids."""


class DistinctIn(Body):
    """Which organisation is another one, and why."""

    other: Annotated[str, Field(min_length=1, max_length=200, description="Id of the other organisation.")]
    reason: Annotated[str, Field(min_length=1, max_length=1_000, description="Why, for whoever asks again.")]


class AgainIn(Body):
    """Which organisation it may be after all."""

    other: Annotated[str, Field(min_length=1, max_length=200, description="Id of the other organisation.")]


class OneOut(Sent):
    """One of the two."""

    organisation_id: str
    name: str
    country: str | None
    href: str


class DistinctionOut(Sent):
    """A person's word that two organisations are two; taken back where ``undone_at`` is there."""

    number: int
    organisation_ids: Annotated[list[str], Field(min_length=2, max_length=2)]
    reason: Annotated[str, Field(description="Told to a tenant that one of the two belongs to.")]
    made_at: datetime
    made_by: Annotated[str | None, Field(description="Told to a tenant that one of the two belongs to.")]
    undone_at: datetime | None
    undone_by: str | None


class TwinsOut(Sent):
    """Two organisations that may be one."""

    organisations: Annotated[list[OneOut], Field(min_length=2, max_length=2)]
    score: Annotated[float, Field(ge=0, le=1, description="A likeness, not a probability.")]
    reasons: Annotated[list[str], Field(examples=[["the same website: example.org", "the same country"]])]
    distinct: Annotated[DistinctionOut | None, Field(description="Who said that they are two; null while it is open.")]


class TwinsListOut(Sent):
    """Pairs, the likest first, then by ids."""

    items: list[TwinsOut]
    total: Annotated[int, Field(description="Pairs on all pages.")]
    next: Annotated[str | None, Field(description="Give it as cursor to read on; null at the end.")]


MODELS: Final = (DistinctIn, AgainIn)
_SAID: Final = {"two": {"summary": "Two chambers of one name", "value": {"other": "org-2", "reason": "other towns"}}}
_TAKEN_BACK: Final = {"again": {"summary": "They may be one", "value": {"other": "org-2"}}}


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["identity"])
    made.add_api_route(
        "/duplicates",
        list_all,
        response_model=TwinsListOut,
        operation_id="list_duplicates",
        summary="Every two organisations that may be one",
    )
    made.add_api_route(
        "/organisations/{organisation_id}:distinguish",
        distinguish_organisation,
        methods=["POST"],
        response_model=DistinctionOut,
        responses={409: problem("Said already, or merged")},
        operation_id="distinguish_organisation",
        summary="Say that two organisations are not one",
        openapi_extra=described(DistinctIn, _SAID),
    )
    made.add_api_route(
        "/organisations/{organisation_id}:undistinguish",
        undistinguish_organisation,
        methods=["POST"],
        response_model=DistinctionOut,
        responses={409: problem("Nobody has said so")},
        operation_id="undistinguish_organisation",
        summary="Take back that two organisations are not one",
        openapi_extra=described(AgainIn, _TAKEN_BACK),
    )
    return made


def list_all(
    context: Here,
    asker: Asker,
    state: Annotated[
        Literal["open", "distinct"], Query(description="Those nobody has decided on, or those said to be two.")
    ] = "open",
    min_score: Annotated[float, Query(ge=0, le=1, description="Leave out pairs that are less alike.")] = LIKELY,
    cursor: Annotated[str | None, Query(max_length=2_000, description="The ``next`` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """Suggest which organisations may be one, over the whole store, for a person to merge or to tell apart.

    What is merged is not suggested again, and neither is what was told apart, until somebody takes it back.
    """
    after, visible = _place(cursor), context.live.visible(asker)
    with context.store.reading() as session:
        found, pairs = context.suggesting.open(session)
        said = _said(session) if state == "distinct" else {}
        pairs = _known(found, said) if state == "distinct" else pairs
        shown = [one for one in pairs if _is_shown(one, visible) and (one.ids in said or one.score >= min_score)]
        items = [one for one in shown if after is None or _rank(one) > after][: limit + 1]
        own = _own(session, asker, [each for one in items if one.ids in said for each in one.ids])
    listed = [_out(one, found, _told(said[one.ids], own) if one.ids in said else None) for one in items[:limit]]
    following = _cursor(items[limit - 1]) if len(items) > limit else None
    return json_answer(TwinsListOut(items=listed, total=len(shown), next=following))


def distinguish_organisation(
    context: Here, asker: Asker, organisation_id: RecordId, wanted: Annotated[DistinctIn, reading(DistinctIn)]
) -> Response:
    """Say that the organisation is not the one named in ``other``: the two are not suggested again, and not merged.

    It can be taken back; the history keeps both. Needs the permission "merge"; where neither is the asker's tenant's,
    "operate" too.
    """
    pair = _pair(context, asker, organisation_id, wanted.other)
    now = datetime.now(UTC)
    with context.store.writing() as session:
        own = _require(session, asker, pair)
        try:
            made = distinguish(session, pair, actor=asker.actor, at=now, reason=wanted.reason)
        except BadInput as error:
            raise Refused(409, error.code.replace("_", "-"), str(error)) from None
        _write_down(session, Action.DISTINGUISHED, asker, now, (pair, wanted.reason))
    return json_answer(_told(made, own))


def undistinguish_organisation(
    context: Here, asker: Asker, organisation_id: RecordId, wanted: Annotated[AgainIn, reading(AgainIn)]
) -> Response:
    """Take back that the two are not one: they may be suggested and merged again. Needs what saying so needs."""
    pair = _pair(context, asker, organisation_id, wanted.other)
    now = datetime.now(UTC)
    with context.store.writing() as session:
        own = _require(session, asker, pair)
        try:
            found = undo_distinction(session, pair, actor=asker.actor, at=now)
        except BadInput as error:
            raise Refused(409, error.code.replace("_", "-"), str(error)) from None
        _write_down(session, Action.UNDISTINGUISHED, asker, now, (pair, ""))
    return json_answer(_told(found, own))


def _pair(context: Context, asker: Principal, one: str, other: str) -> tuple[str, str]:
    """Return two organisations that the asker sees; raises Refused (403, 404, 409)."""
    asker.require(Permission.MERGE)
    for each in (one, other):
        visible_organisation(context, asker, each)
    try:
        return pair_of(one, other)
    except BadInput as error:
        raise Refused(409, "one-organisation", str(error)) from None


def _require(session: Session, asker: Principal, pair: tuple[str, str]) -> frozenset[str]:
    own = _own(session, asker, pair)
    if not own:
        asker.require(Permission.OPERATE)
    return own


def _own(session: Session, asker: Principal, ids: Collection[str]) -> frozenset[str]:
    """Return those organisations that belong to the asker's tenant."""
    mine = (RecordRow.kind == _KIND, RecordRow.tenant_id == asker.tenant_id, RecordRow.id.in_(held(ids)))
    return frozenset(session.execute(select(RecordRow.id).where(*mine)).scalars())


def _said(session: Session) -> dict[tuple[str, str], Distinction]:
    return {one.pair: one for one in distinctions(session) if one.undone_at is None}


def _known(found: Suggested, said: Collection[tuple[str, str]]) -> list[Twins]:
    """Return the pairs that were told apart, also those that nothing suggests any more."""
    likely = {one.ids: one for one in found.pairs}
    held = (pair for pair in said if set(pair) <= set(found.names))
    return sorted((likely.get(pair, Twins(pair, 0.0, ())) for pair in held), key=_rank)


def _is_shown(one: Twins, visible: Visibility) -> bool:
    return all(visible.shows(_KIND, each) for each in one.ids)


def _rank(one: Twins) -> Rank:
    return -one.score, *one.ids


def _cursor(one: Twins) -> str:
    return cursor_of(_rank(one))


def _place(cursor: str | None) -> Rank | None:
    if cursor is None:
        return None
    try:
        score, first, second = place_of(cursor)
        return float(score), str(first), str(second)
    except (ValueError, TypeError):
        expected = BadInput("bad_cursor", expected="the next of an earlier page", got=cursor)
        raise bad_value("cursor", expected) from None


def _write_down(
    session: Session, action: Action, asker: Principal, at: datetime, said: tuple[tuple[str, str], str]
) -> None:
    (one, other), reason = said
    facts: dict[str, Any] = {"other": other, "reason": reason}
    audit(session, action, actor=asker.actor, at=at, subject=one, tenant_id=asker.tenant_id, **facts)


def _out(one: Twins, found: Suggested, said: DistinctionOut | None) -> TwinsOut:
    named = [(each, found.names[each]) for each in one.ids]
    return TwinsOut(
        organisations=[
            OneOut(organisation_id=each, name=known.name, country=known.country, href=address("v1", _KIND, each))
            for each, known in named
        ],
        score=one.score,
        reasons=list(one.reasons),
        distinct=said,
    )


def _told(one: Distinction, own: frozenset[str]) -> DistinctionOut:
    told = not own.isdisjoint(one.pair)
    return DistinctionOut(
        number=one.number,
        organisation_ids=list(one.pair),
        reason=one.reason if told else "",
        made_at=one.made_at,
        made_by=one.made_by if told else None,
        undone_at=one.undone_at,
        undone_by=one.undone_by if told else None,
    )

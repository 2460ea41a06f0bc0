"""Routes about who is who: organisations that may be one, merged and unmerged by a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.identity import resolved
from matcher.profiles import Organisation
from service.accounts.audit import Action, audit
from service.accounts.roles import Permission
from service.api.answers import json_answer
from service.api.bodies import Body, described, reading
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.openapi import problem
from service.api.parameters import Limit, RecordId
from service.api.problems import Refused
from service.api.records import find
from service.api.schemas import Sent
from service.store import Merge, active_merges, merge, merge_history, unmerge
from service.store.standing import standing

_KIND: Final = "organisations"
_CONFLICT: Final[dict[int | str, dict[str, Any]]] = {409: problem("Merged already, or not merged")}


class MergeIn(Body):
    """Into which organisation, and why."""

    into: Annotated[
        str, Field(min_length=1, max_length=200, description="Id of the organisation that is kept.", examples=["org-1"])
    ]
    reason: Annotated[str, Field(max_length=1_000, description="Why, for whoever reads the history.")] = ""


class DuplicateOut(Sent):
    """An organisation that may be the same."""

    organisation_id: str
    name: str
    country: str | None
    score: Annotated[float, Field(ge=0, le=1, description="A likeness, not a probability.")]
    reasons: Annotated[list[str], Field(examples=[["the same website: example.org", "the same country"]])]


class DuplicatesOut(Sent):
    """What an organisation may be besides itself, and what people have said it is."""

    organisation_id: str
    kept_organisation_id: Annotated[
        str, Field(description="The id it goes by from the next night on: its own, unless it was merged.")
    ]
    absorbed: Annotated[list[str], Field(description="Ids that go by this one.")]
    items: list[DuplicateOut]


class MergeOut(Sent):
    """A person's word that two ids are one organisation; taken back where ``unmerged_at`` is there."""

    number: int
    organisation_id: Annotated[str, Field(description="The one that is absorbed.")]
    kept_organisation_id: str
    merged_at: datetime
    merged_by: Annotated[str | None, Field(description="Told to the organisation's own tenant.")]
    reason: str
    unmerged_at: datetime | None
    unmerged_by: Annotated[str | None, Field(description="Told to the organisation's own tenant.")]


class MergesOut(Sent):
    """Every merge an organisation was in, oldest first."""

    items: list[MergeOut]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1/organisations", tags=["identity"])
    made.add_api_route(
        "/{organisation_id}/duplicates",
        list_duplicates,
        response_model=DuplicatesOut,
        operation_id="list_duplicates_of_organisation",
        summary="Organisations that may be the same",
    )
    made.add_api_route(
        "/{organisation_id}/merges",
        list_merges,
        response_model=MergesOut,
        operation_id="list_merges_of_organisation",
        summary="How an organisation was merged and unmerged",
    )
    made.add_api_route(
        "/{organisation_id}:merge",
        merge_organisation,
        methods=["POST"],
        response_model=MergeOut,
        responses=_CONFLICT,
        operation_id="merge_organisation",
        summary="Merge an organisation into another",
        openapi_extra=described(
            MergeIn,
            {
                "merge": {
                    "summary": "One office under two names",
                    "value": {"into": "org-1", "reason": "the same office"},
                }
            },
        ),
    )
    made.add_api_route(
        "/{organisation_id}:unmerge",
        unmerge_organisation,
        methods=["POST"],
        response_model=MergeOut,
        responses=_CONFLICT,
        operation_id="unmerge_organisation",
        summary="Take a merge back",
    )
    return made


def list_duplicates(context: Here, asker: Asker, organisation_id: RecordId, limit: Limit = 20) -> Response:
    """Suggest organisations that may be this one, the likest first: by name, further names, website and country.

    A suggestion is no merge. Those that are one with it already, or were told apart from it, are not suggested again.
    """
    one = visible_organisation(context, asker, organisation_id)
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        roots = resolved(active_merges(session))
        found, pairs = context.suggesting.open(session)
    mine = [pair for pair in pairs if one.id in pair.ids]
    others = [(next(each for each in pair.ids if each != one.id), pair) for pair in mine]
    shown = [(each, pair) for each, pair in others if visible.shows(_KIND, each)]
    return json_answer(
        DuplicatesOut(
            organisation_id=one.id,
            kept_organisation_id=roots.get(one.id, one.id),
            absorbed=sorted(name for name, kept in roots.items() if kept == one.id and visible.shows(_KIND, name)),
            items=[
                DuplicateOut(
                    organisation_id=each,
                    name=found.names[each].name,
                    country=found.names[each].country,
                    score=pair.score,
                    reasons=list(pair.reasons),
                )
                for each, pair in shown[:limit]
            ],
        )
    )


def list_merges(context: Here, asker: Asker, organisation_id: RecordId) -> Response:
    """List every merge the organisation was in, as the absorbed or the kept one, those taken back included."""
    visible_organisation(context, asker, organisation_id)
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        found = merge_history(session, organisation_id)
        own = _owner(session, organisation_id) == asker.tenant_id
    shown = [
        each
        for each in found
        if visible.shows(_KIND, each.organisation_id) and visible.shows(_KIND, each.kept_organisation_id)
    ]
    return json_answer(MergesOut(items=[_told(each, own=own) for each in shown]))


def merge_organisation(
    context: Here, asker: Asker, organisation_id: RecordId, wanted: Annotated[MergeIn, reading(MergeIn)]
) -> Response:
    """Say that the organisation is the one named in ``into``; both profiles stay as they are.

    From the next night on the two are one: slots, exposure, the rule against pairing an organisation with itself,
    grouping and reports count them under the id that is kept. Needs the permission "merge"; of organisations of
    another tenant, "operate" too.
    """
    asker.require(Permission.MERGE)
    for each in (organisation_id, wanted.into):
        visible_organisation(context, asker, each)
    now = datetime.now(UTC)
    with context.store.writing() as session:
        _require_own(session, asker, organisation_id, wanted.into)
        try:
            made = merge(session, organisation_id, wanted.into, actor=asker.actor, at=now, reason=wanted.reason)
        except BadInput as error:
            raise Refused(409, "merged", str(error)) from None
        facts = {"into": wanted.into, "reason": wanted.reason}
        _write_down(session, Action.MERGED, asker, organisation_id, now, facts)
    return json_answer(_told(made, own=True))


def unmerge_organisation(context: Here, asker: Asker, organisation_id: RecordId) -> Response:
    """Take the organisation's merge back: from the next night on it stands for itself again. The history keeps both.

    Needs what merging needs.
    """
    asker.require(Permission.MERGE)
    visible_organisation(context, asker, organisation_id)
    now = datetime.now(UTC)
    with context.store.writing() as session:
        _require_own(session, asker, organisation_id)
        try:
            found = unmerge(session, organisation_id, actor=asker.actor, at=now)
        except BadInput as error:
            raise Refused(409, "not-merged", str(error)) from None
        _write_down(session, Action.UNMERGED, asker, organisation_id, now, {"from": found.kept_organisation_id})
    return json_answer(_told(found, own=True))


def visible_organisation(context: Context, asker: Principal, organisation_id: str) -> Organisation:
    """Return an organisation that the asker sees; raises Refused (404)."""
    profile = find(context, asker, _KIND, organisation_id).profile
    if not isinstance(profile, Organisation):  # the store keeps kinds apart
        raise TypeError(type(profile).__name__)
    return profile


def _owner(session: Any, organisation_id: str) -> str | None:
    found = standing(session, _KIND, organisation_id)
    return found.tenant_id if found else None


def _require_own(session: Any, asker: Principal, *ids: str) -> None:
    if any(_owner(session, each) != asker.tenant_id for each in ids):
        asker.require(Permission.OPERATE)


def _write_down(
    session: Any, action: Action, asker: Principal, subject: str, at: datetime, facts: dict[str, Any]
) -> None:
    audit(session, action, actor=asker.actor, at=at, subject=subject, tenant_id=asker.tenant_id, **facts)


def _told(one: Merge, *, own: bool) -> MergeOut:
    return MergeOut(
        number=one.number,
        organisation_id=one.organisation_id,
        kept_organisation_id=one.kept_organisation_id,
        merged_at=one.merged_at,
        merged_by=one.merged_by if own else None,
        reason=one.reason if own else "",
        unmerged_at=one.unmerged_at,
        unmerged_by=one.unmerged_by if own else None,
    )

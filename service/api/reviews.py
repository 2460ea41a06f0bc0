"""Routes of the review queue: what was inferred is confirmed or rejected by a person, record by record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.profiles import KINDS, SINGULAR
from service.accounts.audit import Action, audit
from service.accounts.reviewing import FIELDS, Asked, decided, inferred, waiting
from service.accounts.roles import Permission
from service.api import writing
from service.api.answers import address, etag, json_answer
from service.api.bodies import Body, described, reading
from service.api.changing import RecordSavedOut, answer
from service.api.context import Asker, Context, Here
from service.api.openapi import problem
from service.api.owning import refuse_others
from service.api.parameters import IfMatch, Limit, RecordId
from service.api.problems import bad_value
from service.api.records import title_of
from service.api.schemas import Kind, Sent
from service.store import hold_records
from service.wire import cursor_of, place_of

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.store import StoredRecord

Reviewed = Literal["sdg_goals", "sdg_targets", "sectors", "crs_purpose", "services", "title_en", "summary_en"]


class ReviewIn(Body):
    """Which fields are decided."""

    fields: Annotated[list[Reviewed], Field(max_length=len(FIELDS), description="None named: all that wait.")] = Field(
        default_factory=list
    )


class InferredOut(Sent):
    """A field that was inferred."""

    field: Reviewed
    value: Any


class ReviewOut(Sent):
    """A record with something to confirm or reject."""

    kind: Kind
    id: str
    title: str
    version: int
    etag: Annotated[str, Field(description="Send it as If-Match, and nobody's change is passed over.")]
    inferred: list[InferredOut]
    href: str


class ReviewsOut(Sent):
    """What waits, in the order of kind and id."""

    items: list[ReviewOut]
    next: Annotated[str | None, Field(description="Give it as after to read on; null at the end.")]


_EXAMPLES: Final = {
    "all": {"summary": "Everything that waits", "value": {}},
    "one": {"summary": "One field", "value": {"fields": ["sectors"]}},
}
MODELS: Final = (ReviewIn,)


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["reviews"])
    made.add_api_route(
        "/reviews", queue, response_model=ReviewsOut, operation_id="list_reviews", summary="What waits to be reviewed"
    )
    for kind in KINDS:
        _add_decision(made, kind, confirmed=True)
        _add_decision(made, kind, confirmed=False)
    return made


def _add_decision(made: APIRouter, kind: str, *, confirmed: bool) -> None:
    def decide(
        context: Here,
        asker: Asker,
        record_id: RecordId,
        sent: Annotated[ReviewIn, reading(ReviewIn)],
        if_match: IfMatch = None,
    ) -> Response:
        return decide_on(context, asker, (kind, record_id), sent, writing.Held(if_match), confirmed=confirmed)

    verb = "confirm" if confirmed else "reject"
    said = "stay as they are" if confirmed else "are unknown again"
    made.add_api_route(
        f"/reviews/{kind}/{{record_id}}/{verb}",
        decide,
        methods=["POST"],
        response_model=RecordSavedOut,
        responses={412: problem("Changed since it was read")},
        operation_id=f"{verb}_{SINGULAR[kind]}",
        summary=f"{verb.capitalize()} what was inferred about a {SINGULAR[kind]}",
        description=f'The fields {said}, with the provenance "reviewed", in a new version. Needs the permission '
        '"review"; accounts of providers and need owners may with "confirm_own" for the organisations they speak for.',
        openapi_extra=described(ReviewIn, _EXAMPLES),
    )


def decide_on(
    context: Context,
    asker: Principal,
    record: tuple[str, str],
    sent: ReviewIn,
    held: writing.Held,
    *,
    confirmed: bool,
) -> Response:
    """Confirm or reject what was inferred about a record, of a kind and id; for the routes and for the page."""
    _require(asker)
    kind, record_id = record
    with context.store.writing() as session:
        hold_records(session)
        stored = writing.own(session, asker, kind, record_id)
        refuse_others(asker, stored)
        writing.refuse_changed(session, kind, record_id, held)
        try:
            after = decided(stored.profile, sent.fields, confirmed=confirmed)
        except BadInput as error:
            raise bad_value("fields", error) from None
        saved = writing.save_in(session, asker, (after,), writing.Held())
        verdict = "confirm" if confirmed else "reject"
        facts = {"verdict": verdict, "fields": list(sent.fields or inferred(stored.profile))}
        at, subject = datetime.now(UTC), f"{kind}/{record_id}"
        audit(session, Action.REVIEWED, actor=asker.actor, at=at, subject=subject, tenant_id=asker.tenant_id, **facts)
    return answer(*saved)


def queue(
    context: Here,
    asker: Asker,
    kind: Annotated[Kind | None, Query(description="Only records of this kind.")] = None,
    after: Annotated[str | None, Query(max_length=2_000, description="The ``next`` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """Return records of the asker's tenant about which something was inferred that nobody has reviewed.

    Inferred goals and sectors are shown and filter lists, but earn no points until they are confirmed. Providers and
    need owners see what is about the organisations they speak for.
    """
    _require(asker)
    own = None if asker.may(Permission.REVIEW) else asker.organisations
    asked = Asked(asker.tenant_id, asker.audience, kind, own)
    with context.store.reading() as session:
        found = waiting(session, asked, after=_place(after), limit=limit + 1)
    shown = found[:limit]
    following = cursor_of([shown[-1].kind, shown[-1].id]) if len(found) > limit else None
    return json_answer(ReviewsOut(items=[_out(one) for one in shown], next=following))


def _require(asker: Principal) -> None:
    if not asker.may(Permission.REVIEW):
        asker.require(Permission.CONFIRM_OWN)


def _place(after: str | None) -> tuple[str, str] | None:
    if after is None:
        return None
    try:
        kind, record_id = place_of(after)
        return str(kind).replace("\x00", ""), str(record_id).replace("\x00", "")
    except (ValueError, TypeError):
        expected = BadInput("bad_cursor", expected="the next of an earlier page", got=after)
        raise bad_value("after", expected) from None


def _out(stored: StoredRecord) -> ReviewOut:
    record = stored.profile.model_dump(mode="json")
    return ReviewOut.model_validate(
        {
            "kind": stored.kind,
            "id": stored.id,
            "title": title_of(stored.profile),
            "version": stored.version,
            "etag": etag(stored),
            "inferred": [{"field": field, "value": record[field]} for field in inferred(stored.profile)],
            "href": address("v1", stored.kind, stored.id),
        }
    )

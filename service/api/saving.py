"""The one route that writes: a need is saved, and has a provisional shortlist at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import structlog
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from embeddings.errors import EmbeddingError
from matcher.errors import MatcherError
from matcher.profiles import Need, Organisation
from service.accounts.roles import Permission
from service.api import shortlists
from service.api.answers import address, etag, json_answer
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.matches import NEED_BODY
from service.api.openapi import problem
from service.api.parameters import IfMatch, RecordId
from service.api.problems import FieldProblem, Refused, refused_values, shortened
from service.api.schemas import SavedOut
from service.api.validation import JsonObject, admitted
from service.store import UnknownRecord, UpsertCounts, get_record, hold_records, upsert_records
from service.store.standing import standing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store import StoredRecord

_log = structlog.get_logger(__name__)
_OUTCOMES: Final = ("created", "updated", "unchanged")
_NOT_SEEN: Final = "An account saves only what it may see: the need is, or would be, more confidential than that."
_NOT_OURS: Final = "There is a need of this id that belongs to another tenant; save it under another id."


def router() -> APIRouter:
    """Return the route."""
    made = APIRouter(prefix="/v1", tags=["matches"])
    made.add_api_route(
        "/needs/{need_id}",
        save_need,
        methods=["PUT"],
        response_model=SavedOut,
        responses={201: {"model": SavedOut, "description": "Created"}, 412: problem("Changed since it was read")},
        operation_id="put_need",
        summary="Create or replace a need",
        openapi_extra=NEED_BODY,
    )
    return made


def save_need(context: Here, asker: Asker, need_id: RecordId, values: JsonObject, if_match: IfMatch = None) -> Response:
    """Save a need whole: what the body leaves out is unknown from then on. The version before is kept in its history.

    With If-Match it is saved only if nobody changed it since it was read (412 otherwise); without, it is replaced.
    The need has a shortlist at once, provisional and unallocated, until a release holds it as it is now.
    """
    asker.require(Permission.SAVE_RECORDS)
    if values.setdefault("id", need_id) != need_id:
        problem = FieldProblem(
            field="id", code="other_id", value=shortened(values["id"]), expected=f"{need_id}, as in the address"
        )
        raise refused_values([problem])
    need, organisations = admitted("needs", values)
    if not isinstance(need, Need):  # of the kind that was asked for
        raise TypeError(type(need).__name__)
    with context.store.writing() as session:
        hold_records(session)
        _refuse_hidden(session, need, asker)
        _refuse_changed(session, need.id, if_match)
        stored, counts = _save(session, need, organisations, asker)
    outcome = next((name for name in _OUTCOMES if getattr(counts, name)), "unchanged")
    saved = SavedOut(
        outcome=outcome,
        id=stored.id,
        version=stored.version,
        content_hash=stored.content_hash,
        shortlist=_shortlisted(context, asker, stored.id),
        href=address("v1", "needs", stored.id, "matches"),
    )
    answer = json_answer(saved, status=201 if counts.created else 200)
    answer.headers["ETag"] = etag(stored)
    if counts.created:
        answer.headers["Location"] = address("v1", "needs", stored.id)
    return answer


def _refuse_hidden(session: Session, need: Need, asker: Principal) -> None:
    """Refuse to write what could not be read back, or over another tenant's record."""
    before = standing(session, "needs", need.id)
    if before is not None and before.tenant_id != asker.tenant_id:
        raise Refused(403, "not-yours", _NOT_OURS)
    if not asker.audience.sees(need.confidentiality, asker.tenant_id):
        raise Refused(403, "not-public", _NOT_SEEN)
    if before is not None and not asker.audience.sees(before.confidentiality, before.tenant_id):
        raise Refused(403, "not-public", _NOT_SEEN)


def _refuse_changed(session: Session, need_id: str, if_match: str | None) -> None:
    """Hold the writer to what it read: RFC 9110, section 13.1.1. Weak tags match nothing."""
    if if_match is None:
        return
    try:
        now = etag(get_record(session, "needs", need_id))
    except UnknownRecord:
        raise Refused(412, "changed", "There is no such need: leave If-Match out to create it.") from None
    if if_match.strip() != "*" and now not in (tag.strip() for tag in if_match.split(",")):
        detail = "The need was changed since it was read: get it again, take over the change, and send its new ETag."
        raise Refused(412, "changed", detail)


def _save(
    session: Session, need: Need, organisations: tuple[Organisation, ...], asker: Principal
) -> tuple[StoredRecord, UpsertCounts]:
    """Write the need, and an organisation that it describes and the store does not know."""
    now = datetime.now(UTC)
    for organisation in organisations:
        if standing(session, "organisations", organisation.id) is None:
            upsert_records(
                session, "organisations", [organisation], actor=asker.actor, at=now, tenant_id=asker.tenant_id
            )
    counts = upsert_records(session, "needs", [need], actor=asker.actor, at=now, tenant_id=asker.tenant_id)
    if counts.refusals:
        raise Refused(409, counts.refusals[0].code.replace("_", "-"), counts.refusals[0].detail)
    try:
        return get_record(session, "needs", need.id), counts
    except UnknownRecord:  # the source that is stated belongs to a need of another id, and that was about to change
        detail = "The source stated in the need belongs to a need of another id; save it there, or state another."
        raise Refused(409, "source-taken", detail) from None


def _shortlisted(context: Context, asker: Principal, need_id: str) -> Literal["published", "provisional", "later"]:
    """Make the shortlist now; whatever keeps it from being made, the need is saved."""
    try:
        return "provisional" if shortlists.serve(context, asker, need_id).provisional else "published"
    except (HTTPException, MatcherError, EmbeddingError, OSError) as error:
        _log.warning("shortlist left for later", need=need_id, error=type(error).__name__)
        return "later"

"""The one route that writes: a need is saved, and has a provisional shortlist at once."""

from __future__ import annotations

from typing import Literal

import structlog
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from embeddings.errors import EmbeddingError
from matcher.errors import MatcherError
from service.accounts.roles import Permission
from service.api import shortlists, writing
from service.api.answers import address, etag, json_answer
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.matches import NEED_BODY
from service.api.openapi import problem
from service.api.parameters import IfMatch, IfNoneMatch, RecordId
from service.api.schemas import SavedOut
from service.api.validation import JsonObject

_log = structlog.get_logger(__name__)


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


def save_need(
    context: Here,
    asker: Asker,
    need_id: RecordId,
    values: JsonObject,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Save a need whole: what the body leaves out is unknown from then on. The version before is kept in its history.

    With If-Match it is saved only if nobody changed it since it was read (412 otherwise); with If-None-Match: * only
    if there is none of that id; without either it is replaced.
    The need has a shortlist at once, provisional and unallocated, until a release holds it as it is now.
    """
    asker.require(Permission.SAVE_RECORDS)
    need, organisations = writing.read("needs", need_id, values)
    stored, counts = writing.save(context, asker, (need, *organisations), writing.Held(if_match, if_none_match))
    saved = SavedOut(
        outcome=writing.outcome_of(counts),
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


def _shortlisted(context: Context, asker: Principal, need_id: str) -> Literal["published", "provisional", "later"]:
    """Make the shortlist now; whatever keeps it from being made, the need is saved."""
    try:
        return "provisional" if shortlists.serve(context, asker, need_id).provisional else "published"
    except (HTTPException, MatcherError, EmbeddingError, OSError) as error:
        _log.warning("shortlist left for later", need=need_id, error=type(error).__name__)
        return "later"

"""Routes about the service itself: alive, ready, whose key, which release."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from service.accounts.roles import Permission, permitted
from service.api.answers import json_answer
from service.api.context import Asker, Here
from service.api.figures import seen_figures
from service.api.observing import Metrics
from service.api.problems import Refused
from service.api.schemas import AskerOut, HealthOut, ReadyOut, ReleaseOut
from service.store import StoreError

_OPEN: Final[dict[str, Any]] = {"security": []}
"""These ask for no key."""


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["service"])
    made.add_api_route(
        "/health", health, response_model=HealthOut, operation_id="health", summary="Alive", openapi_extra=_OPEN
    )
    made.add_api_route(
        "/ready",
        ready,
        response_model=ReadyOut,
        responses={503: {"model": ReadyOut, "description": "Not ready"}},
        operation_id="ready",
        summary="Ready to answer",
        openapi_extra=_OPEN,
    )
    made.add_api_route("/key", key, response_model=AskerOut, operation_id="get_key", summary="Whose key this is")
    made.add_api_route(
        "/releases/current",
        current,
        response_model=ReleaseOut,
        operation_id="get_current_release",
        summary="The release that is served",
    )
    made.add_api_route(
        "/metrics",
        metrics,
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Counts and times"}},
        operation_id="get_metrics",
        summary="Counts and times for Prometheus",
    )
    return made


def health() -> Response:
    """Answer without a key, whatever the state of store and release: the process is alive."""
    return json_answer(HealthOut())


def ready(context: Here) -> Response:
    """Answer without a key whether the store can be read and a release is served; 503 while not."""
    found = ReadyOut(ready=False, store=_store_answers(context), release=_release_opens(context))
    found = found.model_copy(update={"ready": found.store and found.release})
    return json_answer(found, status=200 if found.ready else 503)


def key(asker: Asker) -> Response:
    """Tell whose key was sent: the cheapest way to try one."""
    found = AskerOut(
        prefix=asker.prefix,
        name=asker.name,
        user=asker.user,
        role=asker.role,
        tenant_id=asker.tenant_id,
        permissions=sorted(permitted(asker.role, asker.scopes)),
    )
    return json_answer(found)


def current(context: Here, asker: Asker) -> Response:
    """Tell what the served release was made from, what of it may be seen, and how that shares out over the tiers."""
    release = context.release()
    manifest = release.manifest
    figures = seen_figures(context, asker, release)
    found = ReleaseOut(
        release_id=release.id,
        created_at=manifest.created_at,
        as_of=manifest.as_of,
        model=manifest.facts.model,
        scorer=manifest.facts.scored_by,
        counts=figures.counts,
        tiers=figures.tiers,
        needs_without_eligible=figures.needs_without_eligible,
    )
    return json_answer(found, release_id=release.id)


def metrics(request: Request, context: Here, asker: Asker) -> Response:
    """Return counts and times of this server, all its processes, for Prometheus. Needs the permission "operate"."""
    asker.require(Permission.OPERATE)
    known: Metrics = request.app.state.metrics
    return Response(known.text(context), media_type=CONTENT_TYPE_LATEST)


def _store_answers(context: Here) -> bool:
    try:
        with context.store.reading():
            return True
    except StoreError:
        return False


def _release_opens(context: Here) -> bool:
    try:
        context.release()
    except Refused:
        return False
    return True

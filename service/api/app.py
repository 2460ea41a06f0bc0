"""The application, put together. Nothing happens before it is started: the store is opened then, the model never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Final

import anyio
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from service import console
from service.api import (
    account_schemas,
    accounts,
    bodies,
    changing,
    comparing,
    dismissals,
    duplicates,
    exploring,
    exporting,
    guarding,
    identity,
    importing,
    limiting,
    matches,
    methods,
    news,
    observing,
    once,
    openapi,
    outcome_schemas,
    outcomes,
    owning,
    past,
    period,
    pipeline,
    problems,
    records,
    reports,
    reviews,
    saving,
    searching,
    similar,
    status,
    subscriptions,
    validation,
)
from service.api.context import Context
from service.settings import Settings

WRITE_SHOWN_EVERY: Final = 2.0
"""Seconds between two writes of what was shown: what a killed server loses at most."""

NOTE_USES_EVERY: Final = 60.0
"""Seconds between two notes of which keys were used: one write a minute at most."""

PARTS: Final = (
    accounts,
    reviews,
    owning,
    status,
    matches,
    exporting,
    searching,
    comparing,
    similar,
    exploring,
    saving,
    records,
    changing,
    past,
    identity,
    duplicates,
    importing,
    reports,
    outcomes,
    dismissals,
    pipeline,
    news,
    subscriptions,
    period,
)
"""Modules whose routes are served, in the order of the interface's description."""


def create_app(settings: Settings) -> FastAPI:
    """Return the application of these settings: ``/v1``, the console and the interface's description."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context = await run_in_threadpool(Context.open, settings)
        app.state.context = context
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_note_uses, context)
            tasks.start_soon(run_in_threadpool, context.warm)
            tasks.start_soon(_write_shown, context)
            context.jobs.start()
            yield
            tasks.cancel_scope.cancel()
        await run_in_threadpool(context.close)

    app = FastAPI(
        title="Partner matcher",
        version=version("partner-matcher"),
        description=openapi.DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from another host; ours is part of the console
        redoc_url=None,
        redirect_slashes=False,
        responses=openapi.PROBLEMS,
    )
    app.router.routes.extend(_routes())
    console.mount(app)
    app.add_exception_handler(HTTPException, console.or_page(problems.on_http_exception))
    app.add_exception_handler(RequestValidationError, console.or_page(validation.on_invalid))
    app.state.metrics = metrics = observing.Metrics()
    app.add_middleware(methods.Headed)  # the last one added is the outermost
    app.add_middleware(observing.Named)
    app.add_middleware(once.Once)
    app.add_middleware(limiting.Limited, quota=settings.rate_limit)
    for layer in (guarding.Gate, guarding.Bounded, guarding.Shell):
        app.add_middleware(layer)
    app.add_middleware(observing.Observed, metrics=metrics)
    described: tuple[type[BaseModel], ...] = (
        *bodies.MODELS,
        *outcome_schemas.MODELS,
        *subscriptions.MODELS,
        *account_schemas.MODELS,
    )
    openapi.describe(app, (*described, *reviews.MODELS, identity.MergeIn, *duplicates.MODELS))
    return app


@cache
def _routes() -> tuple[BaseRoute, ...]:
    """Return every route under /v1; what they take and give is worked out once a process."""
    made = APIRouter(responses=openapi.PROBLEMS)
    for part in PARTS:
        made.include_router(part.router())
    return tuple(made.routes)


async def _write_shown(context: Context) -> None:
    while True:
        await anyio.sleep(WRITE_SHOWN_EVERY)
        await run_in_threadpool(context.following.shown.write)


async def _note_uses(context: Context) -> None:
    while True:
        await anyio.sleep(NOTE_USES_EVERY)
        await run_in_threadpool(context.keys.note_uses)

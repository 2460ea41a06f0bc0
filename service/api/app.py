"""The application, put together. Nothing happens before it is started: the store is opened then, the model never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import anyio
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from service.api import guarding, limiting, matches, methods, observing, once, openapi, problems, status, validation
from service.api.context import Context
from service.api.describing import described
from service.api.late import Late, complete
from service.console.problems import or_page
from service.settings import Settings

WRITE_SHOWN_EVERY: Final = 2.0
"""Seconds between two writes of what was shown: what a killed server loses at most."""

NOTE_USES_EVERY: Final = 60.0
"""Seconds between two notes of which keys were used: one write a minute at most."""

FIRST: Final = (status, matches)
"""Modules whose routes are there from the start: whether the service is ready, and what it is there for."""


def create_app(settings: Settings) -> FastAPI:
    """Return the application of these settings: ``/v1``, the console and the interface's description."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context = await run_in_threadpool(Context.open, settings)
        app.state.context = context
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_note_uses, context)
            tasks.start_soon(run_in_threadpool, _get_ready, app, context)
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
    own = list(app.router.routes)  # FastAPI's: the interface's description
    first = [route for part in FIRST for route in described(part)]
    app.router.routes = [*own, *first, Late(app.router, lambda: [*own, *_every_route()])]
    app.add_exception_handler(HTTPException, or_page(problems.on_http_exception))
    app.add_exception_handler(RequestValidationError, or_page(validation.on_invalid))
    app.state.metrics = metrics = observing.Metrics()
    app.add_middleware(methods.Headed)  # the last one added is the outermost
    app.add_middleware(observing.Named)
    app.add_middleware(once.Once)
    app.add_middleware(limiting.Limited, quota=settings.rate_limit)
    for layer in (guarding.Gate, guarding.Bounded, guarding.Shell):
        app.add_middleware(layer)
    app.add_middleware(observing.Observed, metrics=metrics)
    openapi.describe(app, _models)
    return app


def _every_route() -> list[BaseRoute]:
    from service.api.parts import every_route

    return every_route()


def _models() -> tuple[type[BaseModel], ...]:
    from service.api.parts import MODELS

    return MODELS


def _get_ready(app: FastAPI, context: Context) -> None:
    """Do while nobody waits what the first who asks would wait for."""
    complete(app)
    context.warm()


async def _write_shown(context: Context) -> None:
    while True:
        await anyio.sleep(WRITE_SHOWN_EVERY)
        await run_in_threadpool(context.following.shown.write)


async def _note_uses(context: Context) -> None:
    while True:
        await anyio.sleep(NOTE_USES_EVERY)
        await run_in_threadpool(context.keys.note_uses)

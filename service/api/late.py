"""Routes that are put together after the server is up: most of what it takes to start is describing them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.routing import Router
    from starlette.types import Receive, Scope, Send


class Late(BaseRoute):
    """Stands last in a router for all its routes; whoever asks for what no other takes waits until they are there."""

    def __init__(self, router: Router, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self._router, self._make = router, make
        self._lock = threading.Lock()

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take every request: whether there is such an address is not known yet."""
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the route once all are there."""
        await run_in_threadpool(self.arrive)
        scope.pop("route", None)  # or a request that none takes would be told under this one
        await self._router.app(scope, receive, send)

    def arrive(self) -> None:
        """Give the router its routes, once, whoever asks; a request that is being routed keeps the list it has."""
        with self._lock:
            if self in self._router.routes:
                self._router.routes = list(self._make())


def complete(app: FastAPI) -> None:
    """Put together what of an application is late."""
    for route in app.router.routes:
        if isinstance(route, Late):
            route.arrive()

"""What is known of every request from outside: its id, how long it took, how it ended. In logs, answers and metrics."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.api.context import Context

REQUEST_ID: Final = "X-Request-Id"
UNKNOWN_ROUTE: Final = "none"
_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds; a list takes about .005
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_log = structlog.get_logger(__name__)


class Metrics:
    """Counts of all processes of one server. Routes are named by their templates: ids make no series of their own.

    One process counts in memory. Several share a folder, see ``service.api.server.run``, and each tells of all.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("method", "route", "status")
        self._requests = Counter("matcher_http_requests", "Requests answered.", names, registry=self._registry)
        self._seconds = Histogram(
            "matcher_http_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._busy = Gauge(
            "matcher_http_requests_in_progress",
            "Requests being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def began(self) -> None:
        """Count a request that is being answered."""
        self._busy.inc()

    def ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._busy.dec()
        named = method if method in _METHODS else "other"
        self._requests.labels(named, route, str(status)).inc()
        self._seconds.labels(named, route).observe(seconds)

    def text(self, context: Context) -> bytes:
        """Return everything in Prometheus's text format, with what store and releases say now."""
        counted = self._registry
        if getattr(values.ValueClass, "_multiprocess", False):
            counted = CollectorRegistry()
            _forget_dead()
            MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
        now = CollectorRegistry()
        now.register(_Now(context))
        return generate_latest(counted) + generate_latest(now)


class _Now(Collector):
    """What store and releases say at this moment: the same in every process."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def describe(self) -> Iterable[Metric]:
        """Name nothing before it is asked for: registering must not ask the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the release that is served, and jobs by state."""
        from service.jobs import JobState
        from service.jobs.records import count_jobs
        from service.releases.reading import current_id

        release = GaugeMetricFamily("matcher_release", "The release that is served.", labels=["release_id"])
        if (served := current_id(self._context.settings.releases_dir)) is not None:
            release.add_metric([served], 1)
        with self._context.store.reading() as session:
            counted = count_jobs(session)
        jobs = GaugeMetricFamily("matcher_jobs", "Jobs by state.", labels=["state"])
        for state in JobState:
            jobs.add_metric([state.value], counted.get(state, 0))
        yield release
        yield jobs


def _forget_dead() -> None:
    """Let requests that died with their process no longer count as under way; what it counted stays."""
    every = MultiProcessCollector(CollectorRegistry())  # type: ignore[no-untyped-call]
    folder = str(every._path)  # noqa: SLF001 - the library's own reading of its setting
    for path in Path(folder).glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and Path("/proc/self").exists():
            mark_process_dead(int(pid), folder)  # type: ignore[no-untyped-call]


class Observed:
    """The outermost layer: gives a request its id, and says when it has been answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        seen = scope.setdefault("state", {})
        status = 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        self._metrics.began()
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, sending)
            finally:
                seconds = time.perf_counter() - began
                route = str(seen.get("route", UNKNOWN_ROUTE))
                self._metrics.ended(scope["method"], route, status, seconds)
                _log.info(
                    "request",
                    method=scope["method"],
                    route=route,
                    status=status,
                    ms=round(seconds * 1e3, 1),
                    actor=getattr(seen.get("principal"), "actor", None),
                )


class Named:
    """The innermost layer: tells the outermost which route it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        try:
            await self._app(scope, receive, send)
        finally:
            if scope["type"] == "http" and (route := scope.get("route")) is not None:
                scope.setdefault("state", {})["route"] = getattr(route, "path", UNKNOWN_ROUTE)

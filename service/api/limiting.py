"""How often one account may ask: a quota in a window, said in the header fields of the current draft of the IETF.

RateLimit and RateLimit-Policy as in draft-ietf-httpapi-ratelimit-headers-10. Each process counts for itself: with
several workers an account has as many times the quota.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.datastructures import MutableHeaders

from service.api.problems import problem_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

WINDOW: Final = 60.0
"""Seconds a quota is for, from an account's first request on."""

_MOST: Final = 10_000  # accounts counted at once


class Left(NamedTuple):
    """What is left of a quota."""

    allowed: bool
    requests: int
    seconds: int  # until the quota is whole again


class Quotas:
    """Counts requests by account. Safe to share among threads."""

    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.quota, self._clock = quota, clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, int]] = {}

    def take(self, account: str) -> Left:
        """Count one request."""
        now = self._clock()
        with self._lock:
            began, count = self._known.get(account, (now, 0))
            if now - began >= WINDOW:
                began, count = now, 0
            if len(self._known) >= _MOST and account not in self._known:
                self._known = {each: at for each, at in self._known.items() if now - at[0] < WINDOW}
            self._known[account] = (began, count + 1)
        return Left(count < self.quota, max(self.quota - count - 1, 0), math.ceil(began + WINDOW - now))


class Limited:
    """Tells an account that asks too often to come back, and every account what it has left."""

    def __init__(self, app: ASGIApp, quota: int) -> None:
        self._app, self._quotas = app, Quotas(quota)
        self._policy = f'"account";q={quota};w={WINDOW:.0f}'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on; without a quota, and for who needs no key, always the latter."""
        principal = scope.get("state", {}).get("principal") if scope["type"] == "http" else None
        if principal is None or not self._quotas.quota:
            await self._app(scope, receive, send)
            return
        left = self._quotas.take(f"{principal.tenant_id}\n{principal.actor}")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = self._policy
                headers["RateLimit"] = f'"account";r={left.requests};t={left.seconds}'
            await send(message)

        if left.allowed:
            await self._app(scope, receive, sending)
            return
        raw = scope.get("raw_path") or scope["path"].encode()
        detail = f"An account may ask {self._quotas.quota} times in {WINDOW:.0f} seconds; try again in {left.seconds}."
        answer = problem_response(raw.decode("latin-1").partition("?")[0], 429, code="too-many-requests", detail=detail)
        answer.headers["Retry-After"] = str(left.seconds)
        await answer(scope, receive, sending)

"""What every request passes before a route sees it: closed unless listed as open, bounded, with safe headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from service.accounts import csrf
from service.api.keys import Principal
from service.api.problems import problem_response
from service.api.replaying import again
from service.api.sessions import COOKIE
from service.store import StoreError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.api.context import Context

BODY_LIMIT: Final = 1_000_000
"""Bytes of a request's body: as much as a line of a file may have (service.intake.results.Limits)."""

SPOOLED: Final = frozenset({"/v1/imports"})
"""Addresses that write their body to disk themselves, up to a limit of their own, once they know who sends it."""

UPLOADS: Final = frozenset({"/import"})
"""Forms of the console that send files: a browser reads no answer before it has sent all, and wants a page."""

_SWALLOWED: Final = 64_000_000  # bytes of such a form that are read and thrown away, so that a person is told

OPEN: Final = frozenset({"/v1/health", "/v1/ready", "/sign-in"})
OPEN_BELOW: Final = "/static/"
_HARMLESS: Final = frozenset({"/sign-out"})  # nothing is gained by making somebody else sign out
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT: Final = re.compile(rb"(%2[Ff]|%25)")  # stay as they are: an id's own slash is no separator

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_FAILED: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>Something failed</title><link rel="stylesheet" href="/static/console.css"><main class="wide">'
    "<h1>Something failed on the server</h1><p>It was logged there, and nothing was changed. Try again; should it fail "
    'again, tell whoever runs this service.</p><p><a href="/">Back to the needs</a></p></main></html>'
)
_log = structlog.get_logger(__name__)


class Shell:
    """The outermost layer: paths split before they are decoded, headers on every answer, and 500 as a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _finish(scope, message)
            await send(message)

        try:
            await self._app({**scope, "path": _split_path(scope)}, receive, sending)
        except StoreError as error:
            _log.error("store not available", path=scope["path"], error=str(error))
            if started:
                raise
            detail = "The store cannot be reached at the moment; try again shortly."
            await problem_response(_instance(scope), 503, code="store", detail=detail)(scope, receive, sending)
        except Exception:
            _log.exception("request failed", path=scope["path"], method=scope["method"])
            if started:  # too late to say anything else
                raise
            await _failed(scope)(scope, receive, sending)


def _failed(scope: Scope) -> Response:
    """Tell that something failed: a program by a problem, a person by a page that needs nothing which may have failed.

    Its words are in no catalogue: the catalogue may be what failed.
    """
    program = scope["path"].startswith("/v1") or scope["path"].endswith(".json")
    if program or "text/html" not in Headers(scope=scope).get("accept", ""):
        return problem_response(_instance(scope), 500)
    return Response(_FAILED, 500, media_type="text/html")


class Bounded:
    """Reads the body before anything else does, up to a limit; past it the answer is 413."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or scope["method"] in _SAFE or scope["path"] in SPOOLED:
            await self._app(scope, receive, send)
            return
        body = bytearray()
        stated = Headers(scope=scope).get("content-length", "0")
        more = not (stated.isdigit() and int(stated) > self._limit)
        too_large = not more
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._limit:
                too_large, more = True, False
        if too_large and scope["path"] in UPLOADS:
            await _swallow(receive)
            await RedirectResponse(f"{scope['path']}?too_large=true", 303)(scope, receive, send)
            return
        if too_large:
            detail = f"A body may have {self._limit:,} bytes at most; shorten the texts."
            answer = problem_response(_instance(scope), 413, code="too-large", detail=detail)
            answer.headers["Connection"] = "close"  # what was not read would be taken for the next request
            await answer(scope, receive, send)
            return
        whole: Message = {"type": "http.request", "body": bytes(body), "more_body": False}
        await self._app(scope, again(whole, receive), send)


async def _swallow(receive: Receive) -> None:
    """Read the rest of a body without keeping it."""
    size, more = 0, True
    while more and size < _SWALLOWED:
        message = await receive()
        size += len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


class Gate:
    """Lets in who has a key or a session; everything that is not listed as open is closed, addresses unknown too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or scope["path"] in OPEN or scope["path"].startswith(OPEN_BELOW):
            await self._app(scope, receive, send)
            return
        principal = await _principal(scope["app"].state.context, Headers(scope=scope))
        if principal is None:
            await _turned_away(scope)(scope, receive, send)
            return
        if principal.by_cookie and scope["method"] not in _SAFE and scope["path"] not in _HARMLESS:
            message = await receive()  # the whole body: Bounded has read it
            if not _is_ours(scope, principal, message.get("body", b"")):
                detail = f"A console session writes from its own pages only: send its token as {csrf.HEADER}."
                await problem_response(_instance(scope), 403, code="csrf", detail=detail)(scope, receive, send)
                return
            receive = again(message, receive)
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)


def _is_ours(scope: Scope, principal: Principal, body: bytes) -> bool:
    """Say whether a request of a session comes from a page of ours: with its token, and from no other origin."""
    headers = Headers(scope=scope)
    if csrf.from_elsewhere(headers.get("origin"), headers.get("host")):
        return False
    sent = headers.get(csrf.HEADER)
    return csrf.proves(principal.csrf, header=sent, content_type=headers.get("content-type", ""), body=body)


async def _principal(context: Context, headers: Headers) -> Principal | None:
    key = _key_of(headers)
    if key is not None:
        return context.keys.recall(key) or await run_in_threadpool(context.keys.verify, key)
    cookie = _cookie_of(headers)
    signed_in = context.sessions.read(cookie) if cookie else None
    if signed_in is None:
        return None
    return context.keys.recall(cookie) or await run_in_threadpool(context.keys.verify_session, signed_in, cookie)


def _key_of(headers: Headers) -> str | None:
    """Return the key that is stated; a stated one that is wrong is not mended by a cookie."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return headers.get("x-api-key")


def _cookie_of(headers: Headers) -> str:
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")


def _turned_away(scope: Scope) -> Response:
    """Send a person to the sign-in page and back; tell a program what is missing."""
    if scope["path"].startswith("/v1") or scope["path"].endswith(".json") or scope["method"] not in _SAFE:
        answer = problem_response(_instance(scope), 401)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    query = scope["query_string"].decode("latin-1")
    wanted = _instance(scope) + (f"?{query}" if query else "")
    return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", 303)


def _split_path(scope: Scope) -> str:
    """Decode the path but for %2F and %25: routes split it at real slashes, and the parameter decodes the rest."""
    raw = scope.get("raw_path")
    if not raw:
        return str(scope["path"])
    parts = _KEPT.split(raw.partition(b"?")[0])
    return b"".join(part if at % 2 else unquote_to_bytes(part) for at, part in enumerate(parts)).decode(
        "utf-8", "replace"
    )


def _instance(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else str(scope["path"])


def _finish(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    asset = scope["path"].startswith(OPEN_BELOW)
    headers.setdefault("Cache-Control", "no-cache" if asset else "no-store")  # an asset is asked for by its ETag

"""Posts that are done once: the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).

The first request under a key is done and its answer kept for a day, if it changed anything; the same request again is
given that answer, another one is refused. Keys are an account's own. Files are looked at by ``receiving``, which writes
them to disk first.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response

from service.api.problems import Refused, problem_response
from service.store.once import Answer, Claim, claim, forget, keep_answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.api.keys import Principal
    from service.store import Store

HEADER: Final = "Idempotency-Key"
KEY_FORM: Final = re.compile(r"[!-~]{1,100}")
_KEPT: Final = ("content-type", "location", "etag", "matcher-release")
_COMPUTED: Final = ("/v1/match", "/v1/matches:search")  # these change nothing: asked twice, they answer twice
_APART: Final = ("/v1/imports", "/v1/keys")  # files look for themselves; a new key is shown once and kept nowhere
_PROBLEMS: Final = {
    Claim.BUSY: (409, "in-progress", "The same request is being done at this moment; try again shortly."),
    Claim.OTHER: (422, "key-reused", "This Idempotency-Key was used for another request; take a new one."),
}


class Once:
    """Does a post that carries a key once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        instance = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        if not KEY_FORM.fullmatch(key):
            detail = f"{HEADER} has 1 to 100 visible characters."
            await problem_response(instance, 422, code="bad-key", detail=detail)(scope, receive, send)
            return
        message = await receive()  # the whole body: it was read before, see guarding.Bounded
        print_ = _fingerprint(scope, message.get("body", b""))
        principal = scope["state"]["principal"]
        owner, store = owner_of(principal), scope["app"].state.context.store
        found, kept = await run_in_threadpool(_claim, store, owner, key, print_)
        if found is Claim.DONE and kept is not None:
            headers = {**kept.headers, "Idempotency-Replayed": "true"}
            await Response(kept.body, kept.status, headers)(scope, receive, send)
            return
        if found is not Claim.NEW:
            status, code, detail = _PROBLEMS[found]
            await problem_response(instance, status, code=code, detail=detail)(scope, receive, send)
            return
        await self._done(scope, _given(message, receive), send, (store, owner, key))

    async def _done(self, scope: Scope, receive: Receive, send: Send, where: tuple[Store, str, str]) -> None:
        """Do a request and keep its answer; what failed, or changed nothing, is forgotten."""
        status, headers, body = 500, Headers(), bytearray()

        async def sending(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], Headers(raw=message["headers"])
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):  # kept before who asked knows: what was told is told again
                    await run_in_threadpool(_end, where, status, headers, bytes(body))
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except BaseException:
            await run_in_threadpool(_end, where, 500, headers, b"")
            raise


def owner_of(principal: Principal) -> str:
    """Return whose keys an account's are."""
    return f"{principal.tenant_id}\n{principal.actor}"[:300]


def refused(found: Claim) -> Refused:
    """Say why a request under a key is not done."""
    status, code, detail = _PROBLEMS[found]
    return Refused(status, code, detail)


def _key(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "POST" or "principal" not in scope.get("state", {}):
        return None
    path: str = scope["path"]
    if not path.startswith("/v1/") or path in _COMPUTED or path.endswith("/what-if") or path in _APART:
        return None
    return Headers(scope=scope).get(HEADER)


def _fingerprint(scope: Scope, body: bytes) -> str:
    raw = scope.get("raw_path") or scope["path"].encode()
    return hashlib.sha256(b"\n".join((raw, scope["query_string"], body))).hexdigest()


def _given(message: Message, receive: Receive) -> Receive:
    """Give the message that was read already, then what comes."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return message

    return again


def _claim(store: Store, owner: str, key: str, fingerprint: str) -> tuple[Claim, Answer | None]:
    try:
        with store.writing() as session:
            return claim(session, owner, key, fingerprint, datetime.now(UTC))
    except IntegrityError:  # another process was a moment earlier
        return Claim.BUSY, None


def _end(where: tuple[Store, str, str], status: int, headers: Headers, body: bytes) -> None:
    store, owner, key = where
    with store.writing() as session:
        if 200 <= status < 300:
            kept = {name: headers[name] for name in _KEPT if name in headers}
            keep_answer(session, owner, key, Answer(status, kept, body.decode()))
        else:
            forget(session, owner, key)

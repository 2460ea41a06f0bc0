"""Posts that are done once: the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header).

The first request under a key is done and its answer kept for a day, if it changed anything; the same request again is
given that answer, another one is refused. Keys are an account's own. What a request changes and its answer are
committed together, before anything is sent: a server that is killed leaves both or neither, and the request may be
sent again at once. Files are looked at by ``receiving``, which writes them to disk first.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import anyio.to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response

from service.api.problems import Refused, problem_response
from service.api.replaying import again
from service.store.holding import holding
from service.store.once import Answer, Claim, claim, forget, keep_answer, look

if TYPE_CHECKING:
    from sqlalchemy.orm import Session
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.api.keys import Principal
    from service.store import Store
    from service.store.holding import Held

HEADER: Final = "Idempotency-Key"
KEY_FORM: Final = re.compile(r"[!-~]{1,100}")
_KEPT: Final = ("content-type", "location", "etag", "matcher-release")
_COMPUTED: Final = ("/v1/match", "/v1/matches:search")  # these change nothing: asked twice, they answer twice
_APART: Final = ("/v1/imports", "/v1/keys")  # files look for themselves; a new key is shown once and kept nowhere
_PROBLEMS: Final = {
    Claim.DONE: (409, "in-progress", "The same request is being done at this moment; try again shortly."),
    Claim.OTHER: (422, "key-reused", "This Idempotency-Key was used for another request; take a new one."),
}


class Superseded(Exception):  # noqa: N818 - named for what happened
    """Another process did the request while this one was about to."""


class Key(NamedTuple):
    """Whose key it is, and what it was sent with."""

    owner: str
    key: str
    fingerprint: str


class Once:
    """Does a post that carries a key once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._busy: set[Key] = set()  # of this process; another one waits for the store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        stated = _key(scope)
        if stated is None:
            await self._app(scope, receive, send)
            return
        if not KEY_FORM.fullmatch(stated):
            detail = f"{HEADER} has 1 to 100 visible characters."
            await _refusal(scope, (422, "bad-key", detail))(scope, receive, send)
            return
        message = await receive()  # the whole body: it was read before, see guarding.Bounded
        key = Key(owner_of(scope["state"]["principal"]), stated, _fingerprint(scope, message.get("body", b"")))
        store: Store = scope["app"].state.context.store
        answer = await run_in_threadpool(_known, scope, store, key)
        if answer is None and key in self._busy:
            answer = _refusal(scope, _PROBLEMS[Claim.DONE])
        if answer is not None:
            await answer(scope, receive, send)
            return
        self._busy.add(key)
        try:
            await self._done(scope, again(message, receive), send, (store, key))
        finally:
            self._busy.discard(key)

    async def _done(self, scope: Scope, receive: Receive, send: Send, under: tuple[Store, Key]) -> None:
        """Do a request, and commit what it changed with its answer; what failed changes nothing and keeps nothing."""
        store, key = under
        superseded = False

        def take(session: Session) -> None:
            nonlocal superseded
            if claim(session, *key, datetime.now(UTC))[0] is not Claim.NEW:
                superseded = True
                raise Superseded

        said: list[Message] = []

        async def keeping(message: Message) -> None:
            said.append(message)

        one = store.held(take)
        try:
            with holding(one):
                await self._app(scope, receive, keeping)
            if not superseded:
                # A thread of its own: all others may be waiting for the lock that this transaction holds.
                await anyio.to_thread.run_sync(_end, store, one, key, said, limiter=anyio.CapacityLimiter(1))
        except Superseded:
            pass
        finally:
            one.undo()
        if superseded:
            answer = await run_in_threadpool(_known, scope, store, key)
            await (answer or _refusal(scope, _PROBLEMS[Claim.DONE]))(scope, receive, send)
            return
        for message in said:
            await send(message)


def owner_of(principal: Principal) -> str:
    """Return whose keys an account's are."""
    return f"{principal.tenant_id}\n{principal.actor}"[:300]


def refused(found: Claim) -> Refused:
    """Say why a request under a key is not done."""
    return Refused(*_PROBLEMS[found])


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


def _refusal(scope: Scope, said: tuple[int, str, str]) -> Response:
    status, code, detail = said
    instance = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    return problem_response(instance, status, code=code, detail=detail)


def _known(scope: Scope, store: Store, key: Key) -> Response | None:
    """Return the answer that is kept under a key, or why there is none; None for a request that is new."""
    with store.reading() as session:
        found, kept = look(session, *key, datetime.now(UTC))
    if kept is not None:
        return Response(kept.body, kept.status, {**kept.headers, "Idempotency-Replayed": "true"})
    return None if found is Claim.NEW else _refusal(scope, _PROBLEMS[found])


def _end(store: Store, one: Held, key: Key, said: list[Message]) -> None:
    """Commit what a request changed, with its answer where it succeeded; of a failure of ours nothing stays."""
    if one.session is None or not said:
        return
    status, headers = said[0]["status"], Headers(raw=said[0]["headers"])
    if status >= 500:
        return
    if 200 <= status < 300:
        kept = {name: headers[name] for name in _KEPT if name in headers}
        body = b"".join(message.get("body", b"") for message in said[1:])
        keep_answer(one.session, key.owner, key.key, Answer(status, kept, body.decode()))
    else:
        forget(one.session, key.owner, key.key)
    store.committed(one)

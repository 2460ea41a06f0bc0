"""Signing in, with a password or with a key, and out again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.accounts.attempts import forget
from service.accounts.audit import Action, audit
from service.accounts.csrf import from_elsewhere
from service.accounts.users import folded, note_seen, verify_password
from service.api.context import Context, Here
from service.api.problems import Refused
from service.api.sessions import COOKIE, SESSION_SECONDS
from service.console.rendering import page
from service.console.returning import inside

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = "a key"  # what failures of keys are counted under


def add(made: APIRouter) -> None:
    """Add the addresses to a router."""
    made.add_api_route("/sign-in", sign_in_page, response_class=HTMLResponse)
    made.add_api_route("/sign-in", sign_in, methods=["POST"])
    made.add_api_route("/sign-out", sign_out, methods=["POST"])


def sign_in_page(request: Request) -> Response:
    """Ask for login and password, or for a key."""
    return page(request, "sign_in.html", release=None, next=inside(request.query_params.get("next", "")))


async def sign_in(request: Request, context: Here) -> Response:
    """Take a login and its password, or a key, from the form and answer with a cookie that stands for the account."""
    if not _same_origin(request):
        raise Refused(403, "other-origin", "Sign in on the service's own page.")
    form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    wanted, address = inside(form.get("next", "")), request.client.host if request.client else ""
    login = folded(form.get("login", ""))[:200]
    if wait := await run_in_threadpool(context.attempts.begin, login or _KEY, address):
        answer = page(request, "sign_in.html", release=None, status=429, next=wanted, wait=wait)
        answer.headers["Retry-After"] = str(wait)
        return answer
    cookie = await run_in_threadpool(_cookie, context, login, form, address)
    if cookie is None:
        return page(request, "sign_in.html", release=None, status=401, next=wanted, refused=True)
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


def sign_out() -> Response:
    """Let go of the cookie."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return answer


def _cookie(context: Context, login: str, form: Mapping[str, str], address: str) -> str | None:
    """Return the cookie of a new session, or None where password or key are wrong; both are written down."""
    account, tenant_id, stamp = "", None, ""
    if login:
        with context.store.reading() as session:
            user = verify_password(session, login, form.get("password", ""))
        if user is not None:
            account, tenant_id, stamp = user.account, user.tenant_id, user.stamp
    elif (principal := context.keys.verify(form.get("key", "").strip())) is not None:
        account, tenant_id = f"key:{principal.prefix}", principal.tenant_id
    now = datetime.now(UTC)
    with context.store.writing() as session:
        if not account:
            audit(session, Action.SIGN_IN_FAILED, actor="nobody", at=now, subject=login or _KEY, address=address)
            return None
        forget(session, login or _KEY, address)
        audit(session, Action.SIGNED_IN, actor=account, at=now, subject=account, tenant_id=tenant_id, address=address)
        if login:
            note_seen(session, login, at=now)
    return context.sessions.issue(account, stamp)


def _same_origin(request: Request) -> bool:
    return not from_elsewhere(request.headers.get("origin"), request.headers.get("host"))

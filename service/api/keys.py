"""Who asks: keys and console sessions, checked against the store and remembered for a moment."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

import structlog

from service.accounts.grants import granters
from service.accounts.roles import DEFAULT_TENANT, Permission, Role, permitted
from service.accounts.speaking import organisations_of
from service.accounts.users import User, find_user
from service.api.problems import Refused
from service.api.sessions import SignedIn
from service.store import ApiKey, Store, StoreError, find_key, touch_key, verify_key
from service.visibility import Audience

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

REMEMBERED: Final = 2.0
"""Seconds that a key found good is not looked up again: a revoked one works this much longer at most."""

_MOST: Final = 10_000  # keys remembered at once
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Principal:
    """Who was let in, how, and what they may do: as it was at most ``REMEMBERED`` seconds ago."""

    prefix: str  # of the key; empty for who signed in with a password
    name: str
    by_cookie: bool = False
    role: Role = Role.VIEWER
    tenant_id: str = DEFAULT_TENANT
    scopes: frozenset[Permission] | None = None  # None: all that the role permits
    user: str | None = None  # login of who signed in with a password
    granted_by: frozenset[str] = frozenset()  # tenants that let this one see their "partners" records
    organisations: frozenset[str] = frozenset()  # that the account speaks for
    csrf: str = ""  # the token of a console session, see service.accounts.csrf

    @property
    def actor(self) -> str:
        """Name in a record's history."""
        return f"user:{self.user}" if self.user else f"key:{self.prefix}"

    @cached_property
    def audience(self) -> Audience:
        """What confidentiality asks of who looks."""
        return Audience.of(permitted(self.role, self.scopes), self.tenant_id, self.granted_by)

    def may(self, permission: Permission) -> bool:
        """Say whether something is permitted."""
        return permission in permitted(self.role, self.scopes)

    def require(self, permission: Permission) -> None:
        """Raise Refused (403, "not-permitted") unless something is permitted."""
        if not self.may(permission):
            whose = (
                f"The role {self.role.value}" if self.scopes is None else f"This key (role {self.role.value}, scopes)"
            )
            detail = f"{whose} does not permit {permission.value!r}; ask an administrator of {self.tenant_id!r}."
            raise Refused(403, "not-permitted", detail, permission=permission.value)


class KeyRing:
    """Knows good keys. Safe to share among threads; asking the store is left to a thread by the caller."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[float, Principal]] = {}
        self._used: set[str] = set()

    def recall(self, credential: str) -> Principal | None:
        """Return who a credential belongs to if it was found good a moment ago."""
        found = self._known.get(_digest(credential))
        return found[1] if found and self._clock() < found[0] else None

    def verify(self, key: str) -> Principal | None:
        """Ask the store whether a key is good, and remember it if so."""
        with self._store.reading() as session:
            found = verify_key(session, key, at=datetime.now(UTC))
            principal = _of_key(session, found) if found else None
        return self._remember(key, principal)

    def verify_session(self, signed_in: SignedIn, cookie: str) -> Principal | None:
        """Ask whether the account that a signed cookie names is still good, and remember the cookie if so."""
        now = datetime.now(UTC)
        kind, _, name = signed_in.account.partition(":")
        principal: Principal | None = None
        with self._store.reading() as session:
            if kind == "key":
                found = find_key(session, name)
                principal = _of_key(session, found) if found and found.is_good(now) else None
            elif (user := find_user(session, name)) and user.disabled_at is None and user.stamp == signed_in.stamp:
                principal = _of_user(session, user)
        return self._remember(cookie, principal and replace(principal, by_cookie=True, csrf=signed_in.csrf))

    def note_uses(self) -> None:
        """Write down which keys were used since the last time; a store that is busy is tried again later."""
        with self._lock:
            used, self._used = self._used, set()
        if not used:
            return
        try:
            with self._store.writing() as session:
                for prefix in sorted(used):
                    touch_key(session, prefix, at=datetime.now(UTC))
        except StoreError as error:
            _log.warning("uses of keys not written", error=str(error))

    def _remember(self, credential: str, principal: Principal | None) -> Principal | None:
        if principal is None:
            return None
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[_digest(credential)] = (self._clock() + REMEMBERED, principal)
            if principal.prefix:
                self._used.add(principal.prefix)
        return principal


def _of_key(session: Session, key: ApiKey) -> Principal:
    return Principal(
        prefix=key.prefix,
        name=key.name,
        role=key.role,
        tenant_id=key.tenant_id,
        scopes=key.scopes,
        granted_by=granters(session, key.tenant_id),
        organisations=organisations_of(session, f"key:{key.prefix}"),
    )


def _of_user(session: Session, user: User) -> Principal:
    return Principal(
        prefix="",
        name=user.login,
        role=user.role,
        tenant_id=user.tenant_id,
        user=user.login,
        granted_by=granters(session, user.tenant_id),
        organisations=organisations_of(session, user.account),
    )


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()

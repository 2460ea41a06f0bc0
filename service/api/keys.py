"""Who asks: API keys, checked against the store and remembered for a moment; and the console's signed cookie."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from service.accounts.grants import granters
from service.accounts.roles import DEFAULT_TENANT, Permission, Role, permitted
from service.api.problems import Refused
from service.store import ApiKey, Store, StoreError, list_keys, touch_key, verify_key
from service.visibility import Audience

REMEMBERED: Final = 2.0
"""Seconds that a key found good is not looked up again: a revoked one works this much longer at most."""

SESSION_SECONDS: Final = 12 * 3600  # a working day; then the key is asked for again
COOKIE: Final = "matcher_session"
_MOST: Final = 10_000  # keys remembered at once
_SALT: Final = "matcher-session-1"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who was let in, how, and what they may do: as it was at most ``REMEMBERED`` seconds ago."""

    prefix: str
    name: str
    by_cookie: bool = False
    role: Role = Role.VIEWER
    tenant_id: str = DEFAULT_TENANT
    scopes: frozenset[Permission] | None = None  # None: all that the role permits
    user: str | None = None  # login of who signed in with a password
    granted_by: frozenset[str] = frozenset()  # tenants that let this one see their "partners" records

    @property
    def actor(self) -> str:
        """Name in a record's history."""
        return f"user:{self.user}" if self.user else f"key:{self.prefix}"

    @property
    def audience(self) -> Audience:
        """What confidentiality asks of who looks."""
        own = frozenset({self.tenant_id})
        return Audience(
            partners=own | self.granted_by if self.may(Permission.READ_PARTNERS) else frozenset(),
            broker_only=own if self.may(Permission.READ_BROKER_ONLY) else frozenset(),
        )

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
            partners = granters(session, found.tenant_id) if found else frozenset()
        return self._remember(key, found, partners, by_cookie=False)

    def verify_prefix(self, prefix: str, cookie: str) -> Principal | None:
        """Ask whether the key that a signed cookie names is still good, and remember the cookie if so."""
        now = datetime.now(UTC)
        with self._store.reading() as session:
            found = next((key for key in list_keys(session) if key.prefix == prefix and _good(key, now)), None)
            partners = granters(session, found.tenant_id) if found else frozenset()
        return self._remember(cookie, found, partners, by_cookie=True)

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

    def _remember(
        self, credential: str, key: ApiKey | None, partners: frozenset[str], *, by_cookie: bool
    ) -> Principal | None:
        if key is None:
            return None
        principal = Principal(key.prefix, key.name, by_cookie, key.role, key.tenant_id, key.scopes, granted_by=partners)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[_digest(credential)] = (self._clock() + REMEMBERED, principal)
            self._used.add(key.prefix)
        return principal


class Sessions:
    """Signs and reads the console's cookie, which holds the prefix of a key and never the key."""

    def __init__(self, secret: str) -> None:
        from itsdangerous import URLSafeTimedSerializer

        self._signer = URLSafeTimedSerializer(secret, salt=_SALT)

    def issue(self, prefix: str) -> str:
        """Return the cookie's value for a key that was just verified."""
        return str(self._signer.dumps(prefix))

    def prefix_of(self, cookie: str) -> str | None:
        """Return the key's prefix, or None for a cookie that is forged or too old."""
        from itsdangerous import BadData

        try:
            prefix = self._signer.loads(cookie, max_age=SESSION_SECONDS)
        except BadData:
            return None
        return prefix if isinstance(prefix, str) else None


def session_secret(data_dir: Path) -> str:
    """Return the secret that cookies are signed with; made once, readable by this user alone.

    Several workers may start at once: one of them makes it, all read the same.
    """
    path = data_dir / "session-secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f".session-secret-{os.getpid()}-{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as sink:
            sink.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails where another worker was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _good(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode()).digest()

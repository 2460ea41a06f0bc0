"""API keys: shown once when made, kept as a hash."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from service.accounts.roles import DEFAULT_TENANT, Permission, Role
from service.store.models import KeyRow, is_

_LABEL: Final = "pm"  # lets a scanner for leaked secrets know one
_PREFIX_BYTES: Final = 6  # 12 hexadecimal characters: names a key in lists and logs
_FORM: Final = re.compile(rf"{_LABEL}_(?P<prefix>[0-9a-f]+)_[A-Za-z0-9_-]+")
_SECRET_BYTES: Final = 32  # 256 bits: nothing to guess, so one unsalted SHA-256 is enough


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    prefix: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    role: Role = Role.BROKER
    tenant_id: str = DEFAULT_TENANT
    scopes: frozenset[Permission] | None = None  # None: all that the role permits

    def is_good(self, at: datetime) -> bool:
        """Say whether it opens anything at a moment: neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a key is made for."""

    role: Role = Role.BROKER
    tenant_id: str = DEFAULT_TENANT
    scopes: Collection[Permission] | None = None  # None: all that the role permits; reading is always among them


_BROKER: Final = Rights()


def make_key(
    session: Session, *, name: str, at: datetime, expires_at: datetime | None = None, rights: Rights = _BROKER
) -> str:
    """Make a key and return it, the only time it can be seen. Its second part, between underscores, is its prefix."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    plaintext = f"{_LABEL}_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    row = {
        "prefix": prefix,
        "sha256": _hash(plaintext),
        "name": name,
        "created_at": at,
        "expires_at": expires_at,
        "tenant_id": rights.tenant_id,
        "role": rights.role.value,
        "scopes": None if rights.scopes is None else json.dumps(sorted({Permission.READ, *rights.scopes})),
    }
    session.execute(insert(KeyRow).values(row))
    return plaintext


def verify_key(session: Session, plaintext: str, *, at: datetime) -> ApiKey | None:
    """Return the key if it is ours, not revoked and not expired; the time taken does not tell how near it was."""
    found = _FORM.fullmatch(plaintext)
    prefix = found["prefix"] if found else ""
    row = session.execute(select(KeyRow).where(KeyRow.prefix == prefix)).scalar_one_or_none()
    same = hmac.compare_digest(_hash(plaintext), row.sha256 if row else _hash(""))
    key = _key(row) if row is not None and same else None
    return key if key is not None and key.is_good(at) else None


def touch_key(session: Session, prefix: str, *, at: datetime) -> None:
    """Note that a key was used. A write: callers do so now and then, not at every request."""
    session.execute(update(KeyRow).where(KeyRow.prefix == prefix).values(last_used_at=at))


def revoke_key(session: Session, prefix: str, *, at: datetime) -> bool:
    """End a key for good; False if there is none of that prefix still valid."""
    ended = update(KeyRow).where(KeyRow.prefix == prefix, KeyRow.revoked_at.is_(None)).values(revoked_at=at)
    return session.execute(ended.returning(KeyRow.prefix)).first() is not None


def find_key(session: Session, prefix: str) -> ApiKey | None:
    """Return the key of a prefix, good or not; None if there is none."""
    row = session.execute(select(KeyRow).where(is_(KeyRow.prefix, prefix))).scalar_one_or_none()
    return None if row is None else _key(row)


def list_keys(session: Session) -> tuple[ApiKey, ...]:
    """Return every key, revoked ones too, oldest first."""
    return tuple(
        _key(row) for row in session.execute(select(KeyRow).order_by(KeyRow.created_at, KeyRow.prefix)).scalars()
    )


def _hash(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()


def _key(row: KeyRow) -> ApiKey:
    return ApiKey(
        prefix=row.prefix,
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        role=Role(row.role),
        tenant_id=row.tenant_id,
        scopes=None if row.scopes is None else _scopes(row.scopes),
    )


def _scopes(text: str) -> frozenset[Permission]:
    """Read scopes; one that an older program wrote and this one does not know permits nothing."""
    known = {permission.value for permission in Permission}
    return frozenset(Permission(name) for name in json.loads(text) if name in known)

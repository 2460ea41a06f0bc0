"""Keys as accounts: made, listed and ended with a line in the audit log each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.accounts.roles import DEFAULT_TENANT, Permission, Role
from service.accounts.speaking import speak_for
from service.accounts.tenants import require_tenant
from service.store import ApiKey, Rights, find_key, make_key, revoke_key


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is made of."""

    name: str
    role: Role = Role.BROKER
    tenant_id: str = DEFAULT_TENANT
    scopes: Collection[Permission] | None = None  # None: all that the role permits
    expires_at: datetime | None = None
    organisations: Collection[str] = ()  # that the key speaks for


def issue_key(session: Session, new: NewKey, *, actor: str, at: datetime) -> str:
    """Make a key and return it, the only time it can be seen.

    Raises BadInput on an unknown tenant or organisation, and on a name of nothing.
    """
    require_tenant(session, new.tenant_id)
    name = new.name.replace("\x00", "")[:200]
    if not name.strip():
        raise BadInput("name", expected="whose key it is or what it is for", got=new.name, fix="lists tell it by that")
    rights = Rights(new.role, new.tenant_id, new.scopes)
    made = make_key(session, name=name, at=at, expires_at=new.expires_at, rights=rights)
    account = f"key:{prefix_of(made)}"
    facts = {"name": name, "role": new.role.value}
    audit(session, Action.KEY_MADE, actor=actor, at=at, subject=account, tenant_id=new.tenant_id, **facts)
    speak_for(session, account, new.organisations, actor=actor, at=at)
    return made


def end_key(session: Session, prefix: str, *, actor: str, at: datetime, tenant_id: str | None = None) -> ApiKey:
    """Revoke a key, of one tenant if one is named, and return it. Raises BadInput if there is none still good."""
    known = find_key(session, prefix)
    ours = known is not None and tenant_id in {None, known.tenant_id}
    if known is None or not ours or not revoke_key(session, prefix, at=at):
        raise BadInput("prefix", expected="the prefix of a key still good", got=prefix, fix="see matcher keys list")
    audit(session, Action.KEY_REVOKED, actor=actor, at=at, subject=f"key:{prefix}", tenant_id=known.tenant_id)
    return replace(known, revoked_at=at)


def prefix_of(key: str) -> str:
    """Return the part of a key that names it in lists and logs; not secret."""
    return key.split("_")[1]

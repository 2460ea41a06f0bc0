"""Grants: a tenant lets another one see its "partners" records. One way only, and not passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.accounts.tenants import require_tenant
from service.store.models import GrantRow, is_


@dataclass(frozen=True, slots=True)
class Grant:
    """One tenant's leave for another."""

    tenant_id: str
    granted_to: str
    created_at: datetime
    created_by: str


def granters(session: Session, tenant_id: str) -> frozenset[str]:
    """Return the tenants whose "partners" records a tenant may see besides its own."""
    query = select(GrantRow.tenant_id).where(is_(GrantRow.granted_to, tenant_id))
    return frozenset(session.execute(query).scalars())


def list_grants(session: Session) -> tuple[Grant, ...]:
    """Return every grant, in the order of who grants."""
    query = select(GrantRow).order_by(GrantRow.tenant_id, GrantRow.granted_to)
    return tuple(
        Grant(row.tenant_id, row.granted_to, row.created_at, row.created_by) for row in session.execute(query).scalars()
    )


def grant(session: Session, tenant_id: str, granted_to: str, *, actor: str, at: datetime) -> bool:
    """Let ``granted_to`` see the "partners" records of a tenant; False if it does already. Raises BadInput."""
    for each in (tenant_id, granted_to):
        require_tenant(session, each)
    if tenant_id == granted_to:
        raise BadInput("granted_to", expected="another tenant", got=granted_to, fix="a tenant sees its own records")
    if granted_to in {each.granted_to for each in list_grants(session) if each.tenant_id == tenant_id}:
        return False
    row = {"tenant_id": tenant_id, "granted_to": granted_to, "created_at": at, "created_by": actor}
    session.execute(insert(GrantRow).values(row))
    audit(session, Action.GRANTED, actor=actor, at=at, subject=granted_to, tenant_id=tenant_id)
    return True


def revoke_grant(session: Session, tenant_id: str, granted_to: str, *, actor: str, at: datetime) -> bool:
    """Take a grant back, within seconds on running servers; False if there is none."""
    gone = delete(GrantRow).where(is_(GrantRow.tenant_id, tenant_id), is_(GrantRow.granted_to, granted_to))
    if session.execute(gone.returning(GrantRow.tenant_id)).first() is None:
        return False
    audit(session, Action.GRANT_REVOKED, actor=actor, at=at, subject=granted_to, tenant_id=tenant_id)
    return True

"""Tenants: institutions that keep records of their own in one store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.store.models import TenantRow, is_

_FORM: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Tenant:
    """An institution."""

    id: str
    name: str
    created_at: datetime


def list_tenants(session: Session) -> tuple[Tenant, ...]:
    """Return every tenant in the order of the ids."""
    rows = session.execute(select(TenantRow).order_by(TenantRow.id)).scalars()
    return tuple(Tenant(row.id, row.name, row.created_at) for row in rows)


def require_tenant(session: Session, tenant_id: str) -> None:
    """Raise BadInput unless there is such a tenant."""
    if session.execute(select(TenantRow.id).where(is_(TenantRow.id, tenant_id))).first() is None:
        known = ", ".join(tenant.id for tenant in list_tenants(session))
        raise BadInput("tenant", expected=f"one of {known}", got=tenant_id, fix="matcher accounts tenant makes one")


def make_tenant(session: Session, tenant_id: str, name: str, *, actor: str, at: datetime) -> Tenant:
    """Make a tenant. Raises BadInput on an id that is taken or not of lower-case letters, digits and hyphens."""
    if not _FORM.fullmatch(tenant_id):
        raise BadInput("tenant", expected="1 to 63 lower-case letters, digits and hyphens", got=tenant_id)
    if tenant_id in {tenant.id for tenant in list_tenants(session)}:
        raise BadInput("tenant", expected="an id that is not taken", got=tenant_id, fix="matcher accounts list")
    name = name.strip()[:200] or tenant_id
    session.execute(insert(TenantRow).values({"id": tenant_id, "name": name, "created_at": at}))
    audit(session, Action.TENANT_MADE, actor=actor, at=at, subject=tenant_id, tenant_id=tenant_id)
    return Tenant(tenant_id, name, at)

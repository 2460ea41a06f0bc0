"""The audit log: what must be answered for, written in the transaction of what was done and never changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service.store.models import AuditRow, is_


class Action(StrEnum):
    """What is written down."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    KEY_MADE = "key_made"
    KEY_REVOKED = "key_revoked"
    TENANT_MADE = "tenant_made"
    USER_MADE = "user_made"
    USER_DISABLED = "user_disabled"
    ROLE_CHANGED = "role_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - says that it was, not what it is
    GRANTED = "granted"
    GRANT_REVOKED = "grant_revoked"
    SPEAKS_FOR = "speaks_for"
    CONFIDENTIALITY_CHANGED = "confidentiality_changed"
    EXPORTED = "exported"
    MERGED = "merged"
    UNMERGED = "unmerged"
    DISTINGUISHED = "distinguished"
    UNDISTINGUISHED = "undistinguished"
    ERASED = "erased"
    REVIEWED = "reviewed"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    SCORER_PROMOTED = "scorer_promoted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log, with its number (growing)."""

    number: int
    at: datetime
    actor: str
    tenant_id: str | None
    action: Action
    subject: str
    facts: Mapping[str, Any]


def audit(
    session: Session,
    action: Action,
    *,
    actor: str,
    at: datetime,
    subject: str = "",
    tenant_id: str | None = None,
    **facts: Any,
) -> int:
    """Append a line to the log in the session's transaction and return its number.

    ``actor`` is ``Principal.actor`` or the name of a command; ``facts`` are JSON values and hold no secret.
    """
    row = {
        "at": at,
        "actor": actor[:210],
        "tenant_id": tenant_id,
        "action": action.value,
        "subject": subject.replace("\x00", "")[:500],
        "facts": json.dumps(facts, ensure_ascii=False, sort_keys=True),
    }
    return session.execute(insert(AuditRow).values(row).returning(AuditRow.number)).scalar_one()


def list_audit(
    session: Session,
    *,
    action: Action | None = None,
    actor: str | None = None,
    before: int | None = None,
    limit: int = 100,
    tenant_id: str | None = None,
) -> tuple[Entry, ...]:
    """Return lines, the newest first, those numbered under ``before``; of every tenant when none is named."""
    query = select(AuditRow).order_by(AuditRow.number.desc()).limit(limit)
    if action is not None:
        query = query.where(AuditRow.action == action.value)
    if actor is not None:
        query = query.where(is_(AuditRow.actor, actor))
    if tenant_id is not None:
        query = query.where(is_(AuditRow.tenant_id, tenant_id))
    if before is not None:
        query = query.where(AuditRow.number < before)
    return tuple(
        Entry(row.number, row.at, row.actor, row.tenant_id, Action(row.action), row.subject, json.loads(row.facts))
        for row in session.execute(query).scalars()
    )

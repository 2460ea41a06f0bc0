"""Users: role mailboxes that sign in on the console. No person is named."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.accounts.passwords import hashed, is_right
from service.accounts.roles import DEFAULT_TENANT, Role
from service.accounts.speaking import speak_for
from service.accounts.tenants import require_tenant
from service.store.models import UserRow, is_

_FORM: Final = re.compile(r"[^\s@:\x00-\x1f]{1,100}@[^\s@:\x00-\x1f]{1,99}")
_FIX: Final = "matcher accounts list shows them"


@dataclass(frozen=True, slots=True)
class User:
    """An account that signs in; the password is not known."""

    login: str
    tenant_id: str
    role: Role
    stamp: str
    created_at: datetime
    last_seen_at: datetime | None
    disabled_at: datetime | None
    has_password: bool

    @property
    def account(self) -> str:
        """Name in the audit log and in histories."""
        return f"user:{self.login}"


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a user is made of. Without a password they sign in with a key only."""

    login: str
    role: Role
    tenant_id: str = DEFAULT_TENANT
    password: str | None = None
    organisations: Collection[str] = ()  # that the account speaks for


def make_user(session: Session, new: NewUser, *, actor: str, at: datetime) -> User:
    """Make a user. Raises BadInput on a login that is taken or no mailbox, an unknown tenant, or a weak password."""
    login = folded(new.login)
    if not _FORM.fullmatch(login):
        fix = "use the mailbox of a role (desk@bank.example), not of a person"
        raise BadInput("login", expected="a mailbox", got=new.login, fix=fix)
    require_tenant(session, new.tenant_id)
    if find_user(session, login) is not None:
        raise BadInput("login", expected="a login that is not taken", got=login, fix=_FIX)
    row = {
        "login": login,
        "tenant_id": new.tenant_id,
        "role": new.role.value,
        "password_hash": "" if new.password is None else hashed(new.password),
        "stamp": secrets.token_hex(8),
        "created_at": at,
    }
    session.execute(insert(UserRow).values(row))
    facts = {"role": new.role.value}
    audit(session, Action.USER_MADE, actor=actor, at=at, subject=f"user:{login}", tenant_id=new.tenant_id, **facts)
    speak_for(session, f"user:{login}", new.organisations, actor=actor, at=at)
    return require_user(session, login)


def find_user(session: Session, login: str) -> User | None:
    """Return a user, disabled or not; None if there is none."""
    row = session.execute(select(UserRow).where(is_(UserRow.login, folded(login)))).scalar_one_or_none()
    return None if row is None else _user(row)


def require_user(session: Session, login: str) -> User:
    """Return a user; raises BadInput if there is none."""
    found = find_user(session, login)
    if found is None:
        raise BadInput("login", expected="the login of a user", got=login, fix=_FIX)
    return found


def list_users(session: Session) -> tuple[User, ...]:
    """Return every user, disabled ones too, in the order of the logins."""
    return tuple(_user(row) for row in session.execute(select(UserRow).order_by(UserRow.login)).scalars())


def verify_password(session: Session, login: str, password: str) -> User | None:
    """Return the user if the password is right and they are not disabled; the time taken tells nothing."""
    row = session.execute(select(UserRow).where(is_(UserRow.login, folded(login)))).scalar_one_or_none()
    right = is_right(password, row.password_hash if row else "")
    return _user(row) if row is not None and right and row.disabled_at is None else None


def note_seen(session: Session, login: str, *, at: datetime) -> None:
    """Note that a user signed in."""
    session.execute(update(UserRow).where(UserRow.login == login).values(last_seen_at=at))


def change_role(session: Session, login: str, role: Role, *, actor: str, at: datetime) -> User:
    """Give a user another role, within seconds on running servers. Raises BadInput."""
    user = require_user(session, login)
    session.execute(update(UserRow).where(UserRow.login == user.login).values(role=role.value))
    facts = {"before": user.role.value, "after": role.value}
    audit(session, Action.ROLE_CHANGED, actor=actor, at=at, subject=user.account, tenant_id=user.tenant_id, **facts)
    return require_user(session, login)


def change_password(session: Session, login: str, password: str, *, actor: str, at: datetime) -> User:
    """Give a user another password; sessions under the old one end. Raises BadInput."""
    user = require_user(session, login)
    new = {"password_hash": hashed(password), "stamp": secrets.token_hex(8)}
    session.execute(update(UserRow).where(UserRow.login == user.login).values(new))
    audit(session, Action.PASSWORD_CHANGED, actor=actor, at=at, subject=user.account, tenant_id=user.tenant_id)
    return require_user(session, login)


def disable_user(session: Session, login: str, *, actor: str, at: datetime) -> User:
    """End a user for good, and their sessions within seconds. Raises BadInput."""
    user = require_user(session, login)
    if user.disabled_at is None:
        session.execute(update(UserRow).where(UserRow.login == user.login).values(disabled_at=at))
        audit(session, Action.USER_DISABLED, actor=actor, at=at, subject=user.account, tenant_id=user.tenant_id)
    return require_user(session, login)


def folded(login: str) -> str:
    """Return a login as it is kept: mailboxes differ by more than case."""
    return login.strip().lower()


def _user(row: UserRow) -> User:
    return User(
        login=row.login,
        tenant_id=row.tenant_id,
        role=Role(row.role),
        stamp=row.stamp,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        disabled_at=row.disabled_at,
        has_password=bool(row.password_hash),
    )

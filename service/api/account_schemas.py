"""What the routes of accounts take and send. Keys and passwords are sent once or never, and are in no list."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from service.accounts.audit import Action
from service.accounts.roles import Permission, Role
from service.api.bodies import Body
from service.api.schemas import Sent

Tenant = Annotated[
    str | None, Field(max_length=64, description="The asker's own where none is named.", examples=["north-bank"])
]
Organisations = Annotated[
    list[str], Field(max_length=100, description="Whose records a provider or need owner may confirm.")
]


class TenantIn(Body):
    """A tenant to be made."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", examples=["north-bank"])]
    name: Annotated[str, Field(max_length=200, examples=["Northern technology bank"])] = ""


class GrantIn(Body):
    """A grant to be made: another tenant may see the "partners" records of this one."""

    granted_to: Annotated[str, Field(max_length=64, examples=["south-hub"])]
    tenant_id: Tenant = None


class UserIn(Body):
    """A user to be made; without a password they sign in with a key only."""

    login: Annotated[str, Field(max_length=200, examples=["desk@bank.example"], description="A role's mailbox.")]
    role: Role
    tenant_id: Tenant = None
    password: Annotated[str | None, Field(max_length=1_000, description="12 characters at least.")] = None
    organisations: Organisations = Field(default_factory=list)


class UserPatch(Body):
    """What is to change of a user; what is left out stays."""

    role: Role | None = None
    password: Annotated[str | None, Field(max_length=1_000)] = None
    disabled: Annotated[bool | None, Field(description="true ends the account for good.")] = None
    organisations: Annotated[list[str] | None, Field(max_length=100, description="Organisations to add.")] = None


class KeyIn(Body):
    """A key to be made."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["the desk's spreadsheet"])]
    role: Role = Role.BROKER
    tenant_id: Tenant = None
    scopes: Annotated[
        list[Permission] | None, Field(description="Narrows the role; null permits all that the role does.")
    ] = None
    expires_at: Annotated[datetime | None, Field(description="With its zone; null never.")] = None
    organisations: Organisations = Field(default_factory=list)


class TenantOut(Sent):
    """An institution that keeps records here."""

    id: str
    name: str
    created_at: datetime
    shares_with: Annotated[list[str], Field(description='Tenants that see its "partners" records.')]


class UserOut(Sent):
    """Somebody who signs in."""

    login: str
    tenant_id: str
    role: Role
    organisations: list[str]
    has_password: bool
    created_at: datetime
    last_seen_at: datetime | None
    disabled_at: datetime | None


class AccountsOut(Sent):
    """Tenants and users that the asker administers."""

    tenants: list[TenantOut]
    users: list[UserOut]


class KeyOut(Sent):
    """What is known of a key; the key itself is not kept."""

    prefix: Annotated[str, Field(examples=["3f9c1d2b4e5f"])]
    name: str
    role: Role
    tenant_id: str
    scopes: list[Permission] | None
    organisations: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeysOut(Sent):
    """Every key that the asker administers, oldest first, revoked ones too."""

    items: list[KeyOut]


class KeyMadeOut(Sent):
    """A new key."""

    key: Annotated[str, Field(description="The only time it can be seen.", examples=["pm_3f9c1d2b4e5f_..."])]
    known: KeyOut


class AuditEntryOut(Sent):
    """One line of the log."""

    number: int
    at: datetime
    actor: Annotated[str, Field(examples=["user:desk@bank.example", "key:3f9c1d2b4e5f", "matcher keys"])]
    tenant_id: str | None
    action: Action
    subject: str
    facts: dict[str, Any]


class AuditOut(Sent):
    """Lines of the audit log, the newest first."""

    items: list[AuditEntryOut]
    before: Annotated[int | None, Field(description="Give it as before to read on; null at the end.")]


TENANT_EXAMPLES: Final = {
    "bank": {"summary": "A bank of the north", "value": {"id": "north-bank", "name": "Northern technology bank"}}
}
GRANT_EXAMPLES: Final = {
    "hub": {"summary": "The hub sees what is shared with partners", "value": {"granted_to": "south-hub"}}
}
USER_EXAMPLES: Final = {
    "desk": {
        "summary": "A broker's desk, without a password",
        "value": {"login": "desk@bank.example", "role": "broker"},
    }
}
PATCH_EXAMPLES: Final = {"role": {"summary": "Another role", "value": {"role": "viewer"}}}
KEY_EXAMPLES: Final = {
    "tool": {"summary": "A key that only reads", "value": {"name": "the desk's spreadsheet", "role": "viewer"}}
}

MODELS: Final = (TenantIn, GrantIn, UserIn, UserPatch, KeyIn)
"""Bodies, for the interface's document."""

"""The roles of accounts and what each permits; not the roles of organisations (matcher.vocabulary.Role)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is there for."""

    VIEWER = "viewer"
    PROVIDER = "provider"
    NEED_OWNER = "need_owner"
    BROKER = "broker"
    ANALYST = "analyst"
    OPERATOR = "operator"
    ADMIN = "admin"


class Permission(StrEnum):
    """What a route asks for. A key may be narrowed to some of what its role permits: its scopes."""

    READ = "read"  # public records, and shortlists of them
    READ_PARTNERS = "read_partners"  # "partners" records of the own tenant and of those that granted it
    READ_BROKER_ONLY = "read_broker_only"  # "broker_only" records of the own tenant
    SAVE_RECORDS = "save_records"  # create, replace and withdraw records of the own tenant
    CONFIRM_OWN = "confirm_own"  # profile, slots and interest of the organisation the account speaks for
    REVIEW = "review"  # confirm or reject what was inferred
    IMPORT = "import"  # files, as a job
    EXPORT = "export"
    RECORD_OUTCOMES = "record_outcomes"  # events of pairs, dismissals, subscriptions
    APPROVE_RULES = "approve_rules"  # a hard rule that was proposed
    MERGE = "merge"  # organisations that are one
    ERASE = "erase"
    MEASURE = "measure"  # the shown log, metrics, judgements
    OPERATE = "operate"  # jobs of others, releases, backups
    ADMINISTER = "administer"  # tenants, users, keys, grants, the audit log


_READER: Final = frozenset({Permission.READ, Permission.READ_PARTNERS})
_OWNER: Final = _READER | {Permission.CONFIRM_OWN}
_BROKER: Final = _READER | {
    Permission.READ_BROKER_ONLY,
    Permission.SAVE_RECORDS,
    Permission.REVIEW,
    Permission.IMPORT,
    Permission.EXPORT,
    Permission.RECORD_OUTCOMES,
    Permission.APPROVE_RULES,
    Permission.MERGE,
}

PERMITS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.VIEWER: _READER,
    Role.PROVIDER: _OWNER,
    Role.NEED_OWNER: _OWNER,
    Role.BROKER: _BROKER,
    Role.ANALYST: _READER | {Permission.EXPORT, Permission.MEASURE},
    Role.OPERATOR: _READER
    | {
        Permission.IMPORT,
        Permission.EXPORT,
        Permission.MERGE,
        Permission.ERASE,
        Permission.MEASURE,
        Permission.OPERATE,
    },
    Role.ADMIN: frozenset(Permission),
}

DEFAULT_TENANT: Final = "default"
"""The tenant of everything that was there before there were tenants, and of imports that name none."""


def permitted(role: Role, scopes: Collection[Permission] | None) -> frozenset[Permission]:
    """Return what an account may do: what its role permits, narrowed to the scopes of its key if it has any."""
    return PERMITS[role] if scopes is None else PERMITS[role] & frozenset(scopes)

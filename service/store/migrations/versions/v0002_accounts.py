"""Tenants, users, grants, keys with roles, and the audit log."""

import sqlalchemy as sa
from alembic import op

from service.store.migrations.versions.v0001_first import _append_only, _code, _moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TENANT = "default"
_READS_AND_SAVES = '["read", "save_records"]'


def upgrade() -> None:
    """Give what is there to the default tenant. Keys made before there were roles keep the rights they had."""
    op.add_column("records", sa.Column("tenant_id", _code(64), nullable=False, server_default=_TENANT))
    op.add_column("api_keys", sa.Column("tenant_id", _code(64), nullable=False, server_default=_TENANT))
    op.add_column("api_keys", sa.Column("role", sa.String(20), nullable=False, server_default="broker"))
    op.add_column("api_keys", sa.Column("scopes", sa.Text))
    op.execute(sa.text("UPDATE api_keys SET scopes = :scopes").bindparams(scopes=_READS_AND_SAVES))
    _tenants()
    _users()
    _audit_log()


def _tenants() -> None:
    tenants = op.create_table(
        "tenants",
        sa.Column("id", _code(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
    )
    row = sa.select(sa.literal(_TENANT), sa.literal("Default"), sa.func.current_timestamp())
    op.execute(sa.insert(tenants).from_select(["id", "name", "created_at"], row))
    op.create_table(
        "tenant_grants",
        sa.Column("tenant_id", _code(64), nullable=False),
        sa.Column("granted_to", _code(64), nullable=False),
        _moment("created_at"),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "granted_to", name="pk_tenant_grants"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("login", _code(200), nullable=False),
        sa.Column("tenant_id", _code(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        _moment("created_at"),
        _moment("last_seen_at", nullable=True),
        _moment("disabled_at", nullable=True),
        sa.PrimaryKeyConstraint("login", name="pk_users"),
    )
    op.create_index("ix_users_tenant_id", "users", ["tenant_id"])
    op.create_table(
        "speaks_for",
        sa.Column("account", _code(210), nullable=False),
        sa.Column("organisation_id", _code(200), nullable=False),
        sa.PrimaryKeyConstraint("account", "organisation_id", name="pk_speaks_for"),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _moment("at"),
        sa.Column("actor", sa.String(210), nullable=False),
        sa.Column("tenant_id", _code(64)),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_action_at", "audit_log", ["action", "at"])
    _append_only("audit_log")

"""Attempts to sign in, counted by every process; pairs of organisations that a person says are two."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _code(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _number() -> sa.BigInteger:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables. A pair of organisations is told apart once at a time."""
    op.create_table(
        "sign_in_attempts",
        sa.Column("number", _number(), nullable=False),
        sa.Column("login", _code(200), nullable=False),
        sa.Column("address", _code(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_sign_in_attempts"),
    )
    for column in ("login", "address", "at"):
        op.create_index(f"ix_sign_in_attempts_{column}", "sign_in_attempts", [column])
    op.create_table(
        "organisation_distinctions",
        sa.Column("number", _number(), nullable=False),
        sa.Column("organisation_id", _code(200), nullable=False),
        sa.Column("other_organisation_id", _code(200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(210), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.String(210)),
        sa.PrimaryKeyConstraint("number", name="pk_organisation_distinctions"),
    )
    holds = sa.text("undone_at IS NULL")
    op.create_index(
        "ix_organisation_distinctions_active",
        "organisation_distinctions",
        ["organisation_id", "other_organisation_id"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )

"""Merges of organisations: two ids that a person says are one."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _code(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table. An organisation is absorbed by one other at a time."""
    op.create_table(
        "organisation_merges",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("organisation_id", _code(200), nullable=False),
        sa.Column("kept_organisation_id", _code(200), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.String(210), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("unmerged_at", sa.DateTime(timezone=True)),
        sa.Column("unmerged_by", sa.String(210)),
        sa.PrimaryKeyConstraint("number", name="pk_organisation_merges"),
    )
    active = sa.text("unmerged_at IS NULL")
    op.create_index(
        "ix_organisation_merges_active",
        "organisation_merges",
        ["organisation_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )

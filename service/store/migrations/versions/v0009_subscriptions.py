"""Subscriptions: whose news of releases is put where."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _code(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "subscriptions",
        sa.Column("id", _code(40), nullable=False),
        sa.Column("tenant_id", _code(64), nullable=False),
        sa.Column("owner", _code(210), nullable=False),
        sa.Column("need_id", _code(200)),
        sa.Column("needs", sa.Text, nullable=False),
        sa.Column("min_score", sa.Float, nullable=False),
        sa.Column("min_change", sa.Float, nullable=False),
        sa.Column("min_ranks", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("last_release", sa.String(200)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_tenant_id_owner", "subscriptions", ["tenant_id", "owner"])

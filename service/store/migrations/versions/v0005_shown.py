"""What was shown is kept, so that something can be learned from what was chosen."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _code(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "shown",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", _code(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("release_id", sa.String(200), nullable=False),
        sa.Column("need_id", _code(200), nullable=False),
        sa.Column("capability_id", _code(200), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("tier", sa.String(1), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_shown"),
    )
    op.create_index("ix_shown_at", "shown", ["at"])
    op.create_index("ix_shown_pair", "shown", ["tenant_id", "need_id", "capability_id"])

"""Events belong to a tenant, follow one another, correct one another, and say when the next action is due."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns; events written before follow nothing, so that nothing that is append-only is touched."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    tenant = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
    for column in (
        sa.Column("tenant_id", tenant, nullable=False, server_default="default"),
        sa.Column("confidentiality", sa.String(20), nullable=False, server_default="partners"),
        sa.Column("due_on", sa.Date()),
        sa.Column("corrects", number),
        sa.Column("follows", number),
    ):
        op.add_column("events", column)
    chained = ["tenant_id", "need_id", "capability_id", "follows"]
    op.create_index("uq_events_follows", "events", chained, unique=True)

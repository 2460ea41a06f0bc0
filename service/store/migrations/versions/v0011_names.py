"""What the owner of a subscription calls it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is there has no name."""
    op.add_column("subscriptions", sa.Column("name", sa.String(100), nullable=False, server_default=""))

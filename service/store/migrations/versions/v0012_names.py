"""What the owner of a subscription calls it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is there has no name."""
    op.add_column("subscriptions", sa.Column("name", sa.String(100)))

"""Posts that are done once."""

import sqlalchemy as sa
from alembic import op

from service.store.migrations.versions.v0001_first import _code, _moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of requests and their answers."""
    op.create_table(
        "requests_once",
        sa.Column("owner", _code(300), nullable=False),
        sa.Column("key", _code(110), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _moment("created_at"),
        sa.Column("status", sa.Integer),
        sa.Column("headers", sa.Text),
        sa.Column("body", sa.Text),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_requests_once"),
    )
    op.create_index("ix_requests_once_created_at", "requests_once", ["created_at"])

"""What may not be seen is found by indexes: every list asks for it, and few records are confidential or withdrawn."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes; they hold all that is asked for, so the records themselves are not read."""
    op.create_index("ix_records_confidentiality", "records", ["confidentiality", "tenant_id", "kind", "id"])
    op.create_index("ix_records_review_state", "records", ["review_state", "kind", "id"])

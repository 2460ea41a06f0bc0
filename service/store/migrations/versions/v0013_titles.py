"""People read lists by title: its first folded letters stand beside the record, and an index holds their order."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the folded words that are searched begin with the title."""
    key = sa.String(60).with_variant(sa.String(60, collation="C"), "postgresql")
    op.add_column("records", sa.Column("title_key", key, nullable=False, server_default=sa.text("''")))
    op.execute("UPDATE records SET title_key = substr(search_text, 1, 60)")
    op.create_index("ix_records_title_key", "records", ["kind", "title_key", "id"])

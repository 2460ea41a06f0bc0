"""The first tables. History goes forward only: the way back is a copy made before."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table, and the triggers that keep events and replaced versions as they were written."""
    _records()
    _record_versions()
    _record_facets()
    _events()
    _releases()
    _api_keys()
    for table in ("events", "record_versions"):
        _append_only(table)


def _code(length: int) -> sa.String:
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key_of_record() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("kind", _code(20), nullable=False), sa.Column("id", _code(200), nullable=False)


def _records() -> None:
    op.create_table(
        "records",
        *_key_of_record(),
        sa.Column("system", _code(500)),
        sa.Column("source_id", _code(200)),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("review_state", sa.String(20), nullable=False),
        sa.Column("confidentiality", sa.String(20), nullable=False),
        sa.Column("valid_until", sa.Date),
        _moment("stated_at", nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
        sa.Column("updated_by", sa.String(200), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_records"),
        sa.UniqueConstraint("kind", "system", "source_id", name="uq_records_kind_system_source_id"),
    )
    op.create_index("ix_records_kind_review_state", "records", ["kind", "review_state"])


def _record_versions() -> None:
    op.create_table(
        "record_versions",
        *_key_of_record(),
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        _moment("at"),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", "version", name="pk_record_versions"),
        sa.ForeignKeyConstraint(["kind", "id"], ["records.kind", "records.id"], name="fk_record_versions_records"),
    )


def _record_facets() -> None:
    op.create_table(
        "record_facets",
        sa.Column("facet", _code(20), nullable=False),
        sa.Column("value", _code(200), nullable=False),
        *_key_of_record(),
        sa.PrimaryKeyConstraint("facet", "value", "kind", "id", name="pk_record_facets"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_record_facets_record", "record_facets", ["kind", "id"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("need_id", _code(200), nullable=False),
        sa.Column("capability_id", _code(200), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        _moment("at"),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("reason_codes", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("release_id", sa.String(200)),
        sa.PrimaryKeyConstraint("number", name="pk_events"),
    )
    op.create_index("ix_events_need_id_capability_id", "events", ["need_id", "capability_id"])
    op.create_index("ix_events_capability_id", "events", ["capability_id"])


def _releases() -> None:
    op.create_table(
        "releases",
        sa.Column("id", _code(200), nullable=False),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        _moment("created_at"),
        _moment("published_at", nullable=True),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
    )
    op.create_index("ix_releases_run_id", "releases", ["run_id"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("prefix", _code(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        _moment("created_at"),
        _moment("expires_at", nullable=True),
        _moment("last_used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("prefix", name="pk_api_keys"),
    )


def _append_only(table: str) -> None:
    message = f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )

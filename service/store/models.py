"""The tables: one set for SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: written in UTC and read back as UTC on every database (SQLite itself forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse a moment without a zone: it could be any of 26 hours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a moment with its zone; got {value!r}; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _code(length: int) -> String:
    """Text ordered by code point on both databases, so that pages and snapshots come in one order everywhere."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def _number() -> Any:
    """Count rows: SQLite only numbers by itself what it calls INTEGER."""
    return BigInteger().with_variant(Integer, "sqlite")


_DEFAULT_TENANT: Final = "default"  # service.accounts.roles.DEFAULT_TENANT; kept equal by test
_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def is_(column: InstrumentedAttribute[Any], value: str) -> ColumnElement[bool]:
    """Compare with what somebody asked for. A NUL is in no column, and PostgreSQL refuses even to be asked."""
    return column == value if "\x00" not in value else false()


class Base(DeclarativeBase):
    """Names every constraint, so that a later migration can speak of it on both databases."""

    metadata = MetaData(naming_convention=_NAMES)


class RecordRow(Base):
    """The current version of a record. ``profile`` is its canonical JSON; the other columns only help to find it."""

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("kind", "system", "source_id"),
        Index("ix_records_kind_review_state", "kind", "review_state"),
        Index("ix_records_confidentiality", "confidentiality", "tenant_id", "kind", "id"),
        Index("ix_records_review_state", "review_state", "kind", "id"),
        Index("ix_records_title_key", "kind", "title_key", "id"),
    )

    kind: Mapped[str] = mapped_column(_code(20), primary_key=True)
    id: Mapped[str] = mapped_column(_code(200), primary_key=True)
    system: Mapped[str | None] = mapped_column(_code(500))
    source_id: Mapped[str | None] = mapped_column(_code(200))
    title: Mapped[str] = mapped_column(String(500))
    language: Mapped[str | None] = mapped_column(Text)
    review_state: Mapped[str] = mapped_column(String(20))  # absent in the profile counts as published
    confidentiality: Mapped[str] = mapped_column(String(20))  # kinds without the field are public
    valid_until: Mapped[date | None] = mapped_column(Date)
    stated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the profile's own updated_at
    version: Mapped[int] = mapped_column(Integer)  # from 1
    content_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)  # in this store
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)  # in this store: when this version was written
    updated_by: Mapped[str] = mapped_column(String(200))
    search_text: Mapped[str] = mapped_column(Text)  # folded words; stands before profile so that a scan stays short
    profile: Mapped[str] = mapped_column(Text)
    tenant_id: Mapped[str] = mapped_column(_code(64), server_default=_DEFAULT_TENANT)  # who owns it, for good
    title_key: Mapped[str] = mapped_column(_code(60), server_default=text("''"))  # what lists for people are ordered by


class VersionRow(Base):
    """A version that was replaced. Together with the current row it is the record's whole history."""

    __tablename__ = "record_versions"
    __table_args__ = (ForeignKeyConstraint(["kind", "id"], ["records.kind", "records.id"]),)

    kind: Mapped[str] = mapped_column(_code(20), primary_key=True)
    id: Mapped[str] = mapped_column(_code(200), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content_hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(200))
    profile: Mapped[str] = mapped_column(Text)


class FacetRow(Base):
    """A value of a record that people filter by: country, sector, sdg, organisation. Written only beside its record.

    No foreign key: PostgreSQL plans its check while ``records`` is empty and keeps scanning it row by row, which made
    an import of 20,000 records take half an hour instead of half a minute.
    """

    __tablename__ = "record_facets"
    __table_args__ = (
        Index("ix_record_facets_record", "kind", "id"),
        {"sqlite_with_rowid": False},  # the key is the whole row: without it SQLite would keep each twice
    )

    facet: Mapped[str] = mapped_column(_code(20), primary_key=True)
    value: Mapped[str] = mapped_column(_code(200), primary_key=True)
    kind: Mapped[str] = mapped_column(_code(20), primary_key=True)
    id: Mapped[str] = mapped_column(_code(200), primary_key=True)


class EventRow(Base):
    """What happened to a pair; triggers refuse to change or remove a row."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_need_id_capability_id", "need_id", "capability_id"),
        Index("ix_events_capability_id", "capability_id"),
        Index("uq_events_follows", "tenant_id", "need_id", "capability_id", "follows", unique=True),
    )

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    need_id: Mapped[str] = mapped_column(_code(200))
    capability_id: Mapped[str] = mapped_column(_code(200))
    actor: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    stage: Mapped[str] = mapped_column(String(40))
    reason_codes: Mapped[str] = mapped_column(Text)  # JSON list
    note: Mapped[str] = mapped_column(Text)
    release_id: Mapped[str | None] = mapped_column(String(200))  # no foreign key: the release's folder is what counts
    tenant_id: Mapped[str] = mapped_column(_code(64), server_default=_DEFAULT_TENANT)
    confidentiality: Mapped[str] = mapped_column(String(20), server_default="partners")
    due_on: Mapped[date | None] = mapped_column(Date)
    corrects: Mapped[int | None] = mapped_column(_number())  # an earlier event of the same pair and tenant
    follows: Mapped[int | None] = mapped_column(_number())  # the pair's event before; two cannot follow the same one


class ReleaseRow(Base):
    """A release that was built. Which one is served is said by CURRENT in the releases folder, not here."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(_code(200), primary_key=True)
    run_id: Mapped[str] = mapped_column(String(200), index=True)
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    manifest: Mapped[str] = mapped_column(Text)  # JSON object


class KeyRow(Base):
    """An API key; the key itself is not kept, only its hash."""

    __tablename__ = "api_keys"

    prefix: Mapped[str] = mapped_column(_code(16), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    tenant_id: Mapped[str] = mapped_column(_code(64), server_default=_DEFAULT_TENANT)
    role: Mapped[str] = mapped_column(String(20), server_default="broker")
    scopes: Mapped[str | None] = mapped_column(Text)  # JSON list of permissions; NULL is all that the role permits
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TenantRow(Base):
    """An institution that keeps records of its own here."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(_code(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GrantRow(Base):
    """A tenant lets another one see its "partners" records."""

    __tablename__ = "tenant_grants"

    tenant_id: Mapped[str] = mapped_column(_code(64), primary_key=True)  # who grants
    granted_to: Mapped[str] = mapped_column(_code(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(200))


class UserRow(Base):
    """Somebody who signs in: a role mailbox, never a person's name."""

    __tablename__ = "users"

    login: Mapped[str] = mapped_column(_code(200), primary_key=True)  # folded to lower case
    tenant_id: Mapped[str] = mapped_column(_code(64), index=True)
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2id, with its salt and cost
    stamp: Mapped[str] = mapped_column(String(32))  # changes with password and role: older sessions end
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SpeaksForRow(Base):
    """An account speaks for an organisation: it may confirm that organisation's records and no other's."""

    __tablename__ = "speaks_for"

    account: Mapped[str] = mapped_column(_code(210), primary_key=True)  # "user:<login>" or "key:<prefix>"
    organisation_id: Mapped[str] = mapped_column(_code(200), primary_key=True)


class AuditRow(Base):
    """What must be answered for; triggers refuse to change or remove a row."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_action_at", "action", "at"),)

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(210))  # "user:<login>", "key:<prefix>", or a command
    tenant_id: Mapped[str | None] = mapped_column(_code(64))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(500))  # what it was done to
    facts: Mapped[str] = mapped_column(Text)  # JSON object


class JobRow(Base):
    """Work that outlives a request; its files lie in the data folder."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state"), Index("ix_jobs_tenant_id_created_at", "tenant_id", "created_at"))

    id: Mapped[str] = mapped_column(_code(32), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_code(64))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(210))
    request: Mapped[str] = mapped_column(Text)  # JSON object
    attempts: Mapped[int] = mapped_column(Integer)  # how often it was begun
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[str | None] = mapped_column(Text)  # JSON object
    error: Mapped[str | None] = mapped_column(Text)


class MergeRow(Base):
    """Two ids that a person says are one organisation; taken back, the row stays."""

    __tablename__ = "organisation_merges"
    __table_args__ = (
        Index(
            "ix_organisation_merges_active",
            "organisation_id",
            unique=True,
            sqlite_where=text("unmerged_at IS NULL"),
            postgresql_where=text("unmerged_at IS NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(_code(200))  # absorbed
    kept_organisation_id: Mapped[str] = mapped_column(_code(200))
    merged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    merged_by: Mapped[str] = mapped_column(String(210))
    reason: Mapped[str] = mapped_column(Text)
    unmerged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unmerged_by: Mapped[str | None] = mapped_column(String(210))


class OnceRow(Base):
    """A post that is to be done once, with its answer when there is one."""

    __tablename__ = "requests_once"
    __table_args__ = (Index("ix_requests_once_created_at", "created_at"),)

    owner: Mapped[str] = mapped_column(_code(300), primary_key=True)
    key: Mapped[str] = mapped_column(_code(110), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))  # SHA-256 of address and body
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None] = mapped_column(Integer)  # NULL while it is being done
    headers: Mapped[str | None] = mapped_column(Text)  # JSON object
    body: Mapped[str | None] = mapped_column(Text)


class AttemptRow(Base):
    """An attempt to sign in that has not succeeded; forgotten when it does, and after a while."""

    __tablename__ = "sign_in_attempts"

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    login: Mapped[str] = mapped_column(_code(200), index=True)
    address: Mapped[str] = mapped_column(_code(100), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class DistinctionRow(Base):
    """Two organisations that a person says are not one; taken back, the row stays."""

    __tablename__ = "organisation_distinctions"
    __table_args__ = (
        Index(
            "ix_organisation_distinctions_active",
            "organisation_id",
            "other_organisation_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(_code(200))  # the lesser of the two
    other_organisation_id: Mapped[str] = mapped_column(_code(200))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(210))
    reason: Mapped[str] = mapped_column(Text)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(String(210))

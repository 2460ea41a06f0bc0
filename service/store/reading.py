"""Reading records: by id, through their history, a whole kind as one moment."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from matcher.profiles import Profile
from service.store.errors import UnknownRecord
from service.store.models import FacetRow, RecordRow, VersionRow, is_
from service.store.records import model_of

PAGE_LIMIT: Final = 500  # records on a page at most: a few megabytes of JSON
_SEARCH_WORDS: Final = 12  # each further word only narrows what the first ones found
_BATCH: Final = 500  # rows held at once while streaming
_ESCAPE: Final = "\\"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it stands in the store. ``profile.content_hash`` equals ``content_hash``."""

    kind: str
    id: str
    version: int
    content_hash: str
    created_at: datetime
    updated_at: datetime  # when this version was written
    updated_by: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record's history."""

    version: int
    content_hash: str
    at: datetime
    actor: str
    profile: str  # canonical JSON


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One record of a snapshot, unparsed."""

    id: str
    version: int
    content_hash: str
    profile: str  # canonical JSON; the kind's model reads it


def get_record(session: Session, kind: str, record_id: str) -> StoredRecord:
    """Return one record, withdrawn or not; raises UnknownRecord."""
    found = session.execute(
        columns_of_record().where(RecordRow.kind == known_kind(kind), is_(RecordRow.id, record_id))
    ).one_or_none()
    if found is None:
        raise UnknownRecord(kind, record_id)
    return stored_record(found)


def get_records(session: Session, kind: str, ids: Collection[str]) -> dict[str, StoredRecord]:
    """Return the records there are of those ids, by id; ask for a few hundred at a time."""
    asked = columns_of_record().where(RecordRow.kind == known_kind(kind), RecordRow.id.in_(held(ids)))
    return {row.id: stored_record(row) for row in session.execute(asked)}


def count_records(session: Session) -> dict[str, int]:
    """Return how many records there are of each kind that has any."""
    counted = select(RecordRow.kind, func.count().label("records")).group_by(RecordRow.kind).order_by(RecordRow.kind)
    return {row.kind: row.records for row in session.execute(counted)}


def dangling_organisations(session: Session, tenant_id: str | None = None) -> int:
    """Count the organisation ids that records refer to and the store does not hold: those of one tenant, or of all.

    ``need:<id>`` and ``capability:<id>`` stand for an organisation nobody stated, and are not counted.
    """
    held = select(RecordRow.id).where(RecordRow.kind == "organisations")
    stands_in = or_(
        *(
            and_(FacetRow.kind == kind, FacetRow.value == singular + FacetRow.id)
            for kind, singular in (("needs", "need:"), ("capabilities", "capability:"))
        )
    )
    counted = select(func.count(FacetRow.value.distinct())).where(
        FacetRow.facet == "organisation", FacetRow.value.not_in(held), not_(stands_in)
    )
    if tenant_id is not None:
        whose = (RecordRow.kind == FacetRow.kind, RecordRow.id == FacetRow.id, RecordRow.tenant_id == tenant_id)
        counted = counted.where(exists().where(*whose))
    return session.execute(counted).scalar_one()


def history(session: Session, kind: str, record_id: str) -> tuple[Version, ...]:
    """Return every version of a record, oldest first, the current one last; raises UnknownRecord."""
    now, then = RecordRow, VersionRow
    past = select(then.version, then.content_hash, then.at, then.actor, then.profile)
    current = select(now.version, now.content_hash, now.updated_at, now.updated_by, now.profile)
    found = session.execute(current.where(now.kind == known_kind(kind), is_(now.id, record_id))).one_or_none()
    if found is None:
        raise UnknownRecord(kind, record_id)
    rows = session.execute(past.where(then.kind == kind, is_(then.id, record_id)).order_by(then.version))
    return (*(Version(*row) for row in rows), Version(*found))


def snapshot(session: Session, kind: str) -> Iterator[SnapshotRow]:
    """Yield every record of a kind in the order of its id, a few hundred in memory at a time.

    Inside one ``Store.reading()`` block all kinds are read as of the same moment, while writers go on.
    """
    row = RecordRow
    columns = (
        select(row.id, row.version, row.content_hash, row.profile).where(row.kind == known_kind(kind)).order_by(row.id)
    )
    for found in session.execute(columns, execution_options={"yield_per": _BATCH}):
        yield SnapshotRow(*found)


def digest(session: Session) -> str:
    """Hash everything a snapshot of every kind would yield: equal stores give equal digests on any database."""
    summed = hashlib.sha256()
    columns = select(RecordRow.kind, RecordRow.profile).order_by(RecordRow.kind, RecordRow.id)
    for kind, profile in session.execute(columns, execution_options={"yield_per": _BATCH}):
        summed.update(f"{kind}\n{profile}\n".encode())
    return summed.hexdigest()


def columns_of_record() -> Select[str, str, int, str, datetime, datetime, str, str]:
    """Select what ``stored_record`` reads."""
    row = RecordRow
    return select(
        row.kind, row.id, row.version, row.content_hash, row.created_at, row.updated_at, row.updated_by, row.profile
    )


def stored_record(row: Any) -> StoredRecord:
    """Return a row of ``columns_of_record`` as a value."""
    return StoredRecord(
        kind=row.kind,
        id=row.id,
        version=row.version,
        content_hash=row.content_hash,
        created_at=row.created_at,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
        profile=model_of(row.kind).model_validate_json(row.profile),
    )


def known_kind(kind: str) -> str:
    """Return the kind; raises BadInput if it is none."""
    model_of(kind)
    return kind


def held(values: Collection[str]) -> list[str]:
    """Leave out what no database holds, see ``is_``."""
    return [value for value in values if "\x00" not in value]

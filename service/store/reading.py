"""Reading records: one by id, pages by filter and search, a whole kind as one moment."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.places import PlaceBook
from matcher.profiles import Profile
from matcher.vocabulary import Confidentiality, ReviewState
from service.store.errors import UnknownRecord
from service.store.facts import place_value, printable, words
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


@dataclass(frozen=True, slots=True)
class Filters:
    """What a record must be to be listed; None asks nothing, several values of one filter mean any of them."""

    places: Collection[str] | None = None  # as records state them: see places_covering
    sector: str | None = None  # a parent finds its children
    sdg: int | None = None
    organisation_id: str | None = None
    language: str | None = None
    review_states: Collection[ReviewState] | None = None
    confidentiality: Collection[Confidentiality] | None = None
    q: str | None = None  # words, each of which must begin a word of the record (case and accents aside)


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order of (kind, id); ``next`` is the ``after`` of the following page, None at the end."""

    items: tuple[StoredRecord, ...]
    next: str | None


_EVERYTHING: Final = Filters()


def get_record(session: Session, kind: str, record_id: str) -> StoredRecord:
    """Return one record, withdrawn or not; raises UnknownRecord."""
    found = session.execute(
        _columns().where(RecordRow.kind == _known(kind), is_(RecordRow.id, record_id))
    ).one_or_none()
    if found is None:
        raise UnknownRecord(kind, record_id)
    return _stored(found)


def get_records(session: Session, kind: str, ids: Collection[str]) -> dict[str, StoredRecord]:
    """Return the records there are of those ids, by id; ask for a few hundred at a time."""
    asked = _columns().where(RecordRow.kind == _known(kind), RecordRow.id.in_(_held(ids)))
    return {row.id: _stored(row) for row in session.execute(asked)}


def list_records(
    session: Session, kind: str | None, filters: Filters = _EVERYTHING, *, after: str | None = None, limit: int = 50
) -> Page:
    """Return a page of one kind, or of every kind when ``kind`` is None: listing and searching are the same question.

    Withdrawn records are listed too unless ``review_states`` leaves them out. Pages are stable: records added
    meanwhile appear where they belong, none is shown twice. Raises BadInput on a limit or cursor out of bounds.
    """
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("page_limit", expected=f"1 to {PAGE_LIMIT} records a page", got=limit)
    query = _columns().where(*_conditions(filters)).order_by(RecordRow.kind, RecordRow.id).limit(limit + 1)
    if kind is not None:
        query = query.where(RecordRow.kind == _known(kind))
    if after is not None:
        query = query.where(tuple_(RecordRow.kind, RecordRow.id) > tuple_(*_opened(after)))
    found = session.execute(query).all()
    items = tuple(_stored(row) for row in found[:limit])
    return Page(items, _cursor(items[-1]) if len(found) > limit else None)


def places_covering(session: Session, country: str, book: PlaceBook, as_of: date) -> frozenset[str]:
    """Return the stated places that stood for a country on a date, for ``Filters.places``.

    Names that resolve to nothing cover nothing. Raises UnknownPlace if ``country`` is none.
    """
    code = book.country(country)
    stated = select(FacetRow.value).where(FacetRow.facet == "country").distinct()
    return frozenset(name for name in session.execute(stated).scalars() if code in _resolved(book, name, as_of))


def _resolved(book: PlaceBook, name: str, as_of: date) -> frozenset[str]:
    try:
        return book.resolve(name, as_of)
    except BadInput:
        return frozenset()


def count_records(session: Session) -> dict[str, int]:
    """Return how many records there are of each kind that has any."""
    counted = select(RecordRow.kind, func.count().label("records")).group_by(RecordRow.kind).order_by(RecordRow.kind)
    return {row.kind: row.records for row in session.execute(counted)}


def dangling_organisations(session: Session) -> int:
    """Count the organisation ids that records refer to and the store does not hold.

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
    return session.execute(counted).scalar_one()


def history(session: Session, kind: str, record_id: str) -> tuple[Version, ...]:
    """Return every version of a record, oldest first, the current one last; raises UnknownRecord."""
    now, then = RecordRow, VersionRow
    past = select(then.version, then.content_hash, then.at, then.actor, then.profile)
    current = select(now.version, now.content_hash, now.updated_at, now.updated_by, now.profile)
    found = session.execute(current.where(now.kind == _known(kind), is_(now.id, record_id))).one_or_none()
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
        select(row.id, row.version, row.content_hash, row.profile).where(row.kind == _known(kind)).order_by(row.id)
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


def _columns() -> Select[str, str, int, str, datetime, datetime, str, str]:
    row = RecordRow
    return select(
        row.kind, row.id, row.version, row.content_hash, row.created_at, row.updated_at, row.updated_by, row.profile
    )


def _stored(row: Any) -> StoredRecord:
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


def _known(kind: str) -> str:
    model_of(kind)
    return kind


def _conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:
    if filters.places is not None:
        yield _has("country", [place_value(place) for place in filters.places])
    if filters.sector is not None:
        yield _has("sector", [filters.sector])
    if filters.sdg is not None:
        yield _has("sdg", [str(filters.sdg)])
    if filters.organisation_id is not None:
        yield _has("organisation", [filters.organisation_id])
    if filters.language is not None:
        yield is_(RecordRow.language, filters.language)
    if filters.review_states is not None:
        yield RecordRow.review_state.in_([state.value for state in filters.review_states])
    if filters.confidentiality is not None:
        yield RecordRow.confidentiality.in_([level.value for level in filters.confidentiality])
    if filters.q is not None:
        yield from map(_holds, words(filters.q)[:_SEARCH_WORDS])


def _has(facet: str, values: list[str]) -> ColumnElement[bool]:
    found = select(FacetRow.kind, FacetRow.id).where(FacetRow.facet == facet, FacetRow.value.in_(_held(values)))
    return tuple_(RecordRow.kind, RecordRow.id).in_(found)


def _held(values: Collection[str]) -> list[str]:
    """Leave out what no database holds, see ``is_``."""
    return [value for value in values if "\x00" not in value]


def _holds(word: str) -> ColumnElement[bool]:
    """Find a word where one begins; in scripts that write no spaces (Chinese, Thai) anywhere."""
    pattern = f"% {word}%" if word.isascii() else f"%{word}%"
    return RecordRow.search_text.like(pattern)


def _cursor(record: StoredRecord) -> str:
    return base64.urlsafe_b64encode(json.dumps([record.kind, record.id]).encode()).decode()


def _opened(cursor: str) -> tuple[str, str]:
    try:
        kind, record_id = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError, TypeError) as error:
        fix = "give back what the previous page said, unchanged, or start again without it"
        raise BadInput("bad_cursor", expected="the next of an earlier page", got=cursor, fix=fix) from error
    return printable(str(kind)), printable(str(record_id))

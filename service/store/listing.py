"""Finding records: pages by filter and by word. Listing and searching are one question."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, exists, select, tuple_
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.places import PlaceBook
from matcher.vocabulary import Confidentiality, ReviewState
from service.store.facts import place_value, printable, words
from service.store.models import FacetRow, RecordRow, is_
from service.store.reading import StoredRecord, columns_of_record, held, known_kind, stored_record
from service.store.seeing import seen_by
from service.wire import cursor_of, place_of

if TYPE_CHECKING:
    from service.visibility import Audience

_Order = tuple[Any, ...]
"""Columns of a list's order; their values at the end of a page are its cursor."""

PAGE_LIMIT: Final = 500  # records on a page at most: a few megabytes of JSON
_SEARCH_WORDS: Final = 12  # each further word only narrows what the first ones found


@dataclass(frozen=True, slots=True)
class Filters:
    """What a record must be to be listed; None asks nothing, several values of one filter mean any of them."""

    places: Collection[str] | None = None  # as records state them: see places_covering
    sector: str | None = None  # a parent finds its children
    sdg: int | None = None
    organisation_id: str | None = None
    language: str | None = None
    urgency: str | None = None  # of needs
    review_states: Collection[ReviewState] | None = None
    confidentiality: Collection[Confidentiality] | None = None
    audience: Audience | None = None  # who looks; None sees everything
    tenant_id: str | None = None  # whose
    need_ids: Collection[str] | None = None  # only these needs: what decides it is not in the records
    q: str | None = None  # words, each of which must begin a word of the record (case and accents aside)


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order that was asked for; ``next`` is the ``after`` of the following page, None at the end."""

    items: tuple[StoredRecord, ...]
    next: str | None


_EVERYTHING: Final = Filters()


def list_records(
    session: Session, kind: str | None, filters: Filters = _EVERYTHING, *, after: str | None = None, limit: int = 50
) -> Page:
    """Return a page of one kind, or of every kind when ``kind`` is None: listing and searching are the same question.

    In the order of (kind, id), which is for programs: an id stays, and a title may be mended between two pages.
    Withdrawn records are listed too unless ``review_states`` leaves them out. Pages are stable: records added
    meanwhile appear where they belong, none is shown twice. Raises BadInput on a limit or cursor out of bounds.
    """
    return _page(session, kind, filters, (RecordRow.kind, RecordRow.id), after, limit)


def list_by_title(
    session: Session, kind: str | None, filters: Filters = _EVERYTHING, *, after: str | None = None, limit: int = 50
) -> Page:
    """Return a page as ``list_records`` does, in the order people look things up by: (kind, title, id).

    Case, accents and what is no letter or digit count for nothing in it. Its cursors are its own.
    """
    return _page(session, kind, filters, (RecordRow.kind, RecordRow.title_key, RecordRow.id), after, limit)


def _page(session: Session, kind: str | None, filters: Filters, order: _Order, after: str | None, limit: int) -> Page:
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadInput("page_limit", expected=f"1 to {PAGE_LIMIT} records a page", got=limit)
    query = (
        columns_of_record()
        .add_columns(RecordRow.title_key)
        .where(*conditions(filters))
        .order_by(*order)
        .limit(limit + 1)
    )
    if kind is not None:
        query = query.where(RecordRow.kind == known_kind(kind))
    if after is not None:
        query = query.where(tuple_(*order) > tuple_(*_opened(after, len(order))))
    found = session.execute(query).all()
    items = tuple(stored_record(row) for row in found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return Page(items, None if last is None else cursor_of([getattr(last, column.key) for column in order]))


def matching_ids(session: Session, kind: str, filters: Filters) -> frozenset[str]:
    """Return the ids of every record of a kind that the filters leave; no record is read."""
    query = select(RecordRow.id).where(RecordRow.kind == known_kind(kind), *conditions(filters))
    return frozenset(session.execute(query).scalars())


def places_covering(session: Session, place: str, book: PlaceBook, as_of: date) -> frozenset[str]:
    """Return the stated places that stood for a country, or for any country of a region or group, on a date.

    For ``Filters.places``. Names that resolve to nothing cover nothing. Raises UnknownPlace if ``place`` is none, and
    BadInput for a group that is not known on that date.
    """
    wanted = book.resolve(place, as_of)
    stated = select(FacetRow.value).where(FacetRow.facet == "country").distinct()
    names = session.execute(stated).scalars()
    return frozenset(name for name in names if not wanted.isdisjoint(_resolved(book, name, as_of)))


def _resolved(book: PlaceBook, name: str, as_of: date) -> frozenset[str]:
    try:
        return book.resolve(name, as_of)
    except BadInput:
        return frozenset()


def conditions(filters: Filters) -> Iterator[ColumnElement[bool]]:  # noqa: C901 - one question after the other
    """Yield what a record must be, as conditions of a query over ``RecordRow``."""
    if filters.places is not None:
        yield _has("country", [place_value(place) for place in filters.places])
    if filters.sector is not None:
        yield _has("sector", [filters.sector])
    if filters.sdg is not None:
        yield _has("sdg", [str(filters.sdg)])
    if filters.organisation_id is not None:
        yield _has_rare("organisation", filters.organisation_id)
    if filters.language is not None:
        yield is_(RecordRow.language, filters.language)
    if filters.urgency is not None:
        yield states_urgency(filters.urgency)
    if filters.review_states is not None:
        yield RecordRow.review_state.in_([state.value for state in filters.review_states])
    if filters.confidentiality is not None:
        yield RecordRow.confidentiality.in_([level.value for level in filters.confidentiality])
    if filters.audience is not None:
        yield seen_by(filters.audience)
    if filters.tenant_id is not None:
        yield is_(RecordRow.tenant_id, filters.tenant_id)
    if filters.need_ids is not None:
        yield RecordRow.kind == "needs"
        yield RecordRow.id.in_(held(filters.need_ids))
    if filters.q is not None:
        yield from map(_holds, words(filters.q)[:_SEARCH_WORDS])


def states_urgency(level: str) -> ColumnElement[bool]:
    """Find it in the record's JSON: no text can hold this, for a quotation mark inside a text is escaped."""
    return RecordRow.profile.contains(f'"urgency":{json.dumps(level)}', autoescape=True)


def _has(facet: str, values: list[str]) -> ColumnElement[bool]:
    """Ask record by record: a page of a frequent value (a country, a goal) ends after a few."""
    stated = (FacetRow.facet == facet, FacetRow.value.in_(held(values)))
    return exists().where(FacetRow.kind == RecordRow.kind, FacetRow.id == RecordRow.id, *stated)


def _has_rare(facet: str, value: str) -> ColumnElement[bool]:
    """Ask for the few records first: an organisation has a handful among many thousands."""
    found = select(FacetRow.kind, FacetRow.id).where(FacetRow.facet == facet, is_(FacetRow.value, value))
    return tuple_(RecordRow.kind, RecordRow.id).in_(found)


def _holds(word: str) -> ColumnElement[bool]:
    """Find a word where one begins; in scripts that write no spaces (Chinese, Thai) anywhere."""
    pattern = f"% {word}%" if word.isascii() else f"%{word}%"
    return RecordRow.search_text.like(pattern)


def _opened(cursor: str, parts: int) -> list[str]:
    try:
        place = [printable(str(part)) for part in place_of(cursor)]
    except (ValueError, TypeError):
        place = []
    if len(place) != parts:
        fix = "give back what the previous page said, unchanged, or start again without it"
        raise BadInput("bad_cursor", expected="the next of an earlier page of this list", got=cursor, fix=fix)
    return place

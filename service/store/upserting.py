"""Deciding, record by record, what an upsert writes; applying it, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from matcher.profiles import Profile
from matcher.vocabulary import ReviewState
from service.accounts.roles import DEFAULT_TENANT
from service.store.facts import facts_of, stated_moment
from service.store.hashing import canonical
from service.store.models import Base, FacetRow, RecordRow, VersionRow

Source = tuple[str, str]  # (system, source_id)
Row = dict[str, Any]
_FEW: Final = 1_000  # records that any plan finds soon enough
_RECORDS: Final = Base.metadata.tables[RecordRow.__tablename__]  # many rows at once go past the ORM: half the time
_FACETS: Final = Base.metadata.tables[FacetRow.__tablename__]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not written; ``position`` counts the profiles given, from 0."""

    position: int
    id: str
    code: str  # duplicate_id, id_taken, bad_id or other_tenant
    detail: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What must be known of a record that is stored, or was met earlier in the chunk."""

    id: str
    source: Source | None
    content_hash: str
    review_state: str
    stated_at: datetime | None
    version: int
    tenant_id: str
    confidentiality: str


class _Book:
    """The known records a chunk can refer to, by id and by source."""

    def __init__(self) -> None:
        self._by_id: dict[str, _Known] = {}
        self._by_source: dict[Source, _Known] = {}

    def add(self, known: _Known) -> None:
        """Enter a record, in place of what was known of it."""
        before = self._by_id.get(known.id)
        if before and before.source:
            self._by_source.pop(before.source, None)
        self._by_id[known.id] = known
        if known.source:
            self._by_source[known.source] = known

    def find(self, profile: Profile) -> _Known | None:
        """Return the record a profile speaks of: the one with its source, else the one with its id."""
        source = source_of(profile)
        return (self._by_source.get(source) if source else None) or self._by_id.get(profile.id)


@dataclass(slots=True)
class _Pending:
    """Rows decided on and not yet written."""

    created: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    refreshed: list[Row] = field(default_factory=list)
    facets: list[Row] = field(default_factory=list)


class Upsert:
    """One call of upsert_records: what it counted, what it refused, the ids it has met."""

    def __init__(self, session: Session, kind: str, actor: str, at: datetime, tenant_id: str | None = None) -> None:
        self.tally = dict.fromkeys(("created", "updated", "refreshed", "unchanged"), 0)
        self.refusals: list[Refusal] = []
        self.counted_at = _FEW  # records created when the database is to count its rows next
        self._session, self._kind, self._actor, self._at = session, kind, actor, at
        self._tenant = tenant_id
        self._met: set[str] = set()

    def write(self, chunk: Sequence[tuple[int, Profile]]) -> None:
        """Decide for each (position, profile), then write the chunk in a handful of statements."""
        writable = [(position, profile) for position, profile in chunk if self._printable(position, profile)]
        book = _book_of(self._session, self._kind, [profile for _, profile in writable])
        pending = _Pending()
        for position, given in writable:
            known = book.find(given)
            profile = _settled(given, known)
            text, digest = canonical(profile)
            if refused := self._foreign(known) or _taken(given, known) or self._repeated(known, digest):
                self.refusals.append(Refusal(position, given.id, *refused))
                continue
            if known and known.content_hash == digest:
                self._again(profile, text, known, pending)
            else:
                known = self._new_version(profile, (text, digest), known, pending)
                book.add(known)
            self._met.add(known.id)
        self._apply(pending)

    def _printable(self, position: int, profile: Profile) -> bool:
        if _is_printable(profile):
            return True
        why = "expected an id of printable characters; got one with a NUL; write it anew"
        self.refusals.append(Refusal(position, profile.id, "bad_id", why))
        return False

    def _foreign(self, known: _Known | None) -> tuple[str, str] | None:
        if known is None or self._tenant is None or known.tenant_id == self._tenant:
            return None
        return "other_tenant", "the record belongs to another tenant; give this one an id and a source of its own"

    def _repeated(self, known: _Known | None, digest: str) -> tuple[str, str] | None:
        if known and known.id in self._met and known.content_hash != digest:
            return "duplicate_id", "the same record came before with other content; keep one of the two"
        return None

    def _again(self, profile: Profile, text: str, known: _Known, pending: _Pending) -> None:
        moment = stated_moment(profile)
        if moment is None or known.id in self._met or (known.stated_at is not None and moment <= known.stated_at):
            self.tally["unchanged"] += 1
            return
        self.tally["refreshed"] += 1
        pending.refreshed.append({"kind": self._kind, "id": known.id, "stated_at": moment, "profile": text})

    def _new_version(
        self, profile: Profile, content: tuple[str, str], known: _Known | None, pending: _Pending
    ) -> _Known:
        text, digest = content
        facts, source = facts_of(profile), source_of(profile)
        key = {"kind": self._kind, "id": profile.id}
        version = known.version + 1 if known else 1
        tenant_id = known.tenant_id if known else self._tenant or DEFAULT_TENANT
        row = key | {
            "system": source[0] if source else None,
            "source_id": source[1] if source else None,
            "title": facts.title,
            "language": profile.language,
            "review_state": facts.review_state.value,
            "confidentiality": facts.confidentiality.value,
            "valid_until": profile.valid_until,
            "stated_at": facts.stated_at,
            "version": version,
            "content_hash": digest,
            "updated_at": self._at,
            "updated_by": self._actor,
            "search_text": facts.search_text,
            "title_key": facts.title_key,
            "profile": text,
        }
        if known:
            self._note_confidentiality(known, facts.confidentiality.value)
            pending.updated.append(row)
        else:
            pending.created.append(row | {"created_at": self._at, "tenant_id": tenant_id})
        self.tally["updated" if known else "created"] += 1
        pending.facets += [key | {"facet": facet, "value": value} for facet, value in facts.facets]
        return _Known(
            profile.id,
            source,
            digest,
            facts.review_state.value,
            facts.stated_at,
            version,
            tenant_id,
            facts.confidentiality.value,
        )

    def _note_confidentiality(self, known: _Known, after: str) -> None:
        """Write into the audit log that a record became more or less confidential, whoever wrote it."""
        if known.confidentiality == after:
            return
        from service.accounts.audit import Action, audit

        audit(
            self._session,
            Action.CONFIDENTIALITY_CHANGED,
            actor=self._actor,
            at=self._at,
            subject=f"{self._kind}/{known.id}",
            tenant_id=known.tenant_id,
            before=known.confidentiality,
            after=after,
        )

    def _apply(self, pending: _Pending) -> None:
        if changed := [row["id"] for row in pending.updated]:
            self._keep_replaced(changed)
            self._session.execute(update(RecordRow), pending.updated)
        if pending.created:
            self._session.execute(insert(_RECORDS), pending.created)
        if pending.refreshed:
            self._session.execute(update(RecordRow), pending.refreshed)
        if pending.facets:
            self._session.execute(insert(_FACETS), pending.facets)

    def _keep_replaced(self, ids: Sequence[str]) -> None:
        """Copy versions about to be replaced into the history, inside the database; drop what they were found by."""
        now, then = RecordRow, VersionRow
        copied = {
            then.kind: now.kind,
            then.id: now.id,
            then.version: now.version,
            then.content_hash: now.content_hash,
            then.at: now.updated_at,
            then.actor: now.updated_by,
            then.profile: now.profile,
        }
        replaced = select(*copied.values()).where(now.kind == self._kind, now.id.in_(ids))
        self._session.execute(insert(then).from_select(list(copied), replaced))
        self._session.execute(delete(FacetRow).where(FacetRow.kind == self._kind, FacetRow.id.in_(ids)))


def kept_ids(session: Session, kind: str, profiles: Sequence[Profile]) -> list[str | None]:
    """Return the id of the record that each profile speaks of: by its source, else by its id; None where none is."""
    asked = [profile if _is_printable(profile) else None for profile in profiles]
    book = _book_of(session, kind, [profile for profile in asked if profile is not None])
    return [known.id if profile is not None and (known := book.find(profile)) else None for profile in asked]


def _book_of(session: Session, kind: str, profiles: Sequence[Profile]) -> _Book:
    row = RecordRow
    columns = select(
        row.id,
        row.system,
        row.source_id,
        row.content_hash,
        row.review_state,
        row.stated_at,
        row.version,
        row.tenant_id,
        row.confidentiality,
    )
    sources: dict[str, list[str]] = {}
    for system, source_id in filter(None, map(source_of, profiles)):
        sources.setdefault(system, []).append(source_id)
    asked: list[ColumnElement[bool]] = [row.id.in_([profile.id for profile in profiles])]
    asked += [and_(row.system == system, row.source_id.in_(ids)) for system, ids in sources.items()]
    book = _Book()
    for condition in asked:
        for found in session.execute(columns.where(row.kind == kind, condition)):
            source = None if found.system is None else (found.system, found.source_id)
            rest = (
                found.content_hash,
                found.review_state,
                found.stated_at,
                found.version,
                found.tenant_id,
                found.confidentiality,
            )
            book.add(_Known(found.id, source, *rest))
    return book


def source_of(profile: Profile) -> Source | None:
    """Return (system, source_id) of a record that states its source."""
    return (profile.source.system, profile.source.source_id) if profile.source else None


def _is_printable(profile: Profile) -> bool:
    return "\x00" not in "".join((profile.id, *(source_of(profile) or ())))


def _settled(profile: Profile, known: _Known | None) -> Profile:
    """Return the profile as it is kept: under the record's id, and withdrawn if it is and nothing else is said."""
    if known is None:
        return profile
    kept: dict[str, object] = {"id": known.id}
    if profile.review_state is None and known.review_state == ReviewState.WITHDRAWN.value:
        kept["review_state"] = ReviewState.WITHDRAWN
    return profile.model_copy(update=kept)


def _taken(profile: Profile, known: _Known | None) -> tuple[str, str] | None:
    source = source_of(profile)
    if known and source and known.source and known.source != source:
        system, source_id = known.source
        return "id_taken", f"the id belongs to {source_id} of {system}; give this record an id of its own"
    return None

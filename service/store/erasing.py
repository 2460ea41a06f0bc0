"""Taking a record out of every table for good, where everything else only adds.

Its rows go: the record, the versions before it, what it was found by. What else speaks of it by its id keeps its place
under a pseudonym: events (without their notes), the audit log, records that refer to it, their earlier versions, tables
that keep answers or jobs. An object of JSON that carries the id as its own, or as its side of a pair, is emptied.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, MetaData, String, Table, Text, delete, or_, select, text, update
from sqlalchemy.orm import Session

from matcher.profiles import KINDS, SINGULAR
from service.store.errors import UnknownRecord
from service.store.facts import facts_of
from service.store.hashing import canonical
from service.store.models import EventRow, FacetRow, RecordRow, VersionRow, is_

_OWN: Final = frozenset({"records", "record_versions", "record_facets", "alembic_version"})
_TOLD: Final = "erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was found of a record in the tables."""

    pseudonym: str
    versions: int  # the current one and those before it
    events: int
    mentions: int  # rows of any other kind that named it


def pseudonym(kind: str, record_id: str) -> str:
    """Return what stands where the id stood: the same at every erasure, and telling nothing of the id."""
    digest = hashlib.sha256(f"{kind}\n{record_id}".encode()).hexdigest()
    return f"{_TOLD}-{digest[:24]}"


def erase_record(session: Session, kind: str, record_id: str) -> Erasure:
    """Take a record out of every table, in the session's transaction; raises UnknownRecord."""
    connection = session.connection()
    held = select(RecordRow.version).where(RecordRow.kind == kind, is_(RecordRow.id, record_id))
    if session.execute(held).first() is None:
        raise UnknownRecord(kind, record_id)
    name = pseudonym(kind, record_id)
    with _unlocked(connection):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what is deleted is overwritten in the file
        versions = 0
        for row in (FacetRow, VersionRow, RecordRow):
            gone = session.execute(delete(row).where(row.kind == kind, row.id == record_id))
            versions += getattr(gone, "rowcount", 0) if row is not FacetRow else 0
        events = _events(session, kind, record_id, name)
        mentions = _profiles(session, record_id, name)
        mentions += sum(_table(connection, table, kind, record_id) for table in _others(connection))
    return Erasure(name, versions, events, mentions)


def _events(session: Session, kind: str, record_id: str, name: str) -> int:
    sides = {"needs": EventRow.need_id, "capabilities": EventRow.capability_id}
    if kind not in sides:
        return 0
    side = sides[kind]
    done = session.execute(update(EventRow).where(side == record_id).values({side.key: name, "note": ""}))
    return int(getattr(done, "rowcount", 0))


def _profiles(session: Session, record_id: str, name: str) -> int:
    """Let other records, and what they were before, refer to the pseudonym."""
    quoted = json.dumps(record_id, ensure_ascii=False)
    found = 0
    for row in (RecordRow, VersionRow):
        keys = list(row.__table__.primary_key)
        mentioning = row.profile.contains(quoted, autoescape=True)
        for *key, profile in session.execute(select(*keys, row.profile).where(mentioning)).all():
            kind = str(key[0])
            said = json.loads(profile)
            changed = _renamed(said, record_id, name)
            if changed == said:
                continue
            model = KINDS[kind].model_validate(changed)
            content, digest = canonical(model)
            values: dict[str, Any] = {"profile": content, "content_hash": digest}
            if row is RecordRow:
                facts = facts_of(model)
                values |= {"search_text": facts.search_text, "title_key": facts.title_key}
                _refile(session, kind, model.id, facts.facets)
            session.execute(
                update(row).where(*(at == value for at, value in zip(keys, key, strict=True))).values(values)
            )
            found += 1
    return found


def _refile(session: Session, kind: str, record_id: str, facets: Collection[tuple[str, str]]) -> None:
    session.execute(delete(FacetRow).where(FacetRow.kind == kind, FacetRow.id == record_id))
    for facet, value in facets:
        session.add(FacetRow(kind=kind, id=record_id, facet=facet, value=value))
    session.flush()


def _others(connection: Connection) -> list[Table]:
    """Return every table there is but those of records, as the database has them: whoever made them."""
    known = MetaData()
    known.reflect(connection)
    return [table for table in known.sorted_tables if table.name not in _OWN]


def _table(connection: Connection, table: Table, kind: str, record_id: str) -> int:
    """Replace the id in every text column of a table, but in columns that hold ids of another kind."""
    columns = [
        column for column in table.columns if isinstance(column.type, String | Text) and _speaks(column.name, kind)
    ]
    if not columns:
        return 0
    keys = list(table.primary_key)
    forms = dict.fromkeys((record_id, quote(record_id, safe=""), json.dumps(record_id)[1:-1]))
    wanted = or_(*(column.contains(form, autoescape=True) for column in columns for form in forms))
    rows = connection.execute(select(*keys, *columns).where(wanted)).all()
    found = 0
    for row in rows:
        key, values = row[: len(keys)], row[len(keys) :]
        changes = {
            column.name: _scrubbed(value, kind, record_id)
            for column, value in zip(columns, values, strict=True)
            if value and _scrubbed(value, kind, record_id) != value
        }
        if changes:
            same = (at == value for at, value in zip(keys, key, strict=True))
            connection.execute(update(table).where(*same).values(changes))
            found += 1
    return found


def _speaks(column: str, kind: str) -> bool:
    """Say whether a column may hold an id of this kind; ``capability_id`` holds no need, ``actor`` no record."""
    said = [several for several, single in SINGULAR.items() if column.endswith(f"{single}_id")]
    return said in ([], [kind]) and column not in {"actor", "login", "prefix", "sha256", "password_hash"}


def _scrubbed(value: str, kind: str, record_id: str) -> str:
    """Take an id out of a text: a whole one, one inside JSON, or a part of an address or of a subject."""
    if value[:1] in "{[":
        try:
            found = json.loads(value)
        except ValueError:
            return _within(value, kind, record_id)
        changed = _emptied(found, kind, record_id)
        return value if changed == found else json.dumps(changed, ensure_ascii=False, sort_keys=True)
    return _within(value, kind, record_id)


def _within(text: str, kind: str, record_id: str) -> str:
    """Replace the id where it is all of a text, or stands between slashes and colons, encoded for an address or not."""
    forms = "|".join(re.escape(form) for form in dict.fromkeys((record_id, quote(record_id, safe=""))))
    return re.sub(rf"(?<![^:/])(?:{forms})(?![^:/?])", pseudonym(kind, record_id), text)


def _emptied(value: Any, kind: str, record_id: str) -> Any:
    if isinstance(value, dict):
        if any(value.get(name) == record_id for name in ("id", f"{SINGULAR[kind]}_id")):
            return {_TOLD: pseudonym(kind, record_id)}
        return {name: _emptied(item, kind, record_id) for name, item in value.items()}
    if isinstance(value, list):
        return [_emptied(item, kind, record_id) for item in value]
    return _within(value, kind, record_id) if isinstance(value, str) else value


def _renamed(value: Any, record_id: str, name: str) -> Any:
    if isinstance(value, dict):
        return {
            key: item if key in {"id", "source_id"} else _renamed(item, record_id, name) for key, item in value.items()
        }
    if isinstance(value, list):
        return [_renamed(item, record_id, name) for item in value]
    return name if value == record_id else value


@contextmanager
def _unlocked(connection: Connection) -> Iterator[None]:
    """Lift the triggers that keep rows as they were written, for this transaction alone."""
    if connection.dialect.name == "postgresql":
        found = text(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal "
            "AND tgname LIKE '%append_only' ORDER BY 1"
        )
        held: Sequence[Any] = connection.execute(found).all()
        for trigger, table in held:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
        yield
        for trigger, table in held:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}"))
        return
    held = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")).all()
    for trigger, _ in held:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    yield
    for _, sql in held:
        connection.exec_driver_sql(sql)

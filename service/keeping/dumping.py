"""Every row of every table as JSON lines, and back: the way from one kind of database to the other, or out of both.

The first line tells format and revision; each line after it is one row with its table, and the last one counts the
rows, so that a file which was cut off is not taken for a whole one (dumps of format 1 have none, and are read too).
Rows are in the order of their keys, so equal stores give equal dumps. The dump holds the hashes of keys and passwords:
keep it as the database.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import groupby, islice
from typing import IO, Any, Final

from sqlalchemy import Connection, Date, DateTime, LargeBinary, MetaData, Table, delete, func, insert, select, text

from matcher.errors import BadInput
from service.store import Store, connect
from service.store.schema import REVISIONS, configuration, migrate, revision

FORMAT: Final = 2
_COUNTED: Final = 2  # from this format on the last line counts the rows
_BATCH: Final = 500
_SEEDED: Final = frozenset({"tenants", "alembic_version"})  # tables that a migration itself fills
_FUNCTIONS: Final = """
    SELECT proname FROM pg_proc WHERE proname LIKE '%append_only' AND pronamespace = current_schema()::regnamespace
"""
_KIND: Final = "matcher-dump"
_END: Final = "rows"


def dump(store: Store, sink: IO[bytes]) -> int:
    """Write every row as it is at one moment; returns how many."""
    rows = 0
    sink.write(_line({_KIND: FORMAT, "revision": REVISIONS[-1]}))
    with store.reading() as session:
        for table in _tables(session.connection()):
            order = list(table.primary_key)
            for row in session.execute(select(table).order_by(*order).execution_options(yield_per=_BATCH)).mappings():
                sink.write(_line({"table": table.name, "row": {name: _said(value) for name, value in row.items()}}))
                rows += 1
    sink.write(_line({_END: rows}))
    return rows


def _tables(connection: Connection) -> list[Table]:
    """Return the tables there are, those that others refer to first; the mark of the revision is in the head."""
    known = MetaData()
    known.reflect(connection)
    return [table for table in known.sorted_tables if table.name != "alembic_version"]


def load(url: str, lines: Iterable[bytes]) -> int:
    """Load a dump into an empty database, whole or not at all, and bring its tables up to date; returns the rows.

    A dump of an older version is loaded into the tables it was made from, then migrated. Raises BadInput on a database
    that holds anything, on a dump of a newer version or one that was cut off, and on a line that is none.
    """
    given = iter(lines)
    number, stated = _head(next(given, b""))
    engine = connect(url)
    try:
        with engine.begin() as connection:
            _refuse_full(connection, engine.url.render_as_string(hide_password=True))
            _make_tables(connection, stated)
            known = MetaData()
            known.reflect(connection)
            for table in _SEEDED - {"alembic_version"}:
                if table in known.tables:
                    connection.execute(delete(known.tables[table]))
            found = _rows(given, counted=number >= _COUNTED)
            rows = sum(_insert(connection, known, name, group) for name, group in groupby(found, lambda one: one[0]))
            _count_on(connection, known)
            migrate(connection)
        return rows
    finally:
        engine.dispose()


def _head(line: bytes) -> tuple[int, str]:
    """Return the format and the revision that a dump states."""
    try:
        head = json.loads(line)
        number, stated = head[_KIND], head["revision"]
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            "no_dump", expected="a file of matcher db dump", got=line[:60].decode(errors="replace")
        ) from None
    if number > FORMAT or stated not in REVISIONS:
        fix = "load it with the version of this program that made it, or a newer one"
        raise BadInput("newer_dump", expected=f"a dump of revision {REVISIONS[-1]} or older", got=stated, fix=fix)
    return int(number), str(stated)


def _refuse_full(connection: Connection, address: str) -> None:
    if revision(connection) is None:
        return
    known = MetaData()
    known.reflect(connection)
    for name, table in sorted(known.tables.items()):
        if name not in _SEEDED and connection.execute(select(func.count()).select_from(table)).scalar():
            fix = "name another database in MATCHER_DATABASE_URL, or take this one away"
            raise BadInput("not_empty", expected="an empty database", got=f"rows in {name} of {address}", fix=fix)


def _make_tables(connection: Connection, stated: str) -> None:
    """Make the tables of the dump's revision. An empty database that is further already is made anew first."""
    from alembic import command

    found = revision(connection)
    if found is not None and found != stated:
        known = MetaData()
        known.reflect(connection)
        known.drop_all(connection)
        if connection.dialect.name == "postgresql":
            for name in connection.execute(text(_FUNCTIONS)).scalars().all():
                connection.execute(text(f"DROP FUNCTION {name}()"))
    command.upgrade(configuration(connection), stated)


def _rows(lines: Iterable[bytes], *, counted: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and row, and refuse at the end what is not whole."""
    rows, end = 0, None
    for number, line in enumerate(lines, start=2):
        try:
            found = json.loads(line)
            if counted and end is None and _END in found:
                end = int(found[_END])
                continue
            table, row = found["table"], found["row"]
        except (ValueError, KeyError, TypeError):
            raise BadInput("bad_line", expected="a row of a dump", got=f"line {number}", fix="make it anew") from None
        rows += 1
        yield table, row
    if counted and end != rows:
        expected = "a last line that counts the rows" if end is None else f"{end} rows, as the last line counts them"
        raise BadInput("not_whole", expected=expected, got=f"{rows} rows", fix="the file was cut off: copy it again")


def _insert(connection: Connection, known: MetaData, name: str, rows: Iterable[tuple[str, dict[str, Any]]]) -> int:
    if name not in known.tables:
        raise BadInput("bad_table", expected=f"one of {', '.join(sorted(known.tables))}", got=name)
    table, count = known.tables[name], 0
    given = (_meant(table, row) for _, row in rows)
    while batch := list(islice(given, _BATCH)):
        connection.execute(insert(table), batch)
        count += len(batch)
    return count


def _count_on(connection: Connection, known: MetaData) -> None:
    """Let PostgreSQL number on after the greatest number there is."""
    if connection.dialect.name != "postgresql":
        return
    for table in known.tables.values():
        for column in table.primary_key:
            sequence = connection.execute(
                text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
            ).scalar()
            if sequence and (highest := connection.execute(select(func.max(column))).scalar()):
                connection.execute(
                    text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest}
                )


def _said(value: Any) -> Any:
    match value:
        case datetime():
            return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat()
        case date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _meant(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _read(table.columns[name].type, value) for name, value in row.items()}


def _read(kind: Any, value: Any) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(kind, LargeBinary) else value


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

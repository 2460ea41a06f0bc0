"""A store of every earlier version becomes one of this version, nothing is lost, and it works on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Connection, Date, DateTime, Float, Integer, MetaData, Table, insert, select

from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import Stage
from service.keeping.checking import check
from service.keeping.dumping import load
from service.settings import Settings
from service.store import (
    SchemaMismatch,
    add_event,
    canonical,
    connect,
    get_record,
    history,
    list_events,
    list_keys,
    open_store,
    upgrade,
    upsert_records,
)
from service.store.facts import facts_of
from service.store.schema import REVISIONS, configuration
from tests.builders import a_need

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
EARLIER = REVISIONS[:-1]
Rows = dict[str, list[dict[str, Any]]]


def _records() -> Rows:
    """What the first version wrote: a need with a version before it, an event, a release and a key."""
    current, before = (a_need("need-1", summary=f"Power, version {version}.") for version in (2, 1))
    facts = facts_of(current)
    record = {
        "kind": "needs",
        "id": "need-1",
        "title": facts.title,
        "review_state": "published",
        "confidentiality": "public",
        "version": 2,
        "content_hash": canonical(current)[1],
        "created_at": THEN,
        "updated_at": THEN,
        "updated_by": "import",
        "search_text": facts.search_text,
        "profile": canonical(current)[0],
    }
    earlier = {"kind": "needs", "id": "need-1", "version": 1, "content_hash": canonical(before)[1]}
    event = {"need_id": "need-1", "capability_id": "cap-1", "actor": "key:abc", "at": THEN, "stage": "viewed"}
    release = {"id": "2026-01-02-0", "run_id": "0", "state": "published", "created_at": THEN, "manifest": "{}"}
    return {
        "records": [record],
        "record_versions": [{**earlier, "at": THEN, "actor": "import", "profile": canonical(before)[0]}],
        "record_facets": [
            {"kind": "needs", "id": "need-1", "facet": facet, "value": value} for facet, value in facts.facets
        ],
        "events": [{**event, "reason_codes": "[]", "note": "called"}],
        "releases": [release],
        "api_keys": [{"prefix": "abc", "sha256": "0" * 64, "name": "desk", "created_at": THEN}],
    }


def _anything(table: Table) -> dict[str, Any]:
    """A row of a table that came later: any value of each column's type."""
    kinds: list[tuple[type[Any], Any]] = [
        (Boolean, True),
        (Integer, 7),
        (Float, 0.5),
        (DateTime, THEN),
        (Date, THEN.date()),
    ]
    values = {}
    for column in table.columns:
        value = next((value for kind, value in kinds if isinstance(column.type, kind)), None)
        if value is None:
            value = "[]" if getattr(column.type, "length", None) is None else "x"
        values[column.name] = value
    return values


@contextmanager
def at_revision(url: str, revision: str) -> Iterator[Connection]:
    """Give a database whose tables are those of an earlier version."""
    engine = connect(url)
    try:
        with engine.begin() as connection:
            command.upgrade(configuration(connection), revision)
            yield connection
    finally:
        engine.dispose()


def _filled(connection: Connection) -> Rows:
    """Write rows into every table there is, and return all of them as they were read back."""
    known = MetaData()
    known.reflect(connection)
    given = _records()
    for table in known.sorted_tables:
        if table.name not in {"alembic_version", "tenants"}:
            for row in given.get(table.name) or ([] if table.name == "record_facets" else [_anything(table)]):
                connection.execute(insert(table), row)
    return _rows(connection)


def _rows(connection: Connection) -> Rows:
    known = MetaData()
    known.reflect(connection)
    found: Rows = {}
    for table in known.sorted_tables:
        if table.name != "alembic_version":
            query = select(table).order_by(*table.primary_key)
            found[table.name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


@pytest.mark.parametrize("revision", EARLIER)
def test_nothing_is_lost_on_the_way_from_an_earlier_version(empty_url: str, revision: str) -> None:
    with at_revision(empty_url, revision) as connection:
        before = _filled(connection)
    engine = connect(empty_url)
    upgrade(engine)
    with engine.connect() as connection:
        after = _rows(connection)
    engine.dispose()
    for table, rows in before.items():
        assert len(after[table]) >= len(rows), table
        for was in rows:
            assert any(all(row[name] == value for name, value in was.items() if name in row) for row in after[table]), (
                f"{table}: {was}"
            )


@pytest.mark.parametrize("revision", EARLIER)
def test_an_upgraded_store_works_on(empty_url: str, revision: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with at_revision(empty_url, revision) as connection:
        known = MetaData()
        known.reflect(connection)
        for name, rows in _records().items():
            for row in rows:
                connection.execute(insert(known.tables[name]), row)
    with pytest.raises(SchemaMismatch, match="matcher db upgrade"):
        open_store(empty_url)
    engine = connect(empty_url)
    upgrade(engine)
    engine.dispose()
    store = open_store(empty_url)
    with store.writing() as session:
        assert add_event(session, Event(NeedId("need-1"), CapabilityId("cap-1"), "x", THEN, Stage.SHORTLISTED)) == 2
        counts = upsert_records(session, "needs", [a_need("need-1", summary="Changed.")], actor="x", at=THEN)
        assert (counts.updated, counts.refusals) == (1, ())
    with store.reading() as session:
        assert get_record(session, "needs", "need-1").version == 3
        assert [version.version for version in history(session, "needs", "need-1")] == [1, 2, 3]
        assert [stored.event.note for stored in list_events(session)] == ["called", ""]
        assert [key.prefix for key in list_keys(session)] == ["abc"]
    store.close()
    folder = tmp_path_factory.mktemp("checked")
    assert check(Settings(data_dir=folder, database_url=empty_url)).problems == ()


def test_the_tables_of_a_later_version_are_refused_with_what_to_do(empty_url: str) -> None:
    open_store(empty_url).close()
    engine = connect(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for attempt in (lambda: open_store(empty_url), lambda: upgrade(engine)):
        with pytest.raises(SchemaMismatch, match="install that version"):
            attempt()
    engine.dispose()


def test_a_dump_of_the_first_version_loads_into_this_one(empty_url: str) -> None:
    rows = [{"table": table, "row": _plain(row)} for table, listed in _records().items() for row in listed]
    lines = [{"matcher-dump": 1, "revision": "0001"}, *rows]

    assert load(empty_url, [json.dumps(line).encode() for line in lines]) == len(rows)
    store = open_store(empty_url)
    with store.reading() as session:
        assert get_record(session, "needs", "need-1").version == 2
        assert [stored.event.note for stored in list_events(session)] == ["called"]
    store.close()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}

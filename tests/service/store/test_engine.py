"""Opening the store, its habits and its refusals."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import Stage
from service.store import (
    SchemaMismatch,
    Store,
    StoreUnavailable,
    add_event,
    connect,
    count_records,
    open_store,
    upgrade,
    upsert_records,
)
from service.store.schema import REVISIONS
from tests.builders import a_need

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def setting(store: Store, name: str) -> object:
    with store.writing() as session:
        return session.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_sqlite_logs_ahead_waits_and_keeps_foreign_keys(store: Store) -> None:
    assert setting(store, "journal_mode") == "wal"
    assert setting(store, "busy_timeout") == 60_000
    assert setting(store, "foreign_keys") == 1


def test_a_store_makes_its_folder(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/new/folder/m.db").close()
    assert (tmp_path / "new/folder/m.db").exists()


def test_whoever_comes_to_a_new_file_second_waits_for_the_first(tmp_path: Path) -> None:
    """SQLite itself does not wait to switch a file to WAL while another is about to write it, but fails at once."""
    first = sqlite3.connect(tmp_path / "m.db", isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"), closing(sqlite3.connect(tmp_path / "m.db")) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
    done = Timer(0.2, first.rollback)
    done.start()
    open_store(f"sqlite:///{tmp_path}/m.db").close()
    done.join()
    first.close()


def test_reading_can_write_nothing(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match=r"readonly|read-only"), store.reading() as session:
        session.execute(text("DELETE FROM api_keys"))
    with store.writing() as session:  # the same connection may write again afterwards
        session.execute(text("DELETE FROM api_keys"))


def test_opening_again_changes_nothing(url: str) -> None:
    open_store(url).close()
    open_store(url).close()


def test_a_newer_schema_is_refused_with_what_to_do(url: str, store: Store) -> None:
    with store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (lambda: open_store(url), lambda: upgrade(store.engine)):
        with pytest.raises(SchemaMismatch, match=f"expected revision {REVISIONS[-1]}; got 9999; a newer version"):
            refused()


@pytest.mark.usefixtures("store")
def test_an_older_schema_is_migrated_only_when_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.schema.REVISIONS", (*REVISIONS, "9999"))
    expected = f"expected revision 9999; got {REVISIONS[-1]}; stop what uses it, make a copy"
    with pytest.raises(SchemaMismatch, match=expected):
        open_store(url)


def test_upgrading_twice_is_upgrading_once(url: str) -> None:
    engine = connect(url)
    upgrade(engine)
    upgrade(engine)
    engine.dispose()


@pytest.mark.parametrize("url", ["", "matcher.db", "mysql://host/db", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_be_used_says_what_can(url: str) -> None:
    with pytest.raises(BadInput, match="database_url"):
        open_store(url)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are notes " * 100)
    with pytest.raises(StoreUnavailable, match="file is not a database; name another file"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("these are notes")


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match="check the address") as raised:
        open_store("postgresql://matcher:hush@127.0.0.1:1/none")
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("table", ["events", "record_versions"])
@pytest.mark.parametrize("change", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}"])
def test_what_happened_cannot_be_changed_even_in_sql(store: Store, table: str, change: str) -> None:
    with store.writing() as session:
        for title in ("before", "after"):
            upsert_records(session, "needs", [a_need(title=title)], actor="tester", at=NOW)
        add_event(session, Event(NeedId("need-1"), CapabilityId("cap-1"), "tester", NOW, Stage.VIEWED))
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), store.writing() as session:
        session.execute(text(change.format(table)))


def test_looking_does_not_wait_for_a_writer(url: str, store: Store) -> None:
    """A long import holds up no reader, no opening and no doctor."""
    with store.writing() as session:
        upsert_records(session, "needs", [a_need()], actor="tester", at=NOW)
        other = open_store(url)
        assert other.has_tables()
        with other.reading() as reader:
            assert count_records(reader) == {}
        other.close()


@pytest.mark.parametrize("url", ["nothing", "postgresql://u:topsecret@h:port/x"])
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadInput, match="%2F") as refused:
        open_store(url)
    assert "secret" not in str(refused.value)

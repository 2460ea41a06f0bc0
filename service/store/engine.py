"""Opening the store: one writer at a time that loses nothing, readers that see one moment and wait for nobody.

SQLite runs in WAL mode. ``writing`` begins with BEGIN IMMEDIATE, so a transaction that reads first and writes later
never works on stale rows; others wait for their turn up to BUSY_SECONDS. ``reading`` is a read transaction: it sees
the database as it was at its beginning, however long it takes and whatever is written meanwhile.
PostgreSQL gives the same with REPEATABLE READ, READ ONLY.
A long read keeps SQLite's WAL file from shrinking until it ends; it costs disk, not correctness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, OperationalError
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.store import schema
from service.store.errors import StoreUnavailable
from service.store.holding import Held, held

BUSY_SECONDS: Final = 60  # longer than the write of a file of 100,000 records, which is one transaction
_READS: Final = "matcher_reads"


class Store:
    """A database whose tables were checked. Safe to share among threads; every process opens its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        options: dict[str, Any] = {_READS: True}
        if engine.dialect.name == "postgresql":
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reader = engine.execution_options(**options)

    @property
    def address(self) -> str:
        """Where the store is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def has_tables(self) -> bool:
        """Return False for an empty database; looks without waiting for a writer. Raises SchemaMismatch."""
        with _explained(self.address), self._reader.connect() as connection:
            return schema.check(connection)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one moment until the block ends, and can write nothing.

        Within ``holding`` it is the request's own transaction, once that has written.
        """
        one = held()
        if one is not None and one.session is not None:
            yield one.session
            return
        with _explained(self.address), Session(self._reader, autoflush=False) as session:
            session.execute(text("SELECT version_num FROM alembic_version"))  # the first read fixes the moment
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed when the block ends well, and leaves nothing when it does not.

        Within ``holding`` it is committed with everything else that the request writes.
        """
        one = held()
        if one is not None:
            with _explained(self.address), one.part(self.engine) as session:
                yield session
            return
        with _explained(self.address), Session(self.engine, autoflush=False) as session, session.begin():
            yield session

    def held(self, first: Callable[[Session], None]) -> Held:
        """Return a transaction for ``holding``; ``first`` is done in it before anything else is written."""
        return Held(self.engine, first)

    def committed(self, one: Held) -> None:
        """Commit such a transaction; raises StoreUnavailable."""
        with _explained(self.address):
            one.commit()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database at ``url``, making its tables if it is empty; raises StoreUnavailable or SchemaMismatch.

    A file's folder is made too. An older database is refused, not migrated: see ``matcher db upgrade``.
    """
    store = Store(connect(url))
    try:
        if not store.has_tables():
            upgrade(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def store_exists(url: str) -> bool:
    """Return whether there is something at ``url`` to open; a server is taken to be there. Raises BadInput."""
    parsed = parse_address(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


def upgrade(engine: Engine) -> None:
    """Bring the tables to this program's revision in one transaction; does nothing when they are there."""
    with _explained(engine.url.render_as_string(hide_password=True)), engine.begin() as connection:
        schema.migrate(connection)


def connect(url: str) -> Engine:
    """Make an engine with this store's habits, without touching the tables; raises BadInput on an unusable address."""
    parsed = parse_address(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    Path(parsed.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def parse_address(url: str) -> URL:
    """Read a store's address; raises BadInput, which never repeats what may be a password."""
    try:
        parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):  # no address, or a port that is no number; what came of it holds a password
        shown = re.sub(r"://.*", "://...", url)
        raise BadInput("database_url", expected="an SQLAlchemy address", got=shown, fix=_ADDRESSES) from None
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise BadInput("database_url", expected="SQLite or PostgreSQL", got=parsed.drivername, fix=_ADDRESSES)
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise BadInput("database_url", expected="a file", got=url, fix="a store in memory would be lost and not shared")
    return parsed


_ADDRESSES: Final = (
    "write sqlite:///folder/matcher.db or postgresql://user:password@host:port/database; "
    "in a password write @ as %40, / as %2F, : as %3A"
)


def _prepare_sqlite(raw: Any, _record: Any) -> None:
    raw.isolation_level = None  # sqlite3's own BEGIN is deferred and lost updates; ours is below
    raw.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _switch_to_wal(raw)
    raw.execute("PRAGMA foreign_keys = ON")


def _switch_to_wal(raw: Any) -> None:
    """Wait for whoever is at a new file first: SQLite refuses this one statement at once, lest two wait for ever."""
    end = monotonic() + BUSY_SECONDS
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except OperationalError as error:
            if error.sqlite_errorcode != SQLITE_BUSY or monotonic() > end:
                raise
            sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    reads = bool(connection.get_execution_options().get(_READS))
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def _explained(address: str) -> Iterator[None]:
    """Turn the driver's error into one that says what to do."""
    try:
        yield
    except (IntegrityError, ProgrammingError, DataError):
        raise  # a fault of this program, not of the database
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        raise StoreUnavailable(address, why, remedy(why)) from error


def remedy(why: str) -> str:
    """Say what to do about what a database's driver says."""
    remedies = {
        "locked": f"another process has been writing for over {BUSY_SECONDS} s: let it finish and try again",
        "not a database": "name another file, or restore a copy",
        "malformed": "restore a copy",
        "full": "free some disk space and try again; nothing was written",
        "readonly": "let this user write the file and its folder",
        "unable to open": "check that the folder exists and this user may write it",
    }
    return next((fix for sign, fix in remedies.items() if sign in why), "check the address and that the server runs")

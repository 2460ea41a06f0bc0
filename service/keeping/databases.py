"""A whole database out into a file and back in, each in one step: SQLite by its backup API, PostgreSQL by its tools."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from service.keeping.errors import ToolMissing
from service.store.engine import BUSY_SECONDS, remedy
from service.store.errors import StoreUnavailable

_CLOSED: Final = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
)
"""What SQLite says of a file that it could not look into, whole or not."""

FILES: Final = {"sqlite": "database/matcher.db", "postgresql": "database/matcher.dump"}
"""Where an archive keeps the copy."""


def copy_out(engine: Engine, path: Path) -> None:
    """Copy the database as it is at one moment, whoever writes meanwhile."""
    if engine.dialect.name == "postgresql":
        _run("pg_dump", engine, "--format=custom", "--no-owner", "--no-privileges", f"--file={path}")
        return
    with closing(_sqlite(engine)) as source, closing(sqlite3.connect(path)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it


def copy_in(path: Path, engine: Engine) -> None:
    """Put a copy in the database's place in one transaction: others see the old or the new one, never a part."""
    if engine.dialect.name == "postgresql":
        options = ("--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-privileges", "--exit-on-error")
        _run("pg_restore", engine, *options, str(path))
        return
    with closing(sqlite3.connect(path)) as copy, closing(_sqlite(engine)) as target:
        copy.backup(target)


def sqlite_problem(path: Path) -> str | None:
    """Return what is wrong with a SQLite file, or None; raises StoreUnavailable where it cannot be looked into."""
    try:
        with closing(sqlite3.connect(path)) as copy:
            found = [str(row[0]) for row in copy.execute("PRAGMA integrity_check(3)")]
            broken = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in _CLOSED:  # the low byte is the kind of error
            raise StoreUnavailable(str(path), str(error), remedy(str(error))) from error
        return str(error)
    return None if found == ["ok"] and broken is None else "; ".join(found) if found != ["ok"] else "dangling rows"


def _sqlite(engine: Engine) -> sqlite3.Connection:
    return sqlite3.connect(str(engine.url.database), timeout=BUSY_SECONDS)


def _run(tool: str, engine: Engine, *options: str) -> None:
    """Run a tool of PostgreSQL; the password goes by the environment, where ``ps`` does not show it."""
    if shutil.which(tool) is None:
        raise ToolMissing(tool, "it is not installed, or not on the path")
    address = engine.url.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": engine.url.password} if engine.url.password else {}
    command = [tool, f"--dbname={address}", *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **secret}, check=False)  # noqa: S603 - no shell, our own words
    if done.returncode:
        raise ToolMissing(tool, f"it failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")

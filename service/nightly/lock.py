"""Who may write releases: one night at a time, and one change of what is served at a time.

Both are file locks for this machine; nights on one PostgreSQL store hold an advisory lock besides. All of them end
with the process that holds them, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from service.nightly.errors import NightRunning

NIGHT: Final = ".night.lock"
SERVED: Final = ".served.lock"
_ADVISORY_KEY: Final = 0x6D617463686572  # "matcher" in ASCII: one key for every night of a database


@contextmanager
def night_locked(releases_dir: Path) -> Iterator[None]:
    """Hold the making of releases, whose folder is made if it is not there; raises NightRunning at once if held."""
    releases_dir.mkdir(parents=True, exist_ok=True)
    with (releases_dir / NIGHT).open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NightRunning(f"expected no other night in {releases_dir}; one is running: let it end") from None
        yield


@contextmanager
def served_locked(releases_dir: Path) -> Iterator[None]:
    """Hold what is served and what is removed, waiting for the moment that another takes over it.

    A night holds this only while it publishes, so that a person can go back to an earlier release in the midst of it.
    """
    releases_dir.mkdir(parents=True, exist_ok=True)
    with (releases_dir / SERVED).open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def store_locked(engine: Engine) -> Iterator[None]:
    """Hold the night of a PostgreSQL store, so that two machines do not publish from it at once.

    SQLite needs none beside the folder's lock: its file lies on one machine. Raises NightRunning at once.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar():
            raise NightRunning("expected no other night on this database; one is running: let it end")
        try:
            yield
        finally:
            with suppress(DBAPIError):  # a connection that was lost meanwhile has let go already; the night is made
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})

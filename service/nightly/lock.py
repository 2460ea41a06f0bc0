"""One writer of releases at a time: a file lock for this machine, an advisory lock for one PostgreSQL store.

Both end with the process that holds them, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from service.nightly.errors import NightRunning

LOCK: Final = ".lock"
_ADVISORY_KEY: Final = 0x6D617463686572  # "matcher" in ASCII: one key for every night of a database


@contextmanager
def releases_locked(releases_dir: Path) -> Iterator[None]:
    """Hold the releases folder, made if it is not there; raises NightRunning at once when somebody else does."""
    releases_dir.mkdir(parents=True, exist_ok=True)
    with (releases_dir / LOCK).open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NightRunning(
                f"expected {releases_dir} to be free; another run is writing there: let it end"
            ) from None
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
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})

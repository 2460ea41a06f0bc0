"""A real PostgreSQL server of the tests' own: made in a temporary folder, on a socket in it, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

_PATIENCE = 60.0  # seconds for a server to answer on a busy machine
_DEBIAN = Path("/usr/lib/postgresql")  # the server's programs are not on the path there
_AS = "postgres"  # initdb and the server refuse to run as root; Debian's package makes this account
_LOCAL = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50", "-c", "shared_buffers=32MB")


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest of Debian's first; None where no server is installed."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).resolve().parent if named else None


@contextmanager
def a_postgres_server() -> Iterator[URL]:
    """Run a server and give the address of its first database; skips where none is installed, and fails so in CI."""
    folder = programs()
    if folder is None:
        why = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(f"{why}; CI must have it")
        pytest.skip(why)
    user = _AS if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="matcher-pg-", dir="/tmp"))  # short: a socket's path has 107 characters
    try:
        if user:
            shutil.chown(home, user)
        with _running(folder, home, user):
            address = URL.create("postgresql+psycopg", "matcher", database="postgres", query={"host": str(home)})
            _wait(address, home / "log")
            yield address
    finally:
        shutil.rmtree(home)


@contextmanager
def _running(folder: Path, home: Path, user: str | None) -> Iterator[None]:
    data, plain = home / "data", {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    made = [str(folder / "initdb"), "-D", str(data), "-U", "matcher", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd=home, env=plain)
    command = [str(folder / "postgres"), "-D", str(data), "-k", str(home), *_LOCAL]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=home, env=plain)
    try:
        yield
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: it ends whoever is still connected
        server.wait(timeout=_PATIENCE)


def _wait(address: URL, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    engine = create_engine(address)
    while True:
        try:
            engine.connect().close()
        except Exception as error:
            if time.monotonic() > end:
                raise AssertionError(log.read_text()) from error
            time.sleep(0.05)
        else:
            break
    engine.dispose()


@contextmanager
def a_database(server: URL) -> Iterator[str]:
    """Give the address of an empty database of one's own, which sorts as people do: ids must not follow it."""
    name = f"matcher_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    people = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} {people}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()

"""A fresh store for each test: a SQLite file, or a database of its own on the server MATCHER_TEST_POSTGRES names."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from service.store import Store, open_store

SERVER = os.environ.get("MATCHER_TEST_POSTGRES", "")  # postgresql+psycopg://user@/postgres?host=/socket


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    if not SERVER:
        yield f"sqlite:///{tmp_path}/store.db"
        return
    name = f"matcher_{uuid.uuid4().hex}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        people = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"  # sorts as people do; ids must not follow
        connection.execute(text(f"CREATE DATABASE {name} {people}"))
    yield server.url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url)
    yield opened
    opened.close()

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.postgres import a_database
from tests.service.api.world import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store with a release, of one test's own."""
    made = a_world(tmp_path / "here")
    yield made
    made.store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: URL = request.getfixturevalue("postgres_server")
    with a_database(server) as address:
        yield address

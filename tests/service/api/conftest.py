from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.service.api.world import World, a_world


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that the tests of a module only read."""
    world = a_world(tmp_path_factory.mktemp("served"))
    yield world
    world.store.close()


@pytest.fixture(scope="module")
def client(served: World) -> Iterator[TestClient]:
    with served.client() as started:
        yield started


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world of one test's own."""
    made = a_world(tmp_path)
    yield made
    made.store.close()

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.api.world import World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A store with a release, of one test's own."""
    made = a_world(tmp_path / "here")
    yield made
    made.store.close()

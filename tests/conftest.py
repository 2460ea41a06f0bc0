"""Settings of every test."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL

from service.settings import PREFIX, Settings
from tests.logs import log_as_unless_told
from tests.postgres import a_postgres_server

LONGEST = ("test_quality.py", "test_notebooks.py")

settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine is not a failure; benchmarks watch the time
settings.load_profile("shared-machine")


def pytest_configure() -> None:
    """Take Ctrl-C as at a terminal: a job in the background ignores it, and so would every program the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in Settings.model_fields:  # a test states what it sets; what the shell has set is not its business
        os.environ.pop(f"{PREFIX}{name.upper()}", None)
    log_as_unless_told()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files: at the end one process would be left alone with them."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """One server for the tests of a process, started by the first that asks."""
    with a_postgres_server() as address:
        yield address

"""One night at a time on a database that several machines share."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from service.nightly import NightRunning
from service.nightly.lock import store_locked


class SharedDatabase:
    """Answers as PostgreSQL does about advisory locks."""

    dialect = SimpleNamespace(name="postgresql")

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.autocommit: list[str] = []

    @contextmanager
    def _connected(self) -> Iterator["SharedDatabase"]:
        yield self

    def connect(self) -> Any:
        return SimpleNamespace(execution_options=self._with)

    def _with(self, isolation_level: str) -> Any:
        self.autocommit.append(isolation_level)
        return self._connected()

    def execute(self, statement: Any, values: dict[str, int]) -> Any:
        key = values["key"]
        if "try" in str(statement):
            granted = key not in self.held
            self.held.add(key)
            return SimpleNamespace(scalar=lambda: granted)
        self.held.discard(key)
        return None


def test_a_second_night_on_the_database_is_refused_until_the_first_ends() -> None:
    database: Any = SharedDatabase()
    with store_locked(database), pytest.raises(NightRunning, match="one is running"), store_locked(database):
        pass
    database.held.clear()
    with store_locked(database):
        assert database.held
    assert not database.held


def test_a_night_that_fails_lets_go() -> None:
    database: Any = SharedDatabase()
    with pytest.raises(ZeroDivisionError), store_locked(database):
        _ = 1 / 0
    assert not database.held


def test_the_lock_does_not_hold_a_transaction_open_all_night() -> None:
    database: Any = SharedDatabase()
    with store_locked(database):
        assert database.autocommit == ["AUTOCOMMIT"]

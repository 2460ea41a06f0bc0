"""One night at a time on a database that several machines share: a real PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from service.nightly import NightRunning
from service.nightly.lock import store_locked
from service.store import Store, open_store
from tests.postgres import a_database


@pytest.fixture
def machines(postgres_server: URL) -> Iterator[tuple[Store, Store]]:
    """Two machines' connections to one store."""
    with a_database(postgres_server) as address:
        stores = open_store(address), open_store(address)
        yield stores
        for store in stores:
            store.close()


def test_a_second_night_on_the_database_is_refused_until_the_first_ends(machines: tuple[Store, Store]) -> None:
    first, second = (store.engine for store in machines)
    with store_locked(first), pytest.raises(NightRunning, match="one is running"), store_locked(second):
        pass
    with store_locked(second):
        pass


def test_a_night_that_fails_lets_go(machines: tuple[Store, Store]) -> None:
    first, second = (store.engine for store in machines)
    with pytest.raises(ZeroDivisionError), store_locked(first):
        _ = 1 / 0
    with store_locked(second):
        pass


def test_a_lost_connection_lets_go_and_costs_the_night_nothing(machines: tuple[Store, Store]) -> None:
    """The server forgets what a connection held, however it ends; the night goes on to its own end."""
    first, second = (store.engine for store in machines)
    with store_locked(first), second.connect() as other:
        held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        assert other.execute(text(held)).scalar()
        other.rollback()
        with store_locked(second):
            pass


def test_the_lock_does_not_hold_a_transaction_open_all_night(machines: tuple[Store, Store]) -> None:
    first, second = (store.engine for store in machines)
    with store_locked(first), second.connect() as other:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        assert other.execute(text(waiting)).scalar() == 0

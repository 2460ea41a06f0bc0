"""Several processes at once."""

from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import cast

import pytest

from matcher.profiles import Need
from service.store import Store, get_record, history, list_events, upsert_records
from tests.builders import a_need
from tests.service.store.writers import NOW, increment, open_and_close

PROCESSES, TIMES = 8, 10


@pytest.fixture
def processes() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.service.store.writers"])
    return context


def test_eight_writers_lose_nothing(processes: ForkServerContext, store: Store, url: str) -> None:
    """Stock settings lose most of such updates without an error: each reads, then writes what it read plus one."""
    with store.writing() as session:
        upsert_records(session, "needs", [a_need("counter", summary="0")], actor="tester", at=NOW)
    running = [processes.Process(target=increment, args=(url, TIMES)) for _ in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * PROCESSES
    with store.reading() as session:
        counter = get_record(session, "needs", "counter")
        assert cast("Need", counter.profile).summary == str(PROCESSES * TIMES)
        assert counter.version == len(history(session, "needs", "counter")) == PROCESSES * TIMES + 1
        assert len(list_events(session)) == PROCESSES * TIMES


def test_four_processes_may_open_a_new_store_at_once(processes: ForkServerContext, url: str) -> None:
    running = [processes.Process(target=open_and_close, args=(url,)) for _ in range(4)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * 4

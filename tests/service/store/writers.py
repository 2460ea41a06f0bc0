"""What other processes do to a store at the same time."""

from datetime import UTC, datetime
from typing import cast

from matcher.matches import Event
from matcher.profiles import CapabilityId, Need, NeedId
from matcher.vocabulary import Stage
from service.store import (
    Attached,
    EventConflict,
    add_event,
    get_record,
    open_store,
    pair_events,
    record_event,
    upsert_records,
)
from tests.builders import a_need

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def increment(url: str, times: int) -> None:
    """Open the store, new or not, and add one to a counter kept in a record, again and again."""
    store = open_store(url)
    for _ in range(times):
        with store.writing() as session:
            upsert_records(session, "needs", [a_need("seed")], actor="child", at=NOW)
            before = cast("Need", get_record(session, "needs", "counter").profile).summary
            counted = a_need("counter", summary=str(int(before) + 1))
            upsert_records(session, "needs", [counted], actor="child", at=NOW)
            event = Event(NeedId("counter"), CapabilityId("c"), "child", NOW, Stage.VIEWED)
            add_event(session, event)
    store.close()


def open_and_close(url: str) -> None:
    """Open a store that may not exist yet."""
    open_store(url).close()


def record_in_turn(url: str, times: int, careful: bool) -> None:
    """Record events of one pair, whatever the last one is, or only on what was just read."""
    store = open_store(url)
    written = 0
    while written < times:
        with store.reading() as session:
            seen = pair_events(session, "default", "n", "c")
        event = Event(NeedId("n"), CapabilityId("c"), "child", NOW, Stage.NDA, note="still waiting")
        try:
            with store.writing() as session:
                after = (seen[-1].number if seen else 0) if careful else None
                record_event(session, event, Attached(), after=after)
        except EventConflict:
            continue
        written += 1
    store.close()

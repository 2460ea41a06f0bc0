"""What other processes do to a store at the same time."""

from datetime import UTC, datetime
from typing import cast

from matcher.matches import Event
from matcher.profiles import CapabilityId, Need, NeedId
from matcher.vocabulary import Stage
from service.store import add_event, get_record, open_store, upsert_records
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

"""Events written by several at once, on both databases: none is lost, none is changed, each follows one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from matcher.errors import BadInput
from matcher.outcomes import fold
from matcher.vocabulary import Stage
from service.store import Attached, EventConflict, Store, Told, pair_events, record_event, states_of_pairs
from service.store.shown import OPENED, Shown, add_shown, opened_pairs, releases_shown
from tests.service.store.test_events import an_event
from tests.service.store.writers import record_in_turn

PROCESSES, TIMES = 4, 8
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_writers_at_once_lose_no_event_and_none_follows_the_same_one_twice(store: Store, url: str) -> None:
    """Half of them write whatever the last event is, half only on what they have just read, and read again if late."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["tests.service.store.writers"])
    running = [context.Process(target=record_in_turn, args=(url, TIMES, n % 2 == 0)) for n in range(PROCESSES)]
    for process in running:
        process.start()
    for process in running:
        process.join()
    assert [process.exitcode for process in running] == [0] * PROCESSES
    with store.reading() as session:
        events = pair_events(session, "default", "n", "c")
        follows = session.execute(text("SELECT follows FROM events ORDER BY number")).scalars().all()
    assert len(events) == PROCESSES * TIMES
    assert follows == [0, *(event.number for event in events[:-1])]
    assert fold([event.numbered for event in events]).last_number == events[-1].number


def test_who_decided_on_what_is_no_longer_the_last_event_is_told_and_writes_nothing(store: Store) -> None:
    with store.writing() as session:
        first = record_event(session, an_event(stage=Stage.NDA), Attached(), after=0)
    with pytest.raises(EventConflict, match="expected number 0 to be the last"), store.writing() as session:
        record_event(session, an_event(stage=Stage.PILOT), Attached(), after=0)
    with store.writing() as session:
        record_event(session, an_event(stage=Stage.PILOT), Attached(), after=first.stored.number)
    with pytest.raises(BadInput, match="stage"), store.writing() as session:
        record_event(session, an_event(stage=Stage.NDA), Attached())
    with store.reading() as session:
        assert [event.event.stage for event in pair_events(session, "default", "n", "c")] == [Stage.NDA, Stage.PILOT]


@pytest.mark.parametrize("verb", ["UPDATE events SET note = 'other', due_on = NULL", "DELETE FROM events"])
def test_an_event_cannot_be_changed_or_removed(store: Store, verb: str) -> None:
    with store.writing() as session:
        record_event(session, an_event(), Attached())
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(text(verb))
    with store.reading() as session:
        assert len(pair_events(session, "default", "n", "c")) == 1


def test_pairs_stand_by_tenant(store: Store) -> None:
    with store.writing() as session:
        record_event(session, an_event(stage=Stage.PILOT), Attached("a"))
        record_event(session, an_event(stage=Stage.STALLED), Attached("b"))
        record_event(session, an_event("n2", stage=Stage.VIEWED), Attached("a"))
    with store.reading() as session:
        stages = {key: state.stage for key, state in states_of_pairs(session).items()}
        assert stages == {("a", ("n", "c")): "pilot", ("b", ("n", "c")): "stalled", ("a", ("n2", "c")): "viewed"}
        assert set(states_of_pairs(session, Told("b"))) == {("b", ("n", "c"))}
        assert states_of_pairs(session, declined=True) == {}


def test_openings_are_told_from_what_stood_on_lists(store: Store) -> None:
    """A pair's lists are found again, in order, with the release they came from; another tenant's are not."""
    on_a_list = Shown("default", "broker", "r1", "need-1", "cap-1", 3, 2, 0.7, "B", NOW)
    opened = replace(on_a_list, release_id="r2", position=OPENED, at=NOW + timedelta(minutes=1))
    elsewhere = replace(on_a_list, tenant_id="other", release_id="r3")
    with store.writing() as session:
        add_shown(session, [on_a_list, opened, elsewhere, replace(on_a_list, capability_id="cap-2")])
    with store.reading() as session:
        assert list(opened_pairs(session)) == [opened]
        found = list(releases_shown(session, "default", "need-1", "cap-1"))
    assert found == [(on_a_list.at, "r1"), (opened.at, "r2")]

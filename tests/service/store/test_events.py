"""Events: what happened to pairs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import ReasonCode, Stage
from service.store import Store, add_event, list_events

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def an_event(need: str = "n", capability: str = "c", at: datetime = NOW, stage: Stage = Stage.VIEWED) -> Event:
    return Event(NeedId(need), CapabilityId(capability), "broker", at, stage)


def test_an_event_comes_back_as_it_was_written(store: Store) -> None:
    reasons = (ReasonCode.TIMING, ReasonCode.NO_CAPACITY)
    event = Event(NeedId("n"), CapabilityId("c"), "broker", NOW, Stage.DECLINED, reasons, "Not this year.")
    with store.writing() as session:
        number = add_event(session, event, release_id="2026-11-22")
    with store.reading() as session:
        (stored,) = list_events(session)
    assert (stored.number, stored.event, stored.release_id) == (number, event, "2026-11-22")


def test_a_moment_of_any_zone_comes_back_as_the_same_moment_in_utc(store: Store) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    with store.writing() as session:
        add_event(session, an_event(at=datetime(2026, 1, 1, 3, tzinfo=kathmandu)))
    with store.reading() as session:
        (stored,) = list_events(session)
    assert stored.event.at.isoformat() == "2025-12-31T21:15:00+00:00"


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="expected a moment with its zone"), store.writing() as session:
        add_event(session, an_event(at=datetime(2026, 1, 1)))  # noqa: DTZ001 - what is refused


def test_events_are_asked_by_pair_by_side_and_from_a_number_on(store: Store) -> None:
    pairs = [("n1", "c1"), ("n1", "c2"), ("n2", "c1")]
    with store.writing() as session:
        numbers = [add_event(session, an_event(*pair)) for pair in pairs]
    with store.reading() as session:
        assert [e.number for e in list_events(session, need_id="n1")] == numbers[:2]
        assert [e.number for e in list_events(session, capability_id="c1")] == [numbers[0], numbers[2]]
        assert [e.number for e in list_events(session, need_id="n1", capability_id="c2")] == [numbers[1]]
        assert [e.number for e in list_events(session, after=numbers[0], limit=1)] == [numbers[1]]

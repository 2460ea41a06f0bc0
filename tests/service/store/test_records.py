"""Writing and reading records, by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from matcher.errors import BadInput
from matcher.profiles import Need, Profile
from matcher.vocabulary import ReviewState
from service.store import (
    Store,
    StoredRecord,
    UnknownRecord,
    UpsertCounts,
    content_hash,
    count_records,
    get_record,
    history,
    upsert_records,
    withdraw,
)
from tests.builders import a_capability, a_need, an_organisation

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, tzinfo=UTC)


def write(store: Store, kind: str, *profiles: Profile, at: datetime = NOW) -> UpsertCounts:
    with store.writing() as session:
        return upsert_records(session, kind, profiles, actor="tester", at=at)


def read_need(store: Store, record_id: str = "need-1") -> Need:
    profile = read(store, "needs", record_id).profile
    assert isinstance(profile, Need)
    return profile


def read(store: Store, kind: str, record_id: str) -> StoredRecord:
    with store.reading() as session:
        return get_record(session, kind, record_id)


def test_a_new_record_is_created_at_version_one(store: Store) -> None:
    assert write(store, "needs", a_need()) == UpsertCounts(created=1)
    stored = read(store, "needs", "need-1")
    assert (stored.version, stored.created_at, stored.updated_at, stored.updated_by) == (1, NOW, NOW, "tester")


def test_a_record_comes_back_as_it_was_given_with_its_hash(store: Store) -> None:
    need = a_need(sdg_goals=[], keywords=["a"], complete_by="2028-01-01", site_conditions={"head": "3-5 m"})
    write(store, "needs", need)
    assert read(store, "needs", "need-1").profile == need.model_copy(update={"content_hash": content_hash(need)})


def test_an_empty_list_and_an_unknown_one_stay_two_things(store: Store) -> None:
    write(store, "needs", a_need("stated", sdg_goals=[]), a_need("unknown"))
    assert read_need(store, "stated").sdg_goals == ()
    assert read_need(store, "unknown").sdg_goals is None


def test_the_same_content_again_writes_nothing(store: Store) -> None:
    write(store, "needs", a_need())
    assert write(store, "needs", a_need(), at=LATER) == UpsertCounts(unchanged=1)
    assert read(store, "needs", "need-1").updated_at == NOW


def test_other_content_becomes_the_next_version_and_the_old_one_is_kept(store: Store) -> None:
    write(store, "needs", a_need(title="Before"))
    assert write(store, "needs", a_need(title="After"), at=LATER) == UpsertCounts(updated=1)
    with store.reading() as session:
        versions = history(session, "needs", "need-1")
    assert [(v.version, v.at, '"title":"After"' in v.profile) for v in versions] == [(1, NOW, False), (2, LATER, True)]
    assert read(store, "needs", "need-1").created_at == NOW


def test_a_later_updated_at_alone_is_noted_without_a_new_version(store: Store) -> None:
    """A provider that confirms an unchanged profile must not look stale."""
    write(store, "needs", a_need(updated_at="2025-01-01T00:00:00Z"))
    again = a_need(updated_at="2026-01-01T00:00:00Z")
    assert write(store, "needs", again) == UpsertCounts(refreshed=1)
    assert write(store, "needs", again) == UpsertCounts(unchanged=1)
    stored = read(store, "needs", "need-1")
    assert stored.version == 1
    assert stored.profile.updated_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_an_earlier_updated_at_is_not_taken_over(store: Store) -> None:
    write(store, "needs", a_need(updated_at=date(2026, 1, 1)))
    assert write(store, "needs", a_need(updated_at=date(2025, 1, 1))) == UpsertCounts(unchanged=1)


def test_a_record_is_known_by_its_source_and_keeps_its_first_id(store: Store) -> None:
    source = {"system": "register", "source_id": "77"}
    write(store, "needs", a_need("first", source=source))
    assert write(store, "needs", a_need("second", owner_organisation_id="need:first", source=source)) == UpsertCounts(
        unchanged=1
    )
    with pytest.raises(UnknownRecord, match="second"):
        read(store, "needs", "second")


def test_a_record_without_a_source_may_gain_one(store: Store) -> None:
    write(store, "needs", a_need())
    sourced = a_need(source={"system": "register", "source_id": "77"})
    assert write(store, "needs", sourced) == UpsertCounts(updated=1)
    assert write(store, "needs", sourced) == UpsertCounts(unchanged=1)


def test_an_id_of_another_source_is_refused_not_overwritten(store: Store) -> None:
    write(store, "needs", a_need(source={"system": "one", "source_id": "1"}))
    counts = write(store, "needs", a_need(title="Other", source={"system": "two", "source_id": "1"}))
    assert [(r.position, r.id, r.code) for r in counts.refusals] == [(0, "need-1", "id_taken")]
    assert "1 of one" in counts.refusals[0].detail


def test_the_same_id_twice_in_one_call_is_refused_where_the_content_differs(store: Store) -> None:
    counts = write(store, "needs", a_need(), a_need(), a_need(title="Other"))
    assert (counts.created, counts.unchanged) == (1, 1)
    assert [(r.position, r.code) for r in counts.refusals] == [(2, "duplicate_id")]


def test_an_id_that_postgresql_cannot_hold_is_refused_on_every_database(store: Store) -> None:
    assert [r.code for r in write(store, "needs", a_need("a\x00b")).refusals] == ["bad_id"]


def test_a_text_with_a_nul_is_kept(store: Store) -> None:
    need = a_need(title="Pump\x00s", summary="a\x00b", keywords=["\x00"])
    write(store, "needs", need)
    assert read_need(store).title == "Pump\x00s"


def test_more_records_than_a_chunk_are_all_written(store: Store) -> None:
    """A duplicate is met again however far behind its first."""
    needs = [a_need(f"need-{number}") for number in range(1203)]
    counts = write(store, "needs", *needs, a_need("need-0", title="Other"))
    assert (counts.created, len(counts.refusals)) == (1203, 1)
    with store.reading() as session:
        assert count_records(session) == {"needs": 1203}


def test_one_source_twice_in_one_call_is_one_record(store: Store) -> None:
    source = {"system": "register", "source_id": "77"}
    counts = write(
        store,
        "organisations",
        an_organisation("a", name="X", source=source),
        an_organisation("b", name="X", source=source),
    )
    assert (counts.created, counts.unchanged) == (1, 1)


def test_a_withdrawn_record_stays_withdrawn_when_it_is_imported_again(store: Store) -> None:
    write(store, "capabilities", a_capability())
    with store.writing() as session:
        assert withdraw(session, "capabilities", "cap-1", actor="broker", at=LATER) == 2
        assert withdraw(session, "capabilities", "cap-1", actor="broker", at=LATER) == 2
    assert write(store, "capabilities", a_capability()) == UpsertCounts(unchanged=1)
    assert read(store, "capabilities", "cap-1").profile.review_state is ReviewState.WITHDRAWN


def test_a_withdrawn_record_returns_when_a_profile_says_so(store: Store) -> None:
    write(store, "capabilities", a_capability(review_state="withdrawn"))
    assert write(store, "capabilities", a_capability(review_state="published")) == UpsertCounts(updated=1)


def test_withdrawing_what_is_not_there_says_so(store: Store) -> None:
    with (
        pytest.raises(UnknownRecord, match="needs: expected the id of a record in the store; got 'nobody'"),
        store.writing() as session,
    ):
        withdraw(session, "needs", "nobody", actor="broker", at=NOW)


def test_a_kind_that_does_not_exist_names_those_that_do(store: Store) -> None:
    with pytest.raises(BadInput, match="organisations, capabilities, needs"):
        read(store, "wishes", "1")


def test_a_profile_of_another_kind_is_refused_before_anything_is_written(store: Store) -> None:
    with pytest.raises(BadInput, match="expected a record of needs; got 'Capability'"):
        write(store, "needs", a_need(), a_capability())
    with store.reading() as session:
        assert count_records(session) == {}


def test_nothing_is_left_of_a_block_that_fails(store: Store) -> None:
    def interrupted() -> Iterator[Need]:
        yield from (a_need(f"need-{number}") for number in range(600))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.writing() as session:
        upsert_records(session, "needs", interrupted(), actor="tester", at=NOW)
    with store.reading() as session:
        assert count_records(session) == {}

"""How one record stands now."""

from datetime import UTC, datetime

from matcher.vocabulary import Confidentiality, ReviewState
from service.store import Store, content_hash, upsert_records, withdraw
from service.store.standing import Standing, standing, standing_now
from tests.builders import a_need

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_it_follows_the_record_in_a_session_and_without_one(store: Store) -> None:
    need = a_need("n", confidentiality="partners")
    with store.writing() as session:
        upsert_records(session, "needs", [need], actor="t", at=NOW)
        assert standing(session, "needs", "n") == Standing(
            content_hash(need), ReviewState.PUBLISHED, Confidentiality.PARTNERS
        )
    with store.writing() as session:
        withdraw(session, "needs", "n", actor="t", at=NOW)
    found = standing_now(store, "needs", "n")
    assert found is not None
    assert found.review_state is ReviewState.WITHDRAWN
    assert found.content_hash != content_hash(need)
    assert standing_now(store, "needs", "other") is standing_now(store, "capabilities", "n") is None


def test_it_waits_for_no_writer(store: Store) -> None:
    with store.writing() as session:
        upsert_records(session, "needs", [a_need("n")], actor="t", at=NOW)
        assert standing_now(store, "needs", "n") is None, "not before it is committed"

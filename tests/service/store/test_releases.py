"""The ledger of releases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.store import ReleaseEntry, ReleaseState, Store, get_release, list_releases, save_release

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DRAFT = ReleaseEntry("r1", "run-1", ReleaseState.DRAFT, NOW, manifest={"needs": 3, "files": {"a": "é"}})


def test_an_entry_comes_back_as_it_was_saved(store: Store) -> None:
    with store.writing() as session:
        save_release(session, DRAFT)
    with store.reading() as session:
        assert get_release(session, "r1") == DRAFT
        assert get_release(session, "r2") is None


def test_saving_again_moves_a_release_on(store: Store) -> None:
    published = replace(DRAFT, state=ReleaseState.PUBLISHED, published_at=NOW)
    with store.writing() as session:
        save_release(session, DRAFT)
        save_release(session, published)
    with store.reading() as session:
        assert list_releases(session) == (published,)


def test_the_newest_comes_first(store: Store) -> None:
    with store.writing() as session:
        for day in (2, 1, 3):
            save_release(session, ReleaseEntry(f"r{day}", "run", ReleaseState.DRAFT, NOW + timedelta(days=day)))
    with store.reading() as session:
        assert [entry.id for entry in list_releases(session, limit=2)] == ["r3", "r2"]

"""API keys."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.store import Store, list_keys, make_key, revoke_key, touch_key, verify_key

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def key(store: Store) -> str:
    with store.writing() as session:
        return make_key(session, name="demo", at=NOW, expires_at=NOW + timedelta(days=30))


def is_valid(store: Store, plaintext: str, at: datetime = NOW) -> bool:
    with store.reading() as session:
        return verify_key(session, plaintext, at=at) is not None


def prefix_of(key: str) -> str:
    return key.split("_")[1]


def test_a_key_opens_and_says_whose_it_is(store: Store, key: str) -> None:
    with store.reading() as session:
        known = verify_key(session, key, at=NOW)
    assert known is not None
    assert (known.prefix, known.name, known.created_at) == (prefix_of(key), "demo", NOW)


def test_the_key_itself_is_nowhere_in_the_database(store: Store, key: str) -> None:
    with store.reading() as session:
        assert key.split("_", 2)[2] not in str(session.execute(text("SELECT * FROM api_keys")).all())


@pytest.mark.parametrize("change", ["", "x", "_", "__", "pm_", "pm__", "pm_000000000000_x", "é_é_é", "\x00_\x00_\x00"])
def test_anything_else_opens_nothing(store: Store, key: str, change: str) -> None:
    assert not is_valid(store, change)
    assert not is_valid(store, key + "x")
    assert not is_valid(store, key[:-1])
    assert not is_valid(store, key.upper())


def test_a_key_ends_when_it_expires(store: Store, key: str) -> None:
    assert is_valid(store, key, NOW + timedelta(days=29))
    assert not is_valid(store, key, NOW + timedelta(days=30))


def test_a_revoked_key_opens_nothing_and_stays_listed(store: Store, key: str) -> None:
    with store.writing() as session:
        assert revoke_key(session, prefix_of(key), at=NOW)
        assert not revoke_key(session, prefix_of(key), at=NOW)
        assert not revoke_key(session, "nobody", at=NOW)
    assert not is_valid(store, key)
    with store.reading() as session:
        assert [(k.name, k.revoked_at) for k in list_keys(session)] == [("demo", NOW)]


def test_the_last_use_is_noted(store: Store, key: str) -> None:
    with store.writing() as session:
        touch_key(session, prefix_of(key), at=NOW)
    with store.reading() as session:
        assert [k.last_used_at for k in list_keys(session)] == [NOW]

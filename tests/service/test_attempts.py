"""Attempts to sign in are counted in the store, by everybody together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.attempts import A_LOGIN, AN_ADDRESS, ANYWHERE, WINDOW, Attempts, forget
from service.store import Store, open_store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def store(empty_url: str) -> Iterator[Store]:
    opened = open_store(empty_url)
    yield opened
    opened.close()


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_a_few_are_let_through_until_a_quarter_of_an_hour_has_passed(store: Store) -> None:
    clock = Clock()
    attempts = Attempts(store, clock)
    assert [attempts.begin("a", "here") for _ in range(A_LOGIN)] == [0] * A_LOGIN
    assert attempts.begin("a", "here") == WINDOW.total_seconds() + 1
    assert attempts.begin("a", "there") == 0, "an attacker elsewhere does not lock the desk out"
    clock.now += WINDOW - timedelta(seconds=1)
    assert attempts.begin("a", "here") == 2
    clock.now += timedelta(seconds=1)
    assert attempts.begin("a", "here") == 0


def test_success_forgets_a_login_at_an_address_and_no_other(store: Store) -> None:
    attempts = Attempts(store, Clock())
    for login, address in (("a", "here"), ("a", "there"), ("b", "here")):
        for _ in range(A_LOGIN):
            attempts.begin(login, address)
    with store.writing() as session:
        forget(session, "a", "here")
    assert attempts.begin("a", "here") == 0
    assert attempts.begin("a", "there") > 0
    assert attempts.begin("b", "here") > 0


def test_an_address_tries_so_many_logins_and_a_login_is_tried_from_so_many_addresses(store: Store) -> None:
    attempts = Attempts(store, Clock())
    assert [attempts.begin(f"login-{at}", "here") for at in range(AN_ADDRESS)] == [0] * AN_ADDRESS
    assert attempts.begin("another", "here") > 0
    assert [attempts.begin("desk", f"address-{at}") for at in range(ANYWHERE)] == [0] * ANYWHERE
    assert attempts.begin("desk", "one-more") > 0


def test_many_sent_at_once_get_no_further_than_one_after_another(store: Store) -> None:
    attempts = Attempts(store)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: attempts.begin("a", "here"), range(40)))
    assert found.count(0) == A_LOGIN


def test_any_text_is_taken(store: Store) -> None:
    attempts = Attempts(store, Clock())
    assert attempts.begin("\x00", "f" * 1000) == 0
    with store.writing() as session:
        forget(session, "\x00", "f" * 1000)

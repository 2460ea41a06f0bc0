"""Several writes of one request in one transaction: all of them lasting, or none."""

import threading
from contextvars import copy_context

import pytest

from service.store import Store, get_records, upsert_records
from service.store.holding import Held, holding, when_committed
from tests.builders import a_need
from tests.service.api.world import NOW


def _write(store: Store, *ids: str) -> None:
    with store.writing() as session:
        upsert_records(session, "needs", [a_need(one) for one in ids], actor="test", at=NOW)


def _fail(store: Store, record_id: str) -> None:
    with store.writing() as session:
        upsert_records(session, "needs", [a_need(record_id)], actor="test", at=NOW)
        raise ZeroDivisionError


def _there(store: Store) -> set[str]:
    with store.reading() as session:
        return set(get_records(session, "needs", ["a", "b", "c"]))


def _held(store: Store) -> Held:
    return store.held(lambda _: None)


def test_what_is_written_is_seen_within_and_by_others_once_it_is_committed(store: Store) -> None:
    one, done = _held(store), []
    with holding(one):
        assert _there(store) == set()
        _write(store, "a")
        _write(store, "b")
        when_committed(lambda: done.append("told"))
        assert _there(store) == {"a", "b"}
    assert (_there(store), done) == (set(), [])
    store.committed(one)
    assert (_there(store), done) == ({"a", "b"}, ["told"])


def test_what_is_undone_was_never_there(store: Store) -> None:
    one, done = _held(store), []
    with holding(one):
        _write(store, "a")
        when_committed(lambda: done.append("told"))
    one.undo()
    assert (_there(store), done) == (set(), [])
    _write(store, "a")
    assert _there(store) == {"a"}


def test_a_later_block_that_fails_undoes_itself_alone_and_a_first_one_everything(store: Store) -> None:
    one = _held(store)
    with holding(one):
        with pytest.raises(ZeroDivisionError):
            _fail(store, "c")
        assert one.session is None
        _write(store, "a")
        with pytest.raises(ZeroDivisionError):
            _fail(store, "b")
    store.committed(one)
    assert _there(store) == {"a"}


def test_a_thread_that_was_handed_the_context_writes_in_the_same_transaction(store: Store) -> None:
    one = _held(store)
    with holding(one):
        context = copy_context()
    thread = threading.Thread(target=lambda: context.run(_write, store, "a"))
    thread.start()
    thread.join()
    assert _there(store) == set()
    store.committed(one)
    assert _there(store) == {"a"}


def test_without_a_request_things_happen_at_once() -> None:
    done = []
    when_committed(lambda: done.append("told"))
    assert done == ["told"]

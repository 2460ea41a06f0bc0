"""A dump is every row; loaded into either kind of database it is the same store."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import ReasonCode, Stage
from service.keeping.dumping import dump, load
from service.store import add_event, history, list_events, open_store, verify_key, withdraw
from tests.service.api.world import NOW, World


def dumped(url: str) -> bytes:
    store, sink = open_store(url), io.BytesIO()
    dump(store, sink)
    store.close()
    return sink.getvalue()


def lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


@pytest.fixture
def full(world: World) -> World:
    """A world with a history, a withdrawal and events."""
    with world.store.writing() as session:
        withdraw(session, "needs", "need-1", actor="test", at=NOW)
        for stage, codes in ((Stage.VIEWED, ()), (Stage.DECLINED, (ReasonCode.PRICE,))):
            event = Event(NeedId("need-hostile"), CapabilityId("cap-1"), "user:x", NOW, stage, codes, "two\nlines")
            add_event(session, event)
    return world


def test_a_dump_loaded_again_is_the_same_store(full: World, empty_url: str) -> None:
    content = dumped(full.settings.database_url)
    rows = load(empty_url, lines(content))
    assert rows == len(lines(content)) - 2, "the head, and the line that counts"
    assert dumped(empty_url) == content


def test_a_loaded_store_works_on(full: World, empty_url: str) -> None:
    load(empty_url, lines(dumped(full.settings.database_url)))
    store = open_store(empty_url)
    with store.writing() as session:
        event = Event(NeedId("need-hostile"), CapabilityId("cap-1"), "user:x", NOW, Stage.WITHDRAWN)
        assert add_event(session, event) == 3, "numbers go on after the loaded ones"
    with store.reading() as session:
        assert verify_key(session, full.key, at=NOW) is not None
        assert len(list_events(session)) == 3
        assert [version.version for version in history(session, "needs", "need-1")] == [1, 2]
    store.close()


def test_a_store_that_holds_anything_is_not_loaded_into(full: World) -> None:
    content = dumped(full.settings.database_url)
    with pytest.raises(BadInput, match="empty database"):
        load(full.settings.database_url, lines(content))
    assert dumped(full.settings.database_url) == content


def test_a_dump_from_before_the_rows_were_counted_is_loaded_too(full: World, tmp_path: Path) -> None:
    content = dumped(full.settings.database_url)
    url = f"sqlite:///{tmp_path}/other.db"
    load(url, [lines(content)[0].replace(b'"matcher-dump":2', b'"matcher-dump":1'), *lines(content)[1:-1]])
    assert dumped(url) == content


def test_an_opened_empty_store_may_be_loaded_into(full: World, empty_url: str) -> None:
    open_store(empty_url).close()
    content = dumped(full.settings.database_url)
    load(empty_url, lines(content))
    assert dumped(empty_url) == content


@pytest.mark.parametrize(
    ("harmed", "said"),
    [
        (lambda found: [b"no json\n", *found[1:]], "matcher db dump"),
        (lambda found: [json.dumps({"matcher-dump": 1, "revision": "9999"}).encode(), *found[1:]], "or older"),
        (lambda found: [*found[:5], b'{"table":"records"\n', *found[5:]], "line 6"),
        (lambda found: [*found[:5], b'{"table":"strangers","row":{}}\n'], "expected one of"),
        (lambda found: found[:0], "matcher db dump"),
        (lambda found: found[:-3], "expected a last line that counts the rows; got .* rows.; the file was cut off"),
        (lambda found: [*found[:-3], found[-1]], "as the last line counts them; got"),
    ],
    ids=["head", "newer", "line", "table", "nothing", "cut off", "holed"],
)
def test_a_file_that_is_no_whole_dump_leaves_the_database_empty(
    full: World, tmp_path: Path, harmed: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    url = f"sqlite:///{tmp_path}/other.db"
    with pytest.raises(BadInput, match=said):
        load(url, harmed(lines(dumped(full.settings.database_url))))
    store = open_store(url)
    sink = io.BytesIO()
    dump(store, sink)
    assert len(sink.getvalue().splitlines()) == 3, "the head, the default tenant, and the line that counts"
    store.close()

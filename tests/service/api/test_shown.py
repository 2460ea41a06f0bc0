"""What was shown is written down: off the request's path, once an hour a list, and never at a reader's cost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from service.accounts.roles import Role
from service.outcomes import shown as shown_module
from service.outcomes.shown import AGAIN, Seen, ShownLog, Viewer
from service.store import StoreUnavailable, list_shown
from service.store.shown import OPENED
from tests.service.api.world import World

VIEWER = Viewer("default", "broker")
LINES = (Seen("need-1", "cap-1", 1, 0.9, "B"), Seen("need-1", "cap-2", 2, 0.8, "B"))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def rows(world: World) -> list[Any]:
    with world.store.reading() as session:
        return [one for _, one in list_shown(session)]


def test_a_list_that_was_sent_is_written_as_it_stood_with_tenant_and_role_and_no_name(world: World) -> None:
    with world.client() as client:
        sent = client.get("/v1/needs/need-1/matches?limit=2").json()
    first, second = rows(world)  # stopping wrote what was left
    assert [one.capability_id for one in (first, second)] == [one["capability_id"] for one in sent["matches"]]
    assert (first.rank, first.position, second.position) == (1, 1, 2)
    assert (first.score, first.tier) == (sent["matches"][0]["score"], sent["matches"][0]["tier"])
    assert (first.release_id, first.tenant_id, first.role) == (sent["release_id"], "default", "broker")
    assert world.key.split("_")[1] not in repr(first)
    assert abs((datetime.now(UTC) - first.at).total_seconds()) < 60


def test_what_leaves_without_its_body_was_shown_to_nobody(world: World) -> None:
    """HEAD is answered as GET, and yet nothing is seen: a list, a pair, a reverse list, a page."""
    with world.client() as client:
        for path in ("/v1/needs/need-1/matches", "/v1/matches/need-1/cap-1", "/v1/capabilities/cap-1/matches"):
            assert client.head(path).status_code == 200
        assert client.head("/needs/need-1").status_code == 200
    assert not rows(world)


def test_pages_files_and_the_reverse_list_are_noted_too(world: World) -> None:
    with world.client() as client:
        client.get("/v1/capabilities/cap-1/matches")
        assert client.get("/needs/need-1").status_code == 200
        assert client.get("/v1/needs/need%2F2:odd%20%252F%20id/shortlist.xlsx").status_code == 200
    found = rows(world)
    assert {one.capability_id for one in found if one.need_id == "need-hostile"} == {"cap-1"}
    assert len({one.need_id for one in found}) == 3


def test_a_pair_that_was_opened_by_itself_stands_at_position_0(world: World) -> None:
    """Over HTTP or on its page: once within the hour, beside the list that it stands on."""
    with world.client() as client:
        client.get("/v1/needs/need-1/matches?limit=1")
        client.get("/v1/matches/need-1/cap-1")
        client.get("/needs/need-1/with/cap-1")
        client.get("/v1/matches/need-1/no-such")
    listed, opened = rows(world)
    assert (listed.position, opened.position) == (1, OPENED)
    assert (opened.need_id, opened.capability_id, opened.rank) == ("need-1", "cap-1", listed.rank)
    assert (opened.score, opened.release_id, opened.tenant_id) == (listed.score, listed.release_id, "default")


def test_the_same_list_within_the_hour_counts_once(world: World) -> None:
    clock = Clock()
    log = ShownLog(world.store, 30, clock)
    log.note(VIEWER, "r1", LINES)
    log.note(VIEWER, "r1", LINES)
    log.note(Viewer("default", "viewer"), "r1", LINES)
    log.note(VIEWER, "r2", LINES)
    assert log.write() == 6
    clock.now += AGAIN + 1
    log.note(VIEWER, "r1", LINES)
    assert log.write() == 2


def test_a_full_queue_drops_and_counts_and_nobody_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_module, "WAITING", 3)
    log = ShownLog(world.store, 30)
    for number in range(5):
        log.note(VIEWER, f"r{number}", LINES)
    assert (log.dropped, log.write()) == (2, 6)


def test_a_store_that_cannot_be_written_costs_lists_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("sqlite:///x", "database is locked", "try again")

    log = ShownLog(world.store, 30)
    log.note(VIEWER, "r1", LINES)
    with monkeypatch.context() as patched:
        patched.setattr(type(world.store), "writing", fail)
        assert log.write() == 0
    assert log.dropped == 1
    log.note(VIEWER, "r2", LINES)
    assert log.write() == 2


def test_what_is_older_than_it_is_kept_goes(world: World) -> None:
    log = ShownLog(world.store, 30)
    log.note(VIEWER, "r1", LINES)
    log.write()
    assert len(rows(world)) == 2
    off = ShownLog(world.store, 0)
    off.note(VIEWER, "r2", LINES)
    assert off.write() == 0
    assert rows(world) == [], "0 days keep nothing"


def test_the_log_is_read_by_who_measures_and_only_their_tenants(world: World) -> None:
    analyst = {"X-API-Key": world.key_of(Role.ANALYST)}
    other = {"X-API-Key": world.key_of(Role.ANALYST, "bank-b")}
    with world.client() as client:
        client.get("/v1/needs/need-1/matches?limit=1")
    with world.client() as client:
        assert client.get("/v1/shown").status_code == 403
        page = client.get("/v1/shown?limit=1", headers=analyst).json()
        assert page["items"][0]["role"] == "broker"
        assert client.get(f"/v1/shown?after={page['next']}", headers=analyst).json()["items"] == []
        assert client.get("/v1/shown", headers=other).json()["items"] == []

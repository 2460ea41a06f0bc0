"""Posts with an Idempotency-Key are done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.store.once import KEPT, Answer, Claim, claim, forget, keep_answer, look
from tests.service.api.world import NOW, World

NEED = {"title": "Pumps", "text": "Water pumps for a village"}


def _post(client: TestClient, key: str, body: Any = NEED, path: str = "/v1/needs") -> Any:
    return client.post(path, json=body, headers={"Idempotency-Key": key})


def _count(client: TestClient) -> int:
    return len(client.get("/v1/needs", params={"limit": 200}).json()["items"])


def test_the_same_post_twice_is_done_once_and_answered_alike(world: World) -> None:
    with world.client() as client:
        before = _count(client)
        first, second = _post(client, "k-1"), _post(client, "k-1")
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert [first.headers[name] for name in ("Location", "ETag")] == [
            second.headers[name] for name in ("Location", "ETag")
        ]
        assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
        assert _count(client) == before + 1
        assert _post(client, "k-2").headers["Location"] != first.headers["Location"]


def test_another_body_or_address_under_a_key_is_refused(world: World) -> None:
    with world.client() as client:
        _post(client, "k-1")
        for answer in (_post(client, "k-1", {"title": "Other"}), _post(client, "k-1", NEED, "/v1/capabilities")):
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "key-reused")
        assert _post(client, "with space").status_code == 422


def test_keys_are_an_accounts_own(world: World) -> None:
    with world.client() as client:
        first = _post(client, "k-1").headers["Location"]
    with world.client(world.key_of(Role.BROKER)) as client:
        assert _post(client, "k-1", {"title": "Mine"}).headers["Location"] != first


def test_what_was_refused_may_be_tried_again_under_its_key(world: World) -> None:
    with world.client() as client:
        assert _post(client, "k-1", {"trl_min": 12}).status_code == 422
        assert _post(client, "k-1").status_code == 201


def test_at_once_is_once(world: World) -> None:
    with world.client() as client, ThreadPoolExecutor(6) as crowd:
        before = _count(client)
        answers = [one.result() for one in [crowd.submit(_post, client, "k-1") for _ in range(6)]]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert _count(client) == before + 1


def test_a_file_under_a_key_is_imported_once(world: World) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "f-1"}
    with world.client() as client:
        first = client.post("/v1/imports?kind=needs", content="id,title\na,Pumps\n", headers=headers)
        second = client.post("/v1/imports?kind=needs", content="id,title\na,Pumps\n", headers=headers)
        assert first.headers["Location"] == second.headers["Location"]
        assert len(client.get("/v1/imports").json()["items"]) == 1
        other = client.post("/v1/imports?kind=needs", content="id,title\nb,Pumps\n", headers=headers)
        assert other.status_code == 422
        folders = [path for path in (world.settings.data_dir / "jobs").iterdir() if path.is_dir()]
        assert len(folders) == 1, "what was sent in vain is not kept"


def test_what_is_done_and_its_answer_are_kept_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that dies between doing and keeping the answer has done nothing, and the next try does it at once."""

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    with world.client(raise_server_exceptions=False) as client:
        before = _count(client)
        with monkeypatch.context() as patch:
            patch.setattr("service.api.once.keep_answer", dies)
            assert _post(client, "k-1").status_code == 500
        assert _count(client) == before
        again = _post(client, "k-1")
        assert (again.status_code, "Idempotency-Replayed" in again.headers) == (201, False)
        assert _count(client) == before + 1


def test_nothing_is_done_by_a_request_that_fails_after_it_wrote(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    with world.client(raise_server_exceptions=False) as client:
        before = _count(client)
        with monkeypatch.context() as patch:
            patch.setattr("service.api.changing.answer", fails)
            assert _post(client, "k-1").status_code == 500
        assert _count(client) == before
        assert _post(client, "k-1").status_code == 201


def test_two_servers_asked_at_once_do_it_once_and_answer_alike(world: World) -> None:
    with world.client() as one, world.client() as other, ThreadPoolExecutor(8) as crowd:
        before = _count(one)
        clients = [one, other] * 4
        answers = [done.result() for done in [crowd.submit(_post, each, "k-1") for each in clients]]
        told = {answer.headers["Location"] for answer in answers if answer.status_code == 201}
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(told) == 1
        assert _count(one) == before + 1


def test_many_keyed_writes_at_once_wait_for_each_other_and_none_is_lost(world: World) -> None:
    with world.client() as client, ThreadPoolExecutor(60) as crowd:
        before = _count(client)
        answers = [done.result() for done in [crowd.submit(_post, client, f"k-{at}") for at in range(60)]]
        assert {answer.status_code for answer in answers} == {201}
        assert _count(client) == before + 60


def test_what_was_dismissed_under_a_key_is_off_the_list_at_once(world: World) -> None:
    with world.client() as client:
        assert "cap-1" in client.get("/v1/needs/need-1/matches").text
        event = {"stage": "declined", "reason_codes": ["price"]}
        assert _post(client, "k-1", event, "/v1/matches/need-1/cap-1/events").status_code == 201
        listed = client.get("/v1/needs/need-1/matches").json()["matches"]
        assert "cap-1" not in [one["capability_id"] for one in listed]


def test_a_key_is_taken_by_one_transaction_and_its_answer_kept_a_day(world: World) -> None:
    said = Answer(201, {"etag": "x"}, "{}")
    with world.store.writing() as session:
        assert claim(session, "o", "k", "print", NOW) == (Claim.NEW, None)
        keep_answer(session, "o", "k", said)
        assert claim(session, "o", "k", "print", NOW + timedelta(hours=1)) == (Claim.DONE, said)
        assert look(session, "o", "k", "other", NOW)[0] is Claim.OTHER
        assert look(session, "o", "k", "print", NOW + KEPT * 2)[0] is Claim.NEW
        assert claim(session, "o", "k", "print", NOW + KEPT * 2)[0] is Claim.NEW
        forget(session, "o", "k")
        assert claim(session, "o", "k", "other", NOW)[0] is Claim.NEW

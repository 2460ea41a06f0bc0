"""Events of pairs over HTTP: written, corrected, never changed; each tenant its own."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import Need
from matcher.vocabulary import Confidentiality
from service.accounts.roles import Permission, Role
from tests.builders import a_need
from tests.service.api.world import World

PAIR = "/v1/matches/need-1/cap-1/events"


def post(client: TestClient, stage: str, path: str = PAIR, *, key: str = "", tag: str = "", **facts: Any) -> Any:
    headers = ({"X-API-Key": key} if key else {}) | ({"If-Match": tag} if tag else {})
    return client.post(path, json={"stage": stage, **facts}, headers=headers)


def test_an_event_is_recorded_in_the_name_of_who_sent_it_and_moves_the_pair(world: World) -> None:
    with world.client() as client:
        assert client.get(PAIR).json()["state"]["stage"] is None
        written = post(client, "intro_requested", due_on="2027-01-15", note="Wrote to both sides.")
        assert written.status_code == 201
        assert written.headers["Location"] == PAIR
        found = client.get(PAIR)
    event = written.json()["event"]
    assert event["actor"] == f"key:{world.key.split('_')[1]}"
    assert (event["tenant_id"], event["confidentiality"]) == ("default", "partners")
    assert event["release_id"] == found.json()["events"][0]["release_id"] is not None
    state = found.json()["state"]
    assert (state["stage"], state["due_on"]) == ("intro_requested", "2027-01-15")
    assert state["next_action"] == "chase the reply to the introduction"
    assert found.headers["ETag"] == written.headers["ETag"] == f'"{event["number"]}"'


def test_a_closed_pair_is_reopened_by_a_correction_and_nothing_else(world: World) -> None:
    with world.client() as client:
        number = post(client, "declined", reason_codes=["price"]).json()["event"]["number"]
        refused = post(client, "pilot")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:partner-matcher:problem:cannot-follow")
        assert "correct the event" in refused.json()["errors"][0]["fix"]
        assert post(client, "pilot", corrects=number + 1000).status_code == 409
        assert post(client, "intro_accepted", corrects=number).status_code == 201
        found = client.get(PAIR).json()
    assert found["state"]["stage"] == "intro_accepted"
    assert [event["stage"] for event in found["events"]] == ["declined", "intro_accepted"], "nothing is edited away"


def test_a_dismissal_without_a_reason_is_refused_with_the_list_of_reasons(world: World) -> None:
    with world.client() as client:
        refused = post(client, "declined")
    assert refused.status_code == 422
    assert "no_capacity" in refused.json()["errors"][0]["expected"]


@pytest.mark.parametrize(
    "sent",
    [
        {"stage": "no_such_stage"},
        {"stage": "declined", "reason_codes": ["because"]},
        {"stage": "pilot", "extra": 1},
        {"stage": "pilot", "at": "2999-01-01T00:00:00Z"},
        {"stage": "pilot", "at": "2026-01-01T00:00:00"},
        {},
    ],
)
def test_values_outside_the_closed_lists_are_refused(client: TestClient, sent: dict[str, Any]) -> None:
    assert client.post(PAIR, json=sent).status_code == 422


def test_two_brokers_at_once_do_not_overwrite_each_other(world: World) -> None:
    """The second one, who decided on what he had read before, is told that it changed."""
    with world.client() as client:
        tag = client.get(PAIR).headers["ETag"]
        assert post(client, "shortlisted", tag=tag).status_code == 201
        late = post(client, "declined", reason_codes=["timing"], tag=tag)
        assert (late.status_code, late.json()["type"]) == (412, "urn:partner-matcher:problem:changed")
        assert len(client.get(PAIR).json()["events"]) == 1
        assert post(client, "pilot", tag="W/nonsense").status_code == 412


def test_each_tenant_has_its_own_history(world: World) -> None:
    other = world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        post(client, "declined", reason_codes=["political"])
        assert client.get(PAIR, headers={"X-API-Key": other}).json()["events"] == []
        assert post(client, "pilot", key=other).json()["state"]["stage"] == "pilot"
        assert [event["stage"] for event in client.get("/v1/events").json()["items"]] == ["declined"]


def test_a_viewer_reads_no_brokers_note_and_writes_nothing(world: World) -> None:
    viewer = world.key_of(Role.VIEWER)
    narrow = world.key_of(Role.BROKER, scopes=[Permission.READ])
    with world.client() as client:
        post(client, "shortlisted")
        post(client, "pilot", confidentiality="broker_only", note="They may be sold.")
        seen = client.get(PAIR, headers={"X-API-Key": viewer}).json()
        assert [event["stage"] for event in seen["events"]] == ["shortlisted"]
        assert seen["state"]["stage"] == "shortlisted"
        assert client.get(PAIR, headers={"X-API-Key": narrow}).json()["events"] == []
        assert "sold" not in client.get("/v1/events", headers={"X-API-Key": viewer}).text
        assert post(client, "pilot", key=viewer).status_code == 403


def test_a_pair_of_which_a_side_may_not_be_seen_is_unknown(world: World) -> None:
    hidden: Need = a_need("need-1", confidentiality=Confidentiality.BROKER_ONLY)
    viewer = world.key_of(Role.VIEWER)
    with world.client() as client:
        post(client, "pilot", confidentiality="public")
        world.upsert("needs", hidden)
        for method in ("GET", "POST"):
            answer = client.request(method, PAIR, json={"stage": "pilot"}, headers={"X-API-Key": viewer})
            assert answer.status_code == (404 if method == "GET" else 403)
        import time

        time.sleep(1.1)  # what may be seen is looked up once a second
        assert client.get("/v1/events", headers={"X-API-Key": viewer}).json()["items"] == []
        assert client.get("/v1/matches/need-1/nobody/events").status_code == 404


def test_events_are_read_on_in_the_order_of_writing(world: World) -> None:
    with world.client() as client:
        for stage in ("viewed", "shortlisted", "intro_requested"):
            post(client, stage)
        first = client.get("/v1/events?limit=2").json()
        rest = client.get(f"/v1/events?after={first['next']}").json()
    assert [event["stage"] for event in first["items"]] == ["viewed", "shortlisted"]
    assert ([event["stage"] for event in rest["items"]], rest["next"]) == (["intro_requested"], None)

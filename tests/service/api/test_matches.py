"""Shortlists over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.matches import Match
from service.api.answers import address
from service.api.schemas import MatchOut, ReverseOut, ShortlistOut
from service.releases import current_release
from service.wire import match_from_json, match_json
from tests.service.api.world import World


def _matches(client: TestClient, need: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/needs/{need}/matches", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_published_shortlist_is_served_as_the_night_made_it(served: World, client: TestClient) -> None:
    found = ShortlistOut.model_validate_json(client.get("/v1/needs/need-1/matches", params={"limit": 200}).content)
    kept = current_release(served.settings.releases_dir).shortlist("need-1")
    assert kept is not None
    assert tuple(found.matches) == kept.matches
    assert (found.eligible, found.considered, found.provisional) == (kept.eligible, kept.considered, False)


def test_each_match_says_whether_it_is_allocated_and_why(client: TestClient) -> None:
    found = ShortlistOut.model_validate(_matches(client, "need-1", limit=200))
    assert found.allocated
    assert any(match.allocated for match in found.matches)
    for match in found.matches:
        assert match.allocation != "unallocated"
        pair = MatchOut.model_validate_json(client.get(address("v1", "matches", "need-1", match.capability_id)).content)
        assert (pair.match.allocated, pair.match.placing) == (match.allocated, match.placing)


def test_a_list_after_allocation_has_the_same_matches_with_introductions_first(client: TestClient) -> None:
    before = _matches(client, "need-1", limit=200)["matches"]
    after = _matches(client, "need-1", limit=200, order="allocation")["matches"]
    assert sorted(match["rank"] for match in after) == [match["rank"] for match in before]
    flags = [(not match["allocated"], bool(match["near_miss"])) for match in after]
    assert flags == sorted(flags)


def test_the_report_of_the_allocation_is_that_of_the_release(served: World, client: TestClient) -> None:
    found = client.get("/v1/reports/allocation").json()
    assert found["allocated"] is True
    assert found["figures"] == current_release(served.settings.releases_dir).metrics["allocation"]
    assert found["figures"]["after"]["needs_served"] == 3


def test_every_answer_made_from_a_release_names_it(served: World, client: TestClient) -> None:
    release_id = current_release(served.settings.releases_dir).id
    for path in (
        "/v1/needs/need-1/matches",
        "/v1/capabilities/cap-1/matches",
        "/v1/matches/need-1/cap-1",
        "/v1/releases/current",
    ):
        answer = client.get(path)
        assert answer.headers["Matcher-Release"] == answer.json()["release_id"] == release_id, path


def test_matches_can_be_narrowed_by_number_score_and_tier(client: TestClient) -> None:
    every = _matches(client, "need-1", limit=200)["matches"]
    assert len(every) > 2
    assert _matches(client, "need-1", limit=2)["matches"] == every[:2]
    least = every[1]["score"]
    assert _matches(client, "need-1", min_score=least)["matches"] == [m for m in every if m["score"] >= least]
    assert _matches(client, "need-1", tier="C")["matches"] == [m for m in every if m["tier"] == "C"]
    assert _matches(client, "need-1", tier=["B", "C"], limit=200)["matches"] == every


def test_one_pair_is_explained_as_it_stands_in_the_list(client: TestClient) -> None:
    listed = _matches(client, "need-1")["matches"][0]
    answer = client.get(f"/v1/matches/need-1/{listed['capability_id']}")
    assert answer.json()["match"] == listed
    MatchOut.model_validate_json(answer.content)


def test_points_and_base_add_up_to_z(client: TestClient) -> None:
    for one in _matches(client, "need-1")["matches"]:
        assert one["base"] + sum(c["points"] for c in one["contributions"]) == pytest.approx(one["z"], abs=1e-9)


def test_a_pair_that_is_not_shortlisted_says_so_and_which_gate_it_fails(client: TestClient) -> None:
    listed = {m["capability_id"] for m in _matches(client, "need-1", limit=200)["matches"]}
    assert "cap-elsewhere" not in listed
    answer = client.get("/v1/matches/need-1/cap-elsewhere")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (404, "urn:partner-matcher:problem:not-shortlisted")
    assert problem["eligible"] is False
    assert {"place"} == {gate["gate"] for gate in problem["gates"] if gate["state"] == "fail"}
    assert "place" in problem["detail"]


def test_a_pair_of_which_one_side_is_unknown_is_another_problem(client: TestClient) -> None:
    for path in ("/v1/matches/need-1/nobody", "/v1/matches/nothing/cap-1"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"].endswith(":unknown-record")


@pytest.mark.parametrize("path", ["/v1/needs/nothing/matches", "/v1/capabilities/nobody/matches"])
def test_lists_of_unknown_records_are_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_ids_with_slashes_colons_and_percent_signs_go_percent_encoded(client: TestClient) -> None:
    need, capability = "need%2F2%3Aodd%20%252F%20id", "capability%3Aodd%2Fid"
    assert client.get(f"/v1/needs/{need}").json()["id"] == "need/2:odd %2F id"
    assert _matches(client, need)["matches"][0]["capability_id"] == "capability:odd/id"
    pair = client.get(f"/v1/matches/{need}/{capability}").json()["match"]
    assert (pair["need_id"], pair["capability_id"]) == ("need/2:odd %2F id", "capability:odd/id")
    assert client.get(f"/v1/capabilities/{capability}/matches").json()["needs"][0]["need_id"] == pair["need_id"]
    assert client.get("/v1/needs/need/2:odd").status_code == 404, "a real slash separates"


def test_the_reverse_list_holds_the_same_matches_best_first(client: TestClient) -> None:
    answer = client.get("/v1/capabilities/cap-1/matches")
    found = ReverseOut.model_validate_json(answer.content)
    assert found.total == len(found.needs) > 1
    for entry in found.needs:
        pair = client.get(address("v1", "matches", entry.need_id, "cap-1"))
        assert match_json(entry.match) == match_json(_parsed(pair.json()["match"]))
    heights = [(bool(entry.match.near_miss), -round(entry.match.score, 2)) for entry in found.needs]
    assert heights == sorted(heights)


def _parsed(found: dict[str, Any]) -> Match:
    import json

    return match_from_json(json.dumps(found))


def test_a_withdrawn_capability_leaves_a_published_list_and_is_counted(world: World) -> None:
    from service.store import withdraw
    from tests.service.api.world import NOW

    with world.client() as client:
        before = _matches(client, "need-1", limit=200)
    with world.store.writing() as session:
        withdraw(session, "capabilities", "cap-1", actor="test", at=NOW)
    with world.client() as client:
        after = _matches(client, "need-1", limit=200)
        assert client.get("/v1/capabilities/cap-1/matches").status_code == 404
    assert after["withheld"] == 1
    assert [m for m in before["matches"] if m["capability_id"] != "cap-1"] == after["matches"]


def test_a_withdrawn_need_is_not_found_though_the_release_holds_it(world: World) -> None:
    from service.store import withdraw
    from tests.service.api.world import NOW

    with world.store.writing() as session:
        withdraw(session, "needs", "need-1", actor="test", at=NOW)
    with world.client() as client:
        assert client.get("/v1/needs/need-1/matches").status_code == 404
        assert client.get("/v1/needs/need-1").status_code == 404
        listed = client.get("/v1/capabilities/cap-1/matches").json()
    assert "need-1" not in {entry["need_id"] for entry in listed["needs"]}
    assert listed["withheld"] == 1


def test_a_new_release_is_taken_up_without_a_restart(world: World) -> None:
    from datetime import date
    from time import sleep

    with world.client() as client:
        first = client.get("/v1/releases/current").json()["release_id"]
        second = world.night(date(2026, 11, 23))
        sleep(0.6)
        assert client.get("/v1/needs/need-1/matches").headers["Matcher-Release"] == second != first

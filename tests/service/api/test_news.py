"""What changed between releases, told with its cause, over HTTP: real nights, one thing changed at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.policy import GatePolicy
from matcher.scoring import Scorer
from matcher.vocabulary import GateMode, GateName
from service.accounts.roles import Role
from service.store import withdraw
from tests.builders import a_capability
from tests.service.api.test_dismissals import dismiss
from tests.service.api.world import CAPABILITIES, World

DAYS = (date(2026, 11, 23), date(2026, 11, 24))
ALL = {"min_ranks": 1, "min_change": 0.0001}


def changes(client: TestClient, path: str = "/v1/changes", **query: Any) -> dict[str, Any]:
    answer = client.get(path, params=ALL | query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def by_pair(found: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    return {(one["need_id"], one["capability_id"]): (one["kind"], one["cause"]) for one in found["items"]}


def test_a_night_of_which_nothing_differs_but_the_day_tells_nothing(world: World) -> None:
    world.night(DAYS[0])
    with world.client() as client:
        found = changes(client)
        assert (found["total"], found["items"], found["made_with"]) == (0, [], [])
        assert {match["delta"] for match in client.get("/v1/needs/need-1/matches").json()["matches"]} == {None}


def test_a_new_capability_is_new_because_of_data_and_says_so(world: World) -> None:
    world.upsert("capabilities", a_capability("cap-0-new", places_offered=["NPL"], sectors=["energy.hydropower"]))
    world.night(DAYS[0])
    with world.client() as client:
        found = changes(client, "/v1/needs/need-1/changes")
        (new,) = [one for one in found["items"] if one["capability_id"] == "cap-0-new"]
        assert (new["kind"], new["cause"], new["detail"]) == ("new", "data", "the capability is new")
        assert (new["rank_before"], new["capability_title"]) == (None, "Small hydropower turbines")
        listed = client.get("/v1/needs/need-1/matches").json()["matches"]
        (match,) = [match for match in listed if match["capability_id"] == "cap-0-new"]
        assert match["delta"] == {
            "kind": "new",
            "cause": "data",
            "rank_before": None,
            "score_before": None,
            "detail": "the capability is new",
        }


def test_a_record_that_says_something_else_is_the_cause_even_where_weights_differ_too(world: World) -> None:
    changed = CAPABILITIES[0].model_copy(update={"summary": "High-pressure pumps for mines.", "title": "Mine pumps"})
    world.upsert("capabilities", changed)
    world.night(DAYS[0], scorer=replace(Scorer(), need_bias=-3.0))
    with world.client() as client:
        found = changes(client, "/v1/needs/need-1/changes")
    told = by_pair(found)
    assert told["need-1", "cap-1"] == ("down", "data")
    assert {cause for (_, capability), (_, cause) in told.items() if capability != "cap-1"} == {"model"}
    detail = next(one["detail"] for one in found["items"] if one["capability_id"] == "cap-1")
    assert detail == "the capability, or the organisation behind it, says something else; also other weights"
    assert found["made_with"] == ["other weights"]


def test_a_gate_that_is_treated_otherwise_makes_pairs_eligible_because_of_a_rule(world: World) -> None:
    soft = GatePolicy(modes={**GatePolicy().modes, GateName.MODE: GateMode.OFF})
    world.night(DAYS[0], policy=soft)
    world.night(DAYS[1])
    with world.client() as client:
        told = by_pair(changes(client, "/v1/needs/need-1/changes"))
        assert told["need-1", "cap-exclusive"] == ("no_longer_eligible", "rule")


def test_what_was_withdrawn_is_dropped_but_not_told_to_who_may_not_see_it(world: World) -> None:
    with world.store.writing() as session:
        withdraw(session, "capabilities", "cap-1", actor="test", at=datetime.now(UTC))
    world.night(DAYS[0])
    with world.client() as client:
        found = changes(client, "/v1/needs/need-1/changes")
    assert "cap-1" not in {one["capability_id"] for one in found["items"]}
    assert found["withheld"] == 1


def test_pairs_that_the_tenant_dismissed_make_no_news_for_it(world: World) -> None:
    world.upsert("capabilities", a_capability("cap-0-new", places_offered=["NPL"]))
    world.night(DAYS[0])
    other = world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        dismiss(client, "need-1", "cap-0-new")
        found = changes(client)
        assert ("need-1", "cap-0-new") not in by_pair(found)
        assert found["kept_off"] == 1
        told = client.get("/v1/changes", params=ALL, headers={"X-API-Key": other}).json()
        assert ("need-1", "cap-0-new") in by_pair(told)


def test_changes_are_narrowed_counted_and_read_on(world: World) -> None:
    world.upsert("capabilities", a_capability("cap-0-new", places_offered=["World"]))
    world.night(DAYS[0])
    with world.client() as client:
        found = changes(client)
        assert found["counts"]["new"]["data"] == 3
        assert found["total"] == sum(sum(of.values()) for of in found["counts"].values())
        assert {one["kind"] for one in changes(client, kind="new")["items"]} == {"new"}
        assert changes(client, cause="model")["total"] == 0
        nepal = changes(client, country="Nepal", kind="new")
        assert [one["need_id"] for one in nepal["items"]] == ["need-1"]
        assert changes(client, kind="new", min_score=1.0)["total"] == 0
        page = changes(client, kind="new", limit=2)
        rest = changes(client, kind="new", limit=2, offset=page["next"])
        assert (len(page["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
        assert changes(client, min_ranks=1000, min_change=1.0, kind="down")["total"] == 0


@pytest.mark.parametrize("query", [{"since": "no-such"}, {"since": "../.."}])
def test_a_release_that_is_not_kept_is_named_with_those_that_are(served: World, query: dict[str, str]) -> None:
    with served.client() as client:
        answer = client.get("/v1/changes", params=query)
        assert (answer.status_code, len(answer.json()["kept"])) == (404, 1)
        assert client.get("/v1/changes").status_code == 404, "there is only one"
        assert client.get("/v1/changes?country=Atlantis").status_code in {404, 422}


def test_one_need_alone_and_all_needs_at_once_tell_the_same(world: World) -> None:
    """The single path and the one over whole releases are one: a batch of one."""
    world.upsert("capabilities", a_capability("cap-0-new", places_offered=["World"]))
    changed = CAPABILITIES[1].model_copy(update={"summary": "Filters and village pumps."})
    world.upsert("capabilities", changed)
    world.night(DAYS[0])
    with world.client() as client:
        whole = changes(client)["items"]
        for need, path in (("need-1", "need-1"), ("need-hostile", "need-hostile")):
            alone = changes(client, f"/v1/needs/{path}/changes")["items"]
            assert alone == [one for one in whole if one["need_id"] == need]
            assert alone


@pytest.mark.model
def test_another_text_model_is_the_cause_told_alike_of_a_need_of_all_and_to_who_follows_a_filter(world: World) -> None:
    """Two nights over the same records, the second by the real model: nothing is new, everything moved by the model."""
    follows = {"needs": {"country": "Nepal"}, "min_ranks": 1, "min_change": 0.0001}
    with world.client() as client:
        every, coarse = (
            client.post("/v1/subscriptions", json={**follows, **least}).json()["id"]
            for least in ({}, {"min_ranks": 1000, "min_change": 1.0})
        )
    real = world.settings.model_copy(update={"model": "bundled"})
    World(real, world.store, world.key).night(DAYS[0])
    with World(real, world.store, world.key).client() as client:
        whole, need = changes(client), changes(client, "/v1/needs/need-1/changes")
        digests = [client.get(f"/v1/subscriptions/{one}/digest").json() for one in (every, coarse)]
        assert changes(client, min_ranks=1000, min_change=1.0)["total"] == 0, "nothing moved so far"
    assert need["items"], "the model moved something"
    assert {one["cause"] for one in whole["items"]} == {"model"}
    assert {one["kind"] for one in whole["items"]} <= {"up", "down"}
    assert "another text model" in whole["made_with"]
    assert need["items"] == [one for one in whole["items"] if one["need_id"] == "need-1"]
    of_nepal = {(line["capability_id"], line["kind"], line["cause"]) for line in digests[0]["lines"]}
    assert of_nepal == {(one["capability_id"], one["kind"], one["cause"]) for one in need["items"]}
    assert (digests[1]["total"], digests[1]["lines"]) == (0, [])

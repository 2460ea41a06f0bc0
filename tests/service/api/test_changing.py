"""Records of every kind: created, replaced, patched, withdrawn, and what became of them."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import KINDS
from service.accounts.roles import Role
from service.api.answers import address
from service.api.changing import _EXAMPLES, _merged
from tests.builders import a_capability, a_need
from tests.service.api.world import World


def _code(answer: Any) -> str:
    return str(answer.json()["type"].rpartition(":")[2])


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_life_of_a_record(world: World, kind: str) -> None:
    with world.client() as client:
        made = client.post(f"/v1/{kind}", json=_EXAMPLES[kind])
        assert made.status_code == 201, made.text
        href = made.headers["Location"]
        assert href == made.json()["href"]
        read = client.get(href)
        assert read.headers["ETag"] == made.headers["ETag"]
        name = "name" if kind == "organisations" else "title"
        patched = client.patch(href, json={name: "Another"}, headers={"If-Match": made.headers["ETag"]})
        assert (patched.status_code, patched.json()["outcome"], patched.json()["version"]) == (200, "updated", 2)
        late = client.patch(href, json={name: "Late"}, headers={"If-Match": made.headers["ETag"]})
        assert (late.status_code, _code(late)) == (412, "changed")
        record = client.get(href).json()["record"]
        replaced = client.put(href, json={**record, name: "A third"}, headers={"If-Match": patched.headers["ETag"]})
        assert replaced.status_code == 200, replaced.text
        versions = client.get(f"{href}/history").json()["versions"]
        assert [version["version"] for version in versions] == [1, 2, 3]
        assert [change["after"] for change in versions[2]["changes"] if change["field"] == name] == ["A third"]
        assert all(version["actor"].startswith("key:") for version in versions)
        assert client.delete(href, headers={"If-Match": made.headers["ETag"]}).status_code == 412
        assert client.delete(href).status_code == 204
        assert client.get(href).status_code == 404
        assert client.delete(href).status_code == 404
        last = client.get(f"{href}/history").json()["versions"][-1]
        assert {"field": "review_state", "before": None, "after": "withdrawn"} in last["changes"]
        assert client.put(href, json={**record, "review_state": "published"}).status_code == 200
        assert client.get(href).status_code == 200


def test_creating_never_replaces(world: World) -> None:
    with world.client() as client:
        taken = client.post("/v1/needs", json={"id": "need-1", "title": "Taken over"})
        assert (taken.status_code, _code(taken)) == (409, "id-taken")
        only_new = {"If-None-Match": "*"}
        assert client.put("/v1/needs/need-1", json={"title": "Taken over"}, headers=only_new).status_code == 412
        assert client.put("/v1/needs/need-9", json={"title": "New"}, headers=only_new).status_code == 201
        assert client.get("/v1/needs/need-1").json()["record"]["title"] != "Taken over"


def test_every_bad_value_is_named_whatever_the_way(world: World) -> None:
    bad = {"trl_min": 12, "colour": "red"}
    with world.client() as client:
        for answer in (
            client.post("/v1/needs", json={"title": "x", **bad}),
            client.patch("/v1/needs/need-1", json=bad),
            client.put("/v1/needs/need-1", json={"title": "x", **bad}),
        ):
            assert answer.status_code == 422
            assert {error["field"] for error in answer.json()["errors"]} == {"trl_min", "colour"}
        assert client.post("/v1/needs", json={"title": "x", "id": 5}).status_code == 422
        assert client.patch("/v1/needs/need-1", json={"id": "other"}).status_code == 422


def test_null_in_a_patch_takes_away_and_what_a_person_changed_is_no_longer_inferred(world: World) -> None:
    marks = {"sdg_goals": "inferred", "sectors": "inferred"}
    world.upsert("capabilities", a_capability("cap-x", trl=5, sdg_goals=[7], sectors=["energy"], provenance=marks))
    with world.client() as client:
        client.patch("/v1/capabilities/cap-x", json={"trl": None, "sdg_goals": [6]})
        record = client.get("/v1/capabilities/cap-x").json()["record"]
    assert "trl" not in record
    assert (record["sdg_goals"], record["provenance"]["sectors"]) == ([6], "inferred")
    assert "sdg_goals" not in record["provenance"]


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_laid_on_as_rfc_7396_says(target: Any, patch: Any, result: Any) -> None:
    assert _merged(target, patch) == result


def test_who_may_not_save_changes_nothing(world: World) -> None:
    def tried(client: TestClient) -> set[int]:
        return {
            client.post("/v1/organisations", json=_EXAMPLES["organisations"]).status_code,
            client.put("/v1/organisations/org-1", json=_EXAMPLES["organisations"]).status_code,
            client.patch("/v1/organisations/org-1", json={"name": "x"}).status_code,
            client.delete("/v1/organisations/org-1").status_code,
        }

    with world.client(world.key_of(Role.VIEWER)) as client:
        assert tried(client) == {403}
    with world.client("") as client:
        assert tried(client) == {401}


def test_another_tenants_record_is_not_changed_and_its_writers_are_not_named(world: World) -> None:
    world.upsert("needs", a_need("need-secret", confidentiality="broker_only"))
    with world.client(world.key_of(Role.BROKER, "other")) as client:
        for answer in (
            client.put("/v1/needs/need-1", json={"title": "x"}),
            client.patch("/v1/needs/need-1", json={"title": "x"}),
            client.delete("/v1/needs/need-1"),
        ):
            assert (answer.status_code, _code(answer)) == (403, "not-yours")
        assert client.get("/v1/needs/need-1/history").json()["versions"][0]["actor"] is None
        for answer in (
            client.patch("/v1/needs/need-secret", json={"title": "x"}),
            client.delete("/v1/needs/need-secret"),
            client.get("/v1/needs/need-secret/history"),
        ):
            assert answer.status_code == 404


def test_what_was_confidential_once_is_not_told_by_the_history(world: World) -> None:
    world.upsert("needs", a_need("need-x", title="Secret title", confidentiality="broker_only"))
    world.upsert("needs", a_need("need-x", title="Public title"))
    with world.client(world.key_of(Role.VIEWER)) as client:
        told = client.get("/v1/needs/need-x/history")
        assert "Secret" not in told.text
        assert (told.json()["withheld"], len(told.json()["versions"])) == (1, 1)


def test_ids_with_slashes_have_a_life_too(world: World) -> None:
    href = address("v1", "cases", "a/b %2F")
    with world.client() as client:
        assert client.put(href, json=_EXAMPLES["cases"]).headers["Location"] == href
        assert client.get(f"{href}/history").json()["id"] == "a/b %2F"
        assert client.delete(href).status_code == 204

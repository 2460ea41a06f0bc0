"""The work list of duplicates: every two that may be one, until a person merges them or tells them apart."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.audit import Action, list_audit
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from service.store import upsert_records, withdraw
from tests.builders import an_organisation
from tests.service.api.world import NOW, World

A, B, C, D = "org-a", "org-b", "org-c", "org-d"
TOLD = {"other": B, "reason": "other towns"}


@pytest.fixture
def world_of_twins(world: World) -> World:
    world.upsert(
        "organisations",
        an_organisation(A, name="Kenya Solar Wirks Ltd", country="KEN"),
        an_organisation(B, name="Solar Works Kenya", country="KEN"),
        an_organisation(C, name="Solar Works Kenya", country="KEN"),
        an_organisation(D, name="Something Else", country="KEN"),
    )
    return world


def _pairs(client: TestClient, **query: Any) -> list[tuple[str, ...]]:
    answer = client.get("/v1/duplicates", params=query)
    assert answer.status_code == 200, answer.text
    return [tuple(each["organisation_id"] for each in one["organisations"]) for one in answer.json()["items"]]


def test_every_pair_is_listed_once_the_likest_first_a_page_at_a_time(world_of_twins: World) -> None:
    with world_of_twins.client() as client:
        assert _pairs(client) == [(B, C), (A, B), (A, C)]
        found, cursor = [], None
        for _ in range(3):
            page = client.get("/v1/duplicates", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
            found += [each["organisation_id"] for each in page["items"][0]["organisations"]]
            cursor = page["next"]
        assert found == [B, C, A, B, A, C]
        assert cursor is None
        assert client.get("/v1/duplicates").json()["total"] == 3
        assert _pairs(client, min_score=1.0) == [(B, C)]
        assert client.get("/v1/duplicates", params={"cursor": "x"}).status_code == 422
        (first, *_) = client.get("/v1/duplicates").json()["items"]
        assert "the same country" in first["reasons"]
        assert client.get(first["organisations"][0]["href"]).status_code == 200


def test_what_was_told_apart_is_not_suggested_again_until_it_is_taken_back(world_of_twins: World) -> None:
    with world_of_twins.client() as client:
        said = client.post(f"/v1/organisations/{A}:distinguish", json=TOLD)
        assert (said.status_code, said.json()["organisation_ids"], said.json()["reason"]) == (
            200,
            [A, B],
            "other towns",
        )
        assert _pairs(client) == [(B, C), (A, C)]
        found = client.get(f"/v1/organisations/{B}/duplicates").json()["items"]
        assert [one["organisation_id"] for one in found] == [C]
        (kept,) = client.get("/v1/duplicates?state=distinct").json()["items"]
        assert (kept["distinct"]["reason"], kept["distinct"]["made_by"][:4]) == ("other towns", "key:")
        again = client.post(f"/v1/organisations/{B}:distinguish", json={"other": A, "reason": "x"})
        assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "distinct")
        merged = client.post(f"/v1/organisations/{B}:merge", json={"into": A})
        assert (merged.status_code, "told apart" in merged.json()["detail"]) == (409, True)
        back = client.post(f"/v1/organisations/{B}:undistinguish", json={"other": A})
        assert (back.status_code, back.json()["undone_by"] is not None) == (200, True)
        assert client.post(f"/v1/organisations/{B}:undistinguish", json={"other": A}).status_code == 409
        assert (A, B) in _pairs(client)
        assert client.post(f"/v1/organisations/{B}:merge", json={"into": A}).status_code == 200
    with world_of_twins.store.reading() as session:
        found_lines = [line.action for line in list_audit(session)][:3]
    assert found_lines == [Action.MERGED, Action.UNDISTINGUISHED, Action.DISTINGUISHED]


def test_what_is_merged_is_suggested_no_more_and_again_when_it_is_unmerged(world_of_twins: World) -> None:
    with world_of_twins.client() as client:
        assert client.post(f"/v1/organisations/{C}:merge", json={"into": B}).status_code == 200
        assert _pairs(client) == [(A, B), (A, C)]
        apart = client.post(f"/v1/organisations/{C}:distinguish", json=TOLD)
        assert (apart.status_code, apart.json()["type"].rpartition(":")[2]) == (409, "merged")
        assert client.post(f"/v1/organisations/{C}:unmerge").status_code == 200
        assert (B, C) in _pairs(client)


def test_a_changed_organisation_is_compared_again(world_of_twins: World) -> None:
    with world_of_twins.client() as client:
        assert (A, D) not in _pairs(client)
        world_of_twins.upsert("organisations", an_organisation(D, name="Kenya Solar Works", country="KEN"))
        assert (A, D) in _pairs(client)
        with world_of_twins.store.writing() as session:
            withdraw(session, "organisations", D, actor="test", at=NOW)


def test_what_may_not_be_seen_is_in_no_pair_and_in_no_total(world_of_twins: World) -> None:
    with world_of_twins.store.writing() as session:
        withdraw(session, "organisations", C, actor="test", at=NOW)
    with world_of_twins.client() as client:
        assert _pairs(client) == [(A, B)]
        assert client.get("/v1/duplicates").json()["total"] == 1
        assert client.post(f"/v1/organisations/{A}:distinguish", json={"other": C, "reason": "x"}).status_code == 404


def test_telling_apart_needs_leave_and_its_reason_is_told_to_the_owners_tenant_alone(world_of_twins: World) -> None:
    foreign = [an_organisation(f"far-{at}", name="Lake Filters", country="UGA") for at in (1, 2)]
    with world_of_twins.store.writing() as session:
        make_tenant(session, "other", "Other", actor="test", at=NOW)
        upsert_records(session, "organisations", foreign, actor="test", at=NOW, tenant_id="other")
    with world_of_twins.client(world_of_twins.key_of(Role.VIEWER)) as client:
        answer = client.post(f"/v1/organisations/{A}:distinguish", json=TOLD)
        assert (answer.status_code, answer.json()["permission"]) == (403, "merge")
        assert client.get("/v1/duplicates").status_code == 200
    said = {"other": "far-2", "reason": "a secret reason"}
    with world_of_twins.client() as client:
        answer = client.post("/v1/organisations/far-1:distinguish", json=said)
        assert (answer.status_code, answer.json()["permission"]) == (403, "operate")
    with world_of_twins.client(world_of_twins.key_of(Role.BROKER, "other")) as client:
        assert client.post("/v1/organisations/far-1:distinguish", json=said).status_code == 200
    with world_of_twins.client() as client:
        told = client.get("/v1/duplicates?state=distinct")
        assert "a secret reason" not in told.text
        assert told.json()["items"][0]["distinct"]["made_by"] is None


@pytest.mark.parametrize("body", [{}, {"other": B}, {"other": B, "reason": ""}, {"other": B, "reason": "x", "y": 1}])
def test_a_reason_is_needed(world_of_twins: World, body: dict[str, Any]) -> None:
    with world_of_twins.client() as client:
        assert client.post(f"/v1/organisations/{A}:distinguish", json=body).status_code == 422
        itself = client.post(f"/v1/organisations/{A}:distinguish", json={"other": A, "reason": "x"})
        assert itself.status_code == 409

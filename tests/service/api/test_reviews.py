"""What was inferred waits for a person; owners confirm their own organisation's records and no other's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.vocabulary import Provenance
from service.accounts.keys import NewKey, issue_key
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from service.store import history, upsert_records
from tests.builders import a_capability, a_need, an_organisation
from tests.service.api.world import NOW, World

INFERRED = {"sectors": Provenance.INFERRED, "sdg_goals": Provenance.INFERRED, "language": Provenance.INFERRED}


@pytest.fixture
def world_of_tags(world: World) -> World:
    stated: dict[str, Any] = {"sectors": ["water"], "sdg_goals": [6], "language": "en", "provenance": INFERRED}
    world.upsert("needs", a_need("need-tagged", owner_organisation_id="org-1", **stated))
    world.upsert("capabilities", a_capability("cap-tagged", organisation_id="org-2", **stated))
    world.upsert("organisations", an_organisation("org-2"))
    with world.store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
        foreign = a_need("need-foreign", owner_organisation_id="org-1", **stated)
        upsert_records(session, "needs", [foreign], actor="test", at=NOW, tenant_id="north")
    return world


@pytest.fixture
def client(world_of_tags: World) -> Iterator[TestClient]:
    with world_of_tags.client() as started:
        yield started


def _speaker(world: World, role: Role, *organisations: str) -> str:
    with world.store.writing() as session:
        return issue_key(session, NewKey("owner", role, organisations=organisations), actor="test", at=NOW)


def _queue(client: TestClient, **query: Any) -> list[tuple[str, list[str]]]:
    answer = client.get("/v1/reviews", params=query)
    assert answer.status_code == 200, answer.text
    return [(one["id"], [each["field"] for each in one["inferred"]]) for one in answer.json()["items"]]


def test_what_was_inferred_waits_and_a_language_told_from_the_text_does_not(client: TestClient) -> None:
    both = ["sdg_goals", "sectors"]
    assert _queue(client) == [("cap-tagged", both), ("need-tagged", both)]
    assert _queue(client, kind="needs") == [("need-tagged", both)]


def test_the_queue_is_read_a_page_at_a_time(client: TestClient) -> None:
    first = client.get("/v1/reviews", params={"limit": 1}).json()
    second = client.get("/v1/reviews", params={"limit": 1, "after": first["next"]}).json()
    assert [page["items"][0]["id"] for page in (first, second)] == ["cap-tagged", "need-tagged"]
    assert second["next"] is None
    assert client.get("/v1/reviews", params={"after": "x"}).status_code == 422


def test_what_is_confirmed_counts_from_then_on_in_a_new_version(world_of_tags: World, client: TestClient) -> None:
    answer = client.post("/v1/reviews/needs/need-tagged/confirm", json={"fields": ["sectors"]})
    assert (answer.status_code, answer.json()["outcome"], answer.json()["version"]) == (200, "updated", 2)
    record = client.get("/v1/needs/need-tagged").json()["record"]
    assert record["sectors"] == ["water"]
    assert record["provenance"]["sectors"] == "reviewed"
    assert _queue(client, kind="needs") == [("need-tagged", ["sdg_goals"])]
    with world_of_tags.store.reading() as session:
        assert [one.actor[:4] for one in history(session, "needs", "need-tagged")] == ["test", "key:"]
    admin = {"X-API-Key": world_of_tags.key_of(Role.ADMIN)}
    (line,) = client.get("/v1/audit?action=reviewed", headers=admin).json()["items"]
    assert (line["subject"], line["facts"]) == ("needs/need-tagged", {"fields": ["sectors"], "verdict": "confirm"})


def test_what_is_rejected_is_unknown_again(client: TestClient) -> None:
    assert client.post("/v1/reviews/needs/need-tagged/reject", json={}).status_code == 200
    record = client.get("/v1/needs/need-tagged").json()["record"]
    assert "sectors" not in record
    assert record["provenance"]["sectors"] == "reviewed"
    assert _queue(client, kind="needs") == []


def test_a_field_that_does_not_wait_and_a_record_that_changed_are_refused(client: TestClient) -> None:
    answer = client.post("/v1/reviews/needs/need-tagged/confirm", json={"fields": ["title_en"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "fields")
    assert client.post("/v1/reviews/needs/need-1/confirm", json={}).status_code == 422
    stale = {"If-Match": '"0"'}
    assert client.post("/v1/reviews/needs/need-tagged/confirm", json={}, headers=stale).status_code == 412
    assert client.post("/v1/reviews/needs/need-foreign/confirm", json={}).json()["type"].endswith("not-yours")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.OPERATOR])
def test_others_do_not_review(world_of_tags: World, role: Role) -> None:
    with world_of_tags.client(world_of_tags.key_of(role)) as client:
        assert client.get("/v1/reviews").status_code == 403
        assert client.post("/v1/reviews/needs/need-tagged/confirm", json={}).status_code == 403
        assert client.get("/v1/own").status_code == 403
        assert client.patch("/v1/own/needs/need-tagged", json={}).status_code == 403


def test_an_owner_confirms_its_own_organisations_records_and_no_others(world_of_tags: World) -> None:
    with world_of_tags.client(_speaker(world_of_tags, Role.PROVIDER, "org-1")) as client:
        assert [(one["kind"], one["id"]) for one in client.get("/v1/own").json()["items"]] == [
            ("organisations", "org-1"),
            ("capabilities", "cap-1"),
            ("needs", "need-tagged"),
        ]
        assert _queue(client) == [("need-tagged", ["sdg_goals", "sectors"])]
        saved = client.patch("/v1/own/organisations/org-1", json={"slots_total": 4})
        assert saved.status_code == 200, saved.text
        record = client.get("/v1/organisations/org-1").json()["record"]
        assert (record["slots_total"], record["provenance"]["slots_total"]) == (4, "stated")
        assert record["last_contact_at"] is not None
        interest = {"transfer_modes": ["training"], "partner_sought": {"org_types": ["local_government"]}}
        assert client.patch("/v1/own/capabilities/cap-1", json=interest).status_code == 200
        assert client.post("/v1/reviews/needs/need-tagged/confirm", json={}).status_code == 200
        for method, path in (
            ("PATCH", "/v1/own/organisations/org-2"),
            ("PATCH", "/v1/own/capabilities/cap-tagged"),
            ("PATCH", "/v1/own/needs/need-1"),
            ("POST", "/v1/reviews/capabilities/cap-tagged/confirm"),
        ):
            answer = client.request(method, path, json={})
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "not-own"), path
        assert client.put("/v1/needs/need-tagged", json={"text": "anything"}).json()["type"].endswith("not-permitted")


@pytest.mark.parametrize("body", [{"confidentiality": "public"}, {"owner_organisation_id": "org-2"}, {"id": "x"}])
def test_whose_a_record_is_and_who_sees_it_is_not_the_owners_to_change(
    world_of_tags: World, body: dict[str, Any]
) -> None:
    with world_of_tags.client(_speaker(world_of_tags, Role.NEED_OWNER, "org-1")) as client:
        answer = client.patch("/v1/own/needs/need-tagged", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_own")


def test_an_empty_confirmation_says_that_the_record_holds_today(world_of_tags: World) -> None:
    with world_of_tags.client(_speaker(world_of_tags, Role.NEED_OWNER, "org-1")) as client:
        assert client.patch("/v1/own/needs/need-tagged", json={}).json()["version"] == 1
        assert client.get("/v1/needs/need-tagged").json()["record"]["updated_at"] > "2026-11-22"

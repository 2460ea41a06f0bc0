"""Duplicates are suggested, people merge and unmerge them; who may is asked, and what was done is written down."""

from fastapi.testclient import TestClient

from service.accounts.audit import Action, list_audit
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from service.store import Rights, make_key, upsert_records, withdraw
from tests.builders import an_organisation
from tests.service.api.world import NOW, World


def twins(world: World) -> None:
    world.upsert(
        "organisations",
        an_organisation("org-a", name="Kenya Solar Works Ltd", country="KEN"),
        an_organisation("org-b", name="Solar Works Kenya", country="KEN", website="https://ksw.example"),
        an_organisation("org-c", name="Something Else", country="KEN"),
    )


def test_duplicates_are_suggested_with_reasons(world: World) -> None:
    twins(world)
    with world.client() as client:
        found = client.get("/v1/organisations/org-a/duplicates").json()
    assert found["kept_organisation_id"] == "org-a"
    assert [(one["organisation_id"], one["score"] >= 0.85) for one in found["items"]] == [("org-b", True)]
    assert "the same country" in found["items"][0]["reasons"]


def test_a_merge_is_said_taken_back_and_kept_in_the_history(world: World) -> None:
    twins(world)
    with world.client() as client:
        made = client.post("/v1/organisations/org-b:merge", json={"into": "org-a", "reason": "one office"})
        assert (made.status_code, made.json()["kept_organisation_id"]) == (200, "org-a")
        assert client.get("/v1/organisations/org-a/duplicates").json()["items"] == []
        assert client.get("/v1/organisations/org-a/duplicates").json()["absorbed"] == ["org-b"]
        assert client.get("/v1/organisations/org-b/duplicates").json()["kept_organisation_id"] == "org-a"
        again = client.post("/v1/organisations/org-b:merge", json={"into": "org-a"})
        assert (again.status_code, again.json()["type"].rpartition(":")[2]) == (409, "merged")
        back = client.post("/v1/organisations/org-b:unmerge")
        assert (back.status_code, back.json()["unmerged_by"] is not None) == (200, True)
        assert client.post("/v1/organisations/org-b:unmerge").status_code == 409
        history = client.get("/v1/organisations/org-a/merges").json()["items"]
    assert [(one["organisation_id"], one["reason"], one["unmerged_at"] is None) for one in history] == [
        ("org-b", "one office", False)
    ]
    with world.store.reading() as session:
        assert [line.action for line in list_audit(session)][:2] == [Action.UNMERGED, Action.MERGED]


def test_merging_needs_leave_and_another_tenants_organisation_an_operator(world: World) -> None:
    twins(world)
    with world.store.writing() as session:
        make_tenant(session, "other", "Other", actor="test", at=NOW)
        foreign = an_organisation("org-z", name="Z")
        upsert_records(session, "organisations", [foreign], actor="test", at=NOW, tenant_id="other")
        keys = {
            role: make_key(session, name=role, at=NOW, rights=Rights(role)) for role in (Role.VIEWER, Role.OPERATOR)
        }
    with world.client(keys[Role.VIEWER]) as client:
        answer = client.post("/v1/organisations/org-b:merge", json={"into": "org-a"})
        assert (answer.status_code, answer.json()["permission"]) == (403, "merge")
    with world.client() as client:
        answer = client.post("/v1/organisations/org-b:merge", json={"into": "org-z"})
        assert (answer.status_code, answer.json()["permission"]) == (403, "operate")
    with world.client(keys[Role.OPERATOR]) as client:
        assert client.post("/v1/organisations/org-b:merge", json={"into": "org-z"}).status_code == 200


def test_what_may_not_be_seen_is_neither_suggested_nor_merged(world: World) -> None:
    twins(world)
    with world.store.writing() as session:
        withdraw(session, "organisations", "org-b", actor="test", at=NOW)
    with world.client() as client:
        assert client.get("/v1/organisations/org-a/duplicates").json()["items"] == []
        assert client.post("/v1/organisations/org-a:merge", json={"into": "org-b"}).status_code == 404
        assert client.get("/v1/organisations/org-b/merges").status_code == 404


def test_a_body_that_says_too_little_or_too_much_is_refused(client: TestClient) -> None:
    for body in ({}, {"into": "org-1", "because": "x"}, {"into": ""}):
        assert client.post("/v1/organisations/org-hostile:merge", json=body).status_code == 422
    assert client.post("/v1/organisations/org-1:merge", json={"into": "org-1"}).status_code == 409

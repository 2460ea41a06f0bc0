"""Tenants, users, grants, keys and the audit log over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from matcher.vocabulary import Confidentiality
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from tests.service.api.world import NOW, World


@pytest.fixture
def world_of_two(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("service.api.keys.REMEMBERED", 0.0)
    with world.store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
    return world


@pytest.fixture
def client(world_of_two: World) -> Iterator[TestClient]:
    with world_of_two.client(world_of_two.key_of(Role.ADMIN)) as started:
        yield started


def _ok(answer: Any, status: int = 201) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_key_is_shown_once_opens_what_its_role_permits_and_ends_when_revoked(client: TestClient) -> None:
    made = _ok(client.post("/v1/keys", json={"name": "tool", "role": "viewer", "tenant_id": "north"}))
    sent = {"X-API-Key": made["key"]}
    known = client.get("/v1/key", headers=sent).json()
    assert (known["role"], known["tenant_id"], known["prefix"]) == ("viewer", "north", made["known"]["prefix"])
    assert made["key"] not in client.get("/v1/keys").text
    ended = _ok(client.delete(f"/v1/keys/{known['prefix']}"), 200)
    assert ended["revoked_at"] is not None
    assert client.get("/v1/key", headers=sent).status_code == 401
    assert client.delete(f"/v1/keys/{known['prefix']}").status_code == 404


def test_a_new_key_is_not_kept_for_a_repeated_post(world_of_two: World, client: TestClient) -> None:
    """An Idempotency-Key keeps answers in the store for a day: this one is a secret."""
    sent = {"Idempotency-Key": "again"}
    first, second = (client.post("/v1/keys", json={"name": "x"}, headers=sent).json()["key"] for _ in range(2))
    assert first != second
    with world_of_two.store.reading() as session:
        tables = [name for (name,) in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        assert not [name for name in tables if first in str(session.execute(text(f'SELECT * FROM "{name}"')).all())]


def test_scopes_narrow_a_key(client: TestClient) -> None:
    body = {"name": "reader", "role": "broker", "scopes": ["read"]}
    sent = {"X-API-Key": _ok(client.post("/v1/keys", json=body))["key"]}
    assert client.get("/v1/key", headers=sent).json()["permissions"] == ["read"]
    answer = client.put("/v1/needs/n", json={"text": "anything"}, headers=sent)
    assert answer.json()["type"].endswith("not-permitted")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_administrators_administer(world_of_two: World, role: Role) -> None:
    with world_of_two.client(world_of_two.key_of(role)) as client:
        for method, path, body in (
            ("GET", "/v1/accounts", None),
            ("GET", "/v1/keys", None),
            ("GET", "/v1/audit", None),
            ("POST", "/v1/keys", {"name": "x", "role": "admin"}),
            ("POST", "/v1/accounts/tenants", {"id": "x"}),
            ("POST", "/v1/accounts/users", {"login": "a@b.example", "role": "admin"}),
            ("PATCH", "/v1/accounts/users/a%40b.example", {"role": "admin"}),
            ("POST", "/v1/accounts/grants", {"granted_to": "north"}),
            ("DELETE", "/v1/accounts/grants/north", None),
            ("DELETE", "/v1/keys/000000000000", None),
        ):
            answer = client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "not-permitted"), path


def test_an_administrator_of_another_tenant_administers_that_tenant_alone(
    world_of_two: World, client: TestClient
) -> None:
    mine = _ok(client.post("/v1/keys", json={"name": "ours"}))["known"]["prefix"]
    with world_of_two.client(world_of_two.key_of(Role.ADMIN, "north")) as north:
        assert {key["tenant_id"] for key in north.get("/v1/keys").json()["items"]} == {"north"}
        assert [one["id"] for one in north.get("/v1/accounts").json()["tenants"]] == ["north"]
        assert north.delete(f"/v1/keys/{mine}").status_code == 404
        for path, body in (
            ("/v1/keys", {"name": "x", "tenant_id": "default"}),
            ("/v1/accounts/users", {"login": "a@b.example", "role": "admin", "tenant_id": "default"}),
            ("/v1/accounts/grants", {"granted_to": "north", "tenant_id": "default"}),
            ("/v1/accounts/tenants", {"id": "x"}),
        ):
            assert north.post(path, json=body).json()["type"].endswith("not-yours"), path
        assert _ok(north.post("/v1/keys", json={"name": "own"}))["known"]["tenant_id"] == "north"
        assert {line["tenant_id"] for line in north.get("/v1/audit").json()["items"]} == {"north"}


def test_a_user_is_made_changed_and_ended(client: TestClient) -> None:
    body = {
        "login": "Desk@Bank.example",
        "role": "provider",
        "password": "four random words",
        "organisations": ["org-1"],
    }
    made = client.post("/v1/accounts/users", json=body)
    user = _ok(made)
    assert (user["login"], user["has_password"], user["organisations"]) == ("desk@bank.example", True, ["org-1"])
    where = made.headers["Location"]
    assert _ok(client.patch(where, json={"role": "broker"}), 200)["role"] == "broker"
    assert _ok(client.patch(where, json={"disabled": True}), 200)["disabled_at"] is not None
    assert client.patch("/v1/accounts/users/nobody", json={"role": "broker"}).status_code == 404
    assert "four random words" not in client.get("/v1/accounts").text + client.get("/v1/audit").text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"login": "a person", "role": "viewer"}, "login"),
        ({"login": "a@b.example", "role": "viewer", "password": "short"}, "password"),
        ({"login": "a@b.example", "role": "viewer", "tenant_id": "nobody"}, "tenant"),
        ({"login": "a@b.example", "role": "viewer", "organisations": ["nobody"]}, "organisation"),
        ({"login": "a@b.example", "role": "boss"}, "role"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_made(client: TestClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/accounts/users", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert client.get("/v1/accounts").json()["users"] == []


def test_a_grant_opens_partners_records_until_it_is_taken_back(world_of_two: World, client: TestClient) -> None:
    from tests.builders import a_need

    world_of_two.upsert("needs", a_need("shared", confidentiality="partners"))
    north = {"X-API-Key": world_of_two.key_of(Role.VIEWER, "north")}
    assert client.get("/v1/needs/shared", headers=north).status_code == 404
    assert _ok(client.post("/v1/accounts/grants", json={"granted_to": "north"}))["shares_with"] == ["north"]
    assert client.get("/v1/needs/shared", headers=north).status_code == 200
    assert client.delete("/v1/accounts/grants/north").status_code == 204
    assert client.get("/v1/needs/shared", headers=north).status_code == 404


def test_the_log_tells_who_did_what_a_page_at_a_time_and_can_only_grow(world_of_two: World, client: TestClient) -> None:
    _ok(client.post("/v1/keys", json={"name": "a"}))
    record = client.get("/v1/needs/need-1").json()["record"]
    assert client.put("/v1/needs/need-1", json={**record, "confidentiality": "broker_only"}).status_code == 200
    page = client.get("/v1/audit", params={"limit": 1}).json()
    (line,) = page["items"]
    assert (line["action"], line["subject"], line["facts"]) == (
        "confidentiality_changed",
        "needs/need-1",
        {"before": Confidentiality.PUBLIC, "after": Confidentiality.BROKER_ONLY},
    )
    following = client.get("/v1/audit", params={"before": page["before"], "limit": 200}).json()
    assert following["items"][0]["action"] == "key_made"
    assert following["before"] is None
    assert [one["action"] for one in client.get("/v1/audit?action=key_made").json()["items"]] == ["key_made"]
    for change in ("UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"):
        with pytest.raises(IntegrityError, match="append-only"), world_of_two.store.writing() as session:
            session.execute(text(change))

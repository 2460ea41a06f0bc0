"""Accounts from the command line: the first administrator of a new store, and everybody after."""

import io
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.cli import main
from service.settings import load_settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as left:
        main(["accounts", *arguments])
    assert (left.value.code or 0) == code
    shown = capsys.readouterr()
    return (shown.err if code else shown.out).strip()


def test_a_newcomer_makes_the_first_administrator_who_makes_everybody_else(capsys: pytest.CaptureFixture[str]) -> None:
    key = run(capsys, "create", "desk@bank.example", "--role", "admin")
    with TestClient(create_app(load_settings()), headers={"X-API-Key": key}) as client:
        assert client.get("/v1/key").json()["role"] == "admin"
        made = client.post("/v1/keys", json={"name": "a viewer", "role": "viewer"})
    assert made.status_code == 201
    assert key.split("_", 2)[2] not in run(capsys, "list") + run(capsys, "log")


def test_a_password_is_read_from_standard_input_and_opens_the_console(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("four random words here\n"))
    run(capsys, "create", "desk@bank.example", "--role", "broker", "--password")
    with TestClient(create_app(load_settings()), follow_redirects=False) as client:
        form = {"login": "desk@bank.example", "password": "four random words here"}
        assert client.post("/sign-in", data=form).status_code == 303
        monkeypatch.setattr("sys.stdin", io.StringIO("other random words here\n"))
        assert run(capsys, "password", "desk@bank.example").endswith("password changed")
        assert client.post("/sign-in", data=form).status_code == 401


def test_tenants_grants_and_users_are_made_changed_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "tenant", "north", "--name", "Northern bank") == "made: north (Northern bank)"
    run(capsys, "create", "desk@north.example", "--role", "viewer", "--tenant", "north")
    assert "may now see" in run(capsys, "grant", "default", "north")
    assert "could already see" in run(capsys, "grant", "default", "north")
    assert run(capsys, "role", "desk@north.example", "broker") == "desk@north.example: broker"
    listed = run(capsys, "list")
    assert "tenant  default  Default  shares with north" in listed
    assert "desk@north.example  broker of north  key only" in listed
    assert run(capsys, "revoke", "default", "north") == "revoked: default to north"
    run(capsys, "disable", "desk@north.example")
    assert "disabled" in run(capsys, "list")
    log = run(capsys, "log")
    actions = [line.split("  ")[1] for line in log.splitlines()]
    assert actions == [
        "user_disabled",
        "grant_revoked",
        "role_changed",
        "granted",
        "key_made",
        "user_made",
        "tenant_made",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "somebody", "--role", "admin"), "expected a mailbox"),
        (("create", "a@b.example", "--role", "admin", "--tenant", "none"), "expected one of default"),
        (("create", "a@b.example", "--role", "provider", "--speaks-for", "none"), "expected the id of an organisation"),
        (("tenant", "Not So"), "lower-case letters"),
        (("tenant", "default"), "expected an id that is not taken"),
        (("grant", "default", "default"), "expected another tenant"),
        (("revoke", "default", "north"), "expected a tenant that default granted"),
        (("role", "a@b.example", "admin"), "expected the login of a user"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in run(capsys, *arguments, code=1)


def test_what_the_operator_imports_for_a_tenant_is_the_tenants(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(capsys, "tenant", "north")
    key = run(capsys, "create", "desk@north.example", "--role", "broker", "--tenant", "north")
    (tmp_path / "needs.csv").write_text("id,title,summary,confidentiality\nn1,Pumps,Water for a village,broker_only\n")
    for tenant, code in (("north", 0), ("default", 3), ("nowhere", 1)):
        with pytest.raises(SystemExit) as left:
            main(["import", str(tmp_path / "needs.csv"), "--tenant", tenant])
        assert (left.value.code or 0) == code, tenant
    assert "expected one of default, north" in capsys.readouterr().err
    with TestClient(create_app(load_settings()), headers={"X-API-Key": key}) as client:
        assert client.get("/v1/needs/n1").status_code == 200

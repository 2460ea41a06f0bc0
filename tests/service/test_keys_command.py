"""Keys from the command line."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.cli import main
from service.settings import load_settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))


def _run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as left:
        main(["keys", *arguments])
    assert (left.value.code or 0) == code
    return capsys.readouterr().out.strip()


def test_a_key_is_shown_once_opens_the_interface_and_ends_when_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    key = _run(capsys, "make", "somebody's tool", "--days", "30")
    prefix = key.split("_")[1]
    with TestClient(create_app(load_settings()), headers={"X-API-Key": key}) as client:
        known = client.get("/v1/key").json()
    assert (known["prefix"], known["name"], known["role"]) == (prefix, "somebody's tool", "broker")
    listed = _run(capsys, "list")
    assert listed.startswith(f"{prefix}  good")
    assert key.split("_", 2)[2] not in listed
    assert _run(capsys, "revoke", prefix) == f"revoked: {prefix}"
    assert "revoked" in _run(capsys, "list")
    with TestClient(create_app(load_settings()), headers={"X-API-Key": key}) as client:
        assert client.get("/v1/key").status_code == 401


def test_a_key_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert not _run(capsys, "make", " ", code=1)
    assert not _run(capsys, "list")


def test_a_prefix_that_is_none_is_told_with_the_way_to_find_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["keys", "revoke", "000000000000"])
    assert left.value.code == 1
    assert "matcher keys list" in capsys.readouterr().err

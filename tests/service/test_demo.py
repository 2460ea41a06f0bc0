"""The demonstration, made with the hashing encoder so that it takes seconds."""

from pathlib import Path

import pytest

from service.cli import main
from service.demo import KEY_FILE, demo_settings, prepare
from service.settings import Settings


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")


def test_it_imports_matches_publishes_and_says_where_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _run(capsys)
    key_file = tmp_path / "data" / ".demo" / KEY_FILE
    key = key_file.read_text().strip()
    assert key in first
    assert {"Console", "Interface", "curl"} <= set(first.split())
    assert key_file.stat().st_mode & 0o777 == 0o600
    second = _run(capsys)
    assert key not in second, "printed once"
    assert str(key_file) in second
    assert "unchanged" in second


def _run(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main(["demo", "--no-serve"])
    assert not left.value.code
    return capsys.readouterr().out


def test_it_lies_apart_from_the_users_own_store(tmp_path: Path) -> None:
    own = Settings(data_dir=tmp_path / "data")
    shown = demo_settings(own)
    for field in ("database_url", "releases_dir", "cache_dir", "data_dir"):
        assert str(tmp_path / "data" / ".demo") in str(getattr(shown, field))
    assert shown.model == "hashing", "what is set otherwise holds"


def test_a_key_that_was_revoked_is_made_anew(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from service.store import open_store, revoke_key

    first = prepare(Settings(data_dir=tmp_path / "data"))
    store = open_store(first.settings.database_url)
    with store.writing() as session:
        revoke_key(session, first.key.split("_")[1], at=datetime.now(UTC))
    store.close()
    second = prepare(Settings(data_dir=tmp_path / "data"))
    assert (first.new_key, second.new_key) == (True, True)
    assert first.key != second.key
    assert second.outcome.state.value == "unchanged"

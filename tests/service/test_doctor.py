"""``matcher doctor``: says what is wrong and what to do, changes nothing, and never fails itself."""

import json
import tempfile
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from service import cli
from service.diagnosis import Finding, _folders, diagnose
from service.encoders import make_encoder
from service.settings import Settings, load_settings
from service.store import open_store
from tests.service.night_world import a_night, a_world, records
from tests.unprivileged import is_so_for_others

SCHEMA = Path(__file__).parents[2] / "data" / "schema" / "diagnosis.json"
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - the shape of shutil's own answer


def _settings(folder: Path, **given: Any) -> Settings:
    return load_settings(**{"data_dir": folder / "data", "model": "hashing", **given})


def _found(settings: Settings) -> dict[str, Finding]:
    return {finding.check: finding for finding in diagnose(settings, NOW).findings}


def test_a_fresh_machine_is_healthy_and_told_what_comes_next(tmp_path: Path) -> None:
    found = _found(_settings(tmp_path))
    assert diagnose(_settings(tmp_path), NOW).healthy
    assert found["store"].state == "note"
    assert "matcher import" in found["store"].todo
    assert "matcher nightly" in found["release"].todo


def test_looking_changes_nothing(tmp_path: Path) -> None:
    diagnose(_settings(tmp_path), NOW)
    assert not list(tmp_path.iterdir())


def test_the_bundled_model_is_checked_by_its_checksum(tmp_path: Path) -> None:
    assert "checksum as expected" in _found(_settings(tmp_path, model="bundled"))["model"].detail


def test_a_model_that_cannot_be_had_is_broken_with_what_to_do(tmp_path: Path) -> None:
    settings = _settings(tmp_path, model=str(tmp_path / "no-such-model"))
    found = diagnose(settings, NOW)
    assert not found.healthy
    assert _found(settings)["model"].state == "broken"


def test_the_build_of_torch_is_said_without_loading_it(tmp_path: Path) -> None:
    assert "build" in _found(_settings(tmp_path))["torch"].detail


def test_no_torch_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.diagnosis.util.find_spec", lambda _name: None)
    assert _found(_settings(tmp_path))["torch"].state == "broken"


def test_a_store_with_its_tables_is_fine(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    open_store(settings.database_url).close()
    assert _found(settings)["store"].state == "ok"


def test_a_store_of_another_version_is_broken(tmp_path: Path) -> None:
    import sqlite3

    settings = _settings(tmp_path)
    open_store(settings.database_url).close()
    with sqlite3.connect(settings.data_dir / "matcher.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    found = _found(settings)["store"]
    assert found.state == "broken"
    assert "9999" in found.detail


def test_a_file_that_is_no_store_is_broken(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    settings.data_dir.mkdir()
    (settings.data_dir / "matcher.db").write_bytes(b"this is not a database, whatever its name says" * 50)
    assert _found(settings)["store"].state == "broken"


def test_a_database_that_nobody_knows_is_broken_not_a_crash(tmp_path: Path) -> None:
    assert _found(_settings(tmp_path, database_url="oracle://x"))["store"].state == "broken"


def test_an_address_that_is_none_is_broken_not_a_crash(tmp_path: Path) -> None:
    found = _found(_settings(tmp_path, database_url="matcher.db"))["store"]
    assert (found.state, "sqlite:///" in found.detail) == ("broken", True)


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    found = _found(_settings(tmp_path, model=str(tmp_path)))["model"]
    assert (found.state, "holds no weights" in found.detail) == ("broken", True)


def test_a_misspelt_variable_is_told_with_the_setting_it_is_likest_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _found(_settings(tmp_path))["settings"].state == "ok"
    monkeypatch.setenv("MATCHER_DATADIR", "/elsewhere")
    found = _found(_settings(tmp_path))["settings"]
    assert found.state == "note"
    assert "MATCHER_DATADIR, meant MATCHER_DATA_DIR?" in found.detail


def test_a_folder_that_is_a_file_is_broken_before_a_night_finds_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("data_dir", "releases_dir", "cache_dir"):
        found = _found(_settings(tmp_path, **{name: tmp_path / "file" / "below"}))["folders"]
        assert (found.state, str(tmp_path / "file") in found.detail) == ("broken", True)


def test_a_folder_that_this_account_cannot_write_is_broken() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as root:  # pytest's own is closed to others altogether
        settings = _settings(Path(root))
        settings.data_dir.mkdir(mode=0o555)
        Path(root).chmod(0o755)
        assert is_so_for_others(lambda: "cannot be written by this account" in _folders(settings, NOW).detail)


def test_a_release_says_its_age_and_a_stale_one_asks_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for days, state in ((0.5, "ok"), (9.0, "note")):
        facts = SimpleNamespace(model=make_encoder(_settings(tmp_path), cached=False).name)
        manifest = SimpleNamespace(id="r1", created_at=NOW - timedelta(days=days), facts=facts)
        monkeypatch.setattr("service.releases.reading.current_id", lambda _folder: "r1")
        monkeypatch.setattr("service.releases.current_release", lambda _f, m=manifest: SimpleNamespace(manifest=m))
        found = _found(_settings(tmp_path))["release"]
        assert (found.state, found.detail) == (state, f"r1, {days} days old")


def test_a_release_of_another_model_than_the_one_that_is_set_is_told(tmp_path: Path) -> None:
    settings = a_world(tmp_path, records(needs=2, capabilities=3))
    a_night(settings, now=NOW)
    assert _found(settings)["release"].state == "ok"
    found = _found(settings.model_copy(update={"model": "bundled"}))["release"]
    assert found.state == "note"
    assert "a server that is set to another matches no new text" in found.detail


def test_a_release_that_is_named_but_gone_is_broken(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    settings.releases_dir.mkdir(parents=True)
    (settings.releases_dir / "CURRENT").write_text("gone\n")
    assert _found(settings)["release"].state == "broken"


@pytest.mark.parametrize(("free", "state"), [(100, "broken"), (2 * 10**9, "note"), (10**12, "ok")])
def test_the_disk_is_judged_by_what_a_night_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr("service.diagnosis.shutil.disk_usage", lambda _path: Usage(10**12, 0, free))
    assert _found(_settings(tmp_path))["disk"].state == state


def test_the_cache_is_measured(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    settings.cache_dir.mkdir(parents=True)
    (settings.cache_dir / "vectors").write_bytes(b"0" * 2_500_000)
    assert _found(settings)["cache"].detail.startswith("2.5 MB")


def test_json_fits_its_schema_and_health_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    for model, code in (("hashing", 0), (str(tmp_path / "none"), 1)):
        monkeypatch.setenv("MATCHER_MODEL", model)
        with pytest.raises(SystemExit) as left:
            cli.main(["doctor", "--json"])
        report = json.loads(capsys.readouterr().out)
        jsonschema.validate(report, schema)
        assert int(left.value.code or 0) == code
        assert report["healthy"] == (code == 0)


def test_the_text_says_what_to_do_beside_what_is_not_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(SystemExit):
        cli.main(["doctor"])
    assert "-> run matcher nightly" in capsys.readouterr().out

"""``matcher db`` and ``matcher erase`` as an operator meets them: what they say, and what they leave."""

from pathlib import Path

import pytest

from service import cli
from service.settings import Settings, load_settings
from tests.service.night_world import a_night, a_world, records

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    return a_world(load_settings().data_dir, records(needs=2, capabilities=3))


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    assert int(left.value.code or 0) == code
    shown = capsys.readouterr()
    return (shown.err if code else shown.out + shown.err).strip()


def test_a_backup_is_made_checked_and_put_back(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = a_night(settings).release_id
    archive = str(tmp_path / "matcher.tar")
    assert ", 1 release, " in said(capsys, "db", "backup", archive)
    assert said(capsys, "db", "check").startswith("15 records, 0 earlier versions, 1 release read")
    assert said(capsys, "db", "restore", archive).endswith(f": 1 release, served now: {served}")


def test_a_backup_without_a_release_says_what_makes_one(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.data_dir.exists()
    archive = str(tmp_path / "matcher.tar")
    said(capsys, "db", "backup", archive)
    assert said(capsys, "db", "restore", archive).endswith("0 releases, served now: none: run matcher nightly")


def test_a_dump_that_was_cut_off_is_not_loaded(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.data_dir.exists()
    whole, cut = tmp_path / "dump.jsonl", tmp_path / "cut.jsonl"
    rows = said(capsys, "db", "dump", str(whole))
    cut.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:-2]))
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "other"))
    assert "the file was cut off: copy it again" in said(capsys, "db", "load", str(cut), code=1)
    assert said(capsys, "db", "load", str(whole)) == f"{rows} loaded"


def test_erasing_says_what_went_and_what_is_served(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    a_night(settings)
    first, second = said(capsys, "erase", "need", "need-000", "--yes", "--no-night").splitlines()
    assert first.startswith("erased; erased-")
    assert second.startswith("made anonymous: 2 versions, 0 events, 0 mentions; removed: 1 release, ")
    assert second.endswith("served now: none, until the next night")


def test_a_damaged_release_stops_the_backup_until_a_night_made_it_anew(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An archive with it could never be restored, which would be found out on the day it is needed."""
    served = a_night(settings).release_id
    records_file = settings.releases_dir / served / "records" / "needs.jsonl"
    records_file.write_bytes(records_file.read_bytes().replace(b"district", b"distract"))
    archive = tmp_path / "matcher.tar"
    refused = said(capsys, "db", "backup", str(archive), code=1)
    assert "records/needs.jsonl has other content than when it was published" in refused
    assert "matcher nightly makes it anew" in refused
    assert f"else remove {settings.releases_dir / served}" in refused
    assert not archive.exists()
    assert a_night(settings).state == "published"
    assert said(capsys, "releases", "verify").startswith(f"{served} is whole")
    said(capsys, "db", "backup", str(archive))
    assert said(capsys, "db", "restore", str(archive)).endswith(f"served now: {served}")


def test_a_damaged_database_is_not_backed_up(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_night(settings)
    path = settings.data_dir / "matcher.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    path.write_bytes(content)
    refused = said(capsys, "db", "backup", str(tmp_path / "matcher.tar"), code=1)
    assert "matcher.db is damaged: " in refused
    assert "matcher db dump" in refused
    assert not (tmp_path / "matcher.tar").exists()

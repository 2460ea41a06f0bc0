"""``matcher migrate``: the one way an existing database changes its tables."""

from pathlib import Path

import pytest

from service import cli
from service.store import open_store
from service.store.schema import REVISIONS


def migrated(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as left:
        cli.main(["migrate"])
    shown = capsys.readouterr()
    return int(left.value.code or 0), shown.out + shown.err


def test_a_migrated_database_opens_and_migrating_again_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/m.db"
    monkeypatch.setenv("MATCHER_DATABASE_URL", url)
    for _ in range(2):
        assert migrated(capsys) == (0, f"{url}: schema {REVISIONS[-1]}\n")
    open_store(url).close()


def test_what_is_no_database_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are notes " * 100)
    monkeypatch.setenv("MATCHER_DATABASE_URL", f"sqlite:///{path}")
    code, said = migrated(capsys)
    assert code == 1
    assert "file is not a database" in said

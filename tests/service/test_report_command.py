"""The report command: tables for people, JSON for programs, a file whole or not at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from tests.builders import a_need
from tests.service.night_world import a_night, a_world, add, records


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = a_world(tmp_path, records(needs=6, capabilities=8))
    a_night(settings)
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    return tmp_path


def run(*words: str) -> int:
    try:
        main(list(words))
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@pytest.mark.usefixtures("home")
def test_a_report_is_a_table_or_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("report", "tiers") == 0
    assert "tier  matches" in capsys.readouterr().out
    assert run("report", "tiers", "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (found["needs"], found["withheld"]) == (6, {"needs": 0, "matches": 0})


def test_a_report_goes_to_a_file_and_reads_the_release_that_is_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = home / "report.json"
    (release,) = (path.name for path in (home / "releases").glob("2*"))
    assert run("report", "coverage", "--json", "--out", str(out), "--release", release) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(out.read_text(encoding="utf-8"))["release_id"] == release


@pytest.mark.usefixtures("home")
def test_the_page_of_a_cluster_is_named_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    run("report", "clusters", "--json")
    first = json.loads(capsys.readouterr().out)["clusters"][0]
    assert run("report", "clusters", "--cluster", first["id"]) == 0
    assert first["label"] in capsys.readouterr().out
    assert run("report", "clusters", "--cluster", "c-none") == 1
    assert "matcher report clusters lists them" in capsys.readouterr().err
    assert run("report", "tiers", "--cluster", first["id"]) == 1
    assert "--cluster with the report clusters" in capsys.readouterr().err


def test_a_need_withdrawn_since_is_withheld_unless_nobody_may_see_it_at_any_level(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The release stays as it is; what is read of it follows the store."""
    from service.settings import load_settings

    withdrawn, secret = a_need("need-000", review_state="withdrawn"), a_need("need-001", confidentiality="broker_only")
    add(load_settings(data_dir=home, model="hashing"), withdrawn, secret)
    run("report", "coverage", "--json")
    assert json.loads(capsys.readouterr().out)["withheld"]["needs"] == 2
    run("report", "coverage", "--json", "--level", "broker_only")
    assert json.loads(capsys.readouterr().out)["withheld"]["needs"] == 1


@pytest.mark.parametrize(
    ("words", "name"),
    [(["tiers"], "t.xlsx"), (["tiers"], "t.html"), (["period", "--json"], "p.xlsx"), (["period"], "p.pdf")],
)
def test_a_file_whose_name_promises_another_form_is_refused(
    home: Path, words: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = ["--from", "2026-11-01", "--to", "2026-11-30"] if words[0] == "period" else []
    assert run("report", *words, *days, "--out", str(home / name)) == 1
    assert f"got '{name}'; a workbook and a page are made of a period alone" in capsys.readouterr().err
    assert not (home / name).exists()

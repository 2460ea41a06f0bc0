"""``matcher nightly``, ``matcher releases`` and ``matcher export`` as an operator meets them."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from service import cli
from service.nightly.lock import night_locked
from service.releases import current_release, published
from service.settings import Settings, load_settings
from tests.service.night_world import a_night, a_world, records

SCHEMA = Path(__file__).parents[2] / "data" / "schema" / "night.json"
pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    a_world(tmp_path, records(needs=3, capabilities=6))
    return load_settings()


def code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    return int(left.value.code or 0)


def nightly(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert code("nightly", "--as-of", "2026-11-22", "--json", *arguments) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_outcome_as_json_keeps_its_schema(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = nightly(capsys)
    jsonschema.validate(outcome, json.loads(SCHEMA.read_text()))
    assert outcome["state"] == "published"
    assert outcome["served"] == current_release(settings.releases_dir).id
    assert nightly(capsys)["state"] == "unchanged"


def test_in_words_it_says_first_what_is_served(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert code("nightly", "--as-of", "2026-11-22") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("published: release 2026-11-22-")
    assert lines[-1].startswith("3 needs, 6 capabilities, ")
    assert len(published(settings.releases_dir)) == 1


def test_a_night_that_makes_nothing_says_why_and_what_serves_it(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = nightly(capsys), nightly(capsys, "--k", "2")
    assert code("nightly", "--as-of", "2026-11-22", "--k", "2") == 0
    assert "nothing was made again" in capsys.readouterr().out
    assert code("releases", "rollback") == 0
    assert code("nightly", "--as-of", "2026-11-22", "--k", "2") == 0
    said = capsys.readouterr().out
    assert f"withheld: release {second['release_id']} (served: {first['release_id']})" in said
    assert f"matcher releases rollback --to {second['release_id']} serves it" in said
    assert code("releases", "rollback", "--to", second["release_id"]) == 0
    assert current_release(settings.releases_dir).id == second["release_id"]


def test_a_release_of_one_tier_says_so(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    del settings
    outcome = nightly(capsys, "--k", "1")
    assert code("nightly", "--as-of", "2026-11-22", "--k", "1") == 0
    one = sum(share > 0 for share in outcome["tiers"].values()) == 1
    assert ("all matches are of one tier" in capsys.readouterr().out) is one


def test_a_refused_night_exits_3_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    assert code("nightly") == 3
    assert "nothing was published: expected at least one of needs" in capsys.readouterr().err


def test_a_night_beside_another_exits_1(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with night_locked(settings.releases_dir):
        assert code("nightly") == 1
    assert "one is running" in capsys.readouterr().err


def test_an_operator_can_go_back_in_the_midst_of_a_night(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    first = nightly(capsys, "--k", "2")["release_id"]
    nightly(capsys, "--k", "3")
    with night_locked(settings.releases_dir):
        assert code("releases", "rollback") == 0
    assert current_release(settings.releases_dir).id == first


def test_an_operator_sees_goes_back_checks_and_removes(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (nightly(capsys, "--k", k)["release_id"] for k in ("2", "3"))
    assert code("releases", "list") == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(f"* {second}")
    assert code("releases", "rollback") == 0
    assert capsys.readouterr().out == f"served now: {first}\n"
    assert code("releases", "list") == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("rolled back from")
    assert code("releases", "verify", "--release", second) == 0
    assert f"{second} is whole" in capsys.readouterr().out
    assert code("releases", "prune", "--keep", "1") == 0
    assert capsys.readouterr().out == "nothing to remove\n"
    assert code("releases", "rollback", "--to", second) == 0
    assert code("releases", "prune", "--keep", "1") == 0
    assert f"removed {first}" in capsys.readouterr().out
    assert [manifest.id for manifest in published(settings.releases_dir)] == [second]


def test_an_export_writes_the_file_and_counts_on_standard_error(
    settings: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    release_id = a_night(settings).release_id
    out = tmp_path / "matches.jsonl"
    assert code("export", "--out", str(out)) == 0
    release = current_release(settings.releases_dir)
    assert len(out.read_text().splitlines()) == release.manifest.counts["matches"]
    assert capsys.readouterr().err.endswith(f"matches of release {release_id}\n")


def test_an_export_of_a_release_that_is_not_there_says_where_to_look(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    a_night(settings)
    assert code("export", "--out", "-", "--release", "../elsewhere") == 1
    assert "matcher releases list" in capsys.readouterr().err


def test_an_export_whose_name_speaks_of_another_form_is_written_and_told_of(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_night(settings)
    for form, told in (("jsonl", True), ("csv", False)):
        assert code("export", "--format", form, "--out", str(tmp_path / "matches.csv")) == 0
        assert ("matches.csv: written as jsonl, as --format says" in capsys.readouterr().err) is told

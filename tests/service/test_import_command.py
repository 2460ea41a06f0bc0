"""``matcher import``: files into the store; whole or not at all; twice is once."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from matcher.profiles import KINDS, Organisation, Profile
from service import cli
from service.commands.import_ import Kind
from service.store import count_records, get_record, open_store, upsert_records, withdraw
from tests.builders import an_organisation

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NEEDS: list[dict[str, Any]] = [
    {"id": "power", "title": "Electricity from a river", "text": "A turbine.", "sdg_goals": []},
    {"id": "fog", "title": "Water from fog", "text": "Nets.", "owner_organisation_id": "ministry"},
]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/matcher.db"


def lines(path: Path | str, records: list[dict[str, Any]]) -> str:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(["import", *arguments])
    return int(left.value.code or 0)


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    run("--json", *arguments)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, json.loads((ROOT / "data/schema/import.json").read_text(encoding="utf-8")))
    return found


def held(url: str) -> dict[str, int]:
    store = open_store(url)
    try:
        with store.reading() as session:
            return count_records(session)
    finally:
        store.close()


def profile(url: str, kind: str, record_id: str) -> Profile:
    store = open_store(url)
    try:
        with store.reading() as session:
            return get_record(session, kind, record_id).profile
    finally:
        store.close()


def organisation(url: str, record_id: str) -> Organisation:
    found = profile(url, "organisations", record_id)
    assert isinstance(found, Organisation)
    return found


def test_records_of_a_file_are_in_the_store(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lines("needs.jsonl", NEEDS)) == 0
    assert capsys.readouterr().out == (
        "needs.jsonl: needs: 2 created, 0 updated, 0 refreshed, 0 unchanged\n"
        "organisations referred to and not described yet: 1\n"
    )
    assert held(url) == {"needs": 2}


def test_the_same_file_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = lines("needs.jsonl", NEEDS)
    run(path)
    assert report(capsys, path)["total"] == {"created": 0, "updated": 0, "refreshed": 0, "unchanged": 2}


def test_the_report_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """One object, whose keys the schema holds to."""
    run(lines("needs.jsonl", NEEDS))
    changed = lines(
        "needs.jsonl", [NEEDS[0] | {"title": "Other"}, {"id": "new", "text": "x", "trl_min": 12}, {"id": ""}]
    )
    found = report(
        capsys, changed, lines("organisations.jsonl", [{"id": "ministry", "name": "M", "roles": ["broker"]}])
    )
    assert found["total"] == {"created": 2, "updated": 1, "refreshed": 0, "unchanged": 0}
    assert (found["records_refused"], found["values_refused"], found["dangling_organisations"]) == (1, 1, 0)
    assert found["codes"] == {"out_of_bounds": 1, "missing_id": 1}
    assert [file["file"] for file in found["files"]] == ["needs.jsonl", "organisations.jsonl"]


def test_refused_records_exit_3_and_the_rest_is_written(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines("needs.jsonl", [*NEEDS, {"title": "No id"}])
    assert run(path) == 3
    shown = capsys.readouterr()
    assert "refused 1 record, 0 values (missing_id 1)" in shown.out
    assert "--rejects FILE" in shown.err
    assert held(url) == {"needs": 2}


def test_a_file_that_gave_nothing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The slip that all its rows share, so that nobody needs a file of rejects to learn of an option."""
    assert run(lines("list.jsonl", NEEDS)) == 3
    assert "unknown_kind: expected a known kind of record; say the kind (--kind needs)" in capsys.readouterr().out
    run(lines("needs.jsonl", [*NEEDS, {"title": "No id"}]))
    assert "expected" not in capsys.readouterr().out


def test_the_rejects_file_says_row_column_value_code_and_what_to_do(tmp_path: Path) -> None:
    """Also for what only the store can tell: an id that belongs to another source."""
    sourced = {"id": "power", "text": "x", "source": {"system": "one", "source_id": "1"}}
    run(lines("needs.jsonl", [sourced]))
    other = sourced | {"source": {"system": "two", "source_id": "9"}}
    assert run("--rejects", "rejects.csv", lines("needs.jsonl", [NEEDS[1], other, {"id": "bad", "text": ""}])) == 3
    rows = list(csv.DictReader((tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").splitlines()))
    told = [(row["row"], row["column"], row["code"]) for row in rows if row["severity"] == "row"]
    assert told == [("3", "title", "empty_text"), ("2", "id", "id_taken")]
    assert all(row["fix"] for row in rows)


def test_a_dry_run_reports_and_writes_nothing(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = lines("needs.jsonl", NEEDS)
    assert report(capsys, "--dry-run", path)["total"]["created"] == 2
    assert not (tmp_path / "data").exists()
    run(path)
    more = lines("needs.jsonl", [*NEEDS, {"id": "third", "text": "x"}])
    again = report(capsys, "--dry-run", more)
    assert (again["dry_run"], again["total"]["created"], again["total"]["unchanged"]) == (True, 1, 2)
    assert held(url) == {"needs": 2}


def test_a_dry_run_knows_the_files_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    owners = lines("organisations.jsonl", [{"id": "ministry", "name": "M", "roles": ["need_owner"]}])
    assert report(capsys, "--dry-run", lines("needs.jsonl", NEEDS), owners)["dangling_organisations"] == 0


def test_the_order_of_files_and_rows_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest_of(folder: str, *paths: str) -> str:
        from service.store import digest

        monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / folder))
        assert run(*paths) == 0
        store = open_store(f"sqlite:///{tmp_path}/{folder}/matcher.db")
        with store.reading() as session:
            found = digest(session)
        store.close()
        return found

    owners = lines("organisations.jsonl", [{"id": "ministry", "name": "M", "roles": ["need_owner"]}])
    forwards, backwards = lines("needs.jsonl", NEEDS), lines("more-needs.jsonl", NEEDS[::-1])
    assert digest_of("one", owners, forwards) == digest_of("other", backwards, owners)


def test_an_organisation_described_on_its_own_stands(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A need's row that says "M, Kenya" must not touch the profile of M, before it or after it."""
    known = {"id": "m", "name": "Ministry", "roles": ["funder"], "contact_channel": "desk@m.example"}
    need = {"id": "n", "text": "x", "owner_organisation_id": "m", "organisation": {"name": "M", "country": "KEN"}}
    owners, needs = lines("organisations.jsonl", [known]), lines("needs.jsonl", [need])
    run(needs, owners)
    assert report(capsys, needs, owners)["total"] == {"created": 0, "updated": 0, "refreshed": 0, "unchanged": 3}
    found = organisation(url, "m")
    assert (found.name, found.country, found.contact_channel) == ("Ministry", None, "desk@m.example")


def test_what_is_said_of_an_organisation_beside_records_adds_up(url: str) -> None:
    first = {"id": "c", "text": "x", "organisation_id": "m", "organisation": {"name": "M"}}
    second = {"id": "n", "text": "x", "owner_organisation_id": "m", "organisation": {"name": "Em", "country": "KEN"}}
    run(lines("capabilities.jsonl", [first]), lines("needs.jsonl", [second]))
    found = organisation(url, "m")
    assert (found.name, found.country, found.roles) == ("M", "KEN", ("provider", "need_owner"))


def test_an_organisation_in_two_roles_settles_the_same_in_either_order(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same maker beside an offer and beside a need: importing both again and again must come to rest."""
    beside = {"text": "x", "organisation": {"name": "Maker", "country": "KEN"}}
    offered, needed = (
        lines("capabilities.jsonl", [{"id": "c", **beside}]),
        lines("needs.jsonl", [{"id": "n", **beside}]),
    )
    run(needed, offered)
    assert organisation(url, "organisation:maker-ken").roles == ("provider", "need_owner")
    assert report(capsys, offered, needed)["total"]["unchanged"] == 4


def test_a_record_withdrawn_by_a_broker_stays_withdrawn(url: str) -> None:
    path = lines("needs.jsonl", NEEDS)
    run(path)
    store = open_store(url)
    with store.writing() as session:
        withdraw(session, "needs", "fog", actor="broker", at=NOW)
    store.close()
    run(path)
    assert profile(url, "needs", "fog").review_state == "withdrawn"


@pytest.mark.parametrize("arguments", [[], ["nowhere.jsonl"], ["."], ["--kind", "wishes", "needs.jsonl"]])
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    lines("needs.jsonl", NEEDS)
    assert run(*arguments) == 2


def test_a_failure_exits_1_with_one_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATCHER_DATABASE_URL", "sqlite://")
    assert run(lines("needs.jsonl", NEEDS)) == 1
    assert "a store in memory would be lost" in capsys.readouterr().err


def test_a_profile_that_is_none_exits_1_and_writes_nothing(capsys: pytest.CaptureFixture[str], url: str) -> None:
    assert run("--profile", "no-such-profile", lines("needs.jsonl", NEEDS)) == 1
    assert "no-such-profile" in capsys.readouterr().err
    assert held(url) == {}


def test_the_kinds_of_the_option_are_the_kinds_of_record() -> None:
    assert [kind.value for kind in Kind] == list(KINDS)


def _many(path: Path, count: int) -> str:
    return lines(path, [{"id": f"need-{n:05d}", "text": f"Water for village {n}"} for n in range(count)])


def _started(path: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"MATCHER_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "service.cli", "import", path]
    return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def _wait_for_write(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the import is in the middle of its transaction: SQLite has begun to spill it into the WAL file."""
    log = tmp_path / "data" / "matcher.db-wal"
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if log.exists() and log.stat().st_size > 1_000_000:
            return
        time.sleep(0.002)
    pytest.fail("the import ended before it could be stopped")


@pytest.mark.usefixtures("an_earlier_record")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_import_stopped_in_the_middle_leaves_nothing(
    tmp_path: Path, url: str, sent: signal.Signals, code: int
) -> None:
    """Ctrl-C and a kill alike: what was there before is there, whole, and the next import works."""
    path = _many(tmp_path / "needs.jsonl", 8000)
    process = _started(path, tmp_path)
    _wait_for_write(tmp_path, process)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert held(url) == {"organisations": 1}
    if sent == signal.SIGINT:
        assert said.decode().strip() == "matcher: stopped; nothing was left half-written"


@pytest.fixture
def an_earlier_record(url: str) -> None:
    store = open_store(url)
    with store.writing() as session:
        upsert_records(session, "organisations", [an_organisation()], actor="tester", at=NOW)
    store.close()


def test_the_profile_that_the_readme_shows_maps_a_file_with_columns_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    profile = tmp_path / "desk.toml"
    profile.write_text(readme.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    path = tmp_path / "export.csv"
    path.write_text("Case no.,Subject,What is asked,Remarks,Country,Prio\n7,Light,Lamps at night.,No grid.,Nepal,1\n")
    assert report(capsys, "--profile", str(profile), str(path))["total"]["created"] == 1


def test_a_kind_that_its_names_contradict_is_taken_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = lines(tmp_path / "capabilities.jsonl", NEEDS[:1]), lines(tmp_path / "asked.jsonl", NEEDS[1:])
    run("--kind", "needs", "--dry-run", first, second)
    said = capsys.readouterr().err
    assert "capabilities.jsonl: read as needs, as --kind says, not as its name does" in said
    assert "asked.jsonl" not in said

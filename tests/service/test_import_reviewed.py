"""A file that comes again, with or without suggestions, takes back nothing that a person said of its records here."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from matcher.profiles import Need, Organisation
from matcher.vocabulary import Provenance
from service import cli
from service.accounts.reviewing import decided
from service.importing import Order, import_files
from service.importing.reviewed import kept
from service.store import Store, get_record, open_store, upsert_records
from tests.builders import a_need, an_organisation

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TEXT = "Safe drinking water from wells, boreholes and pumps; water supply, sanitation, hygiene and toilets in villages."
INFERRED = {"sdg_goals": Provenance.INFERRED, "sectors": Provenance.INFERRED}
SOURCE = {"system": "portal", "source_id": "7"}
Row = dict[str, Any]


class Files:
    """One store, and a file of needs that is imported into it again and again."""

    def __init__(self, folder: Path, url: str) -> None:
        self._path, self._url = folder / "needs.jsonl", url
        self.store: Store = open_store(url)

    def come(self, *rows: Row, tenant_id: str | None = None) -> None:
        self._path.write_text("\n".join(json.dumps({"title": "Wells", "text": TEXT, **row}) for row in rows))
        report = import_files(Order((self._path,), tenant_id=tenant_id), self._url, NOW)
        assert report.records_refused == 0

    def review(self, record_id: str, *fields: str, confirmed: bool) -> None:
        with self.store.writing() as session:
            after = decided(get_record(session, "needs", record_id).profile, fields, confirmed=confirmed)
            upsert_records(session, "needs", [after], actor="user:desk", at=NOW)

    def need(self, record_id: str) -> Need:
        with self.store.reading() as session:
            found = get_record(session, "needs", record_id).profile
        assert isinstance(found, Need)
        return found


@pytest.fixture
def files(tmp_path: Path, empty_url: str) -> Iterator[Files]:
    made = Files(tmp_path, empty_url)
    yield made
    made.store.close()


TAGGED: Row = {"id": "n1", "sdg_goals": [6], "sectors": ["water"], "provenance": INFERRED}


def test_what_was_confirmed_or_rejected_stands_when_a_file_without_it_comes_again(files: Files) -> None:
    files.come(TAGGED)
    files.review("n1", "sdg_goals", confirmed=True)
    files.review("n1", "sectors", confirmed=False)
    files.come({"id": "n1", "summary": "Other words."})
    found = files.need("n1")
    assert (found.summary, found.sdg_goals, found.sectors) == ("Other words.", (6,), None)
    marks = found.provenance or {}
    assert [marks[field] for field in ("sdg_goals", "sectors")] == [Provenance.REVIEWED] * 2


def test_a_record_is_known_again_by_its_source(files: Files) -> None:
    files.come({**TAGGED, "source": SOURCE})
    files.review("n1", confirmed=True)
    files.come({"id": "another-id", "source": SOURCE})
    assert files.need("n1").sectors == ("water",)


def test_a_value_that_somebody_refused_is_not_brought_back_by_the_file_that_inferred_it(files: Files) -> None:
    files.come(TAGGED)
    files.review("n1", "sectors", confirmed=False)
    files.come(TAGGED)
    found = files.need("n1")
    assert (found.sectors, found.sdg_goals) == (None, (6,))
    assert (found.provenance or {}) | {"language": Provenance.INFERRED} == {
        "language": Provenance.INFERRED,
        "sectors": Provenance.REVIEWED,
        "sdg_goals": Provenance.INFERRED,
    }


def test_what_the_file_states_itself_is_newer(files: Files) -> None:
    files.come(TAGGED)
    files.review("n1", confirmed=True)
    files.come({"id": "n1", "sectors": ["energy"], "sdg_targets": ["7.1"]})
    found = files.need("n1")
    assert (found.sectors, found.sdg_goals, found.sdg_targets) == (("energy",), None, ("7.1",))
    assert not {"sectors", "sdg_goals"} & set(found.provenance or {})


def test_what_waits_goes_on_waiting_while_the_texts_are_the_same(files: Files) -> None:
    files.come(TAGGED)
    files.come({"id": "n1", "trl_min": 4})
    found = files.need("n1")
    assert (found.trl_min, found.sectors, (found.provenance or {})["sectors"]) == (4, ("water",), Provenance.INFERRED)
    files.come({"id": "n1", "text": "A road over the pass."})
    assert files.need("n1").sectors is None, "it was told from other words"


def test_what_an_owner_stated_here_stands_where_the_file_does_not_know_it() -> None:
    known = an_organisation("o1", slots_total=4, city="Kochi", provenance={"slots_total": Provenance.STATED})
    found = kept("organisations", an_organisation("o1", slots_total=None, city=None), known, inferring=False)
    assert isinstance(found, Organisation)
    assert (found.slots_total, found.city) == (4, None)
    newer = kept("organisations", an_organisation("o1", slots_total=2), known, inferring=False)
    assert isinstance(newer, Organisation)
    assert newer.slots_total == 2


@pytest.mark.parametrize("inferring", [True, False])
def test_a_record_of_which_nothing_was_said_stays_as_it_comes(inferring: bool) -> None:
    record = a_need("n1", sectors=None)
    assert kept("needs", record, a_need("n1", sectors=["water"]), inferring=inferring) is record


@pytest.mark.parametrize("options", [["--suggest"], []])
def test_the_command_keeps_what_was_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))
    files = Files(tmp_path, f"sqlite:///{tmp_path}/data/matcher.db")
    source = tmp_path / "needs.jsonl"

    def run(*further: str) -> None:
        source.write_text(json.dumps({"id": "n1", "title": "Wells", "text": TEXT}))
        with pytest.raises(SystemExit) as left:
            cli.main(["import", *further, str(source)])
        assert not left.value.code, capsys.readouterr().err

    run("--suggest")
    assert files.need("n1").sdg_goals
    files.review("n1", "sdg_goals", confirmed=False)
    run(*options)
    assert files.need("n1").sdg_goals is None
    assert (files.need("n1").provenance or {})["sdg_goals"] is Provenance.REVIEWED
    files.store.close()

"""A record is known again by its id, so one id is one text, whatever file it came in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.profiles import Need
from service.intake import Reject, Severity, read_needs
from tests.service.intake.making import PLACES, a_workbook


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "needs.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return path


def needs(folder: Path, *lines: Any) -> tuple[tuple[Need, ...], list[Reject]]:
    batch = read_needs(written(folder, *lines), PLACES)
    return batch.records, list(batch.rejects)


@pytest.mark.parametrize(("given", "text"), [(5, "5"), (1.5, "1.5"), (7.0, "7"), (-3, "-3"), (0, "0"), (" a ", "a")])
def test_a_number_is_its_plain_text_in_json_lines_as_in_a_sheet(tmp_path: Path, given: object, text: str) -> None:
    assert [need.id for need in needs(tmp_path, {"_id": given, "title": "Pumps"})[0]] == [text]
    sheet = a_workbook(tmp_path / "needs.xlsx", {"needs": [("id", "title"), (given, "Pumps")]})
    assert [need.id for need in read_needs(sheet, PLACES).records] == [text]


@pytest.mark.parametrize("line", ['{"id": true', '{"id": 1e400', '{"id": ["x"]', '{"id": {"a": 1}'])
def test_what_is_neither_text_nor_number_is_refused_as_a_bad_id(tmp_path: Path, line: str) -> None:
    path = tmp_path / "needs.jsonl"
    path.write_text(line + ', "title": "Pumps"}')
    batch = read_needs(path, PLACES)
    assert batch.records == ()
    assert [(r.code, r.column, r.severity) for r in batch.rejects] == [("bad_id", "id", Severity.ROW)]


@pytest.mark.parametrize("given", [None, "", "  ", "N/A", "TBD"])
def test_a_word_for_unknown_is_no_id(tmp_path: Path, given: object) -> None:
    records, rejects = needs(tmp_path, {"id": given, "title": "Pumps"})
    assert (records, [r.code for r in rejects]) == ((), ["missing_id"])


def test_two_ids_that_differ_keep_the_one_and_tell_of_the_other(tmp_path: Path) -> None:
    records, rejects = needs(tmp_path, {"_id": 9, "id": 10, "title": "Pumps"}, {"_id": 7, "id": 7, "title": "Wells"})
    assert [need.id for need in records] == ["10", "7"]
    assert [(r.code, r.column, r.value) for r in rejects] == [("unknown_column", "_id", "9")]


def test_a_number_for_an_organisation_is_an_id_too(tmp_path: Path) -> None:
    """Otherwise one made of its name takes its place, and no other record finds it."""
    lines = [
        {"id": 1, "owner_organisation_id": 77, "organisation": {"name": "Water office"}, "title": "Pumps"},
        {"id": 2, "organisation": {"id": 77, "name": "Water office"}, "title": "Wells"},
        {"id": 3, "owner_organisation_id": 77, "title": "Pipes"},
    ]
    batch = read_needs(written(tmp_path, *lines), PLACES)
    assert batch.rejects == ()
    assert {need.owner_organisation_id for need in batch.records} == set(batch.organisations) == {"77"}

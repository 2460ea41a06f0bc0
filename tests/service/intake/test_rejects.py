"""The rejects as a file a person opens in a spreadsheet."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest

from service.intake import CODES, Reject, Severity, count_by_code, write_rejects
from service.intake.rejects import HEADER


def a_reject(value: str = "soon", code: str = "not_a_date") -> Reject:
    expected, fix = CODES[code]
    return Reject("needs.xlsx", "Needs", 7, "Deadline", value, code, expected, fix, Severity.FIELD)


def test_a_csv_file_has_one_row_for_each_reject(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    assert write_rejects(path, [a_reject(), a_reject("x", "missing")]) == {"not_a_date": 1, "missing": 1}
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert tuple(rows[0]) == HEADER
    assert rows[1][:6] == ["needs.xlsx", "Needs", "7", "Deadline", "soon", "not_a_date"]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_workbook_has_one_row_for_each_reject(tmp_path: Path) -> None:
    path = tmp_path / "rejects.xlsx"
    write_rejects(path, [a_reject("Énergie")])
    rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert rows[0] == HEADER
    assert rows[1][2:5] == (7, "Deadline", "Énergie")


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "|cmd"])
def test_no_value_is_run_as_a_formula(tmp_path: Path, value: str) -> None:
    write_rejects(tmp_path / "r.csv", [a_reject(value)])
    write_rejects(tmp_path / "r.xlsx", [a_reject(value)])
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["value"] == f"'{value}"
    cell = openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets[0].cell(2, HEADER.index("value") + 1)
    assert cell.data_type == "s"


@pytest.mark.parametrize("name", ["none.csv", "none.xlsx"])
def test_without_rejects_the_file_has_its_header(tmp_path: Path, name: str) -> None:
    assert write_rejects(tmp_path / name, []) == {}
    assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize("name", ["r.csv", "r.xlsx"])
def test_a_file_not_written_to_its_end_never_appears(tmp_path: Path, name: str) -> None:
    def interrupted() -> Iterator[Reject]:
        yield a_reject()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rejects(tmp_path / name, interrupted())
    assert list(tmp_path.iterdir()) == []


def test_codes_are_counted() -> None:
    assert count_by_code([a_reject(), a_reject()]) == {"not_a_date": 2}


def test_every_code_says_what_was_expected_and_what_to_do() -> None:
    assert all(expected and fix for expected, fix in CODES.values())


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    """``--rejects /dev/null``, run by root, must not put a file in the place of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as other:
        read = other.submit(pipe.read_text, "utf-8-sig")
        write_rejects(pipe, [a_reject()])
        assert read.result(timeout=30).splitlines()[1].startswith("needs.xlsx,Needs,7,Deadline,soon")
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]

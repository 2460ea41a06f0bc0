"""The rejects as a file a person opens in a spreadsheet, mends by, and imports again."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, Protocol

from service.intake.results import Reject

HEADER: Final = tuple(field.name for field in fields(Reject))
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What makes a spreadsheet program read a text as a formula (OWASP, CSV injection)."""

_SHEET_ROWS: Final = 1_048_576  # what a sheet of XLSX holds


class RejectFile(Protocol):
    """Where rejects are written one by one; ``counts`` holds how many there were of each code."""

    counts: Counter[str]

    def write(self, reject: Reject) -> None:
        """Add one reject."""


@contextmanager
def reject_file(path: Path) -> Iterator[RejectFile]:
    """Open a CSV file, or an XLSX workbook by its extension; it appears under its name when all of it is written.

    Values are written so that no spreadsheet program takes one for a formula. A device or a pipe is written into.
    """
    if path.exists() and not path.is_file():
        there = _Csv(path)
        try:
            yield there
        finally:
            there.close()
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        file: _Csv | _Xlsx = _Xlsx(unfinished) if path.suffix.casefold() == ".xlsx" else _Csv(unfinished)
        try:
            yield file
        finally:
            file.close()
        os.replace(unfinished, path)  # noqa: PTH105 - one atomic step
    finally:
        unfinished.unlink(missing_ok=True)


def write_rejects(path: Path, rejects: Iterable[Reject]) -> Counter[str]:
    """Write all rejects to a CSV or XLSX file and return how many there were of each code."""
    with reject_file(path) as file:
        for reject in rejects:
            file.write(reject)
    return file.counts


def count_by_code(rejects: Iterable[Reject]) -> Counter[str]:
    """Return how many rejects there are of each code."""
    return Counter(reject.code for reject in rejects)


def escaped(value: str) -> str:
    """Put an apostrophe before what a spreadsheet program would run as a formula."""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def _cells(reject: Reject) -> list[str | int]:
    return ["" if value is None else value if isinstance(value, int) else str(value) for value in _values(reject)]


def _values(reject: Reject) -> Sequence[Any]:
    return [getattr(reject, name) for name in HEADER]


class _Csv:
    def __init__(self, path: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._file = path.open("w", encoding="utf-8-sig", newline="")  # the mark tells spreadsheet programs it is UTF-8
        self._writer = csv.writer(self._file)
        self._writer.writerow(HEADER)

    def write(self, reject: Reject) -> None:
        self.counts[reject.code] += 1
        self._writer.writerow([escaped(cell) if isinstance(cell, str) else cell for cell in _cells(reject)])

    def close(self) -> None:
        self._file.close()


class _Xlsx:
    """Sheets of text cells; a text cell is never run, so nothing needs an apostrophe."""

    def __init__(self, path: Path) -> None:
        import xlsxwriter

        self.counts: Counter[str] = Counter()
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "in_memory": False})
        self._bold = self._book.add_format({"bold": True})
        self._row = _SHEET_ROWS
        self._sheet: Any = None

    def write(self, reject: Reject) -> None:
        if self._row >= _SHEET_ROWS:
            self._start_sheet()
        self.counts[reject.code] += 1
        for column, cell in enumerate(_cells(reject)):
            if isinstance(cell, int):
                self._sheet.write_number(self._row, column, cell)
            else:
                self._sheet.write_string(self._row, column, cell)
        self._row += 1

    def _start_sheet(self) -> None:
        self._sheet = self._book.add_worksheet()
        for column, name in enumerate(HEADER):
            self._sheet.set_column(column, column, 40 if name in {"value", "expected", "fix"} else 14)
            self._sheet.write_string(0, column, name, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def close(self) -> None:
        if self._sheet is None:
            self._start_sheet()
        self._book.close()

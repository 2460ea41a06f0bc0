"""Files made in the tests, and short ways to look at what reading them gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import openpyxl

from matcher.profiles import Capability, Need, Organisation
from service.intake import Accepted, Reject, read
from service.reference import load_places

PLACES = load_places()
_T = TypeVar("_T")


def a_workbook(path: Path, sheets: Mapping[str, Sequence[Any]], merged: Iterable[str] = ()) -> Path:
    """Write sheets of rows; merged ranges are of the first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for at, row in enumerate(rows, start=1):
            for place, cell in enumerate(row, start=1):
                if cell is not None:
                    sheet.cell(at, place, cell)
    for area in merged:
        book.worksheets[0].merge_cells(area)
    book.save(path)
    return path


def a_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def results(path: Path, **asked: Any) -> tuple[list[Accepted], list[Reject]]:
    found = list(read(path, PLACES, **asked))
    return [f for f in found if isinstance(f, Accepted)], [f for f in found if isinstance(f, Reject)]


def of_type(model: type[_T], accepted: Iterable[Accepted]) -> list[_T]:
    return [a.profile for a in accepted if isinstance(a.profile, model)]


def needs_in(path: Path, **asked: Any) -> list[Need]:
    return of_type(Need, results(path, **asked)[0])


def capabilities_in(path: Path, **asked: Any) -> list[Capability]:
    return of_type(Capability, results(path, **asked)[0])


def organisations_in(path: Path, **asked: Any) -> list[Organisation]:
    return of_type(Organisation, results(path, **asked)[0])


def codes(rejects: Iterable[Reject]) -> list[str]:
    return [r.code for r in rejects]

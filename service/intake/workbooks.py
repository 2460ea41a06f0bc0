"""Rows of the sheets of an XLSX workbook: values of formulas, merged cells filled."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from defusedxml import ElementTree

from matcher.errors import BadInput
from service.intake.archives import DAMAGED, SheetFacts, inspect
from service.intake.results import Limits
from service.intake.texts import without_controls

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MERGES: Final = 100_000  # merged ranges a sheet may have

_T = TypeVar("_T")
Merge = tuple[int, int, int, int]  # first row, first column, last row, last column; from 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, its rows read on demand."""

    name: str
    merges: tuple[Merge, ...]
    facts: SheetFacts
    source: CalamineSheet

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield row number and cells; each cell of a merged range holds the value of the first."""
        waiting = sorted(self.merges, reverse=True)
        active: list[tuple[Merge, Any]] = []
        for number, raw in enumerate(self.source.iter_rows(), start=1):
            cells = [without_controls(cell) if isinstance(cell, str) else cell for cell in raw]
            active = [(merge, value) for merge, value in active if merge[2] >= number]
            while waiting and waiting[-1][0] <= number:
                merge = waiting.pop()
                first = merge[1] - 1
                if merge[0] == number and first < len(cells):
                    active.append((merge, cells[first]))
            for (_, left, _, right), value in active:
                for at in range(left - 1, min(right, len(cells))):
                    cells[at] = value
            yield number, cells

    def continued(self, column: int) -> frozenset[int]:
        """Return the rows whose cell in this column belongs to the row above: one record over several rows."""
        return frozenset(
            row
            for first, left, last, right in self.merges
            if left <= column <= right
            for row in range(first + 1, last + 1)
        )


@dataclass(frozen=True, slots=True)
class Workbook:
    """An inspected workbook: the names of its worksheets, and each of them on demand."""

    names: tuple[str, ...]
    _facts: Mapping[str, SheetFacts]
    _source: CalamineWorkbook

    @property
    def hidden(self) -> frozenset[str]:
        """Name the sheets that a spreadsheet program does not show."""
        from python_calamine import SheetVisibleEnum

        shown = SheetVisibleEnum.Visible
        return frozenset(sheet.name for sheet in self._source.sheets_metadata if sheet.visible != shown)

    def sheet(self, name: str) -> Sheet:
        """Read one sheet into memory; raises BadInput where its reader gives up."""
        facts = self._facts[name]
        source = _guarded(lambda: self._source.get_sheet_by_name(name), name)
        return Sheet(name, _merges(source, facts), facts, source)


def open_workbook(path: Path, limits: Limits) -> Workbook:
    """Inspect and open a workbook; raises BadInput for one that must not or cannot be opened."""
    from python_calamine import CalamineWorkbook

    facts = inspect(path, limits)
    parts = _parts(path)
    source = _guarded(lambda: CalamineWorkbook.from_path(path), path.name)
    names = tuple(name for name in source.sheet_names if parts.get(name) in facts)
    if len(names) > limits.sheets:
        expected = f"at most {limits.sheets} sheets"
        raise BadInput("too_many_sheets", expected=expected, got=len(names), fix="split the workbook")
    return Workbook(names, {name: facts[parts[name]] for name in names}, source)


def _guarded(read: Callable[[], _T], name: str) -> _T:
    """Turn every way the library gives up into one error; its panics derive from BaseException alone."""
    from python_calamine import CalamineError

    try:
        return read()
    except BaseException as error:
        if not isinstance(error, CalamineError | OSError) and type(error).__name__ != "PanicException":
            raise
        fix = f"save it again ({error})"
        raise BadInput("not_a_workbook", expected="an XLSX workbook", got=name, fix=fix) from error


def _parts(path: Path) -> dict[str, str]:
    """Return sheet name -> the part of the archive it lies in."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
            links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    except (KeyError, ElementTree.ParseError, *DAMAGED) as error:
        raise BadInput("not_a_workbook", expected="an XLSX workbook", got=path.name, fix="save it as XLSX") from error
    targets = {link.get("Id"): str(link.get("Target", "")) for link in links}
    named = {str(s.get("name")): targets.get(s.get(_RELATION), "") for s in book.iter() if s.tag.endswith("}sheet")}
    return {name: _inside(target) for name, target in named.items()}


def _inside(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _merges(source: CalamineSheet, facts: SheetFacts) -> tuple[Merge, ...]:
    """Return merged ranges inside the sheet's extent; a range over whole columns ends where the values end."""
    ranges = source.merged_cell_ranges or []
    if len(ranges) > _MERGES:
        raise BadInput(
            "too_many_merges", expected=f"at most {_MERGES:,} merged ranges", got=len(ranges), fix="unmerge them"
        )
    inside = (
        (first + 1, left + 1, min(last + 1, facts.rows), min(right + 1, facts.columns))
        for (first, left), (last, right) in ranges
    )
    return tuple(merge for merge in inside if merge[0] <= merge[2] and merge[1] <= merge[3])

"""A report as plain tables: every list of it one table, every single figure a line above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from service.reports.survey import Report, Withheld

WIDEST: Final = 60  # characters of a cell
WHOLE: Final = frozenset({"recruit"})  # a sentence in the last column
MOST: Final = 8  # members of a list within a cell; the rest is counted


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; cells are texts."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def text(report: Report) -> str:
    """Write a report for people: its figures, then its tables. Columns are as wide as their widest cell."""
    lines = [f"{_words(name)}: {said}" for name, said in _figures(report)]
    for table in tables(report):
        lines += ["", table.title, *_laid_out(table)]
    return "\n".join(lines) + "\n"


def tables(report: Report) -> Iterator[Table]:
    """Yield each list of records of a report as a table, in the order of its fields."""
    for field in fields(report):
        rows = getattr(report, field.name)
        if isinstance(rows, tuple) and rows and is_dataclass(rows[0]):
            header = tuple(each.name for each in fields(rows[0]))
            cells = tuple(tuple(_cell(getattr(row, name), name) for name in header) for row in rows)
            yield Table(_words(field.name), tuple(map(_words, header)), cells)


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    for field in fields(report):
        value = getattr(report, field.name)
        if isinstance(value, Withheld):
            yield field.name, f"{value.needs} needs, {value.matches} matches"
        elif not isinstance(value, tuple):
            yield field.name, _cell(value, field.name)
        elif not value:
            yield field.name, "none"
        elif not is_dataclass(value[0]):
            yield field.name, "; ".join(map(str, value))


def _words(name: str) -> str:
    return name.replace("_", " ").replace(" id", "").strip()


def _cell(value: Any, name: str) -> str:
    said = _said(value)
    return said if name in WHOLE or len(said) <= WIDEST else f"{said[: WIDEST - 1]}\u2026"


def _said(value: Any) -> str:
    match value:
        case None | ():
            said = "-"
        case bool():
            said = "yes" if value else "no"
        case Enum():
            said = str(value.value)
        case float():
            said = f"{value:.3g}"
        case date():
            said = value.isoformat()
        case tuple():
            said = _joined(value)
        case _ if is_dataclass(value):
            said = _named(value)
        case _:
            said = " ".join(str(value).split())
    return said


def _named(value: Any) -> str:
    """Tell a record within a cell by its first field, with the second where that is a figure."""
    first, second = (getattr(value, each.name) for each in fields(value)[:2])
    return f"{_said(first)} {second}" if isinstance(second, int) else _said(first)


def _joined(values: Sequence[Any]) -> str:
    rest = f", +{len(values) - MOST}" if len(values) > MOST else ""
    return ", ".join(map(_said, values[:MOST])) + rest


def _laid_out(table: Table) -> list[str]:
    rows = [table.header, *table.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

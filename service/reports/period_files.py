"""The period report as a workbook and as a page to print."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from service.exports.spreadsheet import safe_cell
from service.reports.period import PeriodReport, Row, StageTime

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEMPLATES: Final = Path(__file__).parent / "templates"
_GROUPS: Final = {"total": "In all", "project": "By project", "cluster": "By cluster", "country": "By country"}
"""What rows are grouped by, and the heading of the group."""

FIGURES: Final = tuple(field.name for field in fields(Row) if field.name != "name")
_WIDTH: Final = 24  # characters of a column


def rows_of(found: PeriodReport) -> Iterable[tuple[str, Row]]:
    """Yield every row with what it is grouped by: the total first."""
    for by in _GROUPS:
        rows: tuple[Row, ...] = found.total if by == "total" else getattr(found, f"by_{by}")
        yield from ((by, row) for row in rows)


def workbook(found: PeriodReport) -> bytes:
    """Write three sheets: figures by group, time at stage, and what the report is of. Texts are never formulas."""
    import xlsxwriter

    sink = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(sink, options) as book:
        bold = book.add_format({"bold": True})
        _sheet(book, bold, "Figures", ("by", "name", *FIGURES), _figures(found))
        times = (tuple(getattr(one, field.name) for field in fields(StageTime)) for one in found.time_at_stage)
        _sheet(book, bold, "Time at stage", tuple(field.name for field in fields(StageTime)), times)
        _sheet(book, bold, "About", ("fact", "value"), _about(found))
    return sink.getvalue()


def plain(found: PeriodReport) -> str:
    """Write the report as tables for people at a terminal."""
    lines = [f"{found.tenant_id}: {found.first_day} to {found.last_day}; {found.withheld} pairs withheld", ""]
    lines += _laid_out([("by", "name", *FIGURES), *_figures(found)])
    if found.time_at_stage:
        rows = [tuple(getattr(one, field.name) for field in fields(StageTime)) for one in found.time_at_stage]
        lines += ["", "days at a stage that was left", *_laid_out([("by", "name", "stage", "n", "median"), *rows])]
    return "\n".join(lines) + "\n"


def _laid_out(rows: list[tuple[Any, ...]]) -> list[str]:
    texts = [[str(cell).replace("_", " ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]


def page(found: PeriodReport) -> str:
    """Write the report as a page of HTML that needs no other file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.filters["words"] = _words
    groups = [(title, [row for kind, row in rows_of(found) if kind == by]) for by, title in _GROUPS.items()]
    times = [(title, [one for one in found.time_at_stage if one.by == by]) for by, title in _GROUPS.items()]
    return made.get_template("period.html").render(
        report=found,
        groups=[(title, rows) for title, rows in groups if rows],
        times=[(title, rows) for title, rows in times if rows],
        figures=FIGURES,
    )


def _words(name: object) -> str:
    """Write a field's or a stage's name as the head of a column or row."""
    text = str(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _figures(found: PeriodReport) -> Iterable[tuple[Any, ...]]:
    for by, row in rows_of(found):
        yield (by, row.name, *(getattr(row, name) for name in FIGURES))


def _about(found: PeriodReport) -> Iterable[tuple[Any, ...]]:
    for name in ("tenant_id", "first_day", "last_day", "withheld"):
        value = getattr(found, name)
        yield name, value if isinstance(value, int) else str(value)
    yield "counted", "A pair counts when it first reached the stage or a later one; a memorandum is no agreement."
    yield "project", "The project or programme that the need states."
    yield "time_at_stage", "Days, of stays that ended in the period: median, with the number of stays."


def _sheet(book: Any, bold: Any, title: str, header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    sheet = book.add_worksheet(title)
    sheet.write_row(0, 0, header, bold)
    for at, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            sheet.write(at, column, safe_cell(cell))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, _WIDTH)

"""Rows under a header -> records: what CSV files and the sheets of workbooks have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from service.intake import headers
from service.intake.admission import Admission
from service.intake.cells import plain
from service.intake.cleaning import Cleaner
from service.intake.mapped import Mapped, Mapper
from service.intake.results import Accepted, Limits, Problem, Reject, Severity, Spot

_NO_ROWS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class Intake:
    """What reads the rows of one table: its mapper, the border, and what is remembered on the way."""

    file: str
    mapper: Mapper
    admission: Admission
    limits: Limits
    cleaner: Cleaner | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # field -> its header, where the file has a header row
    _told: set[str] = field(default_factory=set)

    def take(self, row: Mapping[str, Any], number: int, sheet: str = "") -> Iterator[Accepted | Reject]:
        """Yield what one row gives; a header nobody reads is told once."""
        spot = Spot(self.file, number, sheet)
        yield from self._unknown_headers(row, spot)
        if not self.mapper.selects(row):
            wanted = ", ".join(where.column for where in self.mapper.table.where)
            yield spot.reject(Problem("not_selected", wanted, None, Severity.ROW))
            return
        mapped = self.mapper.map(row)
        spot = Spot(self.file, number, sheet, {**self.columns, **mapped.columns})
        debris = self.cleaner.clean(mapped.values) if self.cleaner else None
        yield from (spot.reject(problem) for problem in (*mapped.problems, *([debris] if debris else [])))
        if debris is None:
            yield from self._admit(mapped, spot)

    def _admit(self, mapped: Mapped, spot: Spot) -> Iterator[Accepted | Reject]:
        values = {name: value for name, value in mapped.values.items() if name != "organisation" or _names(value)}
        yield from self.admission.admit(self.mapper.table.kind, values, spot)

    def _unknown_headers(self, row: Mapping[str, Any], spot: Spot) -> Iterator[Reject]:
        for header in [name for name in row if name not in self._told]:
            self._told.add(header)
            if not self.mapper.knows(header):
                yield spot.reject(Problem("unknown_column", header, row[header], Severity.COLUMN))


def _names(organisation: Any) -> bool:
    """Tell whether an organisation is named: a country alone describes nobody."""
    return not isinstance(organisation, dict) or "name" in organisation


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a sheet or file with what its format knows of them."""

    rows: Iterable[tuple[int, Sequence[Any]] | Problem]
    sheet: str = ""
    lost: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (row, column) from 1 -> code
    continued: Callable[[int], frozenset[int]] = lambda _: _NO_ROWS


def read_grid(grid: Grid, intake: Intake) -> Iterator[Accepted | Reject]:
    """Find the header, tell which columns nobody reads, and yield what each row under it gives."""
    rows = iter(grid.rows)
    first = list(islice(rows, headers.LOOKED_AT))
    looked = [() if isinstance(found, Problem) else found[1] for found in first]
    header = headers.find(looked, intake.mapper.knows)
    if header is None:
        yield from (found.at(intake.file, grid.sheet, None) for found in first if isinstance(found, Problem))
        if any(any(_filled(cell) for cell in row) for row in looked):
            seen = " | ".join(str(plain(cell)) for cell in next(row for row in looked if any(map(_filled, row))))
            yield Problem("no_header", value=seen, severity=Severity.FILE).at(intake.file, grid.sheet, None)
        return
    intake.columns = intake.mapper.columns_of(header.names)
    for number, found in _records(chain(first[header.at + 1 :], rows), header, grid, intake):
        if isinstance(found, Problem):
            yield found.at(intake.file, grid.sheet, number or None)
        else:
            yield from intake.take(found, number, grid.sheet)


def _records(
    rows: Iterable[tuple[int, Sequence[Any]] | Problem], header: headers.Header, grid: Grid, intake: Intake
) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Yield one row by its headers; rows joined by a merged id become one, their cells joined as lines."""
    ids = [at for at, name in enumerate(header.names) if any(f[1] == "id" for f in intake.mapper.fields_of(name))]
    continued = grid.continued(ids[0] + 1) if ids else _NO_ROWS
    held: tuple[int, dict[str, Any]] | None = None
    for found in rows:
        if isinstance(found, Problem):
            yield (held[0] + 1 if held else 0), found
            continue
        number, cells = found
        row, problems = _named(number, cells, header, grid, intake.limits)
        yield from ((number, problem) for problem in problems)
        if not row or _is_header(row):
            continue
        if held is not None and number in continued:
            _join(held[1], row)
            continue
        if held is not None:
            yield held
        held = (number, row)
    if held is not None:
        yield held


def _named(
    number: int, cells: Sequence[Any], header: headers.Header, grid: Grid, limits: Limits
) -> tuple[dict[str, Any], list[Problem]]:
    """Put each cell under its header; cells that cannot be used become problems."""
    row: dict[str, Any] = {}
    problems: list[Problem] = []
    for at, cell in enumerate(cells):
        name = header.names[at] if at < len(header.names) else ""
        if (lost := grid.lost.get((number, at + 1))) is not None:
            problems.append(Problem(lost, name or f"column {at + 1}"))
        elif not _filled(cell):
            continue
        elif at >= limits.columns:
            return {}, [Problem("too_many_columns", value=len(cells), severity=Severity.ROW)]
        elif isinstance(cell, str) and len(cell) > limits.cell_characters:
            problems.append(Problem("cell_too_long", name, cell))
        elif not name:
            problems.append(Problem("value_without_header", f"column {at + 1}", cell))
        else:
            row[name] = cell
    return row, problems


def _is_header(row: Mapping[str, Any]) -> bool:
    """Tell a header that stands again further down, as on each printed page."""
    return len(row) > 1 and all(str(plain(cell)).casefold() == name.casefold() for name, cell in row.items())


def _join(held: dict[str, Any], row: Mapping[str, Any]) -> None:
    for name, cell in row.items():
        before, after = str(plain(held.get(name)) or ""), str(plain(cell))
        if after not in before.split("\n"):
            held[name] = f"{before}\n{after}" if before else cell


def _filled(cell: Any) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and not cell.strip())

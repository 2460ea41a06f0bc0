"""Which column of somebody's table is which field of ours: a preview, and the table under our names."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from matcher.errors import BadInput
from matcher.profiles import KINDS
from service.intake import delimited, headers, mapping
from service.intake.cells import plain
from service.intake.locating import PlaceCheck
from service.intake.mapped import Mapper
from service.intake.results import Limits, Problem
from service.intake.workbooks import open_workbook
from service.reference import load_places

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN: Final = 3  # values of a column in the preview
_LIMITS: Final = Limits()
_OURS: Final = frozenset({"content_hash", "created_at", "updated_at", "provenance", "review_state", "source"})
_OWNERS: Final = ("organisation.name", "organisation.country", "organisation.city", "organisation.website")
"""Fields of the organisation that a row may describe beside its own."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its header, a few of its values, and the field its header is known as."""

    header: str
    values: tuple[str, ...]
    field: str  # "" where nobody knows the header


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a table, and the number of its header's row from 1."""

    header_row: int
    columns: tuple[Column, ...]


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the fields that a column may be, those of its organisation last."""
    own = [name for name in KINDS[kind].model_fields if name not in _OURS]
    return (*own, *(() if kind in {"organisations", "cases"} else _OWNERS))


def preview(path: Path, kind: str) -> Preview | None:
    """Look at the first rows of a CSV file or of a workbook's first sheet; None for what is no table."""
    mapper = _mapper(kind)
    first = list(islice(_rows(path, mapper), headers.LOOKED_AT))
    found = headers.find([cells for _, cells in first], mapper.knows)
    if found is not None:
        at, names = found.at, found.names
    else:  # no header is known: the first row with two texts or more is one
        place = next(
            (at for at, (_, cells) in enumerate(first) if len([cell for cell in cells if _text(cell)]) > 1), None
        )
        if place is None:
            return None
        at, names = place, tuple(_text(cell) for cell in first[place][1])
    below = [cells for _, cells in first[at + 1 :]]
    columns = tuple(
        Column(name, tuple(islice(_values(below, place), _SHOWN)), _known(mapper, name))
        for place, name in enumerate(names)
    )
    return Preview(first[at][0], columns)


def renamed(path: Path, kind: str, chosen: Mapping[int, str], sink: Path) -> None:
    """Write the table as CSV under our names, its rows where they were; columns that are not chosen are left out.

    Raises BadInput for what is no table, or where one field is chosen twice.
    """
    seen = preview(path, kind)
    if seen is None:
        raise BadInput("no_header", expected="a table with a row of headers", got=path.name)
    twice = {field for field in chosen.values() if list(chosen.values()).count(field) > 1}
    if twice:
        raise BadInput("chosen_twice", expected="each field for one column", got=", ".join(sorted(twice)))
    places = sorted(chosen)
    with sink.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        number = 1
        for row, cells in _rows(path, _mapper(kind)):
            for _ in range(number, row):  # rows keep their numbers, so that what is refused is found in the original
                out.writerow([""] * len(places))
            number = row + 1
            if row < seen.header_row:
                out.writerow([""] * len(places))
            elif row == seen.header_row:
                out.writerow([chosen[place] for place in places])
            else:
                out.writerow([_text(cells[place]) if place < len(cells) else "" for place in places])


def headers_of(path: Path, kind: str, chosen: Mapping[int, str]) -> dict[str, str]:
    """Return field -> the header of the column it was chosen for; a column without a header keeps the field's name."""
    seen = preview(path, kind)
    names = [column.header for column in seen.columns] if seen else []
    return {field: names[place] for place, field in chosen.items() if place < len(names) and names[place]}


def _mapper(kind: str) -> Mapper:
    profile = mapping.load(mapping.CANONICAL)
    table = profile.table(kind)
    if table is None:  # the profile has one for every kind
        raise BadInput("unknown_kind", expected=", ".join(KINDS), got=kind)
    return Mapper(profile, table, PlaceCheck(load_places()))


def _rows(path: Path, mapper: Mapper) -> Iterator[tuple[int, Sequence[Any]]]:
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    found: Iterable[tuple[int, Sequence[Any]] | Problem]
    if packed:
        book = open_workbook(path, _LIMITS)
        found = book.sheet(book.names[0]).rows() if book.names else ()
    else:
        found = delimited.rows(path, _LIMITS, mapper.knows, delimited.encoding_of(path))
    yield from (one for one in found if not isinstance(one, Problem))


def _known(mapper: Mapper, header: str) -> str:
    found = mapper.fields_of(header) if header else []
    return found[0][1] if found else ""


def _values(rows: Iterable[Sequence[Any]], place: int) -> Iterator[str]:
    yield from (text for cells in rows if place < len(cells) and (text := _text(cells[place])))


def _text(cell: Any) -> str:
    seen = plain(cell)
    return "" if seen is None else str(seen)

"""Reading the reference data that comes with the project: data/ in a checkout, service/_data in an installed wheel."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from matcher.errors import BadInput
from matcher.places import Area, Country, Membership, PlaceBook

COUNTRIES = "countries.csv"
GROUPS = "groups.csv"
AREAS = "areas.csv"


def data_folder() -> Path:
    """Return the folder that holds reference/, sample/ and schema/; raises BadInput where neither place has it."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_data", here.parent / "data"):
        if (folder / "reference").is_dir():
            return folder
    raise BadInput(
        "no_reference_data",
        expected=f"a folder reference in {here / '_data'} or {here.parent / 'data'}",
        got="neither",
        fix="install the package again, or work in a whole checkout",
    )


@cache
def load_places() -> PlaceBook:
    """Return the countries, groups and areas of data/reference; read once a process."""
    return read_places(data_folder() / "reference")


def read_places(folder: Path) -> PlaceBook:
    """Read countries.csv, groups.csv and areas.csv of a folder. Cells stay text: "NA" is Namibia, never missing.

    Raises BadInput with the file and line of a row that cannot be used.
    """
    countries = [_country(row) for row in _rows(folder / COUNTRIES)]
    known = {country.alpha3 for country in countries}
    memberships = [_membership(row, known) for row in _rows(folder / GROUPS)]
    areas = [_area(row) for row in _rows(folder / AREAS)]
    return PlaceBook(countries, memberships, areas)


class _Row(dict[str, str]):
    """A row that knows where it stands and names a column it lacks."""

    def __init__(self, cells: Mapping[str, str | None], where: str) -> None:
        super().__init__({column: (cell or "").strip() for column, cell in cells.items() if column})
        self.where = where

    def __missing__(self, column: str) -> str:
        raise BadInput("column_missing", expected=f"a column {column} in {self.where}", got=", ".join(self))


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for cells in reader:
            yield _Row(cells, f"{path.name} line {reader.line_num}")


def _country(row: _Row) -> Country:
    return Country(
        alpha3=row["alpha3"],
        alpha2=row["alpha2"],
        m49=row["m49"],
        name=row["name"],
        official_name=row["official_name"],
        region=row["region"],
        sub_region=row["sub_region"],
        intermediate_region=row["intermediate_region"],
        names=_listed(row["other_names"]),
    )


def _membership(row: _Row, known: set[str]) -> Membership:
    if row["alpha3"] not in known:
        raise BadInput(
            "unknown_code", expected=f"an alpha-3 code of {COUNTRIES}", got=f"{row['alpha3']} in {row.where}"
        )
    return Membership(row["group"], row["alpha3"], _day(row, "valid_from"), _day(row, "valid_to"))


def _area(row: _Row) -> Area:
    m49 = (row["m49"],) if row["m49"] else ()
    return Area(row["area"], (*m49, *_listed(row["other_names"])), _listed(row["parts"]))


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _day(row: _Row, column: str) -> date | None:
    try:
        return date.fromisoformat(row[column]) if row[column] else None
    except ValueError as error:
        raise BadInput("not_a_date", expected="YYYY-MM-DD", got=f"{row[column]} in {row.where}") from error

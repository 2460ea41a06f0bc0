"""Which row of a sheet is the header: title rows stand above it, a group's name may span several columns over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.intake.cells import plain

LOOKED_AT: Final = 40  # rows; further down nobody looks for a header either


@dataclass(frozen=True, slots=True)
class Header:
    """The header row's place among the rows looked at, and the name of each column ("" for none)."""

    at: int
    names: tuple[str, ...]
    known: int  # columns whose name the profile knows


def find(rows: Sequence[Sequence[Any]], knows: Callable[[str], bool]) -> Header | None:
    """Return the row with most names the profile knows, the first of equals; None where no row has any.

    A name alone is enough only in a sheet of one column: "Name" in a title row is no header.
    """
    best: Header | None = None
    for at, row in enumerate(rows[:LOOKED_AT]):
        above = rows[at - 1] if at else ()
        names = _names(row, above, knows)
        header = Header(at, names, sum(knows(name) for name in names if name))
        if header.known > (best.known if best else 0):
            best = header
    if best is None or (best.known < 2 and max(len(row) for row in rows[best.at :]) > 1):
        return None
    return best


def _names(row: Sequence[Any], above: Sequence[Any], knows: Callable[[str], bool]) -> tuple[str, ...]:
    """Name each column; "Country" under "Organisation" is "Organisation Country" where that is known.

    A name that stands twice keeps its first place; the second is told apart by its number and known to nobody.
    """
    names: list[str] = []
    group = ""
    for place, cell in enumerate(row):
        over = _label(above[place]) if place < len(above) else ""
        group = over or group
        own = _label(cell)
        name = next((n for n in (f"{group}.{own}", f"{group} {own}") if group and own and knows(n)), own)
        names.append(name if name not in names or not name else f"{name} #{names.count(name) + 1}")
    return tuple(names)


def _label(cell: Any) -> str:
    return " ".join(str(plain(cell) or "").split())[:200]

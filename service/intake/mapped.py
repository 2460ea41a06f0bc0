"""One row under its headers -> the plain values of a record, by a table of a mapping profile."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from matcher.errors import BadInput
from service.intake.cells import READERS, plain, states
from service.intake.fields import Reader, choices_of, reader_of
from service.intake.locating import PlaceCheck
from service.intake.mapping import MappingProfile, Table, normal, words
from service.intake.results import Problem, Severity
from service.intake.texts import slug

_HINTED: Final = re.compile(r"^(?P<name>.+?)\s*[(\[,]\s*(?P<hint>[^()\[\],]{1,20}?)\s*[)\]]?\s*\*?$")
_PATH: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_BARE_NUMBER: Final = re.compile(r"^[<>=~\s]*\d[\d.,\s]*(?:(?:-|\u2013|to)\s*\d[\d.,\s]*)?$")
_UNITED: Final = frozenset({"money", "range", "condition"})


@dataclass(slots=True)
class Mapped:
    """What a row says: values by field, the header each came from, and the cells that could not be read."""

    values: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Way:
    """How the cells of one field are read, worked out once."""

    reader: Reader
    read: Callable[[Any, PlaceCheck], Any]
    words: Mapping[str, str]  # what people write -> our value
    join: str | None
    min_words: int

    def worded(self, value: Any) -> Any:
        """Put our words for those people use; None where the profile says that a word says nothing."""
        if not self.words:
            return value
        if isinstance(value, list):
            items = [self.words.get(normal(item), item) if isinstance(item, str) else item for item in value]
            return [item for item in items if item != ""] or (None if value else [])
        said: Any = self.words.get(normal(value), value) if isinstance(value, str) else value
        return None if said == "" else said

    def joined(self, read: list[Any]) -> Any:
        """Make one value of those of several columns."""
        if self.join is None or len(read) == 1:
            return read[0]
        if all(isinstance(value, list) for value in read):
            return list(dict.fromkeys(item for value in read for item in value))
        return self.join.join(dict.fromkeys(str(value) for value in read))


class Mapper:
    """Applies one table of a profile. Made once a sheet; answers for headers are kept."""

    def __init__(self, profile: MappingProfile, table: Table, places: PlaceCheck) -> None:
        self._profile, self.table, self._places = profile, table, places
        self._ignored = frozenset(normal(header) for header in table.ignore)
        self._wanted: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for path, column in table.fields.items():
            for order, name in enumerate(dict.fromkeys(map(normal, column.headers))):  # "end_date" is "end date" too
                self._wanted[name].append((order, path))
        self._known: dict[str, list[tuple[int, str, str]]] = {}
        self._ways: dict[str, _Way] = {}

    def fields_of(self, header: str) -> list[tuple[int, str, str]]:
        """Return (preference, field, unit in the header) for each field a header feeds; [] for one nobody reads."""
        if header not in self._known:
            found = self._of(header, "")
            hinted = _HINTED.match(header.strip()) if not found else None
            self._known[header] = found or (self._of(hinted["name"], hinted["hint"]) if hinted else [])
        return self._known[header]

    def _of(self, header: str, hint: str) -> list[tuple[int, str, str]]:
        name = normal(header)
        found = [(order, path, hint) for order, path in self._wanted.get(name, ())]
        if not found and self.table.canonical:
            path = header.strip().rstrip("*").strip().casefold().replace(" ", "_")
            path = "id" if path == "_id" else path
            named = _PATH.fullmatch(path) is not None and reader_of(self.table.kind, path) is not None
            found = [(0, path, hint)] if named else []
        return found

    def columns_of(self, headers: Iterable[str]) -> dict[str, str]:
        """Return field -> the header that feeds it first, so that an empty cell too is told under its own header."""
        feeding = sorted(
            (order, path, header) for header in headers if header for order, path, _ in self.fields_of(header)
        )
        columns: dict[str, str] = {}
        for _, path, header in feeding:
            columns.setdefault(path, header)
        return columns

    def knows(self, header: str) -> bool:
        """Tell whether a header is read, filtered by, or left out on purpose."""
        name = normal(header)
        return (
            bool(self.fields_of(header))
            or name in self._ignored
            or any(normal(w.column) == name for w in self.table.where)
        )

    def selects(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the profile wants this row."""
        by_name = {normal(header): plain(cell) for header, cell in row.items()} if self.table.where else {}
        return all(_passes(by_name.get(normal(w.column)), w.values) for w in self.table.where)

    def map(self, row: Mapping[str, Any]) -> Mapped:
        """Return what a row says. Constants fill what no column said."""
        mapped = Mapped()
        for path, found in self._cells(row).items():
            self._take(path, found, mapped)
        for path, value in self.table.constants.items():
            _put(mapped.values, path, value, replace=False)
        self._identify(mapped)
        return mapped

    def _cells(self, row: Mapping[str, Any]) -> dict[str, list[tuple[str, Any]]]:
        """Return for each field the cells that state something, in the order the profile prefers them."""
        cells: dict[str, list[tuple[int, str, Any]]] = {}
        for header, raw in row.items():
            cell = plain(raw)
            if cell is None or cell in ("", []):  # an empty list of a foreign source is a blank, not a statement
                continue
            for order, path, hint in self.fields_of(header):
                reader = self._way(path).reader
                if states(cell, reader):
                    united = f"{cell} {hint}" if hint and reader in _UNITED and _BARE_NUMBER.match(str(cell)) else cell
                    cells.setdefault(path, []).append((order, header, united))
        for found in cells.values():
            found.sort(key=_preference)
        return {path: [(header, cell) for _, header, cell in found] for path, found in cells.items()}

    def _take(self, path: str, found: list[tuple[str, Any]], mapped: Mapped) -> None:
        way, read = self._way(path), list[Any]()
        for header, cell in found:
            if read and way.join is None:
                if cell != found[0][1]:
                    mapped.problems.append(Problem("second_column", header, cell))
                continue
            value = self._read(way, header, cell, mapped)
            if value is not None:
                mapped.columns.setdefault(path, header)
                read.append(value)
        if read:
            _put(mapped.values, path, way.joined(read), replace=True)

    def _read(self, way: _Way, header: str, cell: Any, mapped: Mapped) -> Any:
        """Return what a cell says, None beside a problem where it cannot be used."""
        try:
            value = way.worded(way.read(cell, self._places))
        except BadInput as error:
            mapped.problems.append(Problem(error.code, header, cell, Severity.FIELD, error.expected, error.fix))
            return None
        if way.min_words and isinstance(value, str) and len(value.split()) < way.min_words:
            mapped.problems.append(Problem("too_little_text", header, cell))
            return None
        if value is None:
            mapped.problems.append(Problem("not_mapped", header, cell))
        return value

    def _way(self, path: str) -> _Way:
        if path not in self._ways:
            column = self.table.fields.get(path)
            reader = (column.read if column else None) or reader_of(self.table.kind, path) or "text"
            own = {normal(word): ours for word, ours in column.synonyms.items()} if column else {}
            choices = {normal(choice): choice for choice in choices_of(self.table.kind, path)}
            known = {**words().get(path.rpartition(".")[2], {}), **choices, **own}
            join, least = (column.join, column.min_words) if column else (None, 0)
            self._ways[path] = _Way(reader, READERS[reader], known, join, least)
        return self._ways[path]

    def _identify(self, mapped: Mapped) -> None:
        """Prefix the id and keep the row's own as the source's, so that a later import finds the record again."""
        parts = [mapped.values.get(name) for name in self.table.id_from]
        given = mapped.values.get("id") or (slug(" ".join(str(p) for p in parts if p)) if any(parts) else None)
        if given is None:
            return
        if self._profile.system:
            source = {"system": self._profile.system, "source_id": str(given), "licence": self._profile.licence}
            mapped.values["source"] = {**source, **mapped.values.get("source", {})}
        mapped.values["id"] = f"{self.table.id_prefix}{given}"


def _passes(cell: Any, values: tuple[str, ...]) -> bool:
    if cell in (None, "", []) or not states(cell, "text"):
        return False
    return not values or normal(str(cell)) in {normal(value) for value in values}


def _preference(found: tuple[int, str, Any]) -> int:
    return found[0]


def _put(values: dict[str, Any], path: str, value: Any, *, replace: bool) -> None:
    """Set "ip.status" as values["ip"]["status"]; beside a value that is no group, the parts are left to the rules."""
    name, _, rest = path.partition(".")
    if not rest:
        if replace or name not in values:
            values[name] = value
        return
    held = values.setdefault(name, {})
    if isinstance(held, dict):
        _put(held, rest, value, replace=replace)

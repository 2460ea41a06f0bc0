"""Read a file into accepted records and rejects. START HERE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from matcher.errors import BadInput
from matcher.places import PlaceBook
from matcher.profiles import KINDS, SINGULAR, Capability, Need, Organisation, OrganisationId
from service.intake import delimited, jsonl, mapping
from service.intake.admission import Admission
from service.intake.cleaning import Cleaner
from service.intake.locating import PlaceCheck
from service.intake.mapped import Mapper
from service.intake.mapping import MappingProfile, Table
from service.intake.results import Accepted, Limits, Problem, Reject, Severity, Spot
from service.intake.tables import Grid, Intake, read_grid

_T = TypeVar("_T")
_USUAL: Final = Limits()
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"  # XLS before 2007, and any workbook under a password
_GZIP: Final = b"\x1f\x8b"
_NOTHING: Final = "\ufeff \t\r\n\x00"


def read(
    path: Path,
    places: PlaceBook,
    *,
    kind: str | None = None,
    profile: str | Path | None = None,
    limits: Limits = _USUAL,
) -> Iterator[Accepted | Reject]:
    """Yield what each row of a file gives, in the order of the file, holding one row at a time.

    A mapping profile is named, or given as a TOML file; without one, columns are our own field names. Without ``kind``
    a JSON object's own "kind" says what it is, or the sheet's name, or the file's (``needs.jsonl``). A row whose
    required fields are good is accepted even if optional values had to be refused; each of those is a reject too.
    Raises BadInput for a profile that is none, OSError for a file that is not there.
    """
    reader = _Reader(path, places, kind, None if profile is None else mapping.load(profile), limits)
    if path.is_fifo():  # it is looked at before it is read: what a pipe gave once is gone
        yield Problem("not_a_file", value=str(path), severity=Severity.FILE).at(path.name, "", None)
        return
    size = path.stat().st_size
    if size > limits.file_bytes:
        yield Problem("file_too_large", value=size, severity=Severity.FILE).at(path.name, "", None)
        return
    try:
        yield from reader.read()
    except BadInput as error:
        problem = Problem(error.code, value=error.got, severity=Severity.FILE, expected=error.expected, fix=error.fix)
        yield problem.at(path.name, "", None)


class _Reader:
    """One file being read: what was asked for, and what its rows must pass."""

    def __init__(
        self, path: Path, places: PlaceBook, kind: str | None, profile: MappingProfile | None, limits: Limits
    ) -> None:
        self._path, self._kind, self._profile, self._limits = path, kind, profile, limits
        self._places = PlaceCheck(places)
        self._admission = Admission(self._places)

    def read(self) -> Iterator[Accepted | Reject]:
        with self._path.open("rb") as file:
            start = file.read(1024)
        text = start.decode("latin-1").lstrip(_NOTHING + "\xef\xbb\xbf\xff\xfe")
        if start.startswith(b"PK"):
            return self._workbook()
        if start.startswith(_GZIP):
            return self._refused("unknown_format", "unpack it first: gunzip")
        if start.startswith(_OLD_OFFICE):
            return self._refused("unknown_format", "save it as XLSX, without a password")
        if text.startswith("<"):
            return self._iati()
        if self._path.suffix.casefold() in {".jsonl", ".ndjson", ".json"} or text.startswith("{"):
            return self._objects()
        return self._delimited()

    def _refused(self, code: str, fix: str = "", sheet: str = "") -> Iterator[Reject]:
        yield Problem(code, severity=Severity.FILE, fix=fix).at(self._path.name, sheet, None)

    # -- JSON Lines ----------------------------------------------------------------------------------------------

    def _objects(self) -> Iterator[Accepted | Reject]:
        table = self._table(self._path.stem) if self._profile else None
        if self._profile and table is None:
            yield from self._refused("unknown_kind")
            return
        intake = self._intake(table) if table else None
        for row, found in jsonl.objects(self._path, self._limits):
            if isinstance(found, Problem):
                yield found.at(self._path.name, "", row)
            elif intake is not None:
                yield from intake.take(_flat(found), row)
            else:
                yield from self._object(found, row)

    def _object(self, found: dict[str, Any], row: int) -> Iterator[Accepted | Reject]:
        spot = Spot(self._path.name, row)
        stated = str(found.pop("kind", None) or "")
        named = kind_of(stated) if stated else self._kind or kind_of(self._path.stem)
        if named is None or self._kind not in {None, named}:
            expected = self._kind or f"one of {', '.join(KINDS)}"
            yield spot.reject(Problem("unknown_kind", "kind", stated, Severity.ROW, expected))
            return
        yield from self._admission.admit(named, found, spot)

    # -- tables --------------------------------------------------------------------------------------------------

    def _asked(self) -> tuple[Table, ...]:
        tables = (self._profile or mapping.load(mapping.CANONICAL)).tables
        return tuple(table for table in tables if self._kind in {None, table.kind})

    def _named(self, name: str) -> Table | None:
        """Return the table whose sheets are called so, or whose kind the name speaks of."""
        by_sheet = [t for t in self._asked() if mapping.normal(name) in {mapping.normal(sheet) for sheet in t.sheets}]
        by_kind = [t for t in self._asked() if not t.sheets and t.kind == kind_of(name)]
        return next(iter((*by_sheet, *by_kind)), None)

    def _table(self, name: str) -> Table | None:
        """Return the table for a file of one table: by its name, or the only one there is."""
        asked = self._asked()
        return self._named(name) or (asked[0] if len(asked) == 1 else None)

    def _intake(self, table: Table) -> Intake:
        profile = self._profile or mapping.load(mapping.CANONICAL)
        mapper = Mapper(profile, table, self._places)
        cleaner = Cleaner(table.clean) if table.clean else None
        return Intake(self._path.name, mapper, self._admission, self._limits, cleaner)

    def _delimited(self) -> Iterator[Accepted | Reject]:
        table = self._table(self._path.stem)
        if table is None:
            yield from self._refused("unknown_kind")
            return
        intake = self._intake(table)
        encoding = delimited.encoding_of(self._path, self._profile.encoding if self._profile else None)
        if not encoding.startswith("utf"):
            yield Problem("legacy_encoding", value=encoding, severity=Severity.NOTE).at(self._path.name, "", None)
        yield from read_grid(Grid(delimited.rows(self._path, self._limits, intake.mapper.knows, encoding)), intake)

    def _workbook(self) -> Iterator[Accepted | Reject]:
        from service.intake.workbooks import open_workbook

        workbook = open_workbook(self._path, self._limits)
        for name, table in self._plan(workbook.names).items():
            if table is None:
                yield Problem("sheet_not_read", value=name, severity=Severity.COLUMN).at(self._path.name, name, None)
                continue
            if name in workbook.hidden:
                yield Problem("hidden_sheet", value=name, severity=Severity.NOTE).at(self._path.name, name, None)
            sheet = workbook.sheet(name)
            yield from read_grid(Grid(sheet.rows(), name, sheet.facts.lost, sheet.continued), self._intake(table))

    def _plan(self, names: tuple[str, ...]) -> dict[str, Table | None]:
        """Return which table reads which sheet; where no sheet says its kind, the first is what was asked for."""
        plan = {name: self._named(name) for name in names}
        if names and not any(plan.values()):
            plan[names[0]] = self._table(self._path.stem)
        return plan

    # -- IATI ----------------------------------------------------------------------------------------------------

    def _iati(self) -> Iterator[Accepted | Reject]:
        from service.intake.iati import read_activities

        return read_activities(self._path, self._admission, self._limits)


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """Name what lies inside an object "organisation.name", as a header would."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat.update({f"{name}.{inner}": held for inner, held in value.items()})
        else:
            flat[name] = value
    return flat


def kind_of(name: str) -> str | None:
    """Return the kind a name speaks of ("needs", "Need", "my-needs-2026"), None where it names none or several."""
    words = set(mapping.normal(name).split())
    named = {kind for kind, one in SINGULAR.items() if one in words or kind in words}
    return named.pop() if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class Batch(Generic[_T]):
    """A whole file in memory: for files of one kind that are matched at once."""

    records: tuple[_T, ...]
    organisations: dict[OrganisationId, Organisation]
    rejects: tuple[Reject, ...]


def read_needs(path: Path, places: PlaceBook) -> Batch[Need]:
    """Read a file of needs, minimal or full, with the organisations described in it."""
    return _batch(Need, "needs", path, places)


def read_capabilities(path: Path, places: PlaceBook) -> Batch[Capability]:
    """Read a file of capabilities, minimal or full, with the organisations described in it."""
    return _batch(Capability, "capabilities", path, places)


def _batch(model: type[_T], kind: str, path: Path, places: PlaceBook) -> Batch[_T]:
    records: list[_T] = []
    organisations: dict[OrganisationId, Organisation] = {}
    rejects: list[Reject] = []
    for found in read(path, places, kind=kind):
        if isinstance(found, Reject):
            rejects.append(found)
        elif isinstance(found.profile, model):
            records.append(found.profile)
        elif isinstance(found.profile, Organisation):
            organisations[OrganisationId(found.profile.id)] = found.profile
    return Batch(tuple(records), organisations, tuple(rejects))

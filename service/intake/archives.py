"""A look into a spreadsheet's archive before anything unpacks it: bombs, entities, far-off cells, lost formulas."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from matcher.errors import BadInput
from service.intake.results import Limits

DAMAGED: Final = (  # what reading an archive raises where it is damaged or under a password
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
)
_BLOCK: Final = 1 << 16
_REFERENCE: Final = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
_XML: Final = (".xml", ".rels", ".vml")
_SMALL: Final = 1_000_000  # bytes: below this no ratio is suspicious
_AREA: Final = 60_000_000  # cells of the rectangle a sheet spans, which its reader lays out in memory
_REPORTED: Final = 1_000  # lost formulas named one by one


@dataclass(slots=True)
class SheetFacts:
    """What a sheet's XML says that its reader does not: its extent and the cells whose value is not there."""

    rows: int = 0
    columns: int = 0
    lost: dict[tuple[int, int], str] = field(default_factory=dict)  # (row, column) from 1 -> code


def inspect(path: Path, limits: Limits) -> dict[str, SheetFacts]:
    """Return facts by the name of each worksheet's part; raises BadInput for an archive that must not be opened."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, limits)
            return {info.filename: facts for info in archive.infolist() for facts in _part(archive, info, limits)}
    except DAMAGED as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            "not_a_workbook", expected="an XLSX workbook", got=path.name, fix=f"save it again ({error})"
        ) from error


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    total = 0
    if len(archive.infolist()) > 10_000:
        raise BadInput(
            "zip_bomb", expected="at most 10,000 parts", got=len(archive.infolist()), fix="do not open this file"
        )
    for info in archive.infolist():
        total += info.file_size
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > _SMALL and ratio > limits.packing_ratio:
            raise BadInput(
                "zip_bomb",
                expected=f"packed at most {limits.packing_ratio} fold",
                got=f"{info.filename}: {ratio:,.0f} fold",
                fix="do not open this file",
            )
        if info.filename.casefold().endswith((".zip", ".xlsx", ".xlsm", ".gz")):
            raise BadInput("zip_bomb", expected="no archive inside the workbook", got=info.filename, fix="take it out")
    if total > limits.unpacked_bytes:
        raise BadInput(
            "zip_bomb",
            expected=f"at most {limits.unpacked_bytes:,} bytes unpacked",
            got=f"{total:,}",
            fix="split the file",
        )


def _part(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> Iterator[SheetFacts]:
    """Parse one part, refusing a DOCTYPE; yield facts where it is a worksheet. Bytes are counted, not believed."""
    if not info.filename.casefold().endswith(_XML):
        return
    is_sheet = posixpath.dirname(info.filename).casefold() == "xl/worksheets"
    scan = _Scan(limits) if is_sheet else None
    parser = _parser(info.filename)
    if scan is not None:
        parser.StartElementHandler = scan.start
        scan.parser = parser
    unpacked = 0
    with archive.open(info) as part:
        while block := part.read(_BLOCK):
            unpacked += len(block)
            if unpacked > info.file_size:
                raise BadInput(
                    "zip_bomb", expected="the size the archive states", got=info.filename, fix="do not open this file"
                )
            _feed(parser, block, info.filename, last=False)
    _feed(parser, b"", info.filename, last=True)
    if scan is not None:
        scan.settle()
        yield scan.facts


def _parser(name: str) -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise BadInput(
            "xml_entities", expected="XML without a DOCTYPE", got=name, fix="save the file again without one"
        )

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    return parser


def _feed(parser: expat.XMLParserType, block: bytes, name: str, *, last: bool) -> None:
    try:
        parser.Parse(block, last)
    except expat.ExpatError as error:
        raise BadInput(
            "not_a_workbook", expected="well-formed XML", got=name, fix=f"save it again ({error})"
        ) from error


class _Scan:
    """Follows a worksheet's cells: where the farthest one stands, and which have a formula or error for a value."""

    def __init__(self, limits: Limits) -> None:
        self.facts = SheetFacts()
        self.parser: expat.XMLParserType | None = None
        self._limits = limits
        self._row = self._column = 0
        self._code = ""  # what the cell is lost for, unless a value follows

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Handle an element; tags may carry a prefix."""
        name = tag.rpartition(":")[2]
        if name == "c":
            self.settle()
            self._cell(attributes)
        elif name == "row":
            self.settle()
            given = attributes.get("r", "")
            self._row = int(given) if given.isdecimal() else self._row + 1
            self._column = 0
        elif name == "f":
            self._code = self._code or "formula_without_value"
        elif name in {"v", "is"}:
            self._see()
            if self._code == "formula_without_value" and self.parser is not None:
                self.parser.CharacterDataHandler = self._value

    def _cell(self, attributes: dict[str, str]) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        if found is None:
            self._column += 1
        else:
            self._column = _column_number(found[1])
            self._row = int(found[2])
        self._code = "formula_error" if attributes.get("t") == "e" else ""

    def _see(self) -> None:
        """Widen the extent by a cell that holds something; styled empty cells far out do no harm."""
        facts = self.facts
        facts.rows, facts.columns = max(facts.rows, self._row), max(facts.columns, self._column)
        if facts.columns > self._limits.columns:
            raise BadInput(
                "too_many_columns",
                expected=f"at most {self._limits.columns} columns",
                got=facts.columns,
                fix="delete the far columns",
            )
        if facts.rows * facts.columns > _AREA:
            raise BadInput(
                "sheet_too_large",
                expected=f"at most {_AREA:,} cells",
                got=facts.rows * facts.columns,
                fix="split the sheet",
            )

    def _value(self, text: str) -> None:
        if text.strip():
            self._code = ""

    def settle(self) -> None:
        """Note the cell just left if its value was lost."""
        if self._code and len(self.facts.lost) < _REPORTED:
            self.facts.lost[self._row, self._column] = self._code
        self._code = ""
        if self.parser is not None:
            self.parser.CharacterDataHandler = None


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number

"""Rows of a CSV file: the encoding and the delimiter found out, nothing held but one row."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from service.intake import headers
from service.intake.results import Limits, Problem, Severity
from service.intake.texts import without_controls

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS: Final = (",", ";", "\t", "|")
_BLOCK: Final = 1 << 20
_RECORD_LINES: Final = 4  # a quoted record may run over lines, up to this many times the longest line
_END: Final = "\x1e"  # no text of a person holds a record separator

Row = tuple[int, list[str]]


def encoding_of(path: Path, stated: str | None = None) -> str:
    """Return the encoding: by its mark, else UTF-8 if the whole file is, else the stated one, cp1252 or latin-1."""
    with path.open("rb") as file:
        start = file.read(4096)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) // 4:
        return "utf-16-be"
    legacy = (stated, "cp1252") if stated else ("cp1252",)
    return next((name for name in ("utf-8", *legacy) if _decodes(path, name)), "latin-1")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def rows(path: Path, limits: Limits, knows: Callable[[str], bool], encoding: str) -> Iterator[Row | Problem]:
    """Yield row number and cells; a Problem ends the file. Numbers count rows as a spreadsheet would."""
    delimiter, skip = _delimiter(path, encoding, knows, limits)
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        lines = _Lines(file, limits.line_bytes)
        reader = csv.reader(lines, delimiter=delimiter)
        began = 1  # the line that the record being read begins in: where to look for an open quote
        try:
            for number, cells in enumerate(reader, start=1):
                if lines.ended:
                    if cells != [_END]:
                        yield Problem("broken_quotes", value=f"line {began}", severity=Severity.FILE)
                    return
                lines.held, began = 0, reader.line_num + 1
                if number > skip:
                    yield number, [without_controls(cell) for cell in cells]
        except (csv.Error, _TooLongError) as error:
            yield Problem("broken_quotes", value=f"line {began}", severity=Severity.FILE, expected=str(error))


class _TooLongError(csv.Error):
    pass


@dataclass
class _Lines:
    """The lines of a file, refused when one, or one record's worth of them, is too long to hold.

    The mark of the end stands alone in a row, unless a quote is open: then it is part of the last cell.
    """

    file: TextIO
    longest: int
    held: int = 0
    ended: bool = False

    def __iter__(self) -> Iterator[str]:
        while line := self.file.readline(self.longest + 1):
            self.held += len(line)
            if len(line) > self.longest or self.held > _RECORD_LINES * self.longest:
                raise _TooLongError(f"a row of at most {self.longest} characters")
            yield line
        self.ended = True
        yield _END


def _delimiter(path: Path, encoding: str, knows: Callable[[str], bool], limits: Limits) -> tuple[str, int]:
    """Return the delimiter under which most header names are known, and how many rows to pass over before the data.

    "sep=;" in the first row, as some spreadsheets write it, settles it. Equal otherwise: most columns.
    """
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        first = file.readline(20).strip().strip('"').casefold()
    if first.startswith("sep=") and len(first) == 5:
        return first[4], 1
    best = max(_DELIMITERS, key=lambda delimiter: _fit(path, encoding, delimiter, knows, limits))
    return best, 0


def _fit(path: Path, encoding: str, delimiter: str, knows: Callable[[str], bool], limits: Limits) -> tuple[int, int]:
    with path.open(encoding=encoding, newline="", errors="replace") as file:
        reader = csv.reader(_Lines(file, limits.line_bytes), delimiter=delimiter)
        looked: list[list[str]] = []
        with suppress(csv.Error):
            looked.extend(row for row in islice(reader, headers.LOOKED_AT) if row and row != [_END])
    found = headers.find(looked, knows)
    widths = [len(row) for row in looked] or [0]
    return (found.known if found else 0, sorted(widths)[len(widths) // 2])

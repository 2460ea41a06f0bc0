"""JSON Lines: one record a line, each line judged by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from service.intake.results import Limits, Problem, Severity
from service.intake.texts import without_controls

_ARRAY = re.compile(rb"\s*(?:\[\s*(?:\{|$)|\{\s*$)")  # a whole file as one list, or one object over many lines
_NO_NUMBER = re.compile(rb"[:\[,]\s*(?:NaN|-?Infinity)\s*[,}\]]")  # as Python writes a missing number
_NULL = "write null where a value is not known: JSON has no NaN and no Infinity"
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # byte order marks of UTF-16: such a file has no lines to speak of


def objects(path: Path, limits: Limits) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
    """Yield line number and object, or line number and what is wrong with the line. Blank lines are passed over."""
    with path.open("rb") as file:
        if file.read(2) in _WIDE:
            yield 1, Problem("not_utf8", severity=Severity.FILE)
            return
        file.seek(0)
        for number, line in enumerate(_lines(file, limits.line_bytes), start=1):
            if line is None:
                yield (
                    number,
                    Problem("line_too_long", severity=Severity.ROW, expected=f"at most {limits.line_bytes} bytes"),
                )
                continue
            line = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line  # noqa: PLW2901 - without its mark
            if number == 1 and _ARRAY.match(line):
                yield number, Problem("not_json_lines", severity=Severity.FILE)
                return
            if not line.isspace() and line:
                yield number, _object(line)


def _lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """Yield each line, None for one that is too long; never holds more than one piece of it."""
    while line := file.readline(longest + 1):
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(longest)
        yield None


def _object(line: bytes) -> dict[str, Any] | Problem:
    """Parse strictly: no NaN, no Infinity, no second value; control characters are taken out."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Problem("not_utf8", value=line[max(error.start - 20, 0) : error.end + 20], severity=Severity.ROW)
    try:
        value = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        fix = _NULL if _NO_NUMBER.search(line) else str(error)
        return Problem("not_json", value=line[:200].decode("utf-8", "replace"), severity=Severity.ROW, fix=fix)
    if not isinstance(value, dict):
        return Problem("not_an_object", value=line[:200].decode("utf-8", "replace"), severity=Severity.ROW)
    cleaned: dict[str, Any] = (
        without_controls(value) if b"\\u" in line or b"\x7f" in line or b"\xef\xbb\xbf" in line else value
    )
    return cleaned

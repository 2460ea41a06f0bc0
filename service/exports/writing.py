"""Writing an export, whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from matcher.errors import BadInput
from matcher.profiles import KINDS
from service.exports.choices import Format, What
from service.exports.spreadsheet import HEADER, Cell, row
from service.releases.files import replacing
from service.wire import match_from_json
from service.withholding import hidden_thirds, seen

if TYPE_CHECKING:
    from service.releases import Release, ShortlistHeader
    from service.visibility import Visibility

BOM: Final = b"\xef\xbb\xbf"  # without it Excel reads UTF-8 as the machine's own encoding


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what the live visibility withheld."""

    release_id: str
    rows: int
    withheld: int


class _Count:
    def __init__(self) -> None:
        self.rows = self.withheld = 0

    def keeps(self, visible: bool) -> bool:
        self.rows += visible
        self.withheld += not visible
        return visible


def export(
    release: Release, visible: Visibility, out: Path | IO[bytes], *, what: What, form: Format, bom: bool = False
) -> Exported:
    """Write ``what`` of a release to a file or stream, in need and rank order (records: id order).

    A shortlist or match of which one side is hidden now is left out and counted. CSV is for matches only.
    """
    if form is Format.CSV and what is not What.MATCHES:
        raise BadInput("export", expected="matches as CSV, or anything as JSONL", got=what.value, fix="--format jsonl")
    count = _Count()
    with _opened(out) as sink:
        if bom:
            sink.write(BOM)
        for line in _csv(release, visible, count) if form is Format.CSV else _jsonl(release, visible, count, what):
            sink.write(line)
    return Exported(release.id, count.rows, count.withheld)


@contextmanager
def _opened(out: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(out, Path):
        with replacing(out) as sink:
            yield sink
    else:
        yield out


def _jsonl(release: Release, visible: Visibility, count: _Count, what: What) -> Iterator[bytes]:
    if what.value in KINDS:
        records = release.records(what.value)
        return (
            records.line(number) + b"\n"
            for number, record_id in enumerate(records.ids())
            if count.keeps(visible.shows(what.value, record_id))
        )
    if what is What.SHORTLISTS:
        return (
            f"{header.text(texts)}\n".encode() for header, texts in _shortlists(release, visible, count, whole=True)
        )
    return (f"{text}\n".encode() for _, texts in _shortlists(release, visible, count, whole=False) for text in texts)


def _shortlists(
    release: Release, visible: Visibility, count: _Count, *, whole: bool
) -> Iterator[tuple[ShortlistHeader, list[str]]]:
    """Walk the shortlists that may be seen with those of their matches that may; counts shortlists or matches."""
    hidden = hidden_thirds(visible)
    for header, columns in release.each_shortlist(("capability_id", "detail")):
        shown = visible.shows("needs", header.need_id)
        if whole and not count.keeps(shown):
            continue
        pairs = zip(columns["capability_id"], columns["detail"], strict=True)
        flags = (
            (seen(text, hidden), shown and visible.shows("capabilities", capability)) for capability, text in pairs
        )
        yield header, [text for text, kept in flags if (kept if whole else count.keeps(kept))]


def _csv(release: Release, visible: Visibility, count: _Count) -> Iterator[bytes]:
    yield _line(HEADER)
    organisations = release.organisations
    for header, texts in _shortlists(release, visible, count, whole=False):
        for text in texts:
            match = match_from_json(text)
            known = organisations.get(match.organisation_id)
            yield _line(row(release.id, header.need_title, known.name if known else "", match))


def _line(cells: tuple[Cell, ...] | list[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()

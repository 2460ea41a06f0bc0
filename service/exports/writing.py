"""Writing an export, whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from matcher.errors import BadInput
from matcher.matches import Match
from matcher.profiles import KINDS
from service.exports.choices import Format, Wanted, What
from service.exports.lists import Head, Run, notes_of
from service.exports.spreadsheet import HEADER, Cell, row
from service.releases.files import replacing
from service.unseen import Unseen
from service.wire import match_from_json
from service.withholding import Withholding

if TYPE_CHECKING:
    from service.outcomes.dismissing import Off
    from service.releases import Release, ShortlistHeader
    from service.visibility import Visibility

BOM: Final = b"\xef\xbb\xbf"  # without it Excel reads UTF-8 as the machine's own encoding
_LISTS: Final = frozenset({What.MATCHES, What.SHORTLISTS})


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and what the live visibility withheld."""

    release_id: str
    rows: int
    withheld: int
    dismissed: int = 0  # matches that a tenant keeps off its lists


class _Count:
    def __init__(self) -> None:
        self.rows = self.withheld = self.dismissed = 0

    def keeps(self, visible: bool) -> bool:
        self.rows += visible
        self.withheld += not visible
        return visible


def export(
    release: Release, visible: Visibility, out: Path | IO[bytes], wanted: Wanted, off: Off | None = None
) -> Exported:
    """Write a part of a release to a file or stream, in need and rank order (records: id order).

    With ``off``, matches that a tenant dismissed or keeps off its lists are left out and counted.
    A shortlist or match of which one side is hidden now is left out and counted. Raises BadInput on what cannot be
    written so, and on a need that the release does not show.
    """
    _refuse_mismatch(wanted)
    source = _Source(release, visible, wanted, off)
    if wanted.need is not None and not (visible.shows("needs", wanted.need) and release.header(wanted.need)):
        fix = "see matcher export --what needs"
        raise BadInput("unknown_need", expected="a need of the release that may be seen", got=wanted.need, fix=fix)
    with _opened(out) as sink:
        _WRITERS[wanted.form](source, sink)
    return Exported(release.id, source.count.rows, source.count.withheld, source.count.dismissed)


def _refuse_mismatch(wanted: Wanted) -> None:
    if wanted.form is not Format.JSONL and wanted.what is not What.MATCHES:
        expected = f"matches as {wanted.form.value.upper()}, or anything as JSONL"
        raise BadInput("export", expected=expected, got=wanted.what.value, fix="--format jsonl")
    if wanted.need is not None and wanted.what not in _LISTS:
        raise BadInput("export", expected="a need for matches or shortlists", got=wanted.what.value, fix="no --need")
    if wanted.form is Format.BRIEF and wanted.need is None:
        raise BadInput("export", expected="a need for a brief", got="none", fix="--need ID, for a pair --capability ID")
    if wanted.capability is not None and wanted.form is not Format.BRIEF:
        raise BadInput("export", expected="--capability with a brief", got=wanted.form.value, fix="--format brief")


@contextmanager
def _opened(out: Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(out, Path):
        with replacing(out) as sink:
            yield sink
    else:
        yield out


class _Source:
    """What may be seen of a release, read once from front to back; counts what is given and what is withheld."""

    def __init__(self, release: Release, visible: Visibility, wanted: Wanted, off: Off | None) -> None:
        self.release, self.visible, self.wanted, self._off = release, visible, wanted, off
        self.count = _Count()
        self.heads: list[Head] = []  # of the shortlists given so far
        self._organisations = release.organisations
        self._unseen = Unseen(release, visible)

    def run(self) -> Run:
        """Tell of the run, once everything was read."""
        return Run(self.release.manifest, datetime.now(UTC), self.count.withheld)

    def shortlists(self, *, whole: bool = False) -> Iterator[tuple[ShortlistHeader, list[str]]]:
        """Walk the shortlists that may be seen with those of their matches that may; counts shortlists or matches."""
        visible, count = self.visible, self.count
        withholding = Withholding(visible)
        for header, columns in self._each():
            shown = visible.shows("needs", header.need_id)
            if whole and not count.keeps(shown):
                continue
            listed = zip(columns["capability_id"], columns["detail"], strict=True)
            pairs = [pair for pair in listed if not self._is_off(header.need_id, pair[0])]
            flags = (
                (withholding.text(text), shown and visible.shows("capabilities", capability))
                for capability, text in pairs
            )
            told = self._counted(header)
            if shown:
                self.heads.append(told)
            yield told, [text for text, kept in flags if (kept if whole else count.keeps(kept))]

    def _is_off(self, need_id: str, capability_id: str) -> bool:
        """Say whether the tenant keeps a pair off its lists; counts it, unless it may not be seen anyway."""
        if self._off is None or not self.visible.shows_pair(need_id, capability_id):
            return False
        is_off = self._off.why(need_id, capability_id, self.release.capabilities.get) is not None
        self.count.dismissed += is_off
        return is_off

    def matches(self) -> Iterator[tuple[ShortlistHeader, Iterable[Match]]]:
        """Walk the shortlists with their matches parsed."""
        for header, texts in self.shortlists():
            yield header, map(match_from_json, texts)

    def name_of(self, match: Match) -> str:
        """Name the organisation behind a match; "" where nobody stated it."""
        known = self._organisations.get(match.organisation_id)
        return known.name if known else ""

    def _counted(self, header: ShortlistHeader) -> ShortlistHeader:
        """Count only what may be seen."""
        eligible, considered = self._unseen.counts(header.need_id)
        return replace(header, eligible=header.eligible - eligible, considered=header.considered - considered)

    def _each(self) -> Iterator[tuple[ShortlistHeader, dict[str, list[str]]]]:
        names = ("capability_id", "detail")
        if self.wanted.need is None:
            yield from self.release.each_shortlist(names)
        elif (header := self.release.header(self.wanted.need)) is not None:
            yield header, self.release.columns(self.wanted.need, names)


def _jsonl(source: _Source, sink: IO[bytes]) -> None:
    what = source.wanted.what
    if what.value in KINDS:
        records = source.release.records(what.value)
        for number, record_id in enumerate(records.ids()):
            if source.count.keeps(source.visible.shows(what.value, record_id)):
                sink.write(records.line(number) + b"\n")
        return
    for header, texts in source.shortlists(whole=what is What.SHORTLISTS):
        for line in [header.text(texts)] if what is What.SHORTLISTS else texts:
            sink.write(f"{line}\n".encode())


def _csv(source: _Source, sink: IO[bytes]) -> None:
    if source.wanted.bom:
        sink.write(BOM)
    sink.write(_line(HEADER))
    for header, matches in source.matches():
        for match in matches:
            sink.write(_line(row(source.release.id, header.need_title, source.name_of(match), match)))


def _line(cells: tuple[Cell, ...] | list[Cell]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _xlsx(source: _Source, sink: IO[bytes]) -> None:
    from service.exports.workbook import Workbook

    with Workbook(sink) as book:
        for header, matches in source.matches():
            book.add(source.release.id, header, ((match, source.name_of(match)) for match in matches))
        book.tell(source.run(), notes_of(source.heads))


def _parquet(source: _Source, sink: IO[bytes]) -> None:
    from service.exports import columnar

    lines = ((header.need_title, match) for header, matches in source.matches() for match in matches)
    columnar.write(sink, source.release.id, lines)


def _brief(source: _Source, sink: IO[bytes]) -> None:
    from service.exports import briefs

    ((header, found),) = source.matches()  # one need was asked for
    matches = tuple(found)
    release, capability_id = source.release, source.wanted.capability
    sheet = briefs.Sheet(header, matches, source.run(), release.organisations)
    need = release.needs.get(header.need_id)
    if capability_id is None:
        sink.write(briefs.of_need(need, sheet).encode())
        return
    match = next((each for each in matches if each.capability_id == capability_id), None)
    if match is None:
        fix = "see matcher export --need"
        raise BadInput("unknown_pair", expected="a match of the need's shortlist", got=capability_id, fix=fix)
    sink.write(briefs.of_pair(need, release.capabilities.get(capability_id), match, sheet).encode())


_WRITERS: Final = {
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
    Format.XLSX: _xlsx,
    Format.PARQUET: _parquet,
    Format.BRIEF: _brief,
}

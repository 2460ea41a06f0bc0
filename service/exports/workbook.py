"""Shortlists as a workbook of six sheets, written row by row: memory stays flat however many needs there are."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, Final, Self

from matcher.matches import Contribution, Match
from service.exports.lists import Fact, Head, Run
from service.exports.spreadsheet import HEADER, Cell, row, safe_cell

if TYPE_CHECKING:
    from types import TracebackType

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS: Final = (
    1_048_576  # what a sheet of XLSX holds; what is more goes on in a sheet of the same name and a number
)
CELL_CHARACTERS: Final = 32_767  # what a cell of XLSX holds

_KEPT: Final = tuple(at for at, name in enumerate(HEADER) if not name.startswith(("reason_", "question_", "points_")))
"""Columns of the CSV that the first sheet takes over; the others have sheets of their own."""

_PAIR: Final = ("need_id", "rank", "capability_id", "capability_title")
SHEETS: Final[dict[str, tuple[str, ...]]] = {
    "Shortlist": tuple(HEADER[at] for at in _KEPT),
    "Reasons": (
        *_PAIR,
        "signal",
        "value",
        "points",
        "need_points",
        "provider_points",
        "points_if_known",
        "evidence",
        "need_passage",
        "capability_passage",
    ),
    "Gates": (*_PAIR, "gate", "state", "detail"),
    "Near misses": (*_PAIR, "gate", "fix"),
    "Open questions": (*_PAIR, "about", "ask", "question", "points"),
    "Run information": ("fact", "value"),
}
_WIDE: Final = frozenset({"summary", "evidence", "detail", "fix", "question", "draft", "value", "next_ask"})


class Workbook:
    """A workbook being written to ``sink``; ``add`` each shortlist, ``tell`` of the run last, all in a ``with``.

    Texts are never formulas: they are written as texts, and get the apostrophe of the CSV besides, for whoever saves a
    sheet as CSV. The same rows give the same bytes.
    """

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = _Sink(sink)

    def __enter__(self) -> Self:
        import xlsxwriter

        self._folder = tempfile.TemporaryDirectory(prefix="matcher-")
        self._book = xlsxwriter.Workbook(self._sink, {"constant_memory": True, "tmpdir": self._folder.name})
        self._sheets = {title: _Sheet(self._book, title, header) for title, header in SHEETS.items()}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from xlsxwriter.exceptions import FileCreateError

        try:
            if kind is not None:
                self._book.filename = io.BytesIO()  # closed all the same, or its files stay open
            for sheet in self._sheets.values():
                sheet.finish()
            self._book.close()
        except FileCreateError as failed:
            raise failed.args[0] from failed  # the operating system's own error
        finally:
            self._folder.cleanup()

    def add(self, release_id: str, head: Head, lines: Iterable[tuple[Match, str]]) -> None:
        """Write a need's matches, each with the name of its organisation ("" where nobody stated one)."""
        for match, organisation in lines:
            cells = row(release_id, head.need_title, organisation, match)
            self._sheets["Shortlist"].write([cells[at] for at in _KEPT])
            for title, rows in _parts(match):
                for rest in rows:
                    pair = (match.need_id, match.rank, match.capability_id, match.capability_title)
                    self._sheets[title].write([safe_cell(cell) for cell in (*pair, *rest)])

    def tell(self, run: Run, further: Iterable[Fact]) -> None:
        """Write the sheet about the run, and what else must be said."""
        self._book.set_properties({"created": run.manifest.created_at, "title": f"Release {run.manifest.id}"})
        for name, value in (*run.facts(), *further):
            self._sheets["Run information"].write([safe_cell(name), safe_cell(value)])


class _Sink:
    """A file that says once that it cannot be written, and then only counts.

    Python's ZipFile tries again when it is thrown away, by when the file is closed, and prints a traceback that nobody
    can catch.
    """

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self._failed, self._at = sink, False, 0

    def write(self, content: bytes) -> int:
        self._done(lambda: self._sink.write(content))
        self._at += len(content)
        return len(content)

    def seek(self, offset: int) -> int:
        self._done(lambda: self._sink.seek(offset))
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        self._done(self._sink.flush)

    def _done(self, step: Callable[[], object]) -> None:
        if not self._failed:
            self._failed = True
            step()
            self._failed = False


def _parts(match: Match) -> Iterator[tuple[str, Iterable[Sequence[Cell]]]]:
    yield "Reasons", map(_reason, match.contributions)
    yield "Gates", ((gate.gate.value, gate.state.value, gate.detail) for gate in match.gates)
    yield "Near misses", ((miss.gate.value, miss.fix) for miss in match.near_miss)
    yield "Open questions", ((one.about, one.ask, one.question, one.points) for one in match.open_questions)


def _reason(one: Contribution) -> Sequence[Cell]:
    best = one.topic.passages[0] if one.topic and one.topic.passages else None
    quoted: Sequence[Cell] = (best.need_passage, best.capability_passage) if best else (None, None)
    points = (one.points, one.need_points, one.provider_points, one.points_if_known)
    return (one.signal.value, one.value, *points, one.evidence, *quoted)


class _Sheet:
    """One sheet, and those it goes on in."""

    def __init__(self, book: Any, title: str, header: Sequence[str]) -> None:
        self._book, self._title, self._header = book, title, header
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._number = 0
        self._start()

    def write(self, cells: Sequence[Cell]) -> None:
        if self._row >= SHEET_ROWS:
            self.finish()
            self._start()
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self._sheet.write_string(self._row, column, _short(cell))
            elif cell is not None:
                self._sheet.write_number(self._row, column, cell)
        self._row += 1

    def finish(self) -> None:
        self._sheet.autofilter(0, 0, max(self._row - 1, 1), len(self._header) - 1)

    def _start(self) -> None:
        self._number += 1
        title = self._title if self._number == 1 else f"{self._title} {self._number}"
        self._sheet = self._book.add_worksheet(title)
        for column, name in enumerate(self._header):
            self._sheet.set_column(column, column, 60 if name in _WIDE else max(12, len(name) + 4))
            self._sheet.write_string(0, column, name, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1


def _short(text: str) -> str:
    return text if len(text) <= CELL_CHARACTERS else f"{text[: CELL_CHARACTERS - 1]}\u2026"

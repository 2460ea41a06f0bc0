"""A file read once, kept on disk until it is written: reading may take minutes, and must not hold writers up."""

from __future__ import annotations

import tempfile
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import IO, Final

from matcher.profiles import KINDS, Organisation, Profile
from service.intake import Accepted, Reject, Severity

INLINE: Final = "inline"
"""The spool of organisations described beside other records; every other spool is named for its kind."""

RejectSink = Callable[[Reject], None]
_REFUSED: Final = frozenset({Severity.FILE, Severity.ROW})


class Tally:
    """Rejects of one file, counted on their way to the rejects file.

    ``headers``: column of the file that was read -> the header its author wrote, where somebody renamed it on the way.
    """

    def __init__(self, file: str, sink: RejectSink, headers: Mapping[str, str]) -> None:
        self.file, self._sink, self._headers = file, sink, headers
        self.by_severity: Counter[Severity] = Counter()
        self.by_code: Counter[str] = Counter()

    def add(self, reject: Reject) -> None:
        """Count a reject and pass it on."""
        self.by_severity[reject.severity] += 1
        self.by_code[reject.code] += 1
        header = self._headers.get(reject.column)
        self._sink(reject if header is None else replace(reject, column=header))

    @property
    def records(self) -> int:
        """How many rows, sheets or files gave no record."""
        return sum(self.by_severity[severity] for severity in _REFUSED)

    @property
    def values(self) -> int:
        """How many values were left out of records."""
        return self.by_severity[Severity.FIELD]

    @property
    def notes(self) -> int:
        """How many things are worth a look and lost nothing that was asked for."""
        return self.by_severity[Severity.COLUMN] + self.by_severity[Severity.NOTE]


class Spool:
    """The accepted records of one file in temporary files, one a kind, with the rows they came from."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._files: dict[str, IO[str]] = {}
        self._rows: dict[str, array[int]] = {}
        self._stack = ExitStack()

    def close(self) -> None:
        """Remove the temporary files."""
        self._stack.close()

    def fill(self, found: Iterable[Accepted | Reject]) -> None:
        """Keep what was accepted, pass on what was not; a warning becomes a note."""
        for item in found:
            if isinstance(item, Reject):
                self.tally.add(item)
                continue
            name = INLINE if item.inline else item.kind
            self._file(name).write(item.profile.model_dump_json(exclude_none=True) + "\n")
            self._rows[name].append(item.row)
            for warning in item.warnings:
                self.tally.add(_noted(self.tally.file, item, warning))

    def count(self, name: str) -> int:
        """Return how many records a spool holds."""
        return len(self._rows.get(name, ()))

    def row(self, name: str, position: int) -> int:
        """Return the row a record came from."""
        return self._rows[name][position]

    def records(self, name: str) -> Iterator[Profile]:
        """Yield a spool's records in the order of the file."""
        if name not in self._files:
            return
        model = Organisation if name == INLINE else KINDS[name]
        file = self._files[name]
        file.seek(0)
        yield from (model.model_validate_json(line) for line in file)

    def _file(self, name: str) -> IO[str]:
        if name not in self._files:
            made = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115 - closed with the spool
            self._files[name] = self._stack.enter_context(made)
            self._rows[name] = array("Q")
        return self._files[name]


def _noted(file: str, item: Accepted, warning: str) -> Reject:
    column, _, text = warning.partition(": ")
    where = Reject(file, "", item.row, column, "", "noted", "", "", Severity.NOTE)
    return replace(where, fix=text or warning)

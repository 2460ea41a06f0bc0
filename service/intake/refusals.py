"""What a file's rejects amount to: counted, said in a line, and as the error of a file that gave nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from matcher.errors import BadInput
from matcher.wording import many
from service.intake.results import Reject, Severity

_GOT: Final = 60  # characters of the value that fit into the one line of an error
_NO_RECORD: Final = frozenset({Severity.ROW, Severity.FILE})


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many rejects cost what."""

    records: int  # rows, sheets or files that gave no record
    values: int  # values left out of records that were taken over
    notes: int  # columns and sheets nobody reads, readings worth a look: nothing that was asked for is lost

    @classmethod
    def of(cls, rejects: Sequence[Reject]) -> Refusals:
        """Count the rejects by what they cost."""
        found = Counter(reject.severity for reject in rejects)
        return cls(
            records=sum(found[severity] for severity in _NO_RECORD),
            values=found[Severity.FIELD],
            notes=found[Severity.COLUMN] + found[Severity.NOTE],
        )

    def said(self, listed_in: Path | None) -> str:
        """Say it behind a line of counts, with where they are listed; empty where there are none."""
        lost = f"{many(self.records, 'record')}, {many(self.values, 'value')}"
        refused = f"; refused: {lost}" if self.records or self.values else ""
        noted = f"; to look at: {self.notes}" if self.notes else ""
        where = f" (see {listed_in})" if listed_in else " (--rejects FILE lists them)"
        return f"{refused}{noted}{where}" if refused or noted else ""


def nothing_in(path: Path, rejects: Sequence[Reject], *, code: str, what: str) -> BadInput:
    """Return the error for a file that gave no record at all, with why the first row gave none."""
    first = next((one for one in rejects if one.severity in _NO_RECORD), None)
    where = f"row {first.row}: " if first and first.row else ""
    got = f"; got {first.value[:_GOT]!r}" if first and first.value else ""
    why = f"{where}{first.code}: expected {first.expected}{got}; {first.fix}" if first else "the file is empty"
    return BadInput(code, expected=f"at least one {what} in {path}", got="none", fix=why)

"""A job's files: what was sent, how far the work is, what was refused, and the lock of who is at it."""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from service.releases.files import replacing

if TYPE_CHECKING:
    from service.intake import Reject

TOLD_EVERY: Final = 0.5  # seconds between two notes of progress: often enough to watch, too rare to slow the work
CSV: Final = "rejects.csv"
_LINES: Final = "rejects.jsonl"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is; ``total`` is None where nobody knows it yet."""

    step: str
    done: int
    total: int | None


class JobFolder:
    """The folder of one job."""

    def __init__(self, data_dir: Path, job_id: str) -> None:
        self.path = data_dir / "jobs" / job_id
        self._told = float("-inf")

    def make(self) -> None:
        """Make the folder, with room for what is sent."""
        self.uploads.mkdir(parents=True)

    @property
    def uploads(self) -> Path:
        """Where what was sent lies, under its own name, until the work is done."""
        return self.path / "sent"

    @property
    def csv(self) -> Path:
        """Where the rejects lie as a spreadsheet."""
        return self.path / CSV

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.path, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the job until the block ends, or give False: another process is at it. A killed one holds nothing."""
        try:
            lock = (self.path / "lock").open("w")
        except OSError:  # the folder is another machine's, or gone
            yield False
            return
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def tell(self, step: str, done: int, total: int | None) -> None:
        """Note how far the work is, now and then."""
        if time.monotonic() - self._told < TOLD_EVERY:
            return
        self._told = time.monotonic()
        draft = self.path / ".progress"
        draft.write_text(json.dumps([step, done, total]), encoding="utf-8")
        draft.replace(self.path / "progress")

    def progress(self) -> Progress | None:
        """Return how far the work is; None where nothing was told."""
        try:
            return Progress(*json.loads((self.path / "progress").read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    @contextmanager
    def rejects_written(self) -> Iterator[RejectLines]:
        """Give a place for rejects; they are there when the block ends well."""
        with replacing(self.path / _LINES) as sink:
            yield RejectLines(sink)

    def rejects(self, after: int, limit: int) -> list[Reject]:
        """Return some rejects in the order of the file, those behind the first ``after``."""
        from service.intake import Reject
        from service.wire import from_json

        try:
            with (self.path / _LINES).open(encoding="utf-8") as lines:
                return [from_json(Reject, line) for line in islice(lines, after, after + limit)]
        except OSError:
            return []


class RejectLines:
    """Writes rejects as JSON, one a line."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self.count = 0

    def write(self, reject: Reject) -> None:
        """Add one."""
        from service.wire import to_json

        self.count += 1
        self._sink.write(to_json(reject).encode() + b"\n")

"""One night over a made-up world in a process of its own, so that its memory can be told; writes what it took as JSON.

python night_run.py FOLDER CAPABILITIES NEEDS
"""

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from service.nightly import Night, night, run_night
from service.settings import Settings, load_settings
from service.store import open_store, upsert_records
from tests.benchmarks.synthetic import AS_OF, CachedVectors, capabilities, needs

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def fill(settings: Settings, offers: int, asked: int) -> None:
    """Write the world into a store, unless it is there."""
    if (settings.data_dir / "matcher.db").exists():
        return
    store = open_store(settings.database_url)
    with store.writing() as session:
        upsert_records(session, "capabilities", capabilities(offers), actor="bench", at=NOW)
        upsert_records(session, "needs", needs(asked), actor="bench", at=NOW)
    store.close()


def resident() -> int:
    """The most memory this program ever had resident, mapped files included, in bytes.

    Not ``ru_maxrss``: that begins at what the process had which started this one.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


class Together:
    """The most memory this process and its children have at once, shared pages shared out (PSS), in bytes."""

    def __init__(self) -> None:
        self.most, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.5):
            self.most = max(self.most, sum(map(_share, _family(os.getpid()))))


def _family(pid: int) -> list[int]:
    """A process with all its descendants; those that end meanwhile are left out."""
    try:
        told = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [pid, *(each for text in told for child in text.split() for each in _family(int(child)))]


def _share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _encoder(_: Settings) -> CachedVectors:
    return CachedVectors()


def main(folder: Path, offers: int, asked: int) -> dict[str, Any]:
    settings = load_settings(data_dir=folder)
    fill(settings, offers, asked)
    before = resident()
    setattr(night, "make_encoder", _encoder)  # noqa: B010 - vectors that cost nothing, where the night looks for them
    with Together() as together:
        outcome = run_night(settings, Night(AS_OF), NOW)
    memory = {"before": before, "resident": resident(), "together": together.most}
    return {**memory, "seconds": outcome.seconds, "counts": outcome.counts}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))) + "\n")

"""Runs nights in children of one warm process and kills them; used by the tests of killed nights.

    python night_killer.py FOLDER SEED TRIALS

writes FOLDER/outcomes.json: the outcome of every trial. A child is killed either at a random moment or just before a
random one of its writes, flushes and renames; half of the latter lose the tail of what was being written.
"""

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from service.releases import current_release, files
from service.settings import Settings, load_settings
from tests.service.night_world import TODAY, a_night, contents

DAY = TODAY + timedelta(days=1)


class Bomb:
    """Counts the steps by which a night reaches the disk and kills the process before the one it is set to."""

    def __init__(self, at: int | None) -> None:
        self.at, self.count = at, 0

    def tick(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def arm(self) -> None:
        os.fsync = self._counted(lambda _: None)  # a killed process loses nothing that it handed to the system
        os.rename, os.replace = self._counted(os.rename), self._counted(os.replace)
        original = files.open_for_writing

        def opened(path: Path) -> object:
            self.tick()
            sink = original(path)
            write = sink.write

            class Sink:
                def write(_, content: bytes) -> int:  # noqa: N805
                    half = memoryview(content).cast("B")[: len(memoryview(content).cast("B")) // 2]
                    if self.count + 1 == self.at:
                        write(half)
                        sink.flush()
                    self.tick()
                    return write(content)

                def __getattr__(_, name: str) -> object:  # noqa: N805
                    return getattr(sink, name)

                def __enter__(_) -> object:  # noqa: N805
                    return _

                def __exit__(_, *__: object) -> None:  # noqa: N805
                    sink.close()

            return Sink()

        files.open_for_writing = opened  # type: ignore[assignment]  # the seam where a test stands between

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.tick()
            return function(*arguments, **options)

        return counted


def in_child(work: Callable[[], object], seconds: float | None = None) -> int:
    """Run in a child; kill it after ``seconds``. Returns the wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - a child of a fork must not return to the caller
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def night(settings: Settings, at: int | None, report: Path | None = None) -> None:
    bomb = Bomb(at)
    bomb.arm()
    a_night(settings, as_of=DAY)
    if report:
        report.write_text(str(bomb.count))


def trial(home: Path, folder: Path, steps: int, longest: float, rng: random.Random) -> dict[str, object]:
    """Kill one night, look at what is served, run it again, and compare with a night nobody killed."""
    shutil.copytree(home / "start", folder)
    settings = load_settings(data_dir=folder, model="hashing")
    first = current_release(settings.releases_dir).id
    timed = rng.random() < 0.4
    at, seconds = (None, rng.uniform(0, longest)) if timed else (rng.randint(1, steps), None)
    killed = in_child(lambda: night(settings, at), seconds) == signal.SIGKILL
    served = current_release(settings.releases_dir)
    served.verify()
    again = in_child(lambda: night(settings, None))
    after = current_release(settings.releases_dir)
    after.verify()
    left = [path.name for path in settings.releases_dir.glob(".*-*")]
    same = contents(after.folder) == contents(home / "reference" / "releases" / after.id)
    kept_old = served.id in {first, after.id}
    shutil.rmtree(folder)
    how = {"at": at, "seconds": seconds}
    return {**how, "killed": killed, "kept": kept_old, "again": again, "same": same, "left": left}


def main(home: Path, seed: int, trials: int) -> None:
    reference = load_settings(data_dir=home / "reference", model="hashing")
    shutil.copytree(home / "start", home / "warm")
    # Loads and compiles what every night needs, and reads the code once, so that an edit meanwhile changes no run id.
    a_night(load_settings(data_dir=home / "warm", model="hashing"), as_of=DAY + timedelta(days=400))
    shutil.copytree(home / "start", home / "reference")
    began = time.perf_counter()
    if in_child(lambda: night(reference, None, home / "steps")):
        raise SystemExit("the night nobody killed failed")
    longest = time.perf_counter() - began
    steps = int((home / "steps").read_text())
    rng = random.Random(seed)
    outcomes = [trial(home, home / f"trial-{number}", steps, longest, rng) for number in range(trials)]
    (home / "outcomes.json").write_text(json.dumps({"steps": steps, "seconds": longest, "outcomes": outcomes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

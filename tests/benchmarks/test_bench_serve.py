"""A server over a release of real size is ready at once, and another worker costs little memory more.

Memory is told as the kernel does. Private and dirty is what one more worker costs again. Private and clean are pages of
mapped files that no other process maps just now: the next worker shares them, and the kernel may drop them at need.
What the program takes by itself is measured on the same server over a handful of records, asked the same questions.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from service.releases import Release, current_release
from service.settings import Settings
from service.store import make_key, open_store
from tests.benchmarks.world import ROOT, BenchWorld

STARTS = 5
LIMIT = 2.0  # seconds until ready, as the issue asks for
ADDED = 100_000_000  # bytes a worker may add to the shared release, as the issue asks for
ASKED = 300  # needs asked of each server: enough that what grows with requests is seen
MEGABYTE = 10**6


@dataclass(frozen=True)
class Memory:
    """Private memory of one process, in bytes."""

    dirty: int
    clean: int

    @classmethod
    def of(cls, pid: int) -> Memory:
        lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines())
        sizes = {words[0]: int(words[1]) * 1024 for words in lines if words[-1] == "kB"}
        return cls(sizes["Private_Dirty:"], sizes["Private_Clean:"])


def test_a_server_is_ready_within_two_seconds(world: BenchWorld) -> None:
    """From the start of the process to the first yes of /v1/ready; the best of the starts, for noise only adds."""
    folder = world.made()
    seconds = [_seconds_to_ready(folder) for _ in range(STARTS)]
    load = os.getloadavg()[0]
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nready over {world.capabilities:,} capabilities: best {min(seconds):.2f} s, "
        f"median {statistics.median(seconds):.2f}, worst {max(seconds):.2f} of {STARTS} starts (load {load:.1f})"
    )
    assert min(seconds) <= LIMIT


def test_a_worker_adds_little_to_the_shared_release(world: BenchWorld, few: BenchWorld) -> None:
    """What a server over the whole release takes beyond the same server over a few records, by as many questions."""
    program, whole = _memory_at_work(few.made()), _memory_at_work(world.made())
    rows = [("program, ready", program[0]), ("program, asked", program[1])]
    rows += [("with release, ready", whole[0]), ("with release, asked", whole[1])]
    added = Memory(whole[1].dirty - program[1].dirty, whole[1].clean - program[1].clean)
    lines = [f"  {name:<20} {_told(memory)}" for name, memory in [*rows, ("release adds", added)]]
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nprivate memory of a worker over {world.capabilities:,} capabilities, {ASKED} needs and pairs asked:",
        *lines,
        sep="\n",
    )
    assert added.dirty < ADDED


def _told(memory: Memory) -> str:
    return f"{memory.dirty / MEGABYTE:6.1f} MB dirty, {memory.clean / MEGABYTE:6.1f} MB clean"


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[int, httpx.Client]]:
    """Run ``matcher serve``, and give its process id and a client once it is ready."""
    environment = {**os.environ, "MATCHER_DATA_DIR": str(folder), "MATCHER_MODEL": "hashing"}
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split(" on ")[1].split(" ")[0]
            with httpx.Client(base_url=address, timeout=60) as client:
                answer = client.get("/v1/ready")  # the socket listens already: this waits for the first answer
                assert answer.status_code == 200, answer.text
                assert answer.json()["ready"]
                yield process.pid, client
        finally:
            process.terminate()
            process.wait(timeout=30)


def _seconds_to_ready(folder: Path) -> float:
    start = time.perf_counter()
    with _serving(folder):
        return time.perf_counter() - start


def _memory_at_work(folder: Path) -> tuple[Memory, Memory]:
    """Private memory when ready, and after shortlists, pairs, pairs that are not listed, and reverse lists."""
    release = current_release(folder / "releases")
    with _serving(folder) as (pid, client):
        assert not psutil.Process(pid).children()  # one worker: the process that answers is the one measured
        client.headers["X-API-Key"] = _a_key(folder)
        ready = Memory.of(pid)
        needs = list(release.needs.ids())
        for number in range(ASKED):
            _ask_about(client, release, needs[number * len(needs) // ASKED], number)
        return ready, Memory.of(pid)


def _ask_about(client: httpx.Client, release: Release, need: str, number: int) -> None:
    listed = _get(client, f"/v1/needs/{need}/matches?limit=10", 200)["matches"]
    first = listed[0]["capability_id"]
    assert _get(client, f"/v1/matches/{need}/{first}", 200)["match"]["gates"]
    _get(client, f"/v1/capabilities/{first}/matches", 200)
    if number % 10 == 0:
        _get(client, f"/v1/matches/{need}/{_unlisted(release, need)}", 404)  # judged now, from the mapped columns


def _get(client: httpx.Client, path: str, status: int) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _unlisted(release: Release, need: str) -> str:
    listed = set(release.columns(need, ("capability_id",))["capability_id"])
    return next(one for one in release.capabilities.ids() if one not in listed)


def _a_key(folder: Path) -> str:
    store = open_store(Settings(data_dir=folder).database_url)
    try:
        with store.writing() as session:
            return make_key(session, name="bench", at=datetime.now(UTC))
    finally:
        store.close()

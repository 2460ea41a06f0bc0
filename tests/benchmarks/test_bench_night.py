"""A night over a catalogue of real size stays small in memory, and its release opens at once in every worker."""

from typing import Any

import pytest

from tests.benchmarks.world import BenchWorld, in_process

GIGABYTE, MEGABYTE = 10**9, 10**6

# Private memory, in the sense of the kernel: what a second worker would cost again.
READER = """
import json, sys, time
from pathlib import Path
def private():
    lines = (line.split() for line in open("/proc/self/smaps_rollup"))
    return sum(int(words[1]) * 1024 for words in lines if words[0].startswith("Private_Dirty"))
from service.releases import current_release
before, start = private(), time.perf_counter()
release = current_release(Path(sys.argv[1]))
opened = time.perf_counter() - start
release.catalogue
times = []
for need in list(release.needs.ids())[:500]:
    start = time.perf_counter()
    release.match_texts(need, 10)
    times.append(time.perf_counter() - start)
times.sort()
middle, late = times[len(times) // 2], times[len(times) * 95 // 100]
answer = {"opened": opened, "private": private() - before, "p50": middle, "p95": late}
print(json.dumps(answer))
"""


@pytest.mark.benchmark(group="night")
def test_a_night_stays_below_two_gigabytes(benchmark: Any, world: BenchWorld) -> None:
    found = benchmark.pedantic(lambda: world.night, rounds=1)
    benchmark.extra_info.update(found)
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nnight {world.capabilities} x {world.needs}: "
        f"resident {found['resident'] / GIGABYTE:.2f} GB, all processes together "
        f"{found['together'] / GIGABYTE:.2f} GB at most, {found['seconds']}"
    )
    assert found["counts"]["shortlists"] == world.needs
    assert max(found["resident"], found["together"]) < 2 * GIGABYTE


@pytest.mark.benchmark(group="night")
def test_a_worker_opens_the_release_at_once_and_adds_little(benchmark: Any, world: BenchWorld) -> None:
    releases = str(world.made() / "releases")
    found = benchmark.pedantic(lambda: in_process("-c", READER, releases), rounds=1)
    benchmark.extra_info.update(found)
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nrelease: opened in {found['opened'] * 1e3:.0f} ms, {found['private'] / MEGABYTE:.0f} MB private a worker, "
        f"a list in {found['p50'] * 1e3:.2f} ms (p95 {found['p95'] * 1e3:.2f})"
    )
    assert found["opened"] < 1
    assert found["private"] < 100 * MEGABYTE

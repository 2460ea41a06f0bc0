"""A night over a catalogue of real size stays small in memory, and its release opens at once in every worker."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPABILITIES = int(os.environ.get("BENCH_CAPABILITIES", "100000"))
NEEDS = int(os.environ.get("BENCH_NIGHT_NEEDS", "5000"))
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
answer = {"opened": opened, "private": private() - before, "p50": times[250], "p95": times[475]}
print(json.dumps(answer))
"""


def in_process(*arguments: str) -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MATCHER_LOG_LEVEL": "warning"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("night")


@pytest.mark.benchmark(group="night")
def test_a_night_stays_below_two_gigabytes(benchmark: Any, home: Path) -> None:
    script = str(ROOT / "tests" / "benchmarks" / "night_run.py")
    arguments = (script, str(home), str(CAPABILITIES), str(NEEDS))
    found = benchmark.pedantic(lambda: in_process(*arguments), rounds=1)
    benchmark.extra_info.update(found)
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nnight {CAPABILITIES} x {NEEDS}: resident {found['resident'] / GIGABYTE:.2f} GB, {found['seconds']}"
    )
    assert found["counts"]["shortlists"] == NEEDS
    assert found["resident"] < 2 * GIGABYTE


@pytest.mark.benchmark(group="night")
def test_a_worker_opens_the_release_at_once_and_adds_little(benchmark: Any, home: Path) -> None:
    found = benchmark.pedantic(lambda: in_process("-c", READER, str(home / "releases")), rounds=1)
    benchmark.extra_info.update(found)
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nrelease: opened in {found['opened'] * 1e3:.0f} ms, {found['private'] / MEGABYTE:.0f} MB private a worker, "
        f"a list in {found['p50'] * 1e3:.2f} ms (p95 {found['p95'] * 1e3:.2f})"
    )
    assert found["opened"] < 1
    assert found["private"] < 100 * MEGABYTE

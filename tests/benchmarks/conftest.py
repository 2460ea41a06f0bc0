"""Everything here is a benchmark: left out of an ordinary run, chosen by ``make bench``."""

from pathlib import Path

import pytest

from tests.benchmarks import world as worlds


@pytest.hookimpl(tryfirst=True)  # before pytest deselects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("bench")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> worlds.BenchWorld:
    """The world whose release is of real size; every benchmark that reads a release reads this one."""
    return worlds.BenchWorld(tmp_path_factory.mktemp("world"), worlds.CAPABILITIES, worlds.NEEDS)


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> worlds.BenchWorld:
    """A world of a handful of records: what a program does over it, it does anywhere."""
    return worlds.BenchWorld(tmp_path_factory.mktemp("few"), capabilities=40, needs=3)


def pytest_report_header() -> list[str]:
    """Say what the figures were measured on: they mean nothing without it."""
    from importlib.metadata import version
    from os import cpu_count
    from platform import machine, python_version

    libraries = ("numpy", "torch", "sentence-transformers", "bm25s", "numba", "faiss-cpu")
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd")
    return [
        f"python {python_version()}, " + ", ".join(f"{name} {version(name)}" for name in libraries),
        f"{cpu_count()} {machine()} cores, flags: {' '.join(flag for flag in wanted if flag in _flags()) or 'unknown'}",
    ]


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return set(next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), []))

"""The README's five minutes, line by line, in a folder of their own."""

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
TOUR = re.search(
    r"^## Five minutes\n(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def _lines() -> list[str]:
    assert TOUR
    blocks = re.findall(r"^```sh\n(.*?)^```", TOUR[1], re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.startswith("matcher ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: the checkout's data, judgements among them, and another ranking as the text supposes it."""
    place = tmp_path_factory.mktemp("tour")
    (place / "data").symlink_to(ROOT / "data")
    need = (ROOT / "data/sample/needs.jsonl").read_text(encoding="utf-8").partition("\n")[0]
    name = re.search(r'"id": ?"([^"]+)"', need)
    assert name
    (place / "other.trec").write_text(f"{name[1]} Q0 something 1 0.5 other\n")
    return place


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MATCHER_")}
    path = os.pathsep.join([str(ROOT), *filter(None, [kept.get("PYTHONPATH")])])
    return {**kept, "PYTHONPATH": path, "MATCHER_MODEL": "hashing", "MATCHER_PORT": "0", "OMP_NUM_THREADS": "1"}


def _command(line: str) -> str:
    return f"exec {shlex.quote(sys.executable)} -m service.cli {line.removeprefix('matcher ')}"


def _answers(address: str) -> bool:
    """Ask until somebody answers: the address is taken before the pages are ready."""
    with httpx.Client(timeout=120) as client:
        return client.get(f"{address}/openapi.json").status_code < 500


@pytest.mark.parametrize("line", _lines())
def test_the_line_does_what_it_says(folder: Path, line: str) -> None:
    """In order: each line may use what the ones above it made."""
    process = subprocess.Popen(
        _command(line),
        shell=True,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        if line.startswith("matcher serve"):
            assert process.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert address
            assert _answers(address[0])
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    out = re.search(r"--out (\S+)", line)
    assert out is None or (folder / out[1]).stat().st_size > 0

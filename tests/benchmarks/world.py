"""Worlds of the benchmarks that read a release: each is made once a session, by a night in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CAPABILITIES = int(os.environ.get("BENCH_CAPABILITIES", "100000"))
NEEDS = int(os.environ.get("BENCH_NIGHT_NEEDS", "5000"))


def in_process(*arguments: str) -> Any:
    """Run python with these arguments; returns the JSON of the last line it wrote."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MATCHER_LOG_LEVEL": "warning"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout.splitlines()[-1])


class BenchWorld:
    """A data folder with a store and a published release; the first who asks for ``night`` has it made."""

    def __init__(self, folder: Path, capabilities: int, needs: int) -> None:
        self.folder, self.capabilities, self.needs = folder, capabilities, needs

    @cached_property
    def night(self) -> dict[str, Any]:
        """What the night took: memory, seconds of each step, counts."""
        script = str(ROOT / "tests" / "benchmarks" / "night_run.py")
        found: dict[str, Any] = in_process(script, str(self.folder), str(self.capabilities), str(self.needs))
        return found

    def made(self) -> Path:
        """Return the folder once the release is there."""
        assert self.night["counts"]["shortlists"] == self.needs
        return self.folder

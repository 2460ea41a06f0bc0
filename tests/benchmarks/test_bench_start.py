"""How long a person waits for ``matcher --help``."""

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ALLOWED = 0.5  # seconds; what feels immediate at a prompt


def test_help_is_there_at_once(benchmark: Any) -> None:
    command = [sys.executable, "-m", "service.cli", "--help"]
    benchmark.pedantic(
        subprocess.run, (command,), {"cwd": ROOT, "capture_output": True, "check": True}, rounds=9, warmup_rounds=1
    )
    if benchmark.stats:
        assert benchmark.stats.stats.min < ALLOWED

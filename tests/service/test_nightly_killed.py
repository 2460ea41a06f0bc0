"""A night killed at any moment leaves the old release served and whole, and the next one ends with the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.service.night_world import a_night, a_world, records

ROOT = Path(__file__).resolve().parents[2]


def killed_nights(home: Path, seed: int, trials: int) -> dict[str, Any]:
    a_night(a_world(home / "start", records(needs=12, capabilities=16)))
    # One thread, and none of them from OpenMP: the killer forks after it has warmed up.
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_THREADING_LAYER": "workqueue"}
    environment = {**os.environ, **alone, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "tests" / "service" / "night_killer.py"), str(home), str(seed), str(trials)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads((home / "outcomes.json").read_text())
    return found


def judge(found: dict[str, Any], trials: int) -> None:
    outcomes = found["outcomes"]
    assert len(outcomes) == trials
    bad = [one for one in outcomes if not one["kept"] or one["again"] or not one["same"] or one["left"]]
    assert bad == []
    assert sum(one["killed"] for one in outcomes) > trials / 2


def test_a_dozen_killed_nights_harm_nothing(tmp_path: Path) -> None:
    judge(killed_nights(tmp_path, seed=7, trials=12), 12)


@pytest.mark.soak
def test_three_hundred_killed_nights_harm_nothing(tmp_path: Path) -> None:
    judge(killed_nights(tmp_path, seed=11, trials=300), 300)

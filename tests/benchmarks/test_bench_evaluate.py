"""Evaluating 10,000 needs x 100 capabilities takes seconds: measures, 2,000 resamples and a paired baseline.

The peer is ir_measures alone over the same run: the means of the same measures, without reading files or intervals.
"""

import sys
from pathlib import Path
from time import perf_counter

import ir_measures
import numpy as np
import pytest

from matcher.evaluation import MEASURES
from service.judging import About, judge

NEEDS, DEPTH, ALLOWED = 10_000, 100, 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evaluate")
    generator = np.random.default_rng(0)
    for name in ("run", "baseline"):
        scores = np.sort(generator.random((NEEDS, DEPTH)), axis=1)[:, ::-1]
        with (folder / name).open("w") as sink:
            for need, row in enumerate(scores.tolist()):
                sink.writelines(f"n{need} Q0 c{at} {at + 1} {score:.6f} x\n" for at, score in enumerate(row))
    judged = generator.integers(0, DEPTH, (NEEDS, 10))
    with (folder / "qrels").open("w") as sink:
        for need, row in enumerate(judged.tolist()):
            sink.writelines(f"n{need} 0 c{at} {at % 4}\n" for at in set(row))
    return folder


def test_ten_thousand_needs_are_judged_in_seconds(folder: Path) -> None:
    start = perf_counter()
    found = judge(folder / "run", folder / "qrels", folder / "baseline", About())
    ours = perf_counter() - start
    qrels = {f"n{need}": {"c1": 1} for need in range(NEEDS)}
    run = {f"n{need}": {f"c{at}": float(-at) for at in range(DEPTH)} for need in range(NEEDS)}
    start = perf_counter()
    ir_measures.calc_aggregate(list(MEASURES.values()), qrels, run)
    peer = perf_counter() - start
    told = f"evaluating {NEEDS:,} x {DEPTH} with a baseline: {ours:.1f} s; ir_measures, one run in memory: {peer:.1f} s"
    sys.stdout.write(f"\n{told}\n")
    assert found.needs == NEEDS
    assert ours < ALLOWED

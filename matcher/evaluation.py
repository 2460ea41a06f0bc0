"""How good rankings are, with confidence: measures per need, means with bootstrap intervals, paired differences.

Every need of the judgements counts; one without results, or without anything relevant, counts 0. Ranks follow the
scores as trec_eval reads them: single precision, equal scores by descending capability id; a rank column is ignored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import ir_measures
import numpy as np
import numpy.typing as npt

from matcher.errors import BadInput

Qrels = Mapping[str, Mapping[str, int]]
"""Need id -> capability id -> grade; 1 and above is relevant, and is the gain of nDCG."""

Run = Mapping[str, Mapping[str, float]]
"""Need id -> capability id -> score."""

Values = npt.NDArray[np.float64]

MEASURES: Final = {
    "nDCG@10": ir_measures.nDCG @ 10,  # Jarvelin and Kekalainen, TOIS 2002: linear gains, log2(rank + 1)
    "recall@20": ir_measures.R @ 20,
    "recall@100": ir_measures.R @ 100,
    "MRR": ir_measures.RR,
    "MAP": ir_measures.AP,
}
CONFIDENCE: Final = 0.95
RESAMPLES: Final = 2_000  # SCIENCE 8; bounds then move by about a hundredth of the interval from seed to seed
FEWEST: Final = 10
"""Needs below which no difference is called real: a bootstrap of so few has hardly seen how much they differ, and one
of a single need gives an interval without width."""
_BLOCK: Final = 2_000_000  # drawn needs held at a time: 16 MB


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over needs with the bounds of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Run minus baseline, over the same needs. ``real`` when the interval leaves out 0 and there are FEWEST of them."""

    value: float
    low: float
    high: float
    real: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline's own means, and how the run differs from it."""

    measures: Mapping[str, Estimate]
    difference: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a run is worth on some judgements."""

    needs: int
    needs_without_results: int
    needs_without_relevant: int
    needs_not_judged: int  # in the run but not in the judgements; not counted
    measures: Mapping[str, Estimate]
    baseline: Comparison | None = None


def measure(run: Run, qrels: Qrels) -> Values:
    """Return each measure (column, in the order of MEASURES) of each need (row, in the order of ``qrels``)."""
    rows = {need: row for row, need in enumerate(qrels)}
    columns = {measured: column for column, measured in enumerate(MEASURES.values())}
    values = np.zeros((len(rows), len(columns)))
    judged = {need: scores for need, scores in run.items() if need in rows and scores}
    for found in ir_measures.iter_calc(list(columns), {need: dict(grades) for need, grades in qrels.items()}, judged):
        values[rows[found.query_id], columns[found.measure]] = found.value
    return values


def resample(values: Values, resamples: int = RESAMPLES, seed: int = 0) -> Values:
    """Return the means of each bootstrap sample of the rows: (resamples, columns).

    1. Draw as many rows as there are, with replacement, by one seeded stream.
    2. Count how often each row was drawn.
    3. The mean is the counts times the values: all columns share the draw, so differences are paired
       (Efron and Tibshirani 1993, chapters 13 and 16).
    """
    rows, columns = values.shape
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, columns))
    step = max(1, _BLOCK // rows)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = generator.integers(0, rows, size=(size, rows)) + np.arange(size)[:, None] * rows
        counts = np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)
        means[start : start + size] = counts @ values / rows
    return means


def evaluate(
    run: Run, qrels: Qrels, baseline: Run | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> Evaluation:
    """Judge a run, and a baseline over the same needs and the same bootstrap samples."""
    if not qrels:
        raise BadInput("no_judgements", expected="at least one judged need", got="none", fix="check the qrels file")
    values = measure(run, qrels)
    if baseline is None:
        estimates, compared = _estimates(values, resample(values, resamples, seed)), None
    else:
        estimates, compared = _compared(values, measure(baseline, qrels), resamples, seed)
    return Evaluation(
        needs=len(qrels),
        needs_without_results=sum(not run.get(need) for need in qrels),
        needs_without_relevant=sum(all(grade < 1 for grade in grades.values()) for grades in qrels.values()),
        needs_not_judged=sum(need not in qrels for need in run),
        measures=estimates,
        baseline=compared,
    )


def _compared(values: Values, others: Values, resamples: int, seed: int) -> tuple[dict[str, Estimate], Comparison]:
    """Estimate both and what lies between them by the same samples; equal runs differ by exactly nothing."""
    columns = (values, others, values - others)
    drawn = np.hsplit(resample(np.hstack(columns), resamples, seed), len(columns))
    own, theirs, between = (_estimates(column, means) for column, means in zip(columns, drawn, strict=True))
    enough = len(values) >= FEWEST
    difference = {
        name: Difference(e.value, e.low, e.high, real=enough and (e.low > 0 or e.high < 0))
        for name, e in between.items()
    }
    return own, Comparison(theirs, difference)


def only_needs(qrels: Qrels, needs: Collection[str]) -> Qrels:
    """Keep the judgements of some needs."""
    return {need: grades for need, grades in qrels.items() if need in needs}


def only_relevant(run: Run, qrels: Qrels, kept: Collection[str]) -> tuple[Run, Qrels]:
    """Count as relevant only what is among ``kept``, for needs that have some.

    Other relevant capabilities leave ranking and judgements, so that they are neither hits nor in the way; irrelevant
    ones stay as rivals, so that a ranking which pushes ``kept`` down is seen to do so.
    """
    left: dict[str, Mapping[str, float]] = {}
    judged: dict[str, Mapping[str, int]] = {}
    for need, grades in qrels.items():
        gone = {one for one, grade in grades.items() if grade >= 1 and one not in kept}
        rest = {one: grade for one, grade in grades.items() if one not in gone}
        if any(grade >= 1 for grade in rest.values()):
            judged[need] = rest
            left[need] = {one: score for one, score in run.get(need, {}).items() if one not in gone}
    return left, judged


def _estimates(values: Values, means: Values) -> dict[str, Estimate]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail], axis=0)
    centre = values.mean(axis=0)
    return {
        name: Estimate(float(centre[column]), float(low[column]), float(high[column]))
        for column, name in enumerate(MEASURES)
    }

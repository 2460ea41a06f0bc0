"""Whether a score means what it says: eight in ten of the pairs scored .8 should be relevant.

Only judged pairs count. Taking unjudged pairs for irrelevant ones ruins calibration (SCIENCE 4), so judgements that
name nothing but relevant pairs say nothing about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from matcher.evaluation import CONFIDENCE, RESAMPLES, Estimate, Qrels, Values, resample

BINS: Final = 10  # of equally many pairs (SCIENCE 8)

Probabilities = Mapping[str, Mapping[str, float]]
"""Need id -> capability id -> probability of being relevant, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Neighbouring probabilities: their mean, and the share of the pairs that are relevant."""

    pairs: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """``ece`` and ``brier`` are None, with the reason in ``note``, where there is nothing to measure them by."""

    pairs: int
    relevant: float | None  # share of the pairs; a forecast that always says this has Brier score r (1 - r)
    ece: Estimate | None
    brier: Estimate | None
    bins: tuple[Bin, ...] = ()
    note: str = ""


def calibrate(probabilities: Probabilities, qrels: Qrels, *, resamples: int = RESAMPLES, seed: int = 0) -> Calibration:
    """Compare the probabilities of judged pairs with what they turned out to be; grade 1 and above is relevant.

    ECE: mean over pairs of |predicted - observed| of the pair's bin, ten bins of equally many pairs, equal
    probabilities in one bin (Nixon et al., CVPR workshops 2019). Brier: mean squared error (Brier 1950). Intervals
    resample needs with all their pairs and keep the bins.
    """
    judged = [
        (row, said[pair], float(grade >= 1))
        for row, (need, grades) in enumerate(qrels.items())
        for said in (probabilities.get(need) or {},)
        for pair, grade in grades.items()
        if pair in said
    ]
    if not judged:
        return Calibration(0, None, None, None, note="no judged pair has a score that can be read as a probability")
    table = np.array(judged)
    rows, predicted, observed = table[:, 0].astype(np.int64), table[:, 1], table[:, 2]
    relevant = round(float(observed.mean()), 6)
    if relevant in {0.0, 1.0}:
        lack = "an irrelevant" if relevant else "a relevant"
        note = f"the ranking holds no pair that was judged {lack} one: calibration needs both"
        return Calibration(len(judged), relevant, None, None, note=note)
    return _measured(rows, predicted, observed, resamples=resamples, seed=seed)


def _measured(
    rows: np.ndarray[tuple[int], np.dtype[np.int64]], predicted: Values, observed: Values, *, resamples: int, seed: int
) -> Calibration:
    """Sum by need, then by resample: pairs, squared errors, and the signed error of each bin."""
    places = _bins(predicted)
    width = int(places.max()) + 1
    _, needs = np.unique(rows, return_inverse=True)
    sums = np.zeros((int(needs.max()) + 1, 2 + width))
    sums[:, 0] = np.bincount(needs)
    sums[:, 1] = np.bincount(needs, weights=(predicted - observed) ** 2)
    flat = np.bincount(needs * width + places, weights=predicted - observed, minlength=len(sums) * width)
    sums[:, 2:] = flat.reshape(len(sums), width)
    ece, brier = _folded(sums.mean(axis=0, keepdims=True))
    drawn_ece, drawn_brier = _folded(resample(sums, resamples, seed))
    counts = np.bincount(places, minlength=width)
    means = [np.bincount(places, weights=values, minlength=width) / counts for values in (predicted, observed)]
    return Calibration(
        len(predicted),
        round(float(observed.mean()), 6),
        _estimate(float(ece[0]), drawn_ece),
        _estimate(float(brier[0]), drawn_brier),
        tuple(Bin(*one) for one in zip(counts.tolist(), means[0].tolist(), means[1].tolist(), strict=True)),
    )


def _bins(predicted: Values) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return each value's bin, numbered from 0, none empty: cut at the deciles, equal values together."""
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1))[1:-1])
    _, places = np.unique(np.searchsorted(edges, predicted, side="left"), return_inverse=True)
    return places.astype(np.int64)


def _folded(sums: Values) -> tuple[Values, Values]:
    """Return ECE and Brier of each row of (pairs, squared errors, signed errors by bin)."""
    pairs = sums[:, 0]
    return np.abs(sums[:, 2:]).sum(axis=1) / pairs, sums[:, 1] / pairs


def _estimate(value: float, drawn: Values) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Estimate(value, float(low), float(high))

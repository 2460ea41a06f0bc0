"""Calibration: worked by hand, against scikit-learn, and what it refuses to say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from matcher.calibration import BINS, Calibration, calibrate


def _world(seed: int, needs: int, honest: bool = True) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """Return probabilities of twenty pairs a need, and grades drawn by them (or by chance alone)."""
    generator = np.random.default_rng(seed)
    run, qrels = {}, {}
    for need in range(needs):
        said = generator.beta(1, 2, size=20)
        true = generator.random(20) < (said if honest else 0.3)
        run[f"n{need}"] = {f"c{i}": float(p) for i, p in enumerate(said)}
        qrels[f"n{need}"] = {f"c{i}": int(hit) for i, hit in enumerate(true)}
    return run, qrels


def test_worked_by_hand() -> None:
    """Two bins: .2 three times, one relevant (gap 1/3 - .2); .8 once, relevant (gap .2). ECE weighs them 3 to 1."""
    found = calibrate({"n": {"a": 0.2, "b": 0.2, "c": 0.2, "d": 0.8}}, {"n": {"a": 1, "b": 0, "c": 0, "d": 3}})
    assert found.ece is not None
    assert found.brier is not None
    assert found.ece.value == pytest.approx((3 * (1 / 3 - 0.2) + 0.2) / 4)
    assert found.brier.value == pytest.approx((0.8**2 + 0.2**2 + 0.2**2 + 0.2**2) / 4)
    assert [one.pairs for one in found.bins] == [3, 1]
    assert [one.predicted for one in found.bins] == pytest.approx([0.2, 0.8])
    assert [one.observed for one in found.bins] == pytest.approx([1 / 3, 1.0])
    assert found.relevant == 0.5


def test_brier_and_the_bins_are_those_of_scikit_learn() -> None:
    run, qrels = _world(1, 50)
    found = calibrate(run, qrels, resamples=50)
    said = np.array([p for need in qrels for p in run[need].values()])
    true = np.array([grade for grades in qrels.values() for grade in grades.values()])
    observed, predicted = calibration_curve(true, said, n_bins=BINS, strategy="quantile")
    assert found.brier is not None
    assert found.brier.value == pytest.approx(brier_score_loss(true, said))
    assert [one.observed for one in found.bins] == pytest.approx(observed, abs=0.02)  # a pair may lie on an edge
    assert [one.predicted for one in found.bins] == pytest.approx(predicted, abs=0.02)


def test_scores_that_mean_what_they_say_have_a_small_error_and_others_a_large_one() -> None:
    honest, blind = calibrate(*_world(2, 200), resamples=200), calibrate(*_world(2, 200, honest=False), resamples=200)
    assert honest.ece is not None
    assert blind.ece is not None
    assert honest.ece.high < 0.05
    assert blind.ece.low > 0.15


def test_a_pair_that_nobody_judged_does_not_count() -> None:
    judged = calibrate({"n": {"a": 0.9, "b": 0.1}}, {"n": {"a": 1, "b": 0}}, resamples=20)
    more = calibrate({"n": {"a": 0.9, "b": 0.1, "c": 0.9}, "m": {"a": 0.9}}, {"n": {"a": 1, "b": 0}}, resamples=20)
    assert more == judged


@pytest.mark.parametrize(
    ("said", "grades", "note"),
    [
        ({}, {"a": 1}, "no judged pair"),
        ({"a": 0.5}, {"b": 1}, "no judged pair"),
        ({"a": 0.5}, {"a": 2}, "judged an irrelevant one"),
        ({"a": 0.5}, {"a": 0}, "judged a relevant one"),
    ],
)
def test_where_nothing_can_be_said_it_says_why(said: dict[str, float], grades: dict[str, int], note: str) -> None:
    found = calibrate({"n": said}, {"n": grades})
    assert (found.ece, found.brier, found.bins) == (None, None, ())
    assert note in found.note


def test_equal_probabilities_stay_in_one_bin() -> None:
    said = {f"c{i}": 0.3 for i in range(50)}
    found = calibrate({"n": said}, {"n": {name: i % 2 for i, name in enumerate(said)}}, resamples=20)
    assert [one.pairs for one in found.bins] == [50]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.integers(2, 20))
def test_both_stay_between_zero_and_one_and_bins_hold_every_pair(seed: int, needs: int) -> None:
    found: Calibration = calibrate(*_world(seed, needs), resamples=50)
    assert sum(one.pairs for one in found.bins) == found.pairs == 20 * needs
    for estimate in (found.ece, found.brier):
        assert estimate is not None
        assert 0 <= estimate.low <= estimate.high <= 1
        assert 0 <= estimate.value <= 1

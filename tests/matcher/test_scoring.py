"""The additive score: by hand, and its promises as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.scoring import NEED_WEIGHTS, SIGNALS, Scorer
from matcher.vocabulary import SignalName

values = st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), min_size=len(SIGNALS), max_size=len(SIGNALS)).map(
    lambda one: np.array(one)[:, None]
)


def test_worked_by_hand() -> None:
    """Topic .5 and SDG 1 under the prior: -3.5 + 8 * .5 + (.6 + .2) / 2 = .9, and sigmoid(.9) = .7109."""
    known = np.full((len(SIGNALS), 1), np.nan)
    known[SIGNALS.index(SignalName.TOPIC)], known[SIGNALS.index(SignalName.SDG)] = 0.5, 1.0
    scorer = Scorer()
    assert scorer.z(known)[0] == pytest.approx(0.9)
    assert scorer.score(scorer.z(known))[0] == pytest.approx(0.7109, abs=1e-4)


def test_the_joint_z_is_the_mean_of_both_sides() -> None:
    """The geometric mean of the odds: z = (z_need + z_provider) / 2."""
    scorer = Scorer(need_bias=-2.0, provider_bias=-4.0)
    known = np.linspace(0, 1, len(SIGNALS))[:, None]
    need, provider = (
        float(bias + weights @ known[:, 0]) for bias, weights in zip((-2.0, -4.0), scorer.sides(), strict=True)
    )
    assert scorer.z(known)[0] == pytest.approx((need + provider) / 2)


@given(values, st.integers(0, len(SIGNALS) - 1))
def test_forgetting_a_signal_never_raises_the_score(known: np.ndarray, signal: int) -> None:
    """An unknown earns what the worst known value would earn."""
    forgotten = known.copy()
    forgotten[signal] = np.nan
    scorer = Scorer()
    assert scorer.z(forgotten)[0] <= scorer.z(known)[0]
    assert scorer.coverage(forgotten)[0] <= scorer.coverage(known)[0]


@given(values)
def test_the_best_possible_is_never_below_the_score(known: np.ndarray) -> None:
    """What the unknowns could still add is at least nothing; with none unknown the two agree."""
    scorer = Scorer()
    assert scorer.best_z(known)[0] >= scorer.z(known)[0]
    whole = np.nan_to_num(known)
    assert scorer.best_z(whole)[0] == scorer.z(whole)[0]


def test_coverage_counts_structured_evidence_only() -> None:
    """The topic is always known and says nothing of how well a profile is described."""
    known = np.full((len(SIGNALS), 1), np.nan)
    known[SIGNALS.index(SignalName.TOPIC)] = 1.0
    assert Scorer().coverage(known)[0] == 0
    assert Scorer().coverage(np.zeros((len(SIGNALS), 1)))[0] == pytest.approx(1)


def test_a_negative_weight_is_refused() -> None:
    """Evidence may be worth nothing, but never counts against a pair."""
    with pytest.raises(ValueError, match="at least 0"):
        Scorer(need_weights={**NEED_WEIGHTS, SignalName.SDG: -1.0})


@given(values, st.integers(1, 50))
def test_a_pair_scores_the_same_alone_and_among_many(known: np.ndarray, copies: int) -> None:
    """The sum is taken in one order, however many columns there are."""
    many = np.repeat(known, copies, axis=1)
    assert set(Scorer().z(many)) == {Scorer().z(known)[0]}

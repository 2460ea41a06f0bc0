"""Learning from outcomes: worked by hand, promises as properties, and a world where it is known what decides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from matcher.learning import LEAST, PATIENCE, Judged, Outcome, Reached, TooFewJudged, fit, map_logistic, outcome
from matcher.matches import Event
from matcher.outcomes import Numbered, PairState, fold
from matcher.profiles import CapabilityId, NeedId
from matcher.scoring import SIGNALS, Scorer
from matcher.vocabulary import ReasonCode, SignalName, Stage
from tests.matcher.outcome_world import a_world, some_values, true_weights

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def a_state(*stages: Stage | tuple[Stage, ReasonCode]) -> PairState:
    """A pair that was at these stages, one a day."""
    told = [one if isinstance(one, tuple) else (one,) for one in stages]
    facts = (NeedId("n"), CapabilityId("c"), "test")
    return fold(
        [
            Numbered(at, Event(*facts, START + at * DAY, stage, tuple(reasons)))
            for at, (stage, *reasons) in enumerate(told)
        ]
    )


def soon(state: PairState, seen_at: datetime | None = None) -> Outcome | None:
    return outcome(state, seen_at, START + 10 * DAY)


def apart(scorer: Scorer, other: Scorer) -> float:
    """The largest change of a weight, in shares of what it was."""
    return float(np.abs(scorer.weights() / other.weights() - 1).max())


# What an outcome says


@pytest.mark.parametrize(
    ("stage", "reached"),
    [
        (Stage.VIEWED, Reached.VIEWED),
        (Stage.SHORTLISTED, Reached.SHORTLISTED),
        (Stage.INTRO_REQUESTED, Reached.SHORTLISTED),
        (Stage.INTRO_ACCEPTED, Reached.INTRODUCED),
        (Stage.MOU_SIGNED, Reached.INTRODUCED),
        (Stage.FINANCE_SECURED, Reached.INTRODUCED),
        (Stage.AGREEMENT_SIGNED, Reached.AGREED),
        (Stage.CLOSED_SUCCESS, Reached.AGREED),
    ],
)
def test_a_memorandum_is_no_success_and_an_agreement_is(stage: Stage, reached: Reached) -> None:
    assert soon(a_state(stage)) == Outcome(reached, over=reached is Reached.AGREED)


def test_what_nobody_looked_at_says_nothing() -> None:
    assert soon(PairState()) is None
    assert soon(a_state(Stage.SUGGESTED)) is None
    assert soon(PairState(), seen_at=START) == Outcome(Reached.VIEWED, over=False)


@pytest.mark.parametrize("quiet", PATIENCE)
def test_a_step_counts_as_not_taken_only_after_long_quiet(quiet: timedelta) -> None:
    stage = (Stage.VIEWED, Stage.SHORTLISTED, Stage.INTRO_ACCEPTED)[PATIENCE.index(quiet)]
    found = [outcome(a_state(stage), None, START + quiet + wait) for wait in (timedelta(0), DAY)]
    assert [one is not None and one.over for one in found] == [False, True]


def test_a_look_today_at_a_quiet_pair_keeps_it_open() -> None:
    assert outcome(a_state(Stage.VIEWED), START + 90 * DAY, START + 91 * DAY) == Outcome(Reached.VIEWED, over=False)


@pytest.mark.parametrize(
    ("reasons", "over"),
    [
        ((ReasonCode.WRONG_TOPIC,), True),
        ((ReasonCode.NO_CAPACITY,), False),
        ((ReasonCode.TIMING,), False),
        ((ReasonCode.DUPLICATE,), False),
        ((ReasonCode.ALREADY_PARTNERED,), False),
        ((ReasonCode.POLITICAL,), False),
        ((ReasonCode.TIMING, ReasonCode.PRICE), True),
    ],
)
def test_reasons_that_say_nothing_of_the_fit_leave_the_step_unknown(reasons: Any, over: bool) -> None:
    """And what the pair had reached before still counts."""
    state = a_state(Stage.VIEWED, Stage.SHORTLISTED, (Stage.DECLINED, *reasons))
    assert soon(state) == Outcome(Reached.SHORTLISTED, over=over)


def test_a_pair_that_was_withdrawn_without_a_reason_says_nothing_of_the_step() -> None:
    assert soon(a_state(Stage.SHORTLISTED, Stage.WITHDRAWN)) == Outcome(Reached.SHORTLISTED, over=False)


def test_a_step_is_known_of_what_took_it_and_of_what_ended_before_it() -> None:
    reached, over = np.array([0, 0, 1, 1, 2, 3]), np.array([True, False, True, False, False, True])
    judged = Judged(np.zeros((6, len(SIGNALS))), reached, reached, reached, over)
    for step, known, took in [
        (Reached.SHORTLISTED, [1, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]),
        (Reached.INTRODUCED, [0, 0, 1, 0, 1, 1], [0, 0, 0, 0, 1, 1]),
        (Reached.AGREED, [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1]),
    ]:
        found = judged.step(step)
        assert [one.astype(int).tolist() for one in found] == [known, took], step


# One logistic


def test_without_a_belief_it_is_the_logistic_that_scikit_learn_fits() -> None:
    """Prior of mean 0 and spread 1: ridge regression with C = 1; true weights are positive, so no bound is met."""
    generator = np.random.default_rng(3)
    x = generator.uniform(0, 1, (400, 3))
    y = (generator.uniform(size=400) < 1 / (1 + np.exp(2 - x @ [3.0, 1.0, 2.0]))).astype(float)
    bias, weights = map_logistic(x, y, np.zeros(3), spread=np.ones(3))
    other = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y)
    assert weights == pytest.approx(other.coef_[0], abs=1e-4)
    assert bias == pytest.approx(other.intercept_[0], abs=1e-4)


def test_worked_by_hand_one_signal_that_is_there_or_not() -> None:
    """As good as no belief: half of the bare pairs and three in four with the signal, so the weight is log 3."""
    x = np.repeat([0.0, 1.0], 400)[:, None]
    y = np.concatenate([np.tile([0.0, 1.0], 200), np.tile([0.0, 1.0, 1.0, 1.0], 100)])
    bias, weights = map_logistic(x, y, np.ones(1), spread=np.full(1, 1e6))
    assert bias == pytest.approx(0, abs=1e-4)
    assert weights[0] == pytest.approx(np.log(3), abs=1e-4)


def test_where_the_labels_speak_against_a_signal_it_weighs_nothing_and_never_less() -> None:
    x = np.repeat([0.0, 1.0], 400)[:, None]
    y = np.concatenate([np.ones(400), np.zeros(400)])
    assert map_logistic(x, y, np.ones(1))[1][0] == 0
    assert map_logistic(x, y, np.ones(1), floor=np.full(1, 0.02))[1][0] == pytest.approx(0.02)


def test_a_signal_nobody_knows_anything_about_keeps_what_experts_believe() -> None:
    x = np.column_stack([np.repeat([0.0, 1.0], 100), np.zeros(200)])
    _, weights = map_logistic(x, np.tile([0.0, 1.0], 100), np.array([1.0, 0.7]))
    assert weights[1] == pytest.approx(0.7, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_same_labels_more_often_move_it_further_from_what_experts_believe(seed: int) -> None:
    """What is paid for leaving the belief never falls as the labels weigh more; at first it grows."""
    generator, mean, spread = np.random.default_rng(seed), np.array([4.0, 1.0, 0.5]), np.array([2.0, 0.5, 0.5])
    x = generator.uniform(0, 1, (30, 3))
    y = (generator.uniform(size=30) < x @ [0.1, 0.5, 0.3]).astype(float)
    moved = [
        float((((map_logistic(np.tile(x, (times, 1)), np.tile(y, times), mean, spread)[1] - mean) / spread) ** 2).sum())
        for times in (1, 3, 9)
    ]
    assert 0 < moved[0] <= moved[1] + 1e-6 <= moved[2] + 2e-6


# The scorer


def test_below_two_hundred_labels_there_is_no_scorer() -> None:
    judged = a_world(60)
    with pytest.raises(TooFewJudged, match=r"199, .* the expert weights stay"):
        fit(judged.take(np.arange(LEAST - 1)))
    assert fit(judged.take(np.arange(LEAST + 1))).scorer != Scorer()


def test_labels_of_one_kind_are_too_few_however_many() -> None:
    judged = a_world(60)
    with pytest.raises(TooFewJudged):
        fit(replace(judged, reached=np.zeros_like(judged.reached)))


def test_it_learns_what_decides_and_more_from_more() -> None:
    """Further labels move it nearer to the true weights."""
    truth = true_weights()

    def likeness(scorer: Scorer) -> float:
        one = scorer.weights()
        return float(one @ truth / np.linalg.norm(one) / np.linalg.norm(truth))

    experts, few, many = (likeness(one) for one in (Scorer(), *(fit(a_world(needs)).scorer for needs in (40, 1500))))
    assert many > few > experts
    assert many > 0.99


def test_it_ranks_later_needs_better_than_the_experts_do() -> None:
    judged, later = a_world(400), a_world(400, seed=9)
    worth = np.nan_to_num(later.values) @ true_weights()
    learned, experts = (np.corrcoef(one.z(later.values.T), worth)[0, 1] for one in (fit(judged).scorer, Scorer()))
    assert learned > experts


def test_pairs_of_which_nothing_is_known_change_nothing() -> None:
    """A pair that nobody looked at is none of these; one that was opened yesterday is like it."""
    judged = a_world(60)
    ones, zeros = np.ones(50, np.int64), np.zeros(50, np.int64)
    more = Judged(np.ones((50, len(SIGNALS))), 60 * ones, ones, zeros, zeros.astype(np.bool_))
    columns = zip(vars(judged).values(), vars(more).values(), strict=True)
    both = Judged(*map(np.concatenate, columns))
    assert fit(both).steps == fit(judged).steps
    assert fit(both).scorer.weights() == pytest.approx(fit(judged).scorer.weights(), rel=0.15)


def test_a_step_with_little_to_learn_from_says_so_and_stays_as_experts_believe() -> None:
    judged = a_world(60)
    early = replace(judged, reached=np.minimum(judged.reached, Reached.SHORTLISTED))
    assert [step.learned for step in fit(early).steps] == [True, False, False]
    assert apart(fit(early).scorer, Scorer()) < apart(fit(judged).scorer, Scorer())


def test_the_order_of_the_pairs_does_not_matter() -> None:
    judged = a_world(60)
    rows = np.random.default_rng(1).permutation(len(judged.needs))
    assert fit(judged.take(rows)).scorer.weights() == pytest.approx(fit(judged).scorer.weights(), rel=1e-3)


def test_points_keep_their_total_and_both_sides_their_proportion() -> None:
    prior, found = Scorer(), fit(a_world(100)).scorer
    assert found.weights().sum() == pytest.approx(prior.weights().sum())
    for name in SIGNALS:
        ratio = prior.need_weights[name] * found.provider_weights[name]
        assert ratio == pytest.approx(found.need_weights[name] * prior.provider_weights[name])
    assert found.need_weights[SignalName.INTEREST] == 0
    assert found.base == prior.base


def test_the_score_is_the_probability_of_being_shortlisted() -> None:
    """On needs it has never seen, in bins of equally many pairs."""
    found, later = fit(a_world(400)).scorer, a_world(400, seed=5)
    order = np.argsort(found.z(later.values.T))
    said = found.score(found.z(later.values.T))[order].reshape(10, -1).mean(axis=1)
    came = (later.reached >= Reached.SHORTLISTED)[order].reshape(10, -1).mean(axis=1)
    assert np.abs(said - came).max() < 0.05


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
@example(seed=886, noise=False)  # no step gave freshness any weight
def test_no_weight_is_ever_nothing_or_less_and_forgetting_never_raises_a_score(seed: int, noise: bool) -> None:
    """Every signal stays on the page, so that what it says can be learned later; even where labels are noise."""
    world = a_world(25, seed, weights=np.zeros(len(SIGNALS)) if noise else true_weights(seed))
    scorer = fit(world).scorer
    assert (scorer.weights() > 0).all()
    assert scorer.slope > 0
    generator = np.random.default_rng(seed)
    values = some_values(generator, 50).T
    forgotten = values.copy()
    forgotten[generator.integers(0, len(SIGNALS)), :] = np.nan
    assert (scorer.score(scorer.z(forgotten)) <= scorer.score(scorer.z(values))).all()
    assert (scorer.best_z(values) >= scorer.z(values)).all()


def test_equal_pairs_give_equal_bytes() -> None:
    assert fit(a_world(60)) == fit(a_world(60))

"""Measures worked by hand, properties of the intervals, and agreement with trec_eval's reading of a run."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.errors import BadInput
from matcher.evaluation import MEASURES, evaluate, measure, only_needs, only_relevant, resample


def _one(run: dict[str, float], grades: dict[str, int]) -> dict[str, float]:
    return dict(zip(MEASURES, measure({"n": run}, {"n": grades})[0], strict=True))


def test_ndcg_uses_the_grade_as_gain_and_the_ideal_order_as_the_unit() -> None:
    found = _one({"a": 3.0, "b": 2.0, "c": 1.0}, {"a": 1, "c": 3, "d": 2})
    got = 1 / log2(2) + 3 / log2(4)
    best = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
    assert found["nDCG@10"] == pytest.approx(got / best)


def test_ndcg_stops_at_rank_ten() -> None:
    run = {f"x{i:02}": 100.0 - i for i in range(10)} | {"late": 1.0}
    assert _one(run, {"late": 1})["nDCG@10"] == 0


def test_recall_divides_by_everything_relevant_found_or_not() -> None:
    run = {f"x{i:03}": 200.0 - i for i in range(60)}
    found = _one(run, {"x000": 1, "x019": 2, "x020": 1, "missing": 1})
    assert found["recall@20"] == pytest.approx(2 / 4)
    assert found["recall@100"] == pytest.approx(3 / 4)


def test_mrr_is_one_over_the_rank_of_the_first_relevant() -> None:
    assert _one({"a": 3.0, "b": 2.0, "c": 1.0}, {"b": 1, "c": 1})["MRR"] == pytest.approx(1 / 2)


def test_map_averages_precision_at_each_relevant_over_all_relevant() -> None:
    found = _one({"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}, {"a": 1, "c": 1, "missing": 1})
    assert found["MAP"] == pytest.approx((1 / 1 + 2 / 3 + 0) / 3)


def test_grade_zero_is_judged_but_not_relevant() -> None:
    assert _one({"a": 2.0, "b": 1.0}, {"a": 0, "b": 1})["MRR"] == pytest.approx(1 / 2)


def test_order_follows_the_score_whatever_the_order_of_the_lines() -> None:
    assert _one({"low": 1.0, "high": 9.0}, {"high": 1})["MRR"] == 1


def test_equal_scores_rank_by_descending_id_as_trec_eval_does() -> None:
    assert _one({"a": 1.0, "b": 1.0}, {"a": 1})["MRR"] == pytest.approx(1 / 2)
    assert _one({"a": 1.0, "b": 1.0}, {"b": 1})["MRR"] == 1


def test_a_need_without_results_counts_zero_and_is_counted() -> None:
    found = evaluate({"n1": {"a": 1.0}}, {"n1": {"a": 1}, "n2": {"a": 1}}, resamples=50)
    assert found.needs_without_results == 1
    assert {name: estimate.value for name, estimate in found.measures.items()} == dict.fromkeys(MEASURES, 0.5)


def test_a_need_with_nothing_relevant_counts_zero_and_is_counted() -> None:
    found = evaluate({"n1": {"a": 1.0}, "n2": {"a": 1.0}}, {"n1": {"a": 1}, "n2": {"a": 0}}, resamples=50)
    assert found.needs_without_relevant == 1
    assert found.measures["MAP"].value == pytest.approx(0.5)


def test_a_need_that_nobody_judged_does_not_count() -> None:
    found = evaluate({"n1": {"a": 1.0}, "other": {"a": 1.0}}, {"n1": {"a": 1}}, resamples=50)
    assert (found.needs, found.needs_not_judged) == (1, 1)
    assert found.measures["MRR"].value == 1


def test_no_judgements_is_an_error_that_says_what_to_check() -> None:
    with pytest.raises(BadInput, match="at least one judged need"):
        evaluate({"n": {"a": 1.0}}, {})


def _world(seed: int, needs: int, strength: float) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, int]]]:
    """Return a run whose relevant capability scores ``strength`` standard deviations above twenty others."""
    generator = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(20)]
    run, qrels = {}, {}
    for need in range(needs):
        scores = generator.normal(size=20)
        scores[need % 20] += strength
        run[f"n{need}"] = dict(zip(names, scores.tolist(), strict=True))
        qrels[f"n{need}"] = {names[need % 20]: 1}
    return run, qrels


def test_a_clearly_better_run_differs_for_real() -> None:
    better, qrels = _world(1, 200, 3.0)
    worse, _ = _world(2, 200, 0.0)
    compared = evaluate(better, qrels, worse).baseline
    assert compared is not None
    change = compared.difference["nDCG@10"]
    assert change.real
    assert change.low > 0.1


def test_luck_is_called_real_about_as_seldom_as_the_confidence_says() -> None:
    false_alarms = 0
    for seed in range(60):
        one, qrels = _world(2 * seed, 60, 1.0)
        other, _ = _world(2 * seed + 1, 60, 1.0)
        compared = evaluate(one, qrels, other, resamples=400).baseline
        assert compared is not None
        false_alarms += compared.difference["nDCG@10"].real
    assert 0 <= false_alarms <= 8  # 60 draws at 5 %: more than 8 would come up about once in 150 worlds


def test_a_worse_run_is_real_too_with_a_negative_difference() -> None:
    better, qrels = _world(1, 200, 3.0)
    worse, _ = _world(2, 200, 0.0)
    compared = evaluate(worse, qrels, better).baseline
    assert compared is not None
    assert compared.difference["MAP"].real
    assert compared.difference["MAP"].high < 0


def test_a_run_against_itself_differs_by_exactly_nothing() -> None:
    run, qrels = _world(5, 40, 1.0)
    compared = evaluate(run, qrels, run, resamples=200).baseline
    assert compared is not None
    assert all((d.value, d.low, d.high, d.real) == (0, 0, 0, False) for d in compared.difference.values())


def test_the_interval_of_a_mean_has_the_width_of_the_normal_theory() -> None:
    values = np.random.default_rng(0).normal(size=(400, 1))
    means = resample(values, 2_000)
    low, high = np.quantile(means, [0.025, 0.975])
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.06)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    values = np.random.default_rng(0).normal(size=(50, 2))
    assert np.array_equal(resample(values, 100, seed=1), resample(values, 100, seed=1))
    assert not np.array_equal(resample(values, 100, seed=1), resample(values, 100, seed=2))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.integers(1, 30), st.floats(0, 3))
def test_every_value_lies_in_its_interval_between_zero_and_one(seed: int, needs: int, strength: float) -> None:
    run, qrels = _world(seed, needs, strength)
    for estimate in evaluate(run, qrels, resamples=400).measures.values():
        assert -1e-12 <= estimate.low <= estimate.high <= 1 + 1e-12
        assert estimate.low - 0.05 <= estimate.value <= estimate.high + 0.05


@settings(max_examples=25, deadline=None)
@given(st.permutations([f"c{i}" for i in range(12)]), st.sets(st.integers(0, 11), min_size=1))
def test_moving_a_relevant_capability_up_never_lowers_a_measure(order: list[str], relevant: set[int]) -> None:
    grades = {f"c{i}": 1 for i in relevant}
    worst = max(place for place, name in enumerate(order) if name in grades)
    raised = [order[worst], *order[:worst], *order[worst + 1 :]]
    before, after = (
        _one({name: float(12 - place) for place, name in enumerate(ranking)}, grades) for ranking in (order, raised)
    )
    assert all(after[name] >= before[name] - 1e-12 for name in MEASURES)


def test_so_few_needs_that_luck_shows_no_spread_are_never_called_real() -> None:
    better, qrels = _world(1, 9, 9.0)
    worse, _ = _world(2, 9, -9.0)
    compared = evaluate(better, qrels, worse, resamples=200).baseline
    assert compared is not None
    assert compared.difference["MRR"].low > 0
    assert not compared.difference["MRR"].real


def test_needs_of_a_part_are_judged_as_they_are_in_the_whole() -> None:
    run, qrels = _world(3, 30, 1.0)
    half = {f"n{i}" for i in range(15)}
    assert only_needs(qrels, half) == {need: qrels[need] for need in half}
    parts = [evaluate(run, only_needs(qrels, part), resamples=20) for part in (half, set(qrels) - half)]
    whole = evaluate(run, qrels, resamples=20)
    assert np.mean([part.measures["MAP"].value for part in parts]) == pytest.approx(whole.measures["MAP"].value)


def test_what_is_relevant_elsewhere_is_neither_a_hit_nor_in_the_way() -> None:
    run, qrels = (
        {"n": {"seen": 3.0, "wrong": 2.0, "new": 1.0}},
        {"n": {"seen": 2, "new": 1, "wrong": 0}, "m": {"seen": 1}},
    )
    left, judged = only_relevant(run, qrels, {"new"})
    assert judged == {"n": {"new": 1, "wrong": 0}}
    assert left == {"n": {"wrong": 2.0, "new": 1.0}}
    assert evaluate(left, judged, resamples=20).measures["MRR"].value == pytest.approx(1 / 2)

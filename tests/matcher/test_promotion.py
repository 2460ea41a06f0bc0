"""The gate before a learned scorer: it lets a better one through, stops a worse one, and each criterion can stop it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from matcher.learning import Judged, fit
from matcher.promotion import LEAST_NEEDS, Contender, Market, held_out, judge
from matcher.scoring import NEED_WEIGHTS, PROVIDER_WEIGHTS, SIGNALS, Scorer
from matcher.verdicts import Criterion, Verdict
from matcher.vocabulary import SignalName
from tests.matcher.outcome_world import a_world

FAIR = Market(gini=0.4, ldc_matched=0.9, ldc_best=0.3, violations=0)
TOPIC_BLIND = Scorer(
    need_weights={**NEED_WEIGHTS, SignalName.TOPIC: 0.0, SignalName.LANGUAGE: 9.0},
    provider_weights={**PROVIDER_WEIGHTS, SignalName.TOPIC: 0.0},
)


def split(judged: Judged) -> tuple[Judged, Judged]:
    later = held_out(judged)
    return judged.take(~later), judged.take(later)


def rows(verdict: Verdict) -> dict[str, Criterion]:
    return {row.name: row for row in verdict.rows}


def verdict(judged: Judged, new: Scorer | None = None, old: Scorer | None = None, **market: Any) -> Verdict:
    earlier, later = split(judged)
    candidate = fit(earlier).scorer if new is None else new
    return judge(later, earlier, Contender(candidate, FAIR._replace(**market)), Contender(old or Scorer(), FAIR))


@pytest.fixture(scope="module")
def world() -> Judged:
    return a_world(700)


def test_where_experts_are_wrong_the_learned_scorer_is_better_and_passes(world: Judged) -> None:
    found = verdict(world)
    assert found.passed, found.failing
    assert (rows(found)["nDCG@10"].figure or 0) > 0
    assert found.failing == ()
    earlier, later = (len(np.unique(part.needs)) for part in split(world))
    assert found.split == f"learned from the pairs of {earlier} earlier needs, judged by those of {later} later ones"
    assert earlier + later == 700


def test_where_labels_are_noise_a_scorer_that_follows_them_is_stopped_or_loses_nothing() -> None:
    """Nothing can be learned, so nothing can be lost either: what must not happen is a pass with a loss."""
    noise = a_world(700, weights=np.zeros(len(SIGNALS)))
    found = verdict(noise)
    assert (rows(found)["nDCG@10"].figure or 0) > -0.02 or not found.passed


def test_what_noise_taught_never_replaces_what_good_labels_taught(world: Judged) -> None:
    noise, good = (fit(split(one)[0]).scorer for one in (a_world(700, weights=np.zeros(len(SIGNALS))), world))
    found = verdict(world, new=noise, old=good)
    assert not found.passed
    assert "nDCG@10: " in " ".join(found.failing)


def test_too_few_held_out_needs_stop_it() -> None:
    found = verdict(a_world(300))
    assert [row.name for row in found.rows if row.passed is False] == ["needs"]
    assert rows(found)["needs"].figure is not None
    assert rows(found)["needs"].figure < LEAST_NEEDS  # type: ignore[operator]  # it was counted


def test_a_worse_order_stops_it(world: Judged) -> None:
    found = verdict(world, new=TOPIC_BLIND)
    assert not rows(found)["nDCG@10"].passed


def test_a_score_that_means_less_than_before_stops_it_though_the_order_is_the_same(world: Judged) -> None:
    learned = fit(split(world)[0]).scorer
    found = verdict(world, new=replace(learned, intercept=learned.intercept + 1), old=learned)
    assert [row.name for row in found.rows if row.passed is False] == ["ECE"]


@pytest.mark.parametrize(
    ("name", "market", "bad"),
    [
        ("exposure (Gini)", {"gini": 0.419}, {"gini": 0.421}),
        ("LDC needs with a match", {"ldc_matched": 0.881}, {"ldc_matched": 0.879}),
        ("LDC needs with a tier A", {"ldc_best": 0.281}, {"ldc_best": 0.279}),
        ("gates", {"violations": 0}, {"violations": 1}),
        ("exposure (Gini)", {"gini": 0.1}, {"gini": None}),
    ],
)
def test_a_market_that_is_worse_by_more_than_is_borne_stops_it(
    world: Judged, name: str, market: dict[str, Any], bad: dict[str, Any]
) -> None:
    good, found = (verdict(world, new=Scorer(), **facts) for facts in (market, bad))
    assert rows(good)[name].passed
    assert [row.name for row in found.rows if row.passed is False] == [name]


def test_seen_and_unseen_providers_are_told_apart_and_bind_nobody(world: Judged) -> None:
    fresh = replace(world, providers=np.where(world.needs >= 490, world.providers + 40, world.providers))
    found = rows(verdict(fresh))
    for name in ("seen", "unseen"):
        row = found[f"nDCG@10, providers {name} in learning"]
        assert row.passed is None
        assert "needs" in row.detail
    nobody = rows(verdict(replace(world, providers=np.zeros_like(world.providers))))
    assert nobody["nDCG@10, providers unseen in learning"].detail == "no such need"


def test_a_scorer_against_itself_differs_by_nothing(world: Judged) -> None:
    found = rows(verdict(world, new=Scorer()))
    assert found["nDCG@10"].figure == found["ECE"].figure == 0


def test_later_needs_are_held_out_whole(world: Judged) -> None:
    later = held_out(world)
    assert world.needs[later].min() > world.needs[~later].max()


def test_needs_whose_pairs_all_came_as_far_are_no_witnesses(world: Judged) -> None:
    """They tell no two rankings apart, and counting them would make any difference look small."""
    earlier, later = split(world)
    same = replace(later, reached=np.where(later.needs % 2 == 0, 0, later.reached))
    fair = Contender(Scorer(), FAIR)
    half = rows(judge(same, earlier, fair, fair))["needs"].figure
    whole = rows(judge(later, earlier, fair, fair))["needs"].figure
    assert half is not None
    assert whole is not None
    assert half / whole == pytest.approx(0.5, abs=0.02)


def test_without_anything_to_judge_by_nothing_passes(world: Judged) -> None:
    none = world.take(np.zeros(len(world.needs), np.bool_))
    fair = Contender(Scorer(), FAIR)
    found = judge(none, world, fair, fair)
    assert [row.name for row in found.rows if row.passed is False] == ["needs", "nDCG@10", "ECE"]
    assert not held_out(none).any()

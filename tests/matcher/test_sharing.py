"""Sharing out slots: both solvers against every possible answer, against each other, and what more room does."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import auctions, flows
from matcher.sharing import (
    Bools,
    Objective,
    Problem,
    accepted,
    first_choices,
    most_served,
    objective,
    violations,
)
from tests.matcher.sharing_world import problems


def _best(problem: Problem) -> Objective:
    """Try every set of edges."""
    sound = (np.array(flags, bool) for flags in product((False, True), repeat=len(problem.needs)))
    return max(objective(problem, flags) for flags in sound if not violations(problem, flags))


@given(problems().filter(lambda problem: len(problem.needs) <= 9))
@settings(max_examples=60)
def test_the_exact_solver_finds_the_best_of_all_answers(problem: Problem) -> None:
    found, best = objective(problem, flows.take(problem)), _best(problem)
    assert found.served == best.served
    assert found.weight == pytest.approx(best.weight, abs=1e-5)


@given(problems().filter(lambda problem: len(problem.needs) <= 9), st.integers(1, 2))
@settings(max_examples=40)
def test_the_exact_solver_finds_the_best_with_a_floor_for_partners(problem: Problem, floor: int) -> None:
    problem = replace(problem, floor=floor, floor_bonus=0.5)
    found, best = objective(problem, flows.take(problem)), _best(problem)
    assert found.served == best.served
    assert found.weight == pytest.approx(best.weight, abs=1e-5)


@given(problems())
def test_no_solver_ever_gives_more_than_there_is(problem: Problem) -> None:
    assert not violations(problem, flows.take(problem))
    assert not violations(problem, auctions.take(problem).taken)


@given(problems())
def test_both_solvers_serve_as_many_needs_as_can_be_served(problem: Problem) -> None:
    """Counted by a maximum flow, which knows nothing of weights."""
    most = most_served(problem)
    assert objective(problem, flows.take(problem)).served == most
    assert objective(problem, auctions.take(problem).taken).served == most


@given(problems(), st.integers(0, 4))
def test_one_more_slot_never_lowers_the_objective(problem: Problem, owner: int) -> None:
    more = problem.slots.copy()
    more[owner % len(more)] += 1
    before, after = (objective(one, flows.take(one)) for one in (problem, replace(problem, slots=more)))
    assert after.served > before.served or (after.served == before.served and after.weight >= before.weight - 1e-5)


@given(st.sampled_from([0.0, 0.5]).flatmap(problems))
def test_prices_come_within_their_step_of_the_best_and_prove_it(problem: Problem) -> None:
    assert problem.first_bonus is not None
    found, exact = auctions.take(problem), flows.take(problem)
    worth, best = (
        objective(problem, flags).weight + problem.first_bonus * objective(problem, flags).served
        for flags in (found.taken, exact)
    )
    assert worth >= best - auctions.STEP * (exact.sum() + found.taken.sum()) - 1e-5
    assert worth >= found.share_of_best * best - 1e-5


@given(problems(0.5))
def test_a_floor_for_partners_is_priced_within_the_step_too(problem: Problem) -> None:
    problem = replace(problem, floor=1, floor_bonus=0.5)
    worth, best = (
        objective(problem, flags).weight + 0.5 * objective(problem, flags).served
        for flags in (auctions.take(problem).taken, flows.take(problem))
    )
    assert worth >= best - auctions.STEP * 2 * len(problem.needs) - 1e-5


@given(problems())
def test_what_lists_propose_and_partners_accept_is_sound_and_never_better(problem: Problem) -> None:
    kept = accepted(problem, first_choices(problem))
    assert not violations(problem, kept)
    assert objective(problem, kept).served <= most_served(problem)


def test_the_check_names_who_got_too_much() -> None:
    problem = _three_for_one()
    everything: Bools = np.ones(3, bool)
    assert violations(problem, everything) == ["organisation 0 has 3 introductions for 1 slots"]
    crowded = replace(problem, needs=np.zeros(3, np.int64), organisations=np.arange(3), slots=np.ones(3, np.int64))
    assert violations(crowded, everything) == ["need 0 has 3 introductions, expected at most 2"]


def test_of_equal_needs_the_first_is_served() -> None:
    assert flows.take(_three_for_one()).tolist() == [True, False, False]


def _three_for_one() -> Problem:
    rows, one = np.arange(3), np.zeros(3, np.int64)
    return Problem(rows, one, np.full(3, 0.5), np.array([1]), need_count=3, units=2, first_bonus=None)


def test_a_problem_without_edges_has_an_empty_answer() -> None:
    none = np.zeros(0, np.int64)
    problem = Problem(none, none, np.zeros(0), np.array([1]), need_count=2, units=2, first_bonus=None)
    assert flows.take(problem).tolist() == auctions.take(problem).taken.tolist() == []
    assert most_served(problem) == 0

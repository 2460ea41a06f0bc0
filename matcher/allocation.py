"""A night's shortlists and providers' slots -> which introductions to make.

Shortlists in, shortlists out: flags and order, never the shape.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from matcher import auctions, exposure, flows
from matcher.introductions import (
    PLACINGS,
    Allocation,
    Figures,
    Pairs,
    Policy,
    Price,
    Reached,
    Served,
)
from matcher.sharing import (
    Bools,
    Floats,
    Ints,
    Problem,
    accepted,
    first_choices,
    place_in_group,
    violations,
)
from matcher.vocabulary import Placing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matcher.introductions import NeedSide, Slots

PUSHES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Bonuses tried, one after another, for a group that is short of its share; the last outweighs nearly any score."""

PASSES: Final = 5  # of moving to better free slots; two are enough as a rule

HALVINGS: Final = 4  # of a push that was enough, to find the least that is: a sixteenth of it is about a tie


class _Night(NamedTuple):
    """What is decided on, as edges: the best eligible match of each need and organisation."""

    edges: Ints  # rows of the pairs
    scores: Floats
    problem: Problem  # weighed without pushes
    exact: bool


class _Solved(NamedTuple):
    """What was chosen, and under which weights."""

    problem: Problem
    taken: Bools
    share_of_best: float


def allocate(pairs: Pairs, needs: NeedSide, slots: Slots, policy: Policy, *, exact: bool | None = None) -> Allocation:
    """Choose the introductions of a night; deterministic, and held against capacity by a check that knows no solver.

    1. An edge is a need and an organisation, at the best eligible match between them. 2. At most ``introductions`` a
    need and its free slots an organisation, first introductions first, for the greatest sum of scores; a need's
    priority decides between scores that are about equal, then the order of the rows. 3. Groups short of their share
    are pushed until they reach it, as little as will do. 4. The same night without each constraint is what it costs.
    ``exact`` chooses the solver; None takes the exact one where it is installed and the night is not too large.
    """
    night = _night(pairs, needs, slots, policy, exact)
    solved = _settled(_balanced(night, needs, policy))
    if broken := violations(solved.problem, solved.taken):
        raise RuntimeError(f"expected an allocation within capacity; {broken[0]}, and {len(broken) - 1} more")
    allocated = np.zeros(len(pairs.needs), np.bool_)
    allocated[night.edges[solved.taken]] = True
    placings = _placings(pairs, night, slots, solved.taken)
    bare = replace(night.problem, weights=night.scores)
    proposed = first_choices(bare)
    rows, partners = np.unique(bare.needs), np.unique(bare.organisations)
    figures = Figures(
        solver="exact" if night.exact else "prices",
        share_of_best=round(solved.share_of_best, 6),
        needs=len(needs.ldc),
        needs_with_eligible=len(rows),
        ldc_needs_with_eligible=int(needs.ldc[rows].sum()),
        partners=len(partners),
        partners_assumed=int(slots.assumed[partners].sum()),
        slots=int(bare.slots[partners].sum()),
        proposed=_served(night, needs, proposed),
        before=_served(night, needs, accepted(bare, proposed)),
        after=_served(night, needs, solved.taken),
        raised=_count(placings, Placing.RAISED),
        displaced=_count(placings, Placing.DISPLACED) + _count(placings, Placing.FULL),
        prices=tuple(_prices(night, needs, slots, policy, solved)),
        balance=tuple(_reached(night, needs, policy, solved.taken)),
    )
    return Allocation(allocated, placings, _places(pairs, allocated), figures)


def _night(pairs: Pairs, needs: NeedSide, slots: Slots, policy: Policy, exact: bool | None) -> _Night:
    usable = pairs.eligible if pairs.under_way is None else pairs.eligible & ~pairs.under_way
    rows = np.flatnonzero(usable)
    keys = pairs.needs[rows] * max(len(slots.free), 1) + pairs.organisations[rows]
    edges = rows[np.sort(np.unique(keys, return_index=True)[1])]  # the first of each: the best, as lists are ranked
    free = slots.free if policy.partner_cap is None else np.minimum(slots.free, policy.partner_cap)
    scores = pairs.scores[edges]
    problem = Problem(
        needs=pairs.needs[edges],
        organisations=pairs.organisations[edges],
        weights=scores + policy.tie * precedence(needs)[pairs.needs[edges]],
        slots=free,
        need_count=len(needs.ldc),
        units=policy.introductions,
        first_bonus=None if policy.serve_every_need else policy.first_bonus,
        floor=policy.partner_floor,
        floor_bonus=policy.first_bonus if policy.partner_floor else 0.0,
    )
    if exact is None:
        exact = flows.is_installed() and len(edges) <= policy.exact_edges and flows.fits(problem)
    return _Night(edges, scores, problem, exact)


def precedence(needs: NeedSide) -> Floats:
    """Order needs among equals, in [0, 1]: those of least developed countries first, then by priority."""
    return np.asarray((needs.ldc + needs.priority) / 2)


def _balanced(night: _Night, needs: NeedSide, policy: Policy) -> _Solved:
    """Solve; push groups that are short of their share, then ease the pushes as far as all that reached it still do."""
    found = _solved(night.problem, night)
    pushes = dict.fromkeys((share.name for share in policy.balance), 0.0)
    for push in PUSHES:
        short = _names(night, needs, policy, found) ^ pushes.keys()
        if not short:
            break
        pushes |= dict.fromkeys(short, push)
        found = _pushed(night, needs, pushes)
    if not any(pushes.values()):
        return found
    kept = _names(night, needs, policy, found)
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        eased = _pushed(night, needs, {name: push * middle for name, push in pushes.items()})
        if kept <= _names(night, needs, policy, eased):
            high, found = middle, eased
        else:
            low = middle
    return found


def _pushed(night: _Night, needs: NeedSide, pushes: Mapping[str, float]) -> _Solved:
    extra = np.zeros(len(needs.ldc))
    for name, push in pushes.items():
        extra += push * needs.groups[name]
    return _solved(replace(night.problem, weights=night.problem.weights + extra[night.problem.needs]), night)


def _solved(problem: Problem, night: _Night) -> _Solved:
    if night.exact:
        return _Solved(problem, flows.take(problem), 1.0)
    return _Solved(problem, *auctions.take(problem))


def _names(night: _Night, needs: NeedSide, policy: Policy, solved: _Solved) -> set[str]:
    """Name the groups that have their share."""
    return {one.name for one in _reached(night, needs, policy, solved.taken) if one.share >= one.least}


def _reached(night: _Night, needs: NeedSide, policy: Policy, taken: Bools) -> Iterator[Reached]:
    served = night.problem.needs[taken]
    for share in policy.balance:
        part = float(needs.groups[share.name][served].mean()) if len(served) else 0.0
        yield Reached(share.name, share.least, part)


def _settled(solved: _Solved) -> _Solved:
    """Where an equal or better partner that stands above has a slot free, take it: equal ones go by the list.

    Prices leave a few such behind, and the exact solver those that are equal. Repeated, as each move frees a slot.
    """
    problem, taken = solved.problem, solved.taken.copy()
    if problem.floor:
        return solved
    free = problem.slots - np.bincount(problem.organisations[taken], minlength=len(problem.slots))
    starts = problem.starts()
    for _ in range(PASSES):
        wanting = ~taken & (free[problem.organisations] > 0) & (_above(problem, taken) < problem.units)
        moved = [_settle(problem, taken, free, int(edge), starts) for edge in np.flatnonzero(wanting)]
        if not any(moved):
            break
    return solved._replace(taken=taken)


def _settle(problem: Problem, taken: Bools, free: Ints, edge: int, starts: Ints) -> bool:
    """Take an edge, for a worse one below it if its need has all its units; says whether it did."""
    need, owner = problem.needs[edge], problem.organisations[edge]
    mine = starts[need] + np.flatnonzero(taken[starts[need] : starts[need + 1]])
    if not free[owner]:
        return False  # a need that stands before took it meanwhile
    if len(mine) >= problem.units:
        last = mine[-1]
        if last < edge or problem.weights[last] > problem.weights[edge]:
            return False
        taken[last] = False
        free[problem.organisations[last]] += 1
    taken[edge] = True
    free[owner] -= 1
    return True


def _above(problem: Problem, taken: Bools) -> Ints:
    """Count for each edge the taken ones of its need that stand above it."""
    counted = np.concatenate(([0], np.cumsum(taken)))
    return np.asarray(counted[:-1] - counted[problem.starts()[:-1]][problem.needs])


def _placings(pairs: Pairs, night: _Night, slots: Slots, taken: Bools) -> Ints:
    """Say of each pair what became of it: by score it has a place as long as fewer than ``units`` stand above it."""
    problem, code = night.problem, PLACINGS.index
    found = np.full(len(pairs.needs), code(Placing.SAME_PARTNER), np.int64)
    found[~pairs.eligible] = code(Placing.NEAR_MISS)
    if pairs.under_way is not None:
        found[pairs.under_way & pairs.eligible] = code(Placing.UNDER_WAY)
    by_score = place_in_group(problem.needs) < problem.units
    left = problem.slots - np.bincount(problem.organisations[taken], minlength=len(problem.slots))
    found[night.edges] = np.select(
        [
            taken & by_score,
            taken,
            _above(problem, taken) >= problem.units,
            slots.free[problem.organisations] == 0,
            left[problem.organisations] > 0,
        ],
        [
            code(Placing.ALLOCATED),
            code(Placing.RAISED),
            code(Placing.RESERVE),
            code(Placing.FULL),
            code(Placing.PASSED_OVER),
        ],
        code(Placing.DISPLACED),
    )
    return found


def _places(pairs: Pairs, allocated: Bools) -> Ints:
    order = np.lexsort((np.arange(len(pairs.needs)), ~allocated, ~pairs.eligible, pairs.needs))
    places = np.empty(len(order), np.int64)
    places[order] = place_in_group(pairs.needs[order]) + 1
    return places


def _served(night: _Night, needs: NeedSide, taken: Bools) -> Served:
    problem = night.problem
    partners = np.unique(problem.organisations)
    rows = np.unique(problem.needs[taken])
    counts = np.bincount(problem.organisations[taken], minlength=len(problem.slots))[partners]
    return Served(
        introductions=int(taken.sum()),
        needs_served=len(rows),
        ldc_needs_served=int(needs.ldc[rows].sum()),
        score=round(float(night.scores[taken].sum()), 6),
        exposure_gini=exposure.measure(counts.tolist(), len(partners)).gini,
    )


def _count(placings: Ints, placing: Placing) -> int:
    return int((placings == PLACINGS.index(placing)).sum())


def _prices(night: _Night, needs: NeedSide, slots: Slots, policy: Policy, solved: _Solved) -> Iterator[Price]:
    """Solve the night without each constraint that is in force."""
    problem = solved.problem
    score = float(night.scores[solved.taken].sum())
    bare = replace(night.problem, weights=night.scores)
    yield _price("capacity", night, first_choices(bare), score)
    without: dict[str, Problem] = {}
    if problem.first_bonus != 0:
        without["first introduction for every need"] = replace(problem, first_bonus=0.0)
    if policy.tie:
        unweighed = problem.weights - policy.tie * precedence(needs)[problem.needs]
        without["priority between equals"] = replace(problem, weights=np.maximum(unweighed, 0))
    if policy.partner_cap is not None:
        without["most introductions of a partner"] = replace(problem, slots=slots.free)
    if policy.partner_floor:
        without["least introductions of a partner"] = replace(problem, floor=0, floor_bonus=0.0)
    if policy.balance:
        without["balance"] = night.problem
    for constraint, other in without.items():
        yield _price(constraint, night, _solved(other, night).taken, score)


def _price(constraint: str, night: _Night, taken: Bools, score: float) -> Price:
    given_up = float(night.scores[taken].sum()) - score
    return Price(constraint, round(given_up, 6), len(np.unique(night.problem.needs[taken])), int(taken.sum()))

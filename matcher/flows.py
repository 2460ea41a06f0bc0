"""The exact answer: sharing out as a flow of least cost, by OR-tools (extra ``exact``)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import numpy as np

from matcher.sharing import Bools, Ints, Problem

SCALE: Final = 10**6  # weights count to six decimals, as ranks do
ROOM: Final = 2**61  # the solver multiplies costs by the number of nodes within 64 bits, its sign apart


def is_installed() -> bool:
    """Say whether OR-tools is here."""
    return find_spec("ortools") is not None


def fits(problem: Problem) -> bool:
    """Say whether the costs fit the solver's whole numbers; they do up to hundreds of thousands of needs."""
    return _levels(problem) >= 1


def take(problem: Problem) -> Bools:
    """Return which edges to take, (edges,); the best there is, to six decimals. Equal ones go to the first need.

    1. source -> need: one unit at the cost -first_bonus, the others at 0. 2. need -> organisation: one unit at
    -weight. 3. organisation -> sink: ``floor`` units at -floor_bonus, the other slots at 0. 4. source -> sink: whatever
    is not used, at 0. 5. The flow of least cost from source to sink takes the edges it flows through.
    Equal sums are settled by less than the sixth decimal in favour of needs that stand first. Reference: Ahuja,
    Magnanti and Orlin, Network Flows, 1993; the solver is Goldberg's cost scaling push-relabel.
    """
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    n, m, units = problem.need_count, len(problem.slots), problem.units
    source, sink, needs = n + m, n + m + 1, np.arange(n)
    levels = _levels(problem)
    scale = SCALE * 2 * levels
    first = _above_all(problem, scale) if problem.first_bonus is None else round(problem.first_bonus * scale)
    costs = -(np.rint(problem.weights * SCALE).astype(np.int64) * 2 * levels + _favour(problem, levels))
    floors = np.minimum(problem.slots, problem.floor)
    ends = n + np.arange(m)
    flow = SimpleMinCostFlow()
    add = flow.add_arcs_with_capacity_and_unit_cost
    add(np.full(n, source), needs, np.ones(n, np.int64), np.full(n, -first))
    add(np.full(n, source), needs, np.full(n, units - 1), np.zeros(n, np.int64))
    edges = add(problem.needs, n + problem.organisations, np.ones(len(costs), np.int64), costs)
    if problem.floor:
        add(ends, np.full(m, sink), floors, np.full(m, -round(problem.floor_bonus * scale)))
    add(ends, np.full(m, sink), np.minimum(problem.slots - floors, n), np.zeros(m, np.int64))
    add(np.array([source]), np.array([sink]), np.array([n * units]), np.array([0]))
    flow.set_nodes_supplies(np.array([source, sink]), np.array([n * units, -n * units]))
    state = flow.solve()
    if state != flow.OPTIMAL:
        raise RuntimeError(f"expected an optimal flow, which there always is; the solver says {state}")
    return np.asarray(flow.flows(edges)) > 0


def _above_all(problem: Problem, scale: int) -> int:
    """Give a bonus that no sum of weights can outweigh."""
    highest = float(problem.weights.max(initial=0.0)) + problem.floor_bonus
    return int(np.ceil(problem.need_count * problem.units * highest + 1)) * scale


def _levels(problem: Problem) -> int:
    """Count the steps the order of needs may have below the sixth decimal: as many as needs, if there is room."""
    nodes = problem.need_count + len(problem.slots) + 3
    dearest = _above_all(problem, 2 * SCALE) if problem.first_bonus is None else 4 * SCALE
    return min(max(problem.need_count, 1), ROOM // (dearest * nodes))


def _favour(problem: Problem, levels: int) -> Ints:
    """Give needs that stand first up to half of a millionth more, in equal steps."""
    count = max(problem.need_count, 1)
    return levels - 1 - problem.needs * levels // count

"""Sharing out providers' slots among needs: the arrays it is about, and the checks that know no solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Problem:
    """Which edges to take: at most ``units`` a need, ``slots`` an organisation, for the greatest sum of weights.

    Edges stand by need row, each need and organisation at most once. A need's first unit earns ``first_bonus`` besides
    (None: more than anything else can, so that as many needs as can be are served), an organisation's first ``floor``
    units ``floor_bonus`` each.
    """

    needs: Ints  # (edges,) rows, never falling
    organisations: Ints  # (edges,) rows
    weights: Floats  # (edges,) at least 0
    slots: Ints  # (organisations,)
    need_count: int
    units: int
    first_bonus: float | None
    floor: int = 0
    floor_bonus: float = 0.0

    def starts(self) -> Ints:
        """Return where each need's edges begin, and the end."""
        return np.searchsorted(self.needs, np.arange(self.need_count + 1)).astype(np.int64)


class Objective(NamedTuple):
    """What a solution is worth, the first first: a solver that serves every need it can maximises exactly this."""

    served: int  # needs with a unit
    weight: float


def objective(problem: Problem, taken: Bools) -> Objective:
    """Say what a solution is worth; the bonuses of partners' floors count as weight."""
    weight = float(problem.weights[taken].sum())
    if problem.floor:
        counts = np.bincount(problem.organisations[taken], minlength=len(problem.slots))
        weight += problem.floor_bonus * float(np.minimum(counts, problem.floor).sum())
    return Objective(len(np.unique(problem.needs[taken])), weight)


def violations(problem: Problem, taken: Bools) -> list[str]:
    """List every organisation with more units than slots and every need with too many; empty for a sound solution."""
    held = np.bincount(problem.organisations[taken], minlength=len(problem.slots))
    given = np.bincount(problem.needs[taken], minlength=problem.need_count)
    over, greedy = np.flatnonzero(held > problem.slots), np.flatnonzero(given > problem.units)
    return [f"organisation {row} has {held[row]} introductions for {problem.slots[row]} slots" for row in over] + [
        f"need {row} has {given[row]} introductions, expected at most {problem.units}" for row in greedy
    ]


def most_served(problem: Problem) -> int:
    """Count the needs that can be served at once: a maximum flow with one unit a need (Dinic, by scipy)."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    n, m = problem.need_count, len(problem.slots)
    source, sink = n + m, n + m + 1
    tails = np.concatenate([np.full(n, source), problem.needs, n + np.arange(m)])
    heads = np.concatenate([np.arange(n), n + problem.organisations, np.full(m, sink)])
    room = np.concatenate([np.ones(n + len(problem.needs), np.int64), np.minimum(problem.slots, n)]).astype(np.int32)
    flow = maximum_flow(csr_array((room, (tails, heads)), shape=(sink + 1, sink + 1)), source, sink)
    return int(flow.flow_value)


def first_choices(problem: Problem) -> Bools:
    """Take each need's best ``units`` edges, whatever the slots: what lists propose. Equal ones in their order."""
    order = np.lexsort((np.arange(len(problem.needs)), -problem.weights, problem.needs))
    taken = np.zeros(len(problem.needs), np.bool_)
    taken[order[place_in_group(problem.needs[order]) < problem.units]] = True
    return taken


def accepted(problem: Problem, proposed: Bools) -> Bools:
    """Keep of the proposals what each organisation has slots for, the best first; equal ones in the order of needs."""
    edges = np.flatnonzero(proposed)
    order = edges[np.lexsort((problem.needs[edges], -problem.weights[edges], problem.organisations[edges]))]
    owners = problem.organisations[order]
    taken = np.zeros(len(problem.needs), np.bool_)
    taken[order[place_in_group(owners) < problem.slots[owners]]] = True
    return taken


def place_in_group(groups: Ints) -> Ints:
    """Count each element's place, from 0, in its run of equal values."""
    if not len(groups):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    return np.arange(len(groups)) - np.repeat(begins, np.diff(np.r_[begins, len(groups)]))

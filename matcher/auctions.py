"""The answer without a flow solver: needs bid for slots until the prices settle."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from matcher.sharing import Bools, Floats, Ints, Problem, objective, place_in_group

STEP: Final = 0.005  # least rise of a price: what a unit may fall short of the best; a half of what counts as a tie
ABOVE_ALL: Final = 2.0  # bonus of a first unit where every need is to be served; what it misses is made up afterwards


class Auctioned(NamedTuple):
    """Which edges are taken, and how good that is at least, proved by the prices."""

    taken: Bools
    share_of_best: float  # at least this share of the greatest sum of weights and bonuses


def take(problem: Problem, step: float = STEP) -> Auctioned:
    """Share out by shadow prices; deterministic.

    1. Every slot starts at its reserve price: 0, or -floor_bonus for the slots of a floor. 2. A need short of units
    bids for the organisation whose weight less price is best, as much as makes it no better than its next choice, and
    ``step`` more; the cheapest slot goes to it, and who held it bids again. 3. No need wants any more at these prices:
    the sum is within ``step`` a unit of the best, and the prices prove it (weak duality). 4. Where every need is to be
    served, augmenting paths bring in those that were outbid; then as many are served as can be.
    Source: Bertsekas and Castanon, The auction algorithm for the transportation problem, 1989; the paths are Kuhn's.
    """
    from matcher import bidding

    starts, first = problem.starts(), ABOVE_ALL if problem.first_bonus is None else problem.first_bonus
    room = np.minimum(problem.slots, np.bincount(problem.organisations, minlength=len(problem.slots)))
    slot_starts = np.concatenate(([0], np.cumsum(room))).astype(np.int64)
    owners = np.repeat(np.arange(len(room)), room)
    reserves = np.where(np.arange(len(owners)) - slot_starts[owners] < problem.floor, -problem.floor_bonus, 0.0)
    prices, holders = reserves.copy(), np.full(len(owners), -1, np.int64)
    held = np.zeros(problem.need_count, np.int64)
    edges = (starts, problem.needs, problem.organisations, problem.weights)
    slots = (slot_starts, prices, holders)
    bidding.auction(edges, slots, held, (problem.units, first, step))
    bound = _bound(problem, slot_starts, prices, reserves, first)
    if problem.first_bonus is None:
        bidding.cover(edges, slots, held)
    taken = np.zeros(len(problem.needs), np.bool_)
    taken[holders[holders >= 0]] = True
    return Auctioned(taken, min(1.0, _value(problem, taken, first) / bound) if bound > 0 else 1.0)


def _value(problem: Problem, taken: Bools, first_bonus: float) -> float:
    served, weight = objective(problem, taken)
    return weight + first_bonus * served


def _bound(problem: Problem, slot_starts: Ints, prices: Floats, reserves: Floats, first_bonus: float) -> float:
    """No solution is worth more than this: slots at their prices, and each need's best units at what is left."""
    room = np.diff(slot_starts)
    going = np.full(len(room), np.inf)  # the price of an organisation is that of its cheapest slot
    going[room > 0] = np.minimum.reduceat(prices, slot_starts[:-1][room > 0]) if len(prices) else 0.0
    of_slots = float(np.maximum(np.repeat(going, room) - reserves, 0).sum())
    left = problem.weights - going[problem.organisations]
    order = np.lexsort((-left, problem.needs))
    left, place = left[order], place_in_group(problem.needs[order])
    left = np.where(place == 0, left + first_bonus, left)
    return of_slots + float(np.maximum(left[place < problem.units], 0).sum())

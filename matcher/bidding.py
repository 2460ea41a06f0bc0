"""The loops of an auction, compiled once and cached on disk. Imported only when work begins.

``edges`` = (starts (needs + 1,), needs, organisations, weights); ``slots`` = (starts (organisations + 1,), prices,
holders): an organisation's slots lie side by side as a heap, the cheapest first; a holder is an edge, or -1.
``held`` counts each need's units. All but the edges are changed in place.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Edges = tuple[Ints, Ints, Ints, Floats]
Slots = tuple[Ints, Floats, Ints]
LEAST = 1e-9  # gain worth a bid: without it two needs that are alike outbid each other by rounding for ever
Trail = tuple[Ints, Bools, Ints, Ints]


@njit(cache=True, nogil=True)
def auction(edges: Edges, slots: Slots, held: Ints, terms: tuple[int, float, float]) -> None:
    """Let needs bid, first come first served, until none wants more. ``terms`` = units, first bonus, step."""
    starts, needs, organisations, weights = edges
    slot_starts, prices, holders = slots
    units, first_bonus, step = terms
    count = len(held)
    queue, waiting = np.arange(count), np.ones(count, np.bool_)
    taken = np.zeros(len(needs), np.bool_)
    head, length = 0, count
    while length:
        need = queue[head]
        head, length = (head + 1) % count, length - 1
        waiting[need] = False
        while held[need] < units:
            bonus = first_bonus if held[need] == 0 else 0.0
            best, second, chosen = LEAST - bonus, -bonus, -1
            for edge in range(starts[need], starts[need + 1]):
                place = slot_starts[organisations[edge]]
                if taken[edge] or place == slot_starts[organisations[edge] + 1]:
                    continue
                left = weights[edge] - prices[place]
                if left > best:
                    best, second, chosen = left, best, edge
                elif left > second:
                    second = left
            if chosen < 0:
                break
            place, stop = slot_starts[organisations[chosen]], slot_starts[organisations[chosen] + 1]
            bid = prices[place] + min(best - second + step, best + bonus)
            outbid = holders[place]
            _replace(prices[place:stop], holders[place:stop], bid, chosen)
            taken[chosen] = True
            held[need] += 1
            if outbid >= 0:
                loser = needs[outbid]
                taken[outbid] = False
                held[loser] -= 1
                if not waiting[loser]:
                    waiting[loser] = True
                    queue[(head + length) % count] = loser
                    length += 1


@njit(cache=True, nogil=True)
def _replace(prices: Floats, holders: Ints, price: float, holder: int) -> None:
    """Put a dearer entry in the place of the cheapest and sift it down."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= len(prices):
            break
        if child + 1 < len(prices) and prices[child + 1] < prices[child]:
            child += 1
        if prices[child] >= price:
            break
        prices[at], holders[at] = prices[child], holders[child]
        at = child
    prices[at], holders[at] = price, holder


@njit(cache=True, nogil=True)
def cover(edges: Edges, slots: Slots, held: Ints) -> None:
    """Serve the needs that have no unit, where a chain of moves allows it: then no more needs can be served at all.

    What a failed search has seen leads nowhere for anybody, and is not looked at again (Kuhn).
    """
    count = len(slots[0]) - 1
    seen, dead = np.full(count, -1, np.int64), np.zeros(count, np.bool_)
    wanted, vacated = np.empty(count, np.int64), np.empty(count, np.int64)
    for need in range(len(held)):
        if held[need]:
            continue
        trail = (seen, dead, wanted, vacated)
        slot = _search(need, edges, slots, held, trail)
        if slot < 0:
            dead |= seen == need
        else:
            _move(slot, edges[1], slots, held, trail)
            held[need] += 1


@njit(cache=True, nogil=True)
def _search(need: int, edges: Edges, slots: Slots, held: Ints, trail: Trail) -> int:
    """Look, breadth first, for a slot that can be spared; a holder without another unit may move on to where it may be.

    The trail notes for each organisation by which edge it was reached, and which slot that edge's need would vacate.
    """
    slot_starts, _, holders = slots
    queue = np.empty(len(slot_starts) - 1, np.int64)
    length = _reach(need, need, -1, edges, (queue, 0), trail)
    head = 0
    while head < length:
        owner = queue[head]
        head += 1
        slot = _spare(holders, (slot_starts[owner], slot_starts[owner + 1]), edges, held)
        if slot >= 0:
            return slot
        for place in range(slot_starts[owner], slot_starts[owner + 1]):
            length = _reach(edges[1][holders[place]], need, place, edges, (queue, length), trail)
    return -1


@njit(cache=True, nogil=True)
def _reach(mover: int, need: int, place: int, edges: Edges, queued: tuple[Ints, int], trail: Trail) -> int:
    """Queue the organisations that ``mover`` could take instead of its ``place``; returns the queue's new length."""
    starts, _, organisations, _ = edges
    seen, dead, wanted, vacated = trail
    queue, length = queued
    for edge in range(starts[mover], starts[mover + 1]):
        owner = organisations[edge]
        if not dead[owner] and seen[owner] != need:
            seen[owner], wanted[owner], vacated[owner] = need, edge, place
            queue[length] = owner
            length += 1
    return length


@njit(cache=True, nogil=True)
def _move(slot: int, needs: Ints, slots: Slots, held: Ints, trail: Trail) -> None:
    """Walk the trail back from the slot that is spared: each need on it moves one slot on."""
    slot_starts, _, holders = slots
    _, _, wanted, vacated = trail
    if holders[slot] >= 0:
        held[needs[holders[slot]]] -= 1
    while slot >= 0:
        owner = np.searchsorted(slot_starts, slot, side="right") - 1
        holders[slot] = wanted[owner]
        slot = vacated[owner]


@njit(cache=True, nogil=True)
def _spare(holders: Ints, span: tuple[int, int], edges: Edges, held: Ints) -> int:
    """Find a free slot, or else the one of least weight whose holder has another unit; -1 when there is none."""
    _, needs, _, weights = edges
    found, least = -1, np.inf
    for place in range(span[0], span[1]):
        if holders[place] < 0:
            return place
        if held[needs[holders[place]]] > 1 and weights[holders[place]] < least:
            found, least = place, weights[holders[place]]
    return found

"""The loops that touch every capability, compiled once and cached on disk. Imported only when work begins.

None starts threads of its own, which a copy of the process (fork) would lack; all let other threads run meanwhile.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from embeddings.products import GROUP, cosines

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer[Any]]  # of whatever width

NOTHING = np.float32(-2)  # below every cosine
TILE = 4_096  # rows: their sums and a few spread-out terms lie in the first two caches
FREQUENT = 32  # a term that one in so many rows has is cheaper to add as a vector, zeros included


@njit(cache=True, nogil=True)
def fold_sections(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not objects
    similarities: Floats,
    slots: Ints,
    caps: Floats,
    span: tuple[int, int],
    starts: Ints,
    section_starts: Ints,
    section_scales: Floats,
    weights: tuple[float, float, float],
    out: tuple[Floats, Floats],
) -> None:
    """Reduce (passages, query passages) to (items, needs) with the best three sections of SCIENCE 1, and by the cores.

    1. A section's similarity to a query passage is the cosine of its mean vector: the summed cosines of its passages
       times its scale. 2. A section counts with its best query passage. 3. The best three sections are folded.
    4. The core's score is the first section's with the best query passage of the need's core.
    Needs lie side by side, those with the most query passages first: slot s, the s-th passage of each need that has
    one, is the columns from ``slots[s]`` to before ``slots[s + 1]``. ``caps`` is infinite for a passage of a core, else
    NOTHING. ``similarities`` begin with the first passage of the items from ``span[0]`` to before ``span[1]``;
    ``weights`` is (second, third, floor). An item without sections is left as it is.
    """
    whole, core = out
    needs, origin = whole.shape[1], section_starts[starts[span[0]]]
    first, second, third = np.empty(needs, np.float32), np.empty(needs, np.float32), np.empty(needs, np.float32)
    best, sums = np.empty(needs, np.float32), np.empty(similarities.shape[1], np.float32)
    for item in range(span[0], span[1]):
        first[:] = second[:] = third[:] = NOTHING
        for section in range(starts[item], starts[item + 1]):
            row = _summed(similarities, section_starts[section] - origin, section_starts[section + 1] - origin, sums)
            best[:] = NOTHING
            for slot in range(len(slots) - 1):
                _raise(best, row[slots[slot] : slots[slot + 1]])
            _keep_three(first, second, third, best, section_scales[section])
            if section == starts[item]:
                _take_core(core[item - span[0]], row, slots, caps, section_scales[section])
        if starts[item] < starts[item + 1]:
            _fold(whole[item - span[0]], first, second, third, weights)


@njit(cache=True, nogil=True)
def _summed(similarities: Floats, low: int, high: int, sums: Floats) -> Floats:
    """Return the sum of some rows, which lies in ``sums`` where it is more than one row."""
    one: Floats = similarities[low]
    if high - low == 1:
        return one
    sums[:] = one
    for passage in range(low + 1, high):
        _add(sums, np.float32(1), similarities[passage])
    return sums


@njit(cache=True, nogil=True)
def _keep_three(first: Floats, second: Floats, third: Floats, best: Floats, scale: np.float32) -> None:
    """Keep the three greatest of each place in order; no branches: which section is best cannot be foretold."""
    for need in range(len(best)):
        value = best[need] * scale
        third[need] = max(third[need], min(second[need], value))
        second[need] = max(second[need], min(first[need], value))
        first[need] = max(first[need], value)


@njit(cache=True, nogil=True)
def _take_core(core: Floats, row: Floats, slots: Ints, caps: Floats, scale: np.float32) -> None:
    core[:] = NOTHING
    for slot in range(len(slots) - 1):
        low = slots[slot]
        for need in range(slots[slot + 1] - low):
            core[need] = max(core[need], min(row[low + need], caps[low + need]))
    for need in range(len(core)):
        core[need] = core[need] * scale if core[need] > NOTHING else np.float32(0)


@njit(cache=True, nogil=True)
def _fold(out: Floats, first: Floats, second: Floats, third: Floats, weights: tuple[float, float, float]) -> None:
    second_weight, third_weight, floor = weights
    for need in range(len(out)):
        score = float(first[need])
        score += second_weight * max(float(second[need]) - floor, 0.0)
        score += third_weight * max(float(third[need]) - floor, 0.0)
        out[need] = score


@njit(cache=True, nogil=True)
def turn(tile: Floats, rows: Ints, first: int, out: Floats) -> None:
    """Set ``out[rows[need], first + item]`` to ``tile[item, need]``."""
    for need in range(len(rows)):
        to, by = out[rows[need], first : first + len(tile)], tile[:, need]
        for item in range(len(to)):
            to[item] = by[item]


@njit(cache=True, nogil=True)
def score_spans(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not objects
    panels: npt.NDArray[np.int16],
    needs: Ints,
    slots: Ints,
    caps: Floats,
    spans: Ints,
    vectors: Floats,
    starts: Ints,
    section_starts: Ints,
    section_scales: Floats,
    weights: tuple[float, float, float],
    out: tuple[Floats, Floats],
) -> None:
    """Multiply, fold and turn one span of items after another: in one call, so that it waits for no other thread.

    ``needs[n]`` is the row of ``out`` of the n-th need that lies side by side with others.
    """
    whole, core = out
    most = 0
    for span in range(len(spans)):
        most = max(most, section_starts[starts[spans[span, 1]]] - section_starts[starts[spans[span, 0]]])
    similarities = np.empty((most + GROUP, panels.shape[0] * panels.shape[2]), np.float32)
    for span in range(len(spans)):
        first, last = spans[span, 0], spans[span, 1]
        cosines(panels, vectors[section_starts[starts[first]] : section_starts[starts[last]]], similarities)
        tiles = np.zeros((last - first, len(needs)), np.float32), np.zeros((last - first, len(needs)), np.float32)
        sections = starts, section_starts, section_scales
        fold_sections(similarities, slots, caps, (first, last), *sections, weights, tiles)
        turn(tiles[0], needs, first, whole)
        turn(tiles[1], needs, first, core)


@njit(cache=True, nogil=True)
def best_views(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not objects
    terms: Ints,
    weights: Floats,
    view_starts: Ints,
    need_starts: Ints,
    indptr: Ints,
    rows: npt.NDArray[np.int32],
    values: Floats,
    out: Floats,
) -> None:
    """Set ``out[need, row]`` to the largest of its views' sums of weight * value over the row's postings.

    View v owns ``terms[view_starts[v]:view_starts[v + 1]]``, need n the views from ``need_starts[n]``. Terms are added
    in the order given, whoever shares the block.

    1. Rows are walked by tiles whose sums stay in the nearest cache. 2. In a tile, a term that many rows have is spread
    out once for the whole block, zeros included: adding it is then a vector operation, and adding 0 changes no sum.
    """
    distinct = np.unique(terms)
    places = np.searchsorted(distinct, terms)
    for tile in range((out.shape[1] + TILE - 1) // TILE):
        start, stop = tile * TILE, min((tile + 1) * TILE, out.shape[1])
        low, high = _within(distinct, indptr, rows, start, stop)
        spread, wide = _spread(low, high, rows, values, start)
        sums = np.empty(stop - start, dtype=np.float32)
        for need in range(out.shape[0]):
            for view in range(need_starts[need], need_starts[need + 1]):
                sums[:] = 0
                for position in range(view_starts[view], view_starts[view + 1]):
                    place, weight = places[position], weights[position]
                    if spread[place] >= 0:
                        _add(sums, weight, wide[spread[place]])
                    else:
                        for posting in range(low[place], high[place]):
                            sums[rows[posting] - start] += weight * values[posting]
                _raise(out[need, start:stop], sums)


@njit(cache=True, nogil=True)
def _add(sums: Floats, weight: np.float32, values: Floats) -> None:
    for row in range(len(sums)):
        sums[row] += weight * values[row]


@njit(cache=True, nogil=True)
def _raise(best: Floats, sums: Floats) -> None:
    for row in range(len(sums)):
        best[row] = max(best[row], sums[row])


@njit(cache=True, nogil=True)
def _within(terms: Ints, indptr: Ints, rows: npt.NDArray[np.int32], start: int, stop: int) -> tuple[Ints, Ints]:
    """Return where each term's postings of a tile begin and end."""
    low, high = np.empty(len(terms), dtype=np.int64), np.empty(len(terms), dtype=np.int64)
    for at in range(len(terms)):
        low[at] = _bisect(rows, indptr[terms[at]], indptr[terms[at] + 1], start)
        high[at] = _bisect(rows, low[at], indptr[terms[at] + 1], stop)
    return low, high


@njit(cache=True, nogil=True)
def _spread(low: Ints, high: Ints, rows: npt.NDArray[np.int32], values: Floats, start: int) -> tuple[Ints, Floats]:
    """Lay the postings of a tile's frequent terms out row by row; returns each term's place among them, or -1."""
    places = np.full(len(low), -1)
    frequent = np.flatnonzero(high - low > TILE // FREQUENT)
    wide = np.zeros((len(frequent), TILE), dtype=np.float32)
    for at in range(len(frequent)):
        places[frequent[at]] = at
        for posting in range(low[frequent[at]], high[frequent[at]]):
            wide[at, rows[posting] - start] = values[posting]
    return places, wide


@njit(cache=True, nogil=True, inline="always")
def _bisect(rows: npt.NDArray[np.int32], low: int, high: int, row: int) -> int:
    """Return the first posting from ``low`` on whose row is not before ``row``."""
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def best_parts(
    terms: Ints, weights: Floats, indptr: Ints, rows: npt.NDArray[np.int32], values: Floats, items: Ints
) -> tuple[Ints, Ints, Floats]:
    """Return, item after item, the addends of the best of some queries: how many, of which terms, how much.

    ``weights`` is (queries, terms); of queries with equal sums the first is the best. Binary search within a term's
    rows.
    """
    counts = np.zeros(len(items), dtype=np.int64)
    places = np.empty(len(items) * len(terms), dtype=np.int64)
    addends = np.empty(len(items) * len(terms), dtype=np.float32)
    found = np.empty(len(terms), dtype=np.float32)
    filled = 0
    for nth in range(len(items)):
        for position in range(len(terms)):
            end = indptr[terms[position] + 1]
            at = _bisect(rows, indptr[terms[position]], end, items[nth])
            found[position] = values[at] if at < end and rows[at] == items[nth] else np.float32(0)
        best = _best_query(weights, found)
        for position in range(len(terms)):
            addend = weights[best, position] * found[position]
            if addend != 0:
                places[filled], addends[filled] = position, addend
                counts[nth] += 1
                filled += 1
    return counts, places[:filled], addends[:filled]


@njit(cache=True, nogil=True)
def _best_query(weights: Floats, found: Floats) -> int:
    best, most = 0, -1.0
    for query in range(len(weights)):
        total = 0.0
        for position in range(len(found)):
            total += weights[query, position] * found[position]
        if total > most:
            best, most = query, total
    return best


@njit(cache=True, nogil=True)
def sparse_products(
    terms: Ints, weights: Floats, starts: Ints, item_terms: npt.NDArray[np.int32], values: Floats, items: Ints
) -> Floats:
    """Return (items,): weight times value summed over the terms an item shares; ``terms`` ascend."""
    sums = np.zeros(len(items), dtype=np.float32)
    for nth in range(len(items)):
        at = 0
        for posting in range(starts[items[nth]], starts[items[nth] + 1]):  # both ascend: one walk through each
            while at < len(terms) and terms[at] < item_terms[posting]:
                at += 1
            if at < len(terms) and terms[at] == item_terms[posting]:
                sums[nth] += weights[at] * values[posting]
    return sums


@njit(cache=True, nogil=True, error_model="numpy")  # no question at each row whether it is divided by nothing
def fuse(
    lexical: Floats, dense: Floats, hubness: Floats, scale: np.float32, parts: tuple[np.float32, np.float32, np.float32]
) -> None:
    """Set ``lexical`` to the sum of part * its share of ``scale``, at most 1, and dense - part * hubness.

    As a share of the third of ``parts``, at most 1.
    """
    lexical_part, hubness_part, whole = parts
    for row in range(len(lexical)):
        share = min(lexical[row] / scale, np.float32(1))
        total = (share * lexical_part + dense[row]) - hubness_part * hubness[row]
        lexical[row] = min(total / whole, np.float32(1))


@njit(cache=True, nogil=True)
def gather(values: npt.NDArray[np.int8], codes: Codes, out: npt.NDArray[np.int8]) -> None:
    """Set ``out[row]`` to ``values[codes[row]]``, a code past the end being the last; ``take`` widens codes."""
    last = len(values) - 1
    for row in range(len(codes)):
        out[row] = values[min(codes[row], last)]


@njit(cache=True, nogil=True)
def related(  # noqa: PLR0913, PLR0917 - a kernel takes arrays, not objects
    goals: Ints,
    goal_codes: Codes,
    fields: Ints,
    field_codes: Codes,
    topics: Floats,
    allowed: npt.NDArray[np.bool_],
    scores: Floats,
) -> None:
    """Set ``scores`` to shared goals + 2 * shared fields + half the topic; what shares nothing is no longer allowed."""
    for row in range(len(topics)):
        shared = goals[goal_codes[row]] + 2 * fields[field_codes[row]]
        allowed[row] = allowed[row] and shared > 0
        scores[row] = np.float32(shared) + topics[row] * np.float32(0.5)


@njit(cache=True, nogil=True)
def any_shared(sets: npt.NDArray[np.uint64], mask: np.uint64, met: npt.NDArray[np.bool_]) -> None:
    """Set ``met`` where a set of bits shares one with the mask, and leave it where none does."""
    for at in range(len(sets)):
        met[at] |= (sets[at] & mask) != 0


@njit(cache=True, nogil=True)
def count_shared(sets: npt.NDArray[np.uint64], mask: np.uint64, total: Ints) -> None:
    """Add to ``total`` how many bits each set shares with the mask: once round for every bit that is shared."""
    for at in range(len(sets)):
        shared = sets[at] & mask
        while shared:
            shared &= shared - np.uint64(1)  # takes the lowest away
            total[at] += 1

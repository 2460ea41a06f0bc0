"""The loops that touch every capability, compiled once and cached on disk. Imported only when work begins."""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@njit(parallel=True, cache=True, nogil=True)
def fold_sections(  # noqa: C901, PLR0913, PLR0917 - a kernel takes arrays and keeps its loops together
    similarities: Floats,
    query_starts: Ints,
    starts: Ints,
    section_starts: Ints,
    section_scales: Floats,
    weights: tuple[float, float, float],
    out: Floats,
) -> None:
    """Reduce (query passages, passages) to (needs, items) with the best three sections of SCIENCE 1.

    1. A section's similarity to a query passage is the cosine of its mean vector: the summed cosines of its passages
       times its scale. 2. A section counts with its best query passage. 3. The best three sections are folded.
    ``starts`` are offsets into the sections, ``section_starts`` into the columns less the first one's; ``weights`` is
    (second, third, floor). An item without sections, or a need without passages, scores 0.
    """
    second_weight, third_weight, floor = weights
    origin = section_starts[starts[0]]
    for need in prange(out.shape[0]):
        first_query, last_query = query_starts[need], query_starts[need + 1]
        high = 0
        for item in range(out.shape[1]):
            first = second = third = np.float32(-2)
            for section in range(starts[item], starts[item + 1]):
                low, high = high, section_starts[section + 1] - origin
                best = np.float32(-2)
                for query in range(first_query, last_query):
                    total = similarities[query, low]
                    for passage in range(low + 1, high):
                        total += similarities[query, passage]
                    best = max(best, total)
                best *= section_scales[section]
                if best > first:
                    first, second, third = best, first, second
                elif best > second:
                    second, third = best, second
                elif best > third:
                    third = best
            score = first if first > -2 else np.float32(0)
            if second > floor:
                score += second_weight * (second - floor)
            if third > floor:
                score += third_weight * (third - floor)
            out[need, item] = score


@njit(parallel=True, cache=True, nogil=True)
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
    """
    for need in prange(out.shape[0]):
        for view in range(need_starts[need], need_starts[need + 1]):
            sums = np.zeros(out.shape[1], dtype=np.float32)
            for position in range(view_starts[view], view_starts[view + 1]):
                weight = weights[position]
                for posting in range(indptr[terms[position]], indptr[terms[position] + 1]):
                    sums[rows[posting]] += weight * values[posting]
            for row in range(out.shape[1]):
                out[need, row] = max(out[need, row], sums[row])


@njit(cache=True, nogil=True)
def posting_values(terms: Ints, indptr: Ints, rows: npt.NDArray[np.int32], values: Floats, item: int) -> Floats:
    """Return each term's value for one item, 0 where the item lacks the term; binary search within a term's rows."""
    found = np.zeros(len(terms), dtype=np.float32)
    for position in range(len(terms)):
        low, end = indptr[terms[position]], indptr[terms[position] + 1]
        high = end
        while low < high:
            middle = (low + high) // 2
            if rows[middle] < item:
                low = middle + 1
            else:
                high = middle
        if low < end and rows[low] == item:
            found[position] = values[low]
    return found


@njit(cache=True, nogil=True)
def largest(scores: Floats, allowed: npt.NDArray[np.bool_], k: int) -> Ints:
    """Return the positions of the k largest allowed scores, ties by position.

    1. Keep the best k seen so far as a heap with the worst on top: lower score is worse, then higher position.
    2. A later position with an equal score never displaces an earlier one.
    3. Unwind the heap into order, best first.
    """
    heap = np.empty(k, dtype=np.int64)
    size = 0
    for position in range(len(scores)):
        if not allowed[position]:
            continue
        if size < k:  # sift up
            child = size
            size += 1
            while child > 0:
                parent = (child - 1) // 2
                other = heap[parent]
                if scores[other] < scores[position]:
                    break
                if scores[other] == scores[position] and other > position:
                    break
                heap[child] = other
                child = parent
            heap[child] = position
        elif k > 0 and scores[position] > scores[heap[0]]:
            _sift_down(scores, heap, size, position)
    ordered = np.empty(size, dtype=np.int64)
    while size > 0:
        ordered[size - 1] = heap[0]
        size -= 1
        if size > 0:
            _sift_down(scores, heap, size, heap[size])
    return ordered


@njit(cache=True, nogil=True, inline="always")
def _sift_down(scores: Floats, heap: Ints, size: int, position: int) -> None:
    """Put ``position`` in place of the top and restore the heap order."""
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            scores[heap[other]] < scores[heap[child]]
            or (scores[heap[other]] == scores[heap[child]] and heap[other] > heap[child])
        ):
            child = other
        worse = heap[child]
        if scores[position] < scores[worse] or (scores[position] == scores[worse] and position > worse):
            break
        heap[hole] = worse
        hole = child
    heap[hole] = position

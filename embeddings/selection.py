"""The k largest of many scores under a mask, compiled once and cached on disk. Imported only when work begins."""

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

ASKED = 64  # scores that are compared with a bound at once
COLUMNS = 512  # to which scores are dealt out for a bound: more than are wanted of them, and yet soon sorted


@njit(cache=True, nogil=True)
def largest(scores: Floats, allowed: npt.NDArray[np.bool_], k: int) -> Ints:
    """Return the positions of the k largest allowed scores, ties by position.

    1. Keep the best k seen so far as a heap with the worst on top: lower score is worse, then higher position.
    2. A later position with an equal score never displaces an earlier one. Nearly all are below what k reach: that is
       asked of many at once.
    3. Unwind the heap into order, best first.
    """
    heap = np.empty(k, dtype=np.int64)
    size, least = 0, _reached(scores, allowed, k)
    for start in range(0, len(scores) if k else 0, ASKED):
        stop = min(start + ASKED, len(scores))
        if size == k:
            least = max(least, scores[heap[0]])
        if not _any_from(scores[start:stop], least):
            continue
        for position in range(start, stop):
            if scores[position] < least or not allowed[position]:
                continue
            if size < k:
                _sift_up(scores, heap, size, position)
                size += 1
            elif scores[position] > scores[heap[0]]:
                _sift_down(scores, heap, size, position)
    ordered = np.empty(size, dtype=np.int64)
    while size > 0:
        ordered[size - 1] = heap[0]
        size -= 1
        if size > 0:
            _sift_down(scores, heap, size, heap[size])
    return ordered


@njit(cache=True, nogil=True)
def _reached(scores: Floats, allowed: npt.NDArray[np.bool_], k: int) -> np.float32:
    """Return a score that k allowed ones reach, hardly more; no score is so low where fewer are known to be there.

    The scores are dealt out to columns, row by row: the k-th largest of the columns' tops is reached by k tops.
    """
    tops = np.full(COLUMNS, -np.inf, dtype=np.float32)
    for start in range(0, len(scores), COLUMNS):
        dealt, open_to = scores[start : start + COLUMNS], allowed[start : start + COLUMNS]
        for column in range(len(dealt)):
            score = dealt[column] if open_to[column] else np.float32(-np.inf)
            tops[column] = max(tops[column], score)
    return np.float32(np.sort(tops)[COLUMNS - k]) if 0 < k <= COLUMNS else np.float32(-np.inf)


@njit(cache=True, nogil=True)
def _any_from(scores: Floats, least: np.float32) -> bool:
    found = False
    for score in scores:  # to the end: without a way out this is a vector operation
        found |= score >= least
    return found


@njit(cache=True, nogil=True, inline="always")
def _sift_up(scores: Floats, heap: Ints, child: int, position: int) -> None:
    """Put ``position``, later than all in the heap, in the free place ``child`` and restore the heap order."""
    while child > 0:
        parent = (child - 1) // 2
        if scores[heap[parent]] < scores[position]:
            break
        heap[child] = heap[parent]
        child = parent
    heap[child] = position


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

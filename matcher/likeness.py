"""Groups of texts that are alike: average linkage inside the connected parts of what is near enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

BLOCK: Final = 1_024  # rows compared at once: some megabytes
LARGEST: Final = 8_000  # rows linked at once: their distances take 256 MB
STEP: Final = 0.05  # by which the bar is raised for a part that is larger
_NEVER: Final = 1e9  # distance of two rows that may not meet: no mean over a group brings it below any bar

Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Allowed = Callable[[Rows, Rows], npt.NDArray[np.bool_]]
"""Rows, rows -> which pairs of them may share a group, as (rows, rows)."""


def groups(vectors: Matrix, least: float, allowed: Allowed, largest: int = LARGEST) -> list[list[int]]:
    """Group rows of unit length (or zero) so that groups are alike by ``least`` (mean cosine) when they are joined.

    1. Two rows are near when they may meet and their cosine is at least ``least``. What is not connected by such
    pairs can never be joined, so 2. each connected part is linked by itself: the two groups with the highest mean
    cosine are joined while it is at least ``least`` and every two of their rows may meet (average linkage; Sokal and
    Michener 1958). 3. A part of more than ``largest`` rows is first cut at a higher bar. So a row that is near to no
    other changes no group. Groups of one are left out; rows and groups ascend.
    """
    found = [
        group
        for part in _parts(vectors, np.arange(len(vectors)), least, allowed, largest)
        for group in _linked(vectors, part, least, allowed)
        if len(group) > 1
    ]
    return sorted(found)


def mean_likeness(vectors: Matrix, group: list[int]) -> float:
    """Return the mean cosine of the pairs of a group of two or more."""
    count = len(group)
    total = float(np.square(vectors[group].sum(axis=0, dtype=np.float64)).sum())
    own = float(np.square(vectors[group], dtype=np.float64).sum())
    return (total - own) / (count * (count - 1))


def _parts(vectors: Matrix, rows: Rows, least: float, allowed: Allowed, largest: int) -> Iterator[Rows]:
    labels = _connected(vectors, rows, least, allowed)
    for label in np.unique(labels).tolist():
        part = rows[labels == label]
        if len(part) > largest:
            yield from _parts(vectors, part, least + STEP, allowed, largest)
        elif len(part) > 1:
            yield part


def _connected(vectors: Matrix, rows: Rows, least: float, allowed: Allowed) -> npt.NDArray[np.int32]:
    """Give each row the number of its connected part; a block of pairs at a time, so that memory stays small."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    labels = np.arange(len(rows), dtype=np.int32)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        near = (vectors[block] @ vectors[rows].T >= np.float32(least)) & allowed(block, rows)
        left, right = np.nonzero(near)
        # What is connected so far is one node; the nodes that this block connects become one.
        ends = (labels[left + start], labels[right])
        graph = coo_matrix((np.ones(len(left), np.int8), ends), shape=(len(rows), len(rows)))
        labels = connected_components(graph, directed=False)[1][labels]
    return labels


def _linked(vectors: Matrix, part: Rows, least: float, allowed: Allowed) -> Iterator[list[int]]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    distances = np.maximum(1 - (vectors[part] @ vectors[part].T).astype(np.float64), 0)  # rounding: twins are at 1.0004
    distances[~allowed(part, part)] = _NEVER
    np.fill_diagonal(distances, 0)
    labels = fcluster(linkage(squareform(distances, checks=False), "average"), 1 - least, "distance")
    for label in np.unique(labels).tolist():
        yield part[labels == label].tolist()

"""Groups of this release and of the one before: which is which, by the members they share."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

_ID_DIGITS: Final = 10  # of a SHA-256: two of a million groups share an id with a chance of one in two
_JACCARD_SHARE: Final = 1e-3  # orders pairings that share equally many members, never against a shared member

Members = Collection[str]


def pair(now: Sequence[Members], before: Mapping[str, Members]) -> list[str | None]:
    """Return for each group the id of the earlier one that it is, or None; no earlier group is given twice.

    1. Pair groups so that they share the most members in all (Kuhn 1955; ties by Jaccard, then by order of ids),
       each connected part of the overlaps by itself. 2. Keep a pairing if the group holds half of the earlier one, or
       more than half of it came from there. Neither the order of ``now`` nor groups that share nothing matter.
    """
    from scipy.optimize import linear_sum_assignment

    names = sorted(before)
    order = sorted(range(len(now)), key=lambda at: sorted(now[at]))
    found: list[str | None] = [None] * len(now)
    for rows, columns in _parts([set(now[at]) for at in order], [set(before[name]) for name in names]):
        overlap = np.array([[_worth(now[order[row]], before[names[column]]) for column in columns] for row in rows])
        for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
            at, name = order[rows[row]], names[columns[column]]
            if _same(now[at], before[name]):
                found[at] = name
    return found


def _worth(now: Members, before: Members) -> float:
    shared = len(set(now) & set(before))
    return shared + _JACCARD_SHARE * shared / len(set(now) | set(before))


def _same(now: Members, before: Members) -> bool:
    shared = len(set(now) & set(before))
    return 2 * shared >= len(before) or 2 * shared > len(now)


def _parts(now: Sequence[set[str]], before: Sequence[set[str]]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the connected parts of the overlaps, as rows of both sides."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    holders = {member: at for at, group in enumerate(before) for member in group}
    edges = [
        (row, len(now) + holders[member]) for row, group in enumerate(now) for member in group if member in holders
    ]
    if not edges:
        return
    ends = np.array(edges)
    size = len(now) + len(before)
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(size, size))
    count, part = connected_components(graph, directed=False)
    by_part: list[tuple[list[int], list[int]]] = [([], []) for _ in range(count)]
    for at, number in enumerate(part.tolist()):
        by_part[number][at >= len(now)].append(at - len(now) if at >= len(now) else at)
    yield from ((rows, columns) for rows, columns in by_part if rows and columns)


def fate(members: Members, holder: Mapping[str, str]) -> str | None:
    """Return the group that holds at least half of these members, by who holds whom; ties to the lower id."""
    found = Counter(holder[member] for member in members if member in holder)
    best = min(found, key=lambda name: (-found[name], name), default=None)
    return best if best is not None and 2 * found[best] >= len(members) else None


def new_id(key: str, taken: Collection[str]) -> str:
    """Make an id of what a group is made of, another one while it is taken."""
    text = key
    while (made := f"c-{hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]}") in taken:
        text = f"{text}\nagain"
    return made

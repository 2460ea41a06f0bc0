"""Small markets, written as people would: who wants whom how much, and who has room for how many."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from matcher.allocation import allocate
from matcher.introductions import PLACINGS, Allocation, NeedSide, Pairs, Policy, Slots
from matcher.sharing import Problem
from matcher.vocabulary import Placing

Lists = Sequence[Sequence[tuple[int, float]]]  # need by need: (organisation, score), best first


def pairs_of(lists: Lists, near: frozenset[tuple[int, int]] = frozenset()) -> Pairs:
    rows = [(need, owner, score) for need, offers in enumerate(lists) for owner, score in offers]
    needs, owners, scores = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 3
    eligible = np.array([(need, owner) not in near for need, owner, _ in rows], bool)
    return Pairs(needs.astype(np.int64), owners.astype(np.int64), scores.astype(float), eligible)


def shared(lists: Lists, slots: Sequence[int], *, exact: bool | None = True, **asked: Any) -> Allocation:
    """Allocate; ``ldc`` names needs, ``groups`` the needs of each, ``near`` pairs, the rest is policy."""
    count = len(lists)
    ldc = np.isin(np.arange(count), list(asked.pop("ldc", ())))
    groups: Mapping[str, Sequence[int]] = asked.pop("groups", {})
    side = NeedSide(
        ldc,
        np.array(asked.pop("priority", [0.0] * count), float),
        {name: np.isin(np.arange(count), list(rows)) for name, rows in groups.items()},
    )
    near, stated = asked.pop("near", frozenset()), np.zeros(len(slots), bool)
    room = Slots(np.array(slots, np.int64), stated)
    return allocate(pairs_of(lists, near), side, room, Policy(**{"introductions": 1, **asked}), exact=exact)


def taken(lists: Lists, found: Allocation) -> list[tuple[int, int]]:
    """The introductions as (need, organisation)."""
    pairs = [(need, owner) for need, offers in enumerate(lists) for owner, _ in offers]
    return [pair for pair, flag in zip(pairs, found.allocated, strict=True) if flag]


def placings(found: Allocation) -> list[Placing]:
    return [PLACINGS[code] for code in found.placings]


@st.composite
def problems(draw: st.DrawFn, first_bonus: float | None = None) -> Problem:
    """Problems of a handful of needs and organisations, scarce as often as not, with equal weights among them."""
    needs, owners = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    cells = [(need, owner) for need in range(needs) for owner in range(owners)]
    kept = sorted(draw(st.sets(st.sampled_from(cells), min_size=1)))
    weights = draw(st.lists(st.integers(1, 100), min_size=len(kept), max_size=len(kept)))
    slots = draw(st.lists(st.integers(0, 3), min_size=owners, max_size=owners))
    return Problem(
        needs=np.array([need for need, _ in kept], np.int64),
        organisations=np.array([owner for _, owner in kept], np.int64),
        weights=np.array(weights) / 100,
        slots=np.array(slots, np.int64),
        need_count=needs,
        units=draw(st.integers(1, 3)),
        first_bonus=first_bonus,
    )

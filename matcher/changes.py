"""What changed between two releases' lists, and why. Over arrays: one row a pair, millions of them if need be.

1. Pairs of both releases are joined by need and capability (sorted keys). 2. Each joined pair gets a kind: eligibility
first, then presence, then rank, then score. 3. Each kind gets a cause: a record of the pair itself that differs; else
what the whole run was made with, gates before weights where eligibility changed and weights before gates where the
score did; else the records it is ranked among. A list that names every eligible capability proves that an absent one
is not eligible; a list that was cut proves nothing, and the pair is only new or dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.followup import ChangeCause, ChangeKind

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Reals = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Codes = npt.NDArray[np.int8]

KINDS: Final = tuple(ChangeKind)
CAUSES: Final = tuple(ChangeCause)
SAME: Final = -1  # code of a pair that did not change
_ROUNDING: Final = 1e-9  # scores are compared as they are written; a step of exactly the threshold counts


@dataclass(frozen=True, slots=True)
class Lists:
    """Every line of one release's lists. Needs and capabilities are numbered alike in both releases."""

    needs: Ints  # (n,)
    capabilities: Ints  # (n,)
    ranks: Ints  # (n,) from 1
    scores: Reals  # (n,)
    near_miss: Bools  # (n,)
    complete: Bools  # (needs,) whether the list of each need names every eligible capability


@dataclass(frozen=True, slots=True)
class Records:
    """What became of each record between the releases, by its number."""

    needs: Bools  # whether it, or the organisation behind it, is there in one release alone or says something else
    capabilities: Bools
    needs_there: Bools  # (needs, 2): before, after
    capabilities_there: Bools  # (capabilities, 2): before, after


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of both releases: those of the later one in its order, then those that it lists no more.

    A rank of 0 says that the pair was not listed; its score is NaN then.
    """

    needs: Ints
    capabilities: Ints
    rank_before: Ints
    rank_after: Ints
    score_before: Reals
    score_after: Reals
    miss_before: Bools
    miss_after: Bools
    proved_before: Bools  # not listed before and so not eligible then
    proved_after: Bools  # not listed now and so not eligible now


@dataclass(frozen=True, slots=True)
class Run:
    """What the two runs were made with that differs."""

    model: bool = False
    rule: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How far a pair must move to have moved: by so many ranks, or by so much of the score."""

    ranks: int = 3
    score: float = 0.02


def join(before: Lists, after: Lists) -> Pairs:
    """Join the lists of two releases by need and capability; neither may hold a pair twice."""
    width = 1 + max((int(part.max()) for part in (before.capabilities, after.capabilities) if len(part)), default=0)
    old, new = before.needs * width + before.capabilities, after.needs * width + after.capabilities
    order = np.argsort(old, kind="stable")
    at = np.searchsorted(old[order], new)
    near = order[np.minimum(at, max(len(old) - 1, 0))] if len(old) else np.zeros(len(new), np.int64)
    found = (old[near] == new) if len(old) else np.zeros(len(new), np.bool_)
    gone = np.ones(len(old), np.bool_)
    gone[near[found]] = False
    left = np.flatnonzero(gone)
    return _paired(before, after, np.where(found, near, -1), left)


def _paired(before: Lists, after: Lists, was: Ints, left: Ints) -> Pairs:
    """Put the columns together; ``was``: each later pair's earlier row or -1, ``left``: rows listed no more."""
    stayed, none = was >= 0, len(left)
    needs = np.concatenate((after.needs, before.needs[left]))
    absent = np.concatenate((~stayed, np.zeros(none, np.bool_)))
    dropped = np.concatenate((np.zeros(len(was), np.bool_), np.ones(none, np.bool_)))

    def earlier(values: npt.NDArray[Any], missing: float) -> npt.NDArray[Any]:
        kept = values[was] if len(values) else np.zeros(len(was), values.dtype)
        return np.concatenate((np.where(stayed, kept, missing).astype(values.dtype), values[left]))

    def later(values: npt.NDArray[Any], missing: float) -> npt.NDArray[Any]:
        return np.concatenate((values, np.full(none, missing).astype(values.dtype)))

    return Pairs(
        needs=needs,
        capabilities=np.concatenate((after.capabilities, before.capabilities[left])),
        rank_before=earlier(before.ranks, 0),
        rank_after=later(after.ranks, 0),
        score_before=earlier(before.scores, np.nan),
        score_after=later(after.scores, np.nan),
        miss_before=earlier(before.near_miss, 0),
        miss_after=later(after.near_miss, 0),
        proved_before=absent & before.complete[needs],
        proved_after=dropped & after.complete[needs],
    )


def among(pairs: Pairs, kept: Bools) -> Pairs:
    """Return the pairs with ranks counted among those kept: what a reader may not see moves nothing for that reader."""
    before, after = (_recounted(pairs.needs, ranks, kept) for ranks in (pairs.rank_before, pairs.rank_after))
    return replace(pairs, rank_before=before, rank_after=after)


def _recounted(needs: Ints, ranks: Ints, kept: Bools) -> Ints:
    rows = np.flatnonzero(kept & (ranks > 0))
    order = rows[np.lexsort((ranks[rows], needs[rows]))]
    _, starts, sizes = np.unique(needs[order], return_index=True, return_counts=True)
    found = ranks.copy()
    found[order] = np.arange(len(order)) - np.repeat(starts, sizes) + 1
    return found


def kinds(pairs: Pairs, records: Records, least: Thresholds) -> Codes:
    """Say what became of each pair: the place of its kind in ``KINDS``, or SAME.

    Absence from a complete list proves something only of records that were there: one that is new makes its pairs new,
    one that is gone drops them.
    """
    was, now = pairs.rank_before > 0, pairs.rank_after > 0
    eligible_before, eligible_now = was & ~pairs.miss_before, now & ~pairs.miss_after
    there_before, there_after = (records.needs_there[pairs.needs] & records.capabilities_there[pairs.capabilities]).T
    refused_before = pairs.miss_before | (pairs.proved_before & there_before)
    refused_now = pairs.miss_after | (pairs.proved_after & there_after)
    moved = pairs.rank_before - pairs.rank_after  # positive: stands higher now
    with np.errstate(invalid="ignore"):
        gained = pairs.score_after - pairs.score_before
        by_score = np.abs(gained) >= least.score - _ROUNDING
    alike = was & now & (pairs.miss_before == pairs.miss_after)
    by_rank = np.abs(moved) >= least.ranks
    rises = np.where(by_rank, moved > 0, gained > 0)
    found = np.full(len(was), SAME, np.int8)
    found[alike & (by_rank | by_score) & rises] = KINDS.index(ChangeKind.UP)
    found[alike & (by_rank | by_score) & ~rises] = KINDS.index(ChangeKind.DOWN)
    found[now & ~was] = KINDS.index(ChangeKind.NEW)
    found[was & ~now] = KINDS.index(ChangeKind.DROPPED)
    found[eligible_now & refused_before] = KINDS.index(ChangeKind.NEWLY_ELIGIBLE)
    found[eligible_before & refused_now] = KINDS.index(ChangeKind.NO_LONGER_ELIGIBLE)
    return found


def causes(pairs: Pairs, kind: Codes, records: Records, run: Run) -> Codes:
    """Say why each pair changed: the place of its cause in ``CAUSES``, or SAME where it did not."""
    own = records.needs[pairs.needs] | records.capabilities[pairs.capabilities]
    gated = np.isin(kind, [KINDS.index(ChangeKind.NEWLY_ELIGIBLE), KINDS.index(ChangeKind.NO_LONGER_ELIGIBLE)])
    data, model, rule = (CAUSES.index(cause) for cause in (ChangeCause.DATA, ChangeCause.MODEL, ChangeCause.RULE))
    by_gates = rule if run.rule else data  # no model moves a gate
    by_score = model if run.model else by_gates
    found = np.where(own, data, np.where(gated, by_gates, by_score)).astype(np.int8)
    found[kind == SAME] = SAME
    return found

"""Who is shown, and who is served: how evenly providers appear, and which needs get a list at all."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

TOP: Final = 10
"""Rank down to which a provider counts as shown: what a broker sees first."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """How unevenly providers appear; both shares are None when nobody appears."""

    providers: int
    providers_shown: int
    top_10_percent_share: float | None  # of all appearances, by the busiest tenth (rounded up) of all providers
    gini: float | None  # 0: everyone alike


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many needs of a group are served. Shares are None for a group without needs."""

    needs: int
    with_match: float | None  # share with at least one match that is no near miss
    with_tier_a: float | None  # share with at least one match of tier A; None too where tiers are not known


def measure(appearances: Sequence[int], providers: int) -> Exposure:
    """Measure over all ``providers``; those that ``appearances`` does not list appear 0 times.

    Gini = sum((2i - n - 1) x_i) / (n sum(x)), x rising, i from 1. Rounded to six digits.
    """
    counts = np.sort(np.array([0] * (providers - len(appearances)) + list(appearances), np.float64))
    total, n = float(counts.sum()), len(counts)
    if not total:
        return Exposure(n, 0, None, None)
    gini = float(((2 * np.arange(1, n + 1) - n - 1) * counts).sum() / (n * total))
    top = float(counts[n - math.ceil(n / 10) :].sum() / total)
    return Exposure(n, len(appearances), round(top, 6), round(gini, 6))


def cover(
    groups: Mapping[str, Collection[str]], matched: Collection[str], best: Collection[str] | None
) -> dict[str, Coverage]:
    """Return each group's coverage: ``groups`` name needs, ``matched`` those served, ``best`` those with a tier A."""

    def share(needs: Collection[str], served: Collection[str]) -> float | None:
        return round(sum(need in served for need in needs) / len(needs), 6) if needs else None

    return {
        name: Coverage(len(needs), share(needs, matched), None if best is None else share(needs, best))
        for name, needs in groups.items()
    }

"""Offers given as examples of what is meant, or is not: they move the need's vectors before anything is scored.

Rocchio (1971) with the usual weights: q' = q + .75 * mean(good) - .15 * mean(bad), brought back to unit length, for
every passage of the need; good and bad are vectors of the offers' first sections (weights: Manning, Raghavan and
Schuetze, Introduction to Information Retrieval, 2008, section 9.1.1). Words, gates and structured facts stay.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from embeddings.index import on_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.index import Index
    from matcher.topic import NeedText

GOOD: Final = 0.75
BAD: Final = 0.15


def moved(text: NeedText, index: Index, good: Sequence[int], bad: Sequence[int]) -> NeedText:
    """Return a need's text with its vectors moved towards the good rows and away from the bad; as it was for none."""
    if not good and not bad:
        return text
    shift = np.zeros(index.vectors.shape[1], dtype=np.float32)
    for weight, rows in ((GOOD, good), (-BAD, bad)):
        if rows:
            shift += np.float32(weight) * index.cores(np.array(rows, dtype=np.int64)).mean(axis=0)
    vectors = text.vectors + shift
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return replace(text, vectors=on_grid((vectors / lengths).astype(np.float32)))

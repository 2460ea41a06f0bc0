"""Exact nearest items by the pair's dense score: many sections a side, folded into one number a pair."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embeddings.encoder import Matrix

GRID: Final = 2.0**-11
"""Vector components are rounded to multiples of this. The products of two such numbers are multiples of 2^-22 and, for
vectors of about unit length, no partial sum reaches 2: float32 holds them all, so every cosine is exact. Sums then do
not depend on their order: one need alone and the same need in a batch, two threads or one, one processor or another
get the same bytes. The rounding moves a cosine by about 2e-4."""

NEIGHBOURS: Final = 10  # whose mean likeness makes an item's hubness
REFERENCE: Final = 4_096  # items that stand for all when neighbours are looked for: cost stays linear in the items
CHUNK: Final = 512  # passages a product: with 256 query passages 512 KB of cosines, which stay in the second cache


class SectionWeights(NamedTuple):
    """Best + second * max(0, s2 - floor) + third * max(0, s3 - floor): further sections can only add (SCIENCE 1)."""

    second: float = 0.2
    third: float = 0.2
    floor: float = 0.2

    @property
    def largest(self) -> float:
        """Score of a pair whose best three sections all have cosine 1."""
        return 1 + (self.second + self.third) * (1 - self.floor)


class Hits(NamedTuple):
    """Best first, ties by row; ``rows`` are item positions."""

    rows: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]


class Queries(NamedTuple):
    """Needs as passages: need n owns ``vectors[starts[n]:starts[n + 1]]``, of which the first belong to its core."""

    vectors: Matrix
    starts: npt.NDArray[np.int64]  # (needs + 1,)
    core_stops: npt.NDArray[np.int64]  # (needs,) where the core's passages end


class _SideBySide(NamedTuple):
    """Queries by slots, as ``fold_sections`` wants them: the first passage of every need, the second of those with one.

    A need without any passage is left out.
    """

    needs: npt.NDArray[np.int64]  # those with the most passages first
    vectors: Matrix  # on the grid
    slots: npt.NDArray[np.int64]  # (slots + 1,) offsets into the vectors
    caps: npt.NDArray[np.float32]  # (vectors,)

    @classmethod
    def of(cls, queries: Queries) -> _SideBySide:
        """Lay the passages out anew."""
        from embeddings.kernels import NOTHING

        counts = np.diff(queries.starts)
        needs = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        slots = [queries.starts[needs] + slot for slot in range(counts.max())]
        held = [at[at < queries.starts[needs + 1]] for at in slots]
        cores = [at < queries.core_stops[needs[: len(at)]] for at in held]
        caps = np.where(np.concatenate(cores), np.float32(np.inf), NOTHING)
        vectors = on_grid(queries.vectors[np.concatenate(held)])
        return cls(needs, vectors, np.cumsum([0, *map(len, held)]), caps)


class PairScores(NamedTuple):
    """Scores of every need with every item, both (needs, items)."""

    whole: npt.NDArray[np.float32]  # all sections of both, folded
    core: npt.NDArray[np.float32]  # the need's core with the item's first section: what neither can be without


@dataclass(frozen=True, eq=False)
class Index:
    """Passage vectors grouped into sections, sections grouped into items. Arrays may be memory-mapped."""

    vectors: Matrix  # (passages, dimension), float32, about unit length, on the grid
    section_starts: npt.NDArray[np.int64]  # (sections + 1,) offsets into the passages
    section_scales: npt.NDArray[np.float32]  # (sections,) 1 / length of the sum of the section's passage vectors
    starts: npt.NDArray[np.int64]  # (items + 1,) offsets into the sections
    hubness: npt.NDArray[np.float32]  # (items,) mean cosine of the core with its nearest others; they are near to all

    @classmethod
    def build(cls, vectors: Matrix, passages: Sequence[int], sections: Sequence[int]) -> Index:
        """Index from the number of passages of each section and the number of sections of each item."""
        section_starts = np.concatenate([[0], np.cumsum(passages, dtype=np.int64)]).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sections, dtype=np.int64)]).astype(np.int64)
        if 0 in passages:
            raise ValueError("expected at least one passage a section; got a section without any")
        vectors = on_grid(vectors)
        scales = np.ones(len(passages), dtype=np.float32)
        for section in np.flatnonzero(np.diff(section_starts) > 1):
            total = vectors[section_starts[section] : section_starts[section + 1]].sum(axis=0)
            scales[section] = 1 / max(float(np.linalg.norm(total)), 1e-12)
        built = cls(vectors, section_starts, scales, starts, np.zeros(len(sections), dtype=np.float32))
        return replace(built, hubness=_hubness(built))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Index:
        """Restore what ``arrays`` returned; arrays of before hubness was known have none."""
        none = {"index_hubness": np.zeros(len(arrays["index_starts"]) - 1, dtype=np.float32)}
        return cls(**{each.name: {**none, **arrays}[f"index_{each.name}"] for each in fields(cls)})

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything there is, as named arrays."""
        return {f"index_{name}": value for name, value in vars(self).items()}

    def __len__(self) -> int:
        return len(self.starts) - 1

    def pair_scores(self, queries: Queries, weights: SectionWeights) -> PairScores:
        """Score every need against every item.

        1. Multiply the queries by chunks of passages that end where an item ends.
        2. Fold each chunk's similarities into one score per item and need, for all sections and for the cores.
        3. Turn them round: a row a need.
        """
        if queries.vectors.shape[1:] != self.vectors.shape[1:]:
            raise ValueError(f"expected queries of dimension {self.vectors.shape[1]}; got {queries.vectors.shape[1]}")
        scores = PairScores(*(np.empty((len(queries.core_stops), len(self)), dtype=np.float32) for _ in range(2)))
        for table in scores:
            table[np.diff(queries.starts) == 0] = 0  # the others are filled
        if len(queries.vectors):
            self._fill(scores, _SideBySide.of(queries), weights)
        return scores

    def _fill(self, scores: PairScores, asked: _SideBySide, weights: SectionWeights) -> None:
        from embeddings.kernels import score_spans
        from embeddings.products import panels

        spans = np.array(self._chunks(), dtype=np.int64).reshape(-1, 2)
        placed = panels(asked.vectors), asked.needs, asked.slots, asked.caps
        sections = self.starts, self.section_starts, self.section_scales
        score_spans(*placed, spans, self.vectors, *sections, weights, scores)

    def search(self, queries: Matrix, k: int, *, allowed: npt.NDArray[np.bool_] | None = None) -> list[Hits]:
        """Return the k best allowed items of each query row, by the best section alone."""
        each = np.arange(len(queries) + 1)
        scores = self.pair_scores(Queries(queries, each, each[1:]), SectionWeights(0.0, 0.0, 0.0))
        return [top_k(row, k, allowed) for row in scores.whole]

    def core_cosines(self, vector: Matrix, items: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return (items,): the cosines of their first sections with a vector on the grid; 0 for one without any."""
        from embeddings.products import core_cosines

        sections = self.starts, self.section_starts, self.section_scales
        return np.asarray(core_cosines(vector, self.vectors, *sections, items))

    def cores(self, items: npt.NDArray[np.int64]) -> Matrix:
        """Return (items, dimension): the mean vectors of their first sections, on the grid; 0 for one without any."""
        rows = np.zeros((len(items), self.vectors.shape[1]), dtype=np.float32)
        filled = np.flatnonzero(self.starts[items + 1] > self.starts[items])
        if len(filled):
            sections = self.starts[items[filled]]
            passages = self.vectors[_spans(self.section_starts, sections)]
            lengths = self.section_starts[sections + 1] - self.section_starts[sections]
            sums = np.add.reduceat(passages, np.cumsum(lengths) - lengths, axis=0)
            rows[filled] = on_grid(sums * self.section_scales[sections, None])
        return rows

    def section_similarities(self, queries: Matrix, items: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return (queries, sections of all the items): the cosines scores are folded from, for queries on the grid."""
        sections = _spans(self.starts, np.array(items, dtype=np.int64))
        if not len(sections):
            return np.zeros((len(queries), 0), dtype=np.float32)
        passages = queries @ self.vectors[_spans(self.section_starts, sections)].T
        lengths = self.section_starts[sections + 1] - self.section_starts[sections]
        sums = np.add.reduceat(passages, np.cumsum(lengths) - lengths, axis=1)
        return np.asarray(sums * self.section_scales[sections], dtype=np.float32)

    def passages_of(self, item: int, section: int) -> Matrix:
        """Return the vectors of the item's n-th section, (passages, dimension)."""
        at = int(self.starts[item]) + section
        return self.vectors[self.section_starts[at] : self.section_starts[at + 1]]

    def _chunks(self) -> list[tuple[int, int]]:
        """Spans of items whose passages fit a chunk; an item larger than a chunk has one of its own."""
        ends = self.section_starts[self.starts]
        spans, first = [], 0
        while first < len(self):
            last = max(first + 1, int(np.searchsorted(ends, int(ends[first]) + CHUNK, side="right")) - 1)
            spans.append((first, last))
            first = last
        return spans


def _hubness(index: Index) -> npt.NDArray[np.float32]:
    """Return each item's mean cosine with its NEIGHBOURS nearest others among at most REFERENCE items.

    The local scaling of CSLS (Conneau et al., ICLR 2018). Where there are fewer others, the missing ones count as 0.
    """
    count = len(index)
    sample = np.unique(np.linspace(0, max(count - 1, 0), min(count, REFERENCE)).round().astype(np.int64))
    reference = index.cores(sample)
    means = np.zeros(count, dtype=np.float32)
    for first in range(0, count, REFERENCE):
        items = np.arange(first, min(first + REFERENCE, count))
        cosines = index.cores(items) @ reference.T
        own = np.searchsorted(sample, items)
        known = np.flatnonzero(sample[np.minimum(own, len(sample) - 1)] == items)
        cosines[known, own[known]] = 0
        nearest = np.sort(np.partition(cosines, -min(NEIGHBOURS, len(sample)), axis=1)[:, -NEIGHBOURS:], axis=1)
        means[items] = np.maximum(nearest, 0).sum(axis=1) / NEIGHBOURS
    return means


def _spans(starts: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return every position from ``starts[n]`` to before ``starts[n + 1]``, for each n of ``at`` in turn."""
    lengths = starts[at + 1] - starts[at]
    return np.asarray(np.arange(lengths.sum()) + np.repeat(starts[at] - (np.cumsum(lengths) - lengths), lengths))


def on_grid(vectors: Matrix) -> Matrix:
    """Round components to the grid on which products add up exactly."""
    return np.asarray(np.round(vectors / GRID) * GRID, dtype=np.float32)


def top_k(scores: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None = None) -> Hits:
    """Return the k largest of the allowed scores: the mask acts before the cut, never after."""
    from embeddings.selection import largest

    mask = np.ones(len(scores), dtype=np.bool_) if allowed is None else allowed
    rows: npt.NDArray[np.int64] = largest(scores, mask, min(k, len(scores)))
    return Hits(rows, scores[rows])

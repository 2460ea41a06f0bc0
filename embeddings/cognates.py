"""Words of one vocabulary that look like a word of another language: "nacionales" and "nation", "eau" and nothing.

Languages in Latin letters share much of their learned vocabulary, and stems of different stemmers still share most of
their letters. Likeness is Dice's coefficient of the letters by threes, the beginning of a word counting as a letter,
accents left out. Looked for among words, not among texts, it costs a few milliseconds a need and no postings.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scipy.sparse import csr_matrix

LEAST: Final = 0.5  # likeness below which two words share letters by chance
MOST: Final = 3  # cognates of a word, the likest
LETTERS: Final = 4  # a shorter word has too few letters to be known by

Cognate = tuple[int, float]
"""Position in the vocabulary, likeness in [LEAST, 1]."""


@dataclass(frozen=True, eq=False)
class Cognates:
    """A vocabulary by the letters of its words."""

    places: npt.NDArray[np.int64]  # of the words of letters alone, in the vocabulary
    sizes: npt.NDArray[np.float32]  # different threes of each
    threes: Mapping[str, int]
    holders: csr_matrix  # (threes, words)

    @classmethod
    def of(cls, vocabulary: Sequence[str]) -> Cognates:
        """Take the words of a vocabulary apart."""
        from scipy.sparse import csr_matrix

        places = np.array([at for at, word in enumerate(vocabulary) if _counts(word)], dtype=np.int64)
        threes: dict[str, int] = {}
        found = [[threes.setdefault(three, len(threes)) for three in _threes(vocabulary[at])] for at in places]
        sizes = np.array([len(one) for one in found], dtype=np.int64)
        columns = np.repeat(np.arange(len(places)), sizes)
        rows = np.array([three for one in found for three in one], dtype=np.int64)
        shape = (len(threes), len(places))
        holders = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        return cls(places, sizes.astype(np.float32), threes, holders)

    def find(self, words: Sequence[str]) -> list[list[Cognate]]:
        """Return for each word those that look like it, the likest first, ties by position; also itself, if there."""
        from scipy.sparse import csr_matrix

        threes = [_threes(word) if _counts(word) else [] for word in words]
        known = [[self.threes[three] for three in own if three in self.threes] for own in threes]
        starts = np.cumsum([0, *map(len, known)])
        columns = np.array([three for one in known for three in one], dtype=np.int64)
        asked = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, starts), (len(words), len(self.threes)))
        shared = (asked @ self.holders).tocsr()
        shared.sort_indices()
        return [
            self._likest(shared.indices[low:high], shared.data[low:high], len(own))
            for own, (low, high) in zip(threes, pairwise(shared.indptr.tolist()), strict=True)
        ]

    def _likest(self, at: npt.NDArray[np.int32], shared: npt.NDArray[np.float32], size: int) -> list[Cognate]:
        likeness = 2 * shared / (self.sizes[at] + size)
        near = np.flatnonzero(likeness >= LEAST)
        best = near[np.argsort(-likeness[near], kind="stable")[:MOST]]
        return [(int(self.places[at[one]]), float(likeness[one])) for one in best.tolist()]


def _counts(word: str) -> bool:
    return len(word) >= LETTERS and word.isalpha()


def _threes(word: str) -> list[str]:
    """Return the different runs of three letters, in their order."""
    spread = unicodedata.normalize("NFKD", word)
    bare = "^" + "".join(letter for letter in spread if not unicodedata.combining(letter))
    return list(dict.fromkeys(bare[at : at + 3] for at in range(len(bare) - 2)))

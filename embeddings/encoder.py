"""Texts in, unit rows out: the one shape every encoder has, and a light one that needs no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import HashingVectorizer

Matrix = npt.NDArray[np.float32]
"""Rows of vectors, C-contiguous, shape (rows, dimension)."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_BLOCK: Final = 4096  # texts hashed at once: bounds the dense block to a few megabytes
_CHARACTER_SHARE: Final = 0.5  # a shared stem should count, but less than a shared word


class Encoder(Protocol):
    """Turns texts into rows of unit length; a blank text is a row of zeros. No texts give shape (0, dimension)."""

    @property
    def name(self) -> str:
        """model@revision/precision: all that the rows depend on besides the text and its role."""

    @property
    def dimension(self) -> int:
        """Length of a row."""

    @property
    def max_tokens(self) -> int:
        """The window: a text is encoded whole if its ``count_tokens`` is at most this."""

    @property
    def languages(self) -> frozenset[str] | None:
        """Primary subtags (BCP-47) of the languages whose meaning the rows carry; None where that is not stated."""

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Encode texts that ask."""

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Encode texts that answer."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens each text takes of the window, with what the model adds to every text; a blank text costs just that.

        At most one more than its characters plus that addition, if the text is ASCII.
        """


class HashingEncoder:
    """Words and the character n-grams inside them, hashed: deterministic, no download, knows no meaning.

    The same text gives the same bytes alone and in any company.
    """

    max_tokens: Final = 256  # there is no real window; this makes passages as long as the usual small models'

    def __init__(self, dimension: int = 256) -> None:
        self._dimension = dimension

    @property
    def name(self) -> str:
        """Hold the dimension too: rows of two lengths must never meet."""
        return f"hashing-{self._dimension}@1/float32"

    @property
    def languages(self) -> frozenset[str] | None:
        """None: it knows letters, in any language alike."""
        return None

    @property
    def dimension(self) -> int:
        """Buckets that words and n-grams share."""
        return self._dimension

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Encode as documents: asking and answering look alike here."""
        return self.encode_documents(texts)

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Hash block by block, so that memory beyond the result stays small."""
        rows = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for start in range(0, len(texts), _BLOCK):
            block = texts[start : start + _BLOCK]
            rows[start : start + len(block)] = self._hash(block)
        return rows

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words and marks; nothing is added."""
        return [len(_TOKEN.findall(text)) for text in texts]

    def _hash(self, texts: Sequence[str]) -> Matrix:
        words, characters = (_damped(vectorizer, texts) for vectorizer in self._vectorizers)
        rows = words + _CHARACTER_SHARE * characters
        length = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
        unit: Matrix = np.divide(rows, length, out=np.zeros_like(rows), where=length > 0).astype(np.float32)
        return unit

    @cached_property
    def _vectorizers(self) -> tuple[HashingVectorizer, HashingVectorizer]:
        from sklearn.feature_extraction.text import HashingVectorizer

        common = {"n_features": self._dimension, "norm": None, "strip_accents": "unicode"}
        return (
            HashingVectorizer(stop_words="english", **common),
            HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **common),
        )


def _damped(vectorizer: HashingVectorizer, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Square roots of the signed counts (exactly rounded, so equal in any batch), each row then of unit length."""
    counts: npt.NDArray[np.float64] = vectorizer.transform(texts).toarray()
    damped: npt.NDArray[np.float64] = np.sign(counts) * np.sqrt(np.abs(counts))
    length = np.sqrt((damped * damped).sum(axis=1, keepdims=True))
    unit: npt.NDArray[np.float64] = np.divide(damped, length, out=np.zeros_like(damped), where=length > 0)
    return unit

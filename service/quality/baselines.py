"""The rankings that ours must beat: BM25 alone, MiniLM alone, and their plain fusion. Nothing of ours is in them.

Each reads a record as one text, "title. text". They are what an analyst gets in an hour from two libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.encoder import Encoder
    from matcher.evaluation import Run

NAMES: Final = ("BM25", "MiniLM", "fusion")
VERSION: Final = 1  # raised when a ranking below changes: kept rankings of another version are made anew
K1: Final = 1.2
B: Final = 0.75
DENSE: Final = 0.75  # weight of the dense leg in the plain fusion (SCIENCE 1)
DEPTH: Final = 100  # capabilities kept of each need's ranking

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Texts:
    """Records by id, each as one text."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]


def rank(capabilities: Texts, needs: Texts, encoder: Encoder) -> dict[str, Run]:
    """Return each baseline's ranking by its name, the best DEPTH of every need."""
    lexical, dense = bm25(capabilities.texts, needs.texts), cosines(capabilities.texts, needs.texts, encoder)
    scores = dict(zip(NAMES, (lexical, dense, fused(dense, lexical)), strict=True))
    return {name: best_of(capabilities.ids, needs.ids, found) for name, found in scores.items()}


def bm25(documents: Sequence[str], queries: Sequence[str]) -> Scores:
    """Return (queries, documents): BM25 with Lucene's idf, English stems, English function words left out."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    indexed, asked = (
        bm25s.tokenize(list(texts), stopwords="en", stemmer=stemmer, show_progress=False, return_ids=False)
        for texts in (documents, queries)
    )
    engine = bm25s.BM25(method="lucene", k1=K1, b=B)
    engine.index(indexed, show_progress=False)
    rows = [engine.get_scores(terms) if terms else np.zeros(len(documents)) for terms in asked]
    return np.array(rows, dtype=np.float32)


def cosines(documents: Sequence[str], queries: Sequence[str], encoder: Encoder) -> Scores:
    """Return (queries, documents): one vector a text; what exceeds the model's window is cut off."""
    return np.asarray(encoder.encode_queries(queries) @ encoder.encode_documents(documents).T, dtype=np.float32)


def fused(dense: Scores, lexical: Scores) -> Scores:
    """Combine convexly, each leg from its theoretical minimum (-1, 0) to the need's maximum.

    Bruch, Gai and Ingber, TOIS 2023. A need that no word of any record answers has its lexical leg at 0.
    """
    highest = lexical.max(axis=1, keepdims=True)
    words = lexical / np.where(highest > 0, highest, 1)
    meaning = (dense + 1) / (dense.max(axis=1, keepdims=True) + 1)
    return np.asarray(DENSE * meaning + (1 - DENSE) * words, dtype=np.float32)


def best_of(capabilities: Sequence[str], needs: Sequence[str], scores: Scores) -> dict[str, dict[str, float]]:
    """Keep the best DEPTH of each row; equal scores by position, as a stable sort leaves them."""
    run = {}
    for need, row in zip(needs, scores, strict=True):
        best = np.argsort(-row, kind="stable")[:DEPTH]
        run[need] = {capabilities[at]: float(row[at]) for at in best.tolist()}
    return run

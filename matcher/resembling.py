"""Records that resemble another: by the cosine of their first sections, title and summary, which every record has."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from embeddings.index import on_grid
from matcher import catalogue as catalogues
from matcher import sections
from matcher.profiles import Capability, CaseStory, Need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.encoder import Encoder, Matrix

Compared = Need | Capability | CaseStory


def vectors_of(records: Sequence[Compared], encoder: Encoder) -> Matrix:
    """Return one unit vector a record, (records, dimension): the mean over the passages of its first section.

    Needs are encoded as what is searched with, offers and cases as what is searched: as a night does, so that its
    cache answers.
    """
    rows = np.zeros((len(records), encoder.dimension), dtype=np.float32)
    for asks in (True, False):
        at = [place for place, record in enumerate(records) if isinstance(record, Need) is asks]
        if at:
            rows[at] = _encoded([records[place] for place in at], encoder, asks=asks)
    return rows


def _encoded(records: Sequence[Compared], encoder: Encoder, *, asks: bool) -> Matrix:
    encoded = catalogues.encode(
        [sections.first(record) for record in records],
        encoder,
        role=lambda e, texts: e.encode_queries(texts) if asks else e.encode_documents(texts),
    )
    bounds = pairwise(np.cumsum([0, *encoded.passages]).tolist())
    sums = np.array([encoded.vectors[start:end].sum(axis=0) for start, end in bounds], np.float32)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return on_grid(sums / norms)

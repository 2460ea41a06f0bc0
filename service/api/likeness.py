"""Vectors that records are compared by, kept while the release stays."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from matcher import resembling

if TYPE_CHECKING:
    from embeddings.encoder import Matrix
    from matcher.matching import Matcher
    from matcher.resembling import Compared
    from service.releases import Release

ComparedKind = Literal["needs", "capabilities", "cases"]


class Resembling:
    """Vectors of a release's needs and cases, made when they are first asked for. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, Matrix]] = {}

    def cosines(
        self, release: Release, kind: ComparedKind, matcher: Matcher, record: Compared
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of one record with every record of a kind, in the order of their rows."""
        vector = resembling.vectors_of([record], matcher.encoder)[0]
        if kind == "capabilities":
            index = matcher.catalogue.index
            return index.core_cosines(vector, np.arange(len(index), dtype=np.int64))
        with self._lock:
            known = self._known.get(kind)
            if known is None or known[0] != release.id:
                known = (release.id, resembling.vectors_of(list(release.records(kind)), matcher.encoder))
                self._known[kind] = known
        return np.asarray(known[1] @ vector, dtype=np.float32)

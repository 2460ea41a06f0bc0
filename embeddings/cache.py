"""Vectors are computed once: kept by model, role and the SHA-256 of the text, for every process that shares a folder.

The folder holds ``<model>/facts.json`` and ``<model>/<role>/*.vectors`` (see ``segments``). Deleting any of it is safe.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import uuid4

import numpy as np

from embeddings.encoder import Encoder, Matrix
from embeddings.errors import CacheError
from embeddings.segments import Digests, Flags, Positions, Shelf

_log = logging.getLogger(__name__)
_CHUNK: Final = 1024  # texts encoded between two writings: what a kill can cost, some twenty seconds of encoding

Progress = Callable[[int, int], None]  # texts encoded so far, and in all


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked of a model besides vectors, so that a process with everything cached need not load it."""

    name: str
    dimension: int
    max_tokens: int


class VectorCache:
    """One folder of vectors. The counters are this object's own: rows found, rows not found, rows it added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hits = 0
        self.misses = 0
        self.vectors_written = 0
        self._counting = Lock()
        self._shelves: dict[tuple[str, str], Shelf] = {}

    def read(self, facts: Facts, role: str, digests: Digests, out: Matrix, places: Positions) -> Flags:
        """Fill ``out[places[i]]`` with the row of ``digests[i]``, byte for byte as written; tell which were found."""
        found = self._shelf(facts, role).read(digests, out, places)
        with self._counting:
            self.hits += int(found.sum())
            self.misses += int((~found).sum())
        return found

    def keep(self, facts: Facts, role: str, digests: Digests, rows: Matrix) -> Matrix:
        """Keep rows of distinct digests, durable on return; return the rows now kept under them.

        A digest that was already there keeps its row. Raises CacheError for rows of another shape than stated or not
        finite, and OSError if the folder takes none.
        """
        if rows.dtype != np.float32 or rows.shape != (len(digests), facts.dimension) or not np.isfinite(rows).all():
            raise CacheError(
                f"{facts.name}: expected {len(digests)} finite float32 rows of {facts.dimension};"
                f" got {rows.dtype} {rows.shape}; check the encoder"
            )
        shelf = self._shelf(facts, role)
        new = shelf.write(digests, rows)
        with self._counting:
            self.vectors_written += new
        if new == len(digests):
            return rows
        kept = rows.copy()
        shelf.read(digests, kept, np.arange(len(digests)))
        return kept

    def facts(self, name: str) -> Facts | None:
        """Return what is known of a model, or None."""
        try:
            facts = Facts(**json.loads((self.folder / _folder_name(name) / "facts.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        whole = facts.name == name and type(facts.dimension) is int and type(facts.max_tokens) is int
        return facts if whole else None

    def keep_facts(self, facts: Facts) -> None:
        """Remember a model for the next process; the file is replaced whole."""
        folder = self.folder / _folder_name(facts.name)
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{uuid4().hex}.tmp"
        draft.write_text(json.dumps(asdict(facts), indent=1), "utf-8")
        draft.rename(folder / "facts.json")

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def prune(self, keep: Collection[str]) -> int:
        """Delete the vectors of all models but these names; return the bytes freed. Not while others write."""
        before = self.size()
        kept = {_folder_name(name) for name in keep}
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            if folder.is_dir() and folder.name not in kept:
                shutil.rmtree(folder)
        self._shelves = {key: shelf for key, shelf in self._shelves.items() if key[0] in keep}
        return before - self.size()

    def forget(self, texts: Sequence[str]) -> int:
        """Remove the vectors of these texts, of every model and role, from the disk; return how many there were."""
        digests = digests_of(texts)
        forgotten = 0
        for path in self.folder.glob("*/facts.json"):
            dimension = int(json.loads(path.read_text("utf-8"))["dimension"])
            roles = [folder for folder in path.parent.iterdir() if folder.is_dir()]
            forgotten += sum(Shelf(folder, dimension).forget(digests) for folder in roles)
        self._shelves.clear()
        return forgotten

    def _shelf(self, facts: Facts, role: str) -> Shelf:
        shelf = Shelf(self.folder / _folder_name(facts.name) / role, facts.dimension)
        return self._shelves.setdefault((facts.name, role), shelf)


class CachedEncoder:
    """An encoder that computes only what the cache lacks; the cached row is the row, whoever computed it first.

    ``progress`` is told after each chunk how many of a call's missing texts are encoded. A chunk is kept as soon as it
    is done, so a call that was killed goes on where it stopped. If the folder takes no rows the log says so and the
    answer is still given. Equal texts in a call are encoded once.
    """

    def __init__(self, encoder: Encoder, cache: VectorCache, progress: Progress | None = None) -> None:
        self._encoder = encoder
        self._cache = cache
        self._progress = progress
        self._known: Facts | None = None

    @property
    def name(self) -> str:
        """The encoder's: a cache changes no vector."""
        return self._encoder.name

    @property
    def dimension(self) -> int:
        """Read from the cache where it is known, so that the model stays unloaded."""
        return self._facts().dimension

    @property
    def max_tokens(self) -> int:
        """Read from the cache where it is known, so that the model stays unloaded."""
        return self._facts().max_tokens

    @property
    def languages(self) -> frozenset[str] | None:
        """The encoder's."""
        return self._encoder.languages

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Take rows from the cache, and encode the rest as queries."""
        return self._encode(texts, "query")

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Take rows from the cache, and encode the rest as documents."""
        return self._encode(texts, "document")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as the encoder does."""
        return self._encoder.count_tokens(texts)

    def _encode(self, texts: Sequence[str], role: str) -> Matrix:
        facts = self._facts()
        rows = np.zeros((len(texts), facts.dimension), dtype=np.float32)
        places = np.array([place for place, text in enumerate(texts) if text.strip()], dtype=np.int64)
        digests = digests_of([texts[place] for place in places])
        found = self._cache.read(facts, role, digests, rows, places)
        if not found.all():
            self._encode_missing(texts, role, digests[~found], rows, places[~found])
        return rows

    def _encode_missing(
        self, texts: Sequence[str], role: str, digests: Digests, rows: Matrix, places: Positions
    ) -> None:
        """Longest first: batches of one length waste nothing, and a model too large for the machine fails at once."""
        _, firsts, same = np.unique(digests, axis=0, return_index=True, return_inverse=True)
        lengths = np.array([len(texts[place]) for place in places[firsts]])
        order = firsts[np.argsort(-lengths, kind="stable")]
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            wanted = [texts[place] for place in places[chunk]]
            encode = self._encoder.encode_queries if role == "query" else self._encoder.encode_documents
            rows[places[chunk]] = self._kept(role, digests[chunk], encode(wanted))
            if self._progress is not None:
                self._progress(start + len(chunk), len(order))
        source = firsts[same.ravel()]
        again = np.flatnonzero(source != np.arange(len(source)))
        rows[places[again]] = rows[places[source[again]]]

    def _kept(self, role: str, digests: Digests, rows: Matrix) -> Matrix:
        """Write new rows; where another process was first, its rows replace ours."""
        try:
            return self._cache.keep(self._facts(), role, digests, rows)
        except OSError as error:
            _log.warning("vectors could not be cached", extra={"folder": str(self._cache.folder), "error": str(error)})
            return rows

    def _facts(self) -> Facts:
        if self._known is None:
            self._known = self._cache.facts(self._encoder.name)
        if self._known is None:
            self._known = Facts(self._encoder.name, self._encoder.dimension, self._encoder.max_tokens)
            try:
                self._cache.keep_facts(self._known)
            except OSError as error:
                _log.warning("a model's facts could not be cached", extra={"error": str(error)})
        return self._known


def digests_of(texts: Sequence[str]) -> Digests:
    """Return the SHA-256 of each text."""
    joined = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(texts), 32)


def _folder_name(model: str) -> str:
    """Return a readable file name; names that differ only in what is replaced stay apart by their hash."""
    return f"{re.sub(r'[^A-Za-z0-9.-]+', '-', model)[:80]}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"

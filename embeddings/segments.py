"""Vectors of one model and role in append-only files: written whole or not at all, checked whenever they are read.

A segment is: header | digests in order | a CRC-32 of each row | rows. All but the rows is checked when the file is
opened, each row when it is read. So a torn, short or flipped file costs an encoding and never gives a wrong vector.

Files rather than SQLite because rows are then mapped (shared by all workers, in nobody's memory), found and copied by
the array, and because damage stays in one file; there are no updates, so the transactions of a database buy nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import mmap
import os
import struct
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from embeddings.encoder import Matrix

Digests = npt.NDArray[np.uint8]  # shape (n, 32): SHA-256 of each text
Positions = npt.NDArray[np.int64]
Checks = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

_log = logging.getLogger(__name__)
_HEADER: Final = struct.Struct("<8sIQI")  # magic, dimension, rows, CRC-32 of the counts, digests and checks
_COUNTS: Final = struct.Struct("<IQ")
_MAGIC: Final = b"vectors1"
_HEAD_SIZE: Final = 64  # the header, padded so that what follows is aligned
_ENTRY: Final = 32 + 4  # bytes a row has before the rows begin: its digest and its check
_BLOCK: Final = 4096  # rows gathered at once
_FAN_BITS: Final = 3  # 8 segments of one size class are merged: each row is rewritten log8(rows) times in all


class Segment:
    """One file, mapped and never loaded."""

    def __init__(self, digests: Digests, checks: Checks, rows: Matrix, memory: mmap.mmap) -> None:
        self.digests, self.checks, self.rows, self._memory = digests, checks, rows, memory
        self._prefixes = _prefix(digests)

    @classmethod
    def open(cls, path: Path, dimension: int) -> Self | None:
        """Map a file; None, with a warning in the log, if it is not whole. FileNotFoundError if it is gone."""
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size > _HEAD_SIZE
            memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if whole else None
        segment = cls._parse(memory, dimension) if memory is not None else None
        if segment is None:
            _log.warning("a damaged file of cached vectors is left unread", extra={"path": str(path)})
        return segment

    @classmethod
    def _parse(cls, memory: mmap.mmap, dimension: int) -> Self | None:
        magic, stated, count, crc = _HEADER.unpack_from(memory)
        start = _HEAD_SIZE + count * _ENTRY
        if magic != _MAGIC or stated != dimension or not count or len(memory) != start + count * dimension * 4:
            return None
        if _crc_of_index(stated, count, memoryview(memory)[_HEAD_SIZE:start]) != crc:
            return None
        checks_at = _HEAD_SIZE + count * 32
        digests = np.frombuffer(memory, np.uint8, count * 32, _HEAD_SIZE).reshape(count, 32)
        checks = np.frombuffer(memory, np.uint32, count, checks_at)
        rows = np.frombuffer(memory, np.float32, count * dimension, start).reshape(count, dimension)
        return cls(digests, checks, rows, memory)

    def __len__(self) -> int:
        return len(self.digests)

    def copy(self, wanted: Digests, out: Matrix, places: Positions) -> Flags:
        """Copy the row of ``wanted[i]`` to ``out[places[i]]`` where it is here and sound; tell which were."""
        at = np.minimum(np.searchsorted(self._prefixes, _prefix(wanted)), len(self) - 1)
        found: Flags = (self.digests[at] == wanted).all(axis=1)
        hit = np.flatnonzero(found)
        for hits in _blocks(hit[np.argsort(at[hit])]):  # along the file: fewer pages are touched twice
            rows = self.rows[at[hits]]
            sound = checks_of(rows) == self.checks[at[hits]]
            out[places[hits[sound]]] = rows[sound]
            found[hits[~sound]] = False
        self._release(len(wanted))
        return found

    def sound(self) -> Flags:
        """Tell which rows are as they were written."""
        blocks = [checks_of(self.rows[block]) == self.checks[block] for block in _blocks(np.arange(len(self)))]
        self._release(len(self))
        return np.concatenate(blocks)

    def _release(self, read: int) -> None:
        """After a long read, give the pages back: they stay in the system's cache, not in this process's memory."""
        if read >= _BLOCK and hasattr(mmap, "MADV_DONTNEED"):
            self._memory.madvise(mmap.MADV_DONTNEED)


class Shelf:
    """The segments of one model and role in one folder, which appears with the first row.

    Any number of processes and threads read and write: a writer holds the folder's lock, a reader holds nothing. The
    first row kept under a digest stays the row of that digest, as long as it is undamaged.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = folder
        self._dimension = dimension
        self._segments: dict[str, Segment | None] = {}  # by file name; None: damaged

    def read(self, wanted: Digests, out: Matrix, places: Positions) -> Flags:
        """Fill ``out[places[i]]`` with the row of ``wanted[i]``; tell which were known.

        The folder is looked at again only when a row is missing.
        """
        found = np.zeros(len(wanted), dtype=np.bool_)
        known = self._segments
        _copy_missing(known.values(), wanted, out, places, found)
        if not found.all():
            self._refresh()
            new = [segment for name, segment in self._segments.items() if name not in known]
            _copy_missing(new, wanted, out, places, found)
        return found

    def write(self, digests: Digests, rows: Matrix) -> int:
        """Keep the rows whose digests are new; digests are distinct. Return how many were; durable on return."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder):
            self._sweep()
            new = ~self.read(digests, np.empty_like(rows), np.arange(len(rows)))
            if new.any():
                order = np.flatnonzero(new)[np.argsort(_prefix(digests[new]), kind="stable")]
                self._publish(digests[order], checks_of(rows[order]), (rows[block] for block in _blocks(order)))
                self._merge()
        return int(new.sum())

    def forget(self, digests: Digests) -> int:
        """Remove the rows of these digests from the disk; return how many there were.

        A segment that holds one is written anew without it. A process that has the old one mapped keeps it until it
        looks at the folder again.
        """
        if not self._folder.is_dir():
            return 0
        wanted = {row.tobytes() for row in digests}
        forgotten = 0
        with _locked(self._folder):
            self._sweep()
            self._refresh()
            for name, segment in list(self._segments.items()):
                gone = np.array([row.tobytes() in wanted for row in segment.digests]) if segment else np.zeros(0, bool)
                if segment is None or not gone.any():
                    continue
                kept = np.flatnonzero(~gone & segment.sound())
                if len(kept):
                    rows = (segment.rows[block] for block in _blocks(kept))
                    self._publish(segment.digests[kept], segment.checks[kept], rows)
                (self._folder / f"{name}.vectors").unlink()
                forgotten += int(gone.sum())
            self._refresh()
        return forgotten

    def _publish(self, digests: Digests, checks: Checks, blocks: Iterator[Matrix]) -> None:
        draft = self._folder / f"{uuid4().hex}.draft"
        try:
            _write(draft, self._dimension, digests, checks, blocks)
            draft.rename(draft.with_suffix(".vectors"))
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(self._folder)
        self._refresh()

    def _merge(self) -> None:
        """Rewrite a size class as one segment when it is full, and remove what cannot be read."""
        classes: dict[int, list[str]] = {}
        for name, segment in self._segments.items():
            size_class = -1 if segment is None else (len(segment).bit_length() - 1) // _FAN_BITS
            classes.setdefault(size_class, []).append(name)
        spent = classes.pop(-1, [])
        for names in classes.values():
            if len(names) >= 1 << _FAN_BITS:
                self._publish(*_merged([segment for name in names if (segment := self._segments[name])]))
                spent += names
        for name in spent:
            (self._folder / f"{name}.vectors").unlink(missing_ok=True)
        if spent:
            self._refresh()

    def _refresh(self) -> None:
        """Follow the folder: open what is new, forget what is gone. Looks again as long as files come and go."""
        names: list[str] | None = None
        while names != (names := sorted(path.stem for path in self._folder.glob("*.vectors"))):
            known, segments = self._segments, dict[str, Segment | None]()
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # merged into another since it was listed
                    path = self._folder / f"{name}.vectors"
                    segments[name] = known[name] if name in known else Segment.open(path, self._dimension)
            self._segments = segments

    def _sweep(self) -> None:
        """Remove what a killed writer left: only the holder of the lock writes."""
        for path in self._folder.glob("*.draft"):
            path.unlink(missing_ok=True)


def checks_of(rows: Matrix) -> Checks:
    """Return the CRC-32 of each row's bytes."""
    return np.fromiter((zlib.crc32(row) for row in np.ascontiguousarray(rows)), dtype=np.uint32, count=len(rows))


def _prefix(digests: Digests) -> npt.NDArray[np.uint64]:
    """Return eight bytes by which digests are ordered and found. A tie in one file costs an encoding, no more."""
    return np.ascontiguousarray(digests[:, :8]).view(">u8").ravel().astype(np.uint64)


def _blocks(places: Positions) -> Iterator[Positions]:
    return (places[start : start + _BLOCK] for start in range(0, len(places), _BLOCK))


def _copy_missing(
    segments: Collection[Segment | None], wanted: Digests, out: Matrix, places: Positions, found: Flags
) -> None:
    for segment in segments:
        missing = np.flatnonzero(~found)
        if segment is not None and len(missing):
            found[missing] = segment.copy(wanted[missing], out, places[missing])


def _merged(segments: Sequence[Segment]) -> tuple[Digests, Checks, Iterator[Matrix]]:
    """Gather the sound rows of all, in the order of their digests and once each; rows come a block at a time."""
    digests = np.concatenate([segment.digests for segment in segments])
    checks = np.concatenate([segment.checks for segment in segments])
    sound = np.flatnonzero(np.concatenate([segment.sound() for segment in segments]))
    order = sound[np.argsort(_prefix(digests[sound]), kind="stable")]
    repeated = np.zeros(len(order), dtype=np.bool_)
    repeated[1:] = (digests[order[1:]] == digests[order[:-1]]).all(axis=1)
    order = order[~repeated]
    starts = np.cumsum([0, *(len(segment) for segment in segments)])

    def gather(block: Positions) -> Matrix:
        rows = np.empty((len(block), segments[0].rows.shape[1]), dtype=np.float32)
        owner = np.searchsorted(starts, block, side="right") - 1
        for number, segment in enumerate(segments):
            rows[owner == number] = segment.rows[block[owner == number] - starts[number]]
        return rows

    return digests[order], checks[order], (gather(block) for block in _blocks(order))


def _write(path: Path, dimension: int, digests: Digests, checks: Checks, blocks: Iterator[Matrix]) -> None:
    index = digests.tobytes() + checks.tobytes()
    header = _HEADER.pack(_MAGIC, dimension, len(digests), _crc_of_index(dimension, len(digests), index))
    with path.open("xb") as file:
        file.write(header.ljust(_HEAD_SIZE, b"\0") + index)
        for block in blocks:
            file.write(np.ascontiguousarray(block).data)
        file.flush()
        os.fsync(file.fileno())


def _crc_of_index(dimension: int, count: int, index: bytes | memoryview) -> int:
    return zlib.crc32(index, zlib.crc32(_COUNTS.pack(dimension, count)))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when its holder dies."""
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

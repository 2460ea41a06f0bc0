"""Records of one kind in a release: JSON lines in the order of their ids, parsed one at a time when asked for."""

import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar, overload

import numpy as np

from matcher.profiles import KINDS, Record
from service.releases.files import map_array, replacing, write_array

P = TypeVar("P", bound=Record)


class RecordFile(Sequence[P], Generic[P]):
    """``kind`` in ``folder`` as a sequence: ``file[row]`` parses that one line; opening parses nothing.

    Rows stand in the order of the ids (by code point). Safe to read from several threads, and to pickle.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        self._model: type[P] = KINDS[kind]  # type: ignore[assignment]  # the caller states which record it expects
        self._offsets = map_array(folder / f"{kind}.offsets.npy")
        self._ids = map_array(folder / f"{kind}.ids.npy")
        self._lines: bytes | mmap.mmap = b""
        with (folder / f"{kind}.jsonl").open("rb") as source:
            if len(self._ids):  # an empty file cannot be mapped
                self._lines = mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, row: int) -> P: ...
    @overload
    def __getitem__(self, row: slice) -> list[P]: ...
    def __getitem__(self, row: int | slice) -> P | list[P]:
        if isinstance(row, slice):
            return [self[index] for index in range(*row.indices(len(self)))]
        return self._model.model_validate_json(self.line(row))

    def __iter__(self) -> Iterator[P]:
        return (self[row] for row in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return (RecordFile, (self.folder, self.kind))

    def line(self, row: int) -> bytes:
        """Give the record's JSON text, unparsed, without the line end."""
        position = int(row)
        if position < 0:
            position += len(self)
        if not 0 <= position < len(self):
            raise IndexError(f"{self.kind} has rows 0 to {len(self) - 1}; got {row}")
        return self._lines[int(self._offsets[position]) : int(self._offsets[position + 1]) - 1]

    def id_of(self, row: int) -> str:
        """Give a row's id without parsing the record."""
        return bytes(self._ids[row]).decode()

    def ids(self) -> Iterator[str]:
        """Give every id in row order without parsing."""
        return (bytes(value).decode() for value in self._ids)

    def row_of(self, record_id: str) -> int | None:
        """Find a record by id; None when there is none."""
        key = record_id.encode()
        if not key or len(key) > self._ids.dtype.itemsize or not len(self):
            return None
        row = int(self._ids.searchsorted(np.array(key, self._ids.dtype)))
        return row if row < len(self) and bytes(self._ids[row]) == key else None

    def get(self, record_id: str) -> P | None:
        """Give the record of that id, or None."""
        row = self.row_of(record_id)
        return None if row is None else self[row]


class RecordMap(Mapping[str, P], Generic[P]):
    """A RecordFile as a mapping from id to record, parsed at each look-up.

    With ``merges`` an absorbed id finds the record that is kept; walking gives each record once.
    """

    def __init__(self, records: RecordFile[P], merges: Mapping[str, str] = MappingProxyType({})) -> None:
        self._records, self._merges = records, merges

    def __getitem__(self, record_id: str) -> P:
        found = self._records.get(self._merges.get(record_id, record_id))
        if found is None:
            raise KeyError(record_id)
        return found

    def __contains__(self, record_id: object) -> bool:
        if not isinstance(record_id, str):
            return False
        return self._records.row_of(self._merges.get(record_id, record_id)) is not None

    def __iter__(self) -> Iterator[str]:
        return self._records.ids()

    def __len__(self) -> int:
        return len(self._records)


def record_text(record: Record) -> str:
    """Write a record as one line of JSON text: unknown (None) is left out, stated none stays an empty list."""
    return record.model_dump_json(exclude_none=True)


def write_records(folder: Path, kind: str, records: Iterable[tuple[str, str]]) -> int:
    """Write (id, JSON text of one line) pairs of one kind, in any order, without holding them; returns how many.

    Two records with one id are refused: the store keeps ids unique, so it would be a fault of the snapshot.
    """
    unsorted = folder / f"{kind}.unsorted"
    ids, lengths = _stream(unsorted, records)
    order = sorted(range(len(ids)), key=ids.__getitem__)
    for one, next_one in pairwise(order):
        if ids[one] == ids[next_one]:
            raise ValueError(f"{kind}: expected ids to be unique; got {ids[one].decode()!r} twice")
    starts = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64)))
    with unsorted.open("rb") as source, replacing(folder / f"{kind}.jsonl") as sink:
        for index in order:
            source.seek(int(starts[index]))
            sink.write(source.read(lengths[index]))
    offsets = np.concatenate(([0], np.cumsum([lengths[index] for index in order], dtype=np.int64)))
    write_array(folder / f"{kind}.offsets.npy", offsets.astype(np.int64))
    write_array(folder / f"{kind}.ids.npy", np.array([ids[index] for index in order] or [b""], np.bytes_)[: len(ids)])
    unsorted.unlink()
    return len(ids)


def _stream(path: Path, records: Iterable[tuple[str, str]]) -> tuple[list[bytes], list[int]]:
    ids: list[bytes] = []
    lengths: list[int] = []
    with replacing(path) as sink:
        for record_id, text in records:
            line = text.encode() + b"\n"
            ids.append(record_id.encode())
            lengths.append(len(line))
            sink.write(line)
    return ids, lengths

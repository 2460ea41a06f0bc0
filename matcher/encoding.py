"""Dictionary encoding: every distinct value is kept once, each row points to it. Code 0 is always unknown."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=Hashable)
Names = npt.NDArray[np.bytes_]  # UTF-8, sorted, so that a name is found by bisection
Codes = npt.NDArray[np.integer[Any]]  # row -> position of its value; 0 = unknown
Words = npt.NDArray[np.uint64]  # a bitset, 64 members a word
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Arrays = dict[str, npt.NDArray[Any]]

_SEPARATORS = re.compile(r"[\s_\-/]+")


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Write a free label one way: lower case, words joined by underscores."""
    return _SEPARATORS.sub("_", text.strip().casefold())


def primary(tag: str) -> str:
    """Keep the language of a BCP-47 tag: "pt-BR" is "pt"."""
    return tag.partition("-")[0].lower()


def vocabulary(names: Iterable[str]) -> Names:
    """Return the distinct names in byte order."""
    return np.array(sorted({name.encode() for name in names}), dtype=np.bytes_)


def positions(known: Names, names: Sequence[str]) -> npt.NDArray[np.intp]:
    """Find each name in a vocabulary; -1 where it is absent."""
    if not names or not len(known):
        return np.full(len(names), -1, np.intp)
    wanted = np.array([name.encode() for name in names], dtype=np.bytes_)
    found = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[found] == wanted, found, -1)


def small(values: Sequence[int] | array[int] | npt.NDArray[Any], limit: int) -> Codes:
    """Store codes up to ``limit`` in the smallest unsigned type that holds them."""
    return np.asarray(values).astype(np.min_scalar_type(max(limit, 1)))


class Dictionary(Generic[T]):
    """Collects one value a row while records stream by; None is code 0. ``first`` names the record a value came by."""

    def __init__(self) -> None:
        self.uniques: dict[T | None, int] = {None: 0}
        self.first: list[str] = [""]
        self._rows = array("i")

    def add(self, value: T | None, record: str = "") -> None:
        """Append the next row."""
        code = 0 if value is None else self.uniques.setdefault(value, len(self.uniques))
        if code == len(self.first):
            self.first.append(record)
        self._rows.append(code)

    def codes(self) -> Codes:
        """Return the row codes in the smallest type."""
        return small(self._rows, len(self.uniques) - 1)

    def stated(self) -> list[T]:
        """Return the distinct values that are known, in code order from 1."""
        return [value for value in self.uniques if value is not None]


@dataclass(frozen=True, eq=False)
class BitColumn:
    """A set of few possible names per row: ``members`` is (words, distinct sets), its column 0 unknown and empty."""

    names: Names
    members: Words
    codes: Codes

    @classmethod
    def of(cls, sets: Sequence[Iterable[str]], codes: Codes, names: Names | None = None) -> Self:
        """Encode the distinct sets, given in code order from 1."""
        sets = [frozenset(one) for one in sets]
        known = vocabulary(name for one in sets for name in one) if names is None else names
        members = np.zeros((max(1, -(-len(known) // 64)), len(sets) + 1), np.uint64)
        column = cls(known, members, codes)
        for at, one in enumerate(sets, start=1):
            members[:, at] = column.mask(one)
        return column

    @classmethod
    def encode(cls, rows: Dictionary[T], read: Callable[[T], Iterable[str]], names: Names | None = None) -> Self:
        """Encode what streamed by; ``read`` turns one distinct value into names."""
        return cls.of([list(read(value)) for value in rows.stated()], rows.codes(), names)

    def mask(self, names: Iterable[str]) -> Words:
        """Return the names as a bitset; names that no row has are left out."""
        words = [0] * len(self.members)
        for name in names:
            if (at := self._index.get(name)) is not None:
                words[at >> 6] |= 1 << (at & 63)
        return np.array(words, np.uint64)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name.decode(): at for at, name in enumerate(self.names.tolist())}

    def at(self, rows: npt.NDArray[np.intp]) -> Words:
        """Gather the bitsets of some rows: (words, len(rows))."""
        return np.take(self.members, self.codes[rows], axis=1, mode="clip")

    def known(self, rows: npt.NDArray[np.intp]) -> Flags:
        """Tell which of some rows state anything, be it none."""
        return np.asarray(self.codes[rows] != 0)


def meets(members: Words, mask: Words) -> Flags:
    """Tell which bitsets share a member with the mask."""
    from embeddings.kernels import any_shared

    met = np.zeros(members.shape[1], np.bool_)
    for word in np.flatnonzero(mask).tolist():
        any_shared(members[word], mask[word], met)
    return met


def counts(members: Words, mask: Words) -> npt.NDArray[np.int64]:
    """Count the members each bitset shares with the mask."""
    from embeddings.kernels import count_shared

    total = np.zeros(members.shape[1], np.int64)
    for word in np.flatnonzero(mask).tolist():
        count_shared(members[word], mask[word], total)
    return total


@dataclass(frozen=True, slots=True, eq=False)
class ListColumn:
    """A list of weighted names per row, from an open vocabulary; list ``c`` is items[starts[c]:starts[c + 1]]."""

    names: Names
    starts: npt.NDArray[np.int64]
    items: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    codes: Codes

    @classmethod
    def encode(
        cls, rows: Dictionary[T], read: Callable[[T], Iterable[tuple[str, float]]], names: Names | None = None
    ) -> Self:
        """Encode what streamed by; ``read`` turns one distinct value into names with weights, none repeated."""
        lists = [[], *(list(read(value)) for value in rows.stated())]
        known = vocabulary(name for one in lists for name, _ in one) if names is None else names
        flat = [pair for one in lists for pair in one]
        starts = np.concatenate([[0], np.cumsum([len(one) for one in lists])]).astype(np.int64)
        items = positions(known, [name for name, _ in flat]).astype(np.int32)
        return cls(known, starts, items, np.array([weight for _, weight in flat], np.float32), rows.codes())

    def sums(self, worth: Floats, rows: npt.NDArray[np.intp]) -> Floats:
        """Add up weight times ``worth[name]`` over each row's list; 0 for unknown and for stated none."""
        codes = self.codes[rows].astype(np.intp)
        begin, length = self.starts[codes], self.starts[codes + 1] - self.starts[codes]
        owner = np.repeat(np.arange(len(rows)), length)
        at = np.arange(len(owner)) + np.repeat(begin - (np.cumsum(length) - length), length)
        return np.bincount(owner, self.weights[at] * worth[self.items[at]], len(rows)).astype(np.float64)

    def lengths(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
        """Count each row's items."""
        codes = self.codes[rows].astype(np.intp)
        return np.asarray(self.starts[codes + 1] - self.starts[codes])

    def worth(self, names: Iterable[str]) -> Floats:
        """Return 1 for each of these names and 0 for every other name of the vocabulary."""
        worth = np.zeros(len(self.names))
        found = positions(self.names, list(names))
        worth[found[found >= 0]] = 1.0
        return worth


def flatten(parts: Mapping[str, Any]) -> Arrays:
    """Name the arrays of several columns "column_field"; plain arrays keep their name."""
    flat: Arrays = {}
    for name, part in parts.items():
        if isinstance(part, np.ndarray):
            flat[name] = part
        else:
            flat |= {f"{name}_{field.name}": getattr(part, field.name) for field in fields(part)}
    return flat

"""Two releases side by side: their lists as arrays, for all needs or for one, by the same path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher import changes
from matcher.changes import Lists, Pairs, Records, Run, Thresholds

if TYPE_CHECKING:
    import numpy.typing as npt

    from matcher.changes import Codes
    from service.releases import Release
    from service.visibility import Visibility

    Flags = npt.NDArray[np.bool_]
    from service.releases.manifest import RunFacts
    from service.releases.records import RecordFile

COLUMNS: Final = ("capability_id", "rank", "score", "near_miss")
_HASH: Final = re.compile(rb'"content_hash":"([0-9a-f]{64})"')
_OWNERS: Final = {"needs": b'"owner_organisation_id":"', "capabilities": b'"organisation_id":"'}
_MODEL: Final = ("model", "languages", "scorer")
_RULE: Final = ("policy", "k", "code")


@dataclass(frozen=True)
class Compared:
    """What changed between two releases, a row a pair; ``needs`` and ``capabilities`` give the ids of the numbers."""

    before_id: str
    after_id: str
    needs: tuple[str, ...]
    capabilities: tuple[str, ...]
    pairs: Pairs
    records: Records
    run: Run
    differs: tuple[str, ...]  # facts of the run that differ, by name

    def seen(self, visible: Visibility) -> Flags:
        """Say of each pair whether both its sides may be seen."""
        needs, offers = (
            np.array([visible.shows(kind, each) for each in ids], np.bool_)
            for kind, ids in (("needs", self.needs), ("capabilities", self.capabilities))
        )
        found: Flags = needs[self.pairs.needs] & offers[self.pairs.capabilities]
        return found

    def kinds(self, least: Thresholds, seen: Flags) -> Codes:
        """Say what became of each pair (``matcher.changes.KINDS``), ranks counted among those that are seen."""
        pairs = self.pairs if seen.all() else changes.among(self.pairs, seen)
        return changes.kinds(pairs, self.records, least)

    def causes(self, kinds: Codes) -> Codes:
        """Say why (``matcher.changes.CAUSES``)."""
        return changes.causes(self.pairs, kinds, self.records, self.run)

    @cached_property
    def need_numbers(self) -> dict[str, int]:
        """Number of each need by id."""
        return {each: number for number, each in enumerate(self.needs)}


def compare(before: Release, after: Release) -> Compared:
    """Compare every list of two releases."""
    return _compared(before, after, _whole(before), _whole(after))


def compare_need(before: Release, after: Release, need_id: str) -> Compared:
    """Compare one need's lists."""
    return _compared(before, after, _one(before, need_id), _one(after, need_id))


def run_differences(before: RunFacts, after: RunFacts) -> tuple[Run, tuple[str, ...]]:
    """Say what two runs were made with that differs. The day and the records are data, and so neither of the two."""
    differs = tuple(name for name in (*_MODEL, *_RULE) if getattr(before, name) != getattr(after, name))
    return Run(bool(set(_MODEL) & set(differs)), bool(set(_RULE) & set(differs))), differs


@dataclass(frozen=True)
class _Read:
    """Lines of one release, ids not yet numbered."""

    needs: Sequence[str]  # every need read, listed or not
    needs_of_rows: npt.NDArray[np.int64]  # (n,) place in ``needs``
    names: Sequence[str]  # capabilities that occur
    names_of_rows: npt.NDArray[np.int64]  # (n,) place in ``names``
    ranks: npt.NDArray[Any]
    scores: npt.NDArray[Any]
    near_miss: npt.NDArray[np.bool_]
    complete: npt.NDArray[np.bool_]  # by place in ``needs``


def _whole(release: Release) -> _Read:
    """Read the columns of every part; nothing is done a pair at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    headers = [header for part in release.parts() for header in part.headers]
    tables = [pq.read_table(part.path, columns=list(COLUMNS)) for part in release.parts()]
    table = pa.concat_tables(tables) if tables else pa.table({name: [] for name in COLUMNS})
    encoded = table.column("capability_id").cast(pa.string()).combine_chunks().dictionary_encode()
    rows = np.array([header.rows for header in headers], np.int64)
    near_miss = table.column("near_miss").cast(pa.bool_()).to_numpy()
    needs_of_rows = np.repeat(np.arange(len(headers)), rows)
    listed = np.bincount(needs_of_rows[~near_miss], minlength=len(headers))
    return _Read(
        needs=[header.need_id for header in headers],
        needs_of_rows=needs_of_rows,
        names=encoded.dictionary.to_pylist(),
        names_of_rows=encoded.indices.to_numpy().astype(np.int64),
        ranks=table.column("rank").cast(pa.int64()).to_numpy(),
        scores=table.column("score").cast(pa.float64()).to_numpy(),
        near_miss=near_miss,
        complete=listed >= np.array([header.eligible for header in headers], np.int64),
    )


def _one(release: Release, need_id: str) -> _Read:
    header, found = release.header(need_id), release.columns(need_id, COLUMNS)
    near_miss = np.array(found["near_miss"], np.bool_)
    rows = len(near_miss)
    return _Read(
        needs=[] if header is None else [need_id],
        needs_of_rows=np.zeros(rows, np.int64),
        names=found["capability_id"],
        names_of_rows=np.arange(rows),
        ranks=np.array(found["rank"], np.int64),
        scores=np.array(found["score"], np.float64),
        near_miss=near_miss,
        complete=np.array([] if header is None else [int((~near_miss).sum()) >= header.eligible], np.bool_),
    )


def _compared(before: Release, after: Release, old: _Read, new: _Read) -> Compared:
    needs, capabilities = (tuple(sorted({*one, *two})) for one, two in ((old.needs, new.needs), (old.names, new.names)))
    pairs = changes.join(_lists(old, needs, capabilities), _lists(new, needs, capabilities))
    changed_needs, needs_there = _changed(before, after, "needs", needs)
    changed_capabilities, capabilities_there = _changed(before, after, "capabilities", capabilities)
    records = Records(changed_needs, changed_capabilities, needs_there, capabilities_there)
    run, differs = run_differences(before.manifest.facts, after.manifest.facts)
    return Compared(before.id, after.id, needs, capabilities, pairs, records, run, differs)


def _lists(read: _Read, needs: Sequence[str], capabilities: Sequence[str]) -> Lists:
    need_numbers, numbers = _numbers(read.needs, needs), _numbers(read.names, capabilities)
    complete = np.zeros(len(needs), np.bool_)
    complete[need_numbers] = read.complete
    return Lists(
        needs=need_numbers[read.needs_of_rows],
        capabilities=numbers[read.names_of_rows],
        ranks=read.ranks,
        scores=read.scores,
        near_miss=read.near_miss,
        complete=complete,
    )


def _numbers(ids: Sequence[str], ordered: Sequence[str]) -> npt.NDArray[np.int64]:
    numbers = {each: number for number, each in enumerate(ordered)}
    return np.array([numbers[each] for each in ids], np.int64)


def _changed(
    before: Release, after: Release, kind: str, ids: Iterable[str]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say of each record whether it, or the organisation behind it, differs, and whether it was there before and is."""
    files = (before.records(kind), after.records(kind))
    organisations = (before.records("organisations"), after.records("organisations"))
    known: dict[bytes | None, bool] = {None: False}
    changed: list[bool] = []
    there: list[tuple[bool, bool]] = []
    for each in ids:
        old, new = (_line(file, each) for file in files)
        there.append((bool(old), bool(new)))
        differs = _said(old) != _said(new)
        owner = _owner(kind, new or old)
        if owner not in known:
            name = (owner or b"").decode()
            one, other = (_said(_line(file, name)) for file in organisations)
            known[owner] = one != other
        changed.append(differs or known[owner])
    return np.array(changed, np.bool_), np.array(there, np.bool_).reshape(-1, 2)


def _line(file: RecordFile[Any], record_id: str) -> bytes:
    row = file.row_of(record_id)
    return b"" if row is None else file.line(row)


def _said(line: bytes) -> bytes:
    """Return the hash of what a record says; the whole line where it carries none."""
    found = _HASH.search(line)
    return found[1] if found else line


def _owner(kind: str, line: bytes) -> bytes | None:
    """Return the organisation behind a record as its line has it; an id that JSON escapes is left out."""
    _, found, rest = line.partition(_OWNERS[kind])
    owner = rest.partition(b'"')[0]
    return owner if found and b"\\" not in owner else None

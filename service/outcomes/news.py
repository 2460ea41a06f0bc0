"""News between releases in words: for a need, for everything, and for the matches of an answer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from matcher.changes import CAUSES, KINDS, SAME, Thresholds
from matcher.followup import ChangeCause, ChangeKind
from matcher.matches import Delta
from service.outcomes.comparing import Compared, compare, compare_need
from service.releases import Release, ReleaseError
from service.releases.publishing import withheld
from service.releases.reading import published
from service.visibility import Visibility

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

T = TypeVar("T")
LEAST: Final = Thresholds()
EVERYTHING: Final = Visibility()
_NEEDS_KEPT: Final = 20_000  # comparisons of single needs: some kilobytes each at most
_WHOLE_KEPT: Final = 2  # comparisons of whole releases: tens of megabytes each
_RELEASES_KEPT: Final = 4
_DIFFERS: Final[Mapping[str, str]] = {
    "model": "another text model",
    "languages": "other languages of the text model",
    "scorer": "other weights",
    "policy": "gates are treated otherwise",
    "k": "lists have another length",
    "code": "another version of the program",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One pair that changed."""

    need_id: str
    capability_id: str
    kind: ChangeKind
    cause: ChangeCause
    detail: str
    rank_before: int | None
    rank_after: int | None
    score_before: float | None
    score_after: float | None

    @property
    def delta(self) -> Delta:
        """The change as it stands in a match."""
        return Delta(self.kind, self.cause, self.rank_before, self.score_before, self.detail)


class News:
    """What changed between two releases under given thresholds; words are made for what is asked for alone.

    To whom a pair is not visible it moves no other: up and down count ranks among those that may be seen.
    """

    def __init__(self, compared: Compared, least: Thresholds = LEAST, visible: Visibility = EVERYTHING) -> None:
        self.compared, self.least = compared, least
        self.seen = compared.seen(visible)  # rows of which both sides may be seen
        self.kinds = compared.kinds(least, self.seen)
        self.causes = compared.causes(self.kinds)

    @cached_property
    def changed(self) -> npt.NDArray[np.int64]:
        """Rows that changed: by need, then by rank now, those that are gone last by their rank before."""
        rows = np.flatnonzero(self.kinds != SAME)
        pairs = self.compared.pairs
        after, before = pairs.rank_after[rows], pairs.rank_before[rows]
        order = np.lexsort((np.where(after > 0, after, before), after == 0, pairs.needs[rows]))
        return rows[order]

    def at(self, row: int) -> Change:
        """Tell one row in words."""
        compared, pairs = self.compared, self.compared.pairs
        need, capability = int(pairs.needs[row]), int(pairs.capabilities[row])
        kind, cause = KINDS[self.kinds[row]], CAUSES[self.causes[row]]
        return Change(
            need_id=compared.needs[need],
            capability_id=compared.capabilities[capability],
            kind=kind,
            cause=cause,
            detail=self._detail(need, capability, cause),
            rank_before=int(pairs.rank_before[row]) or None,
            rank_after=int(pairs.rank_after[row]) or None,
            score_before=_number(pairs.score_before[row]),
            score_after=_number(pairs.score_after[row]),
        )

    def each(self) -> Iterator[Change]:
        """Tell every row that changed."""
        return map(self.at, self.changed.tolist())

    def counts(self, rows: npt.NDArray[np.int64] | None = None) -> dict[str, dict[str, int]]:
        """Count rows by kind and cause; every kind and cause is there."""
        chosen = self.changed if rows is None else rows
        codes = self.kinds[chosen].astype(np.int64) * len(CAUSES) + self.causes[chosen]
        table = np.bincount(codes, minlength=len(KINDS) * len(CAUSES)).reshape(len(KINDS), len(CAUSES))
        return {
            kind.value: {cause.value: int(table[row, column]) for column, cause in enumerate(CAUSES)}
            for row, kind in enumerate(KINDS)
        }

    def _detail(self, need: int, capability: int, cause: ChangeCause) -> str:
        """Say which record differs, or what the runs differ in; what else differs stands after it."""
        records = self.compared.records
        told = [
            *_record("the need", records.needs[need], records.needs_there[need]),
            *_record("the capability", records.capabilities[capability], records.capabilities_there[capability]),
        ]
        if cause is ChangeCause.DATA and not told:
            told = ["other records that it is ranked among, or the day it is judged on"]
        others = made_with(self.compared)
        if cause is not ChangeCause.DATA:
            return "; ".join((*others, *told))
        return "; ".join((*told, *(f"also {each}" for each in others)))


def made_with(compared: Compared) -> list[str]:
    """Say in words what the two runs were made with that differs; empty when only records and the day do."""
    return [_DIFFERS[name] for name in compared.differs]


def _record(name: str, changed: Any, there: Any) -> list[str]:
    if not changed:
        return []
    before, after = bool(there[0]), bool(there[1])
    if before and after:
        return [f"{name}, or the organisation behind it, says something else"]
    return [f"{name} is new"] if after else [f"{name} is gone"]


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


class ReleaseShelf:
    """Retained releases, and comparisons of them at hand. Safe to share among threads."""

    def __init__(self, releases_dir: Path) -> None:
        self._dir = releases_dir
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Release] = OrderedDict()
        self._previous: dict[str, str | None] = {}
        self._whole: OrderedDict[tuple[str, str], Compared] = OrderedDict()
        self._needs: OrderedDict[tuple[str, str, str], Compared] = OrderedDict()
        self._deltas: OrderedDict[tuple[str, str, str, frozenset[str]], Mapping[str, Delta]] = OrderedDict()

    def names(self) -> tuple[str, ...]:
        """Name the releases that are retained, oldest first."""
        return tuple(self.moments())

    def moments(self) -> Mapping[str, datetime]:
        """Return when each release that is retained was made, oldest first: what people know a release by."""
        return {manifest.id: manifest.created_at for manifest in published(self._dir)}

    def release(self, release_id: str) -> Release | None:
        """Open a retained release; None when there is none of that name."""
        if release_id not in self._open and release_id not in self.names():
            return None
        return self._kept(self._open, release_id, _RELEASES_KEPT, lambda: Release.open(self._dir / release_id))

    def before(self, release: Release) -> Release | None:
        """Open the release published before this one and not rolled back from; None where none is retained."""
        if release.id not in self._previous:
            names, marks = self.names(), withheld(self._dir)
            earlier = names[: names.index(release.id)] if release.id in names else ()
            self._previous[release.id] = next((name for name in reversed(earlier) if name not in marks), None)
        name = self._previous[release.id]
        try:
            return None if name is None else self.release(name)
        except (ReleaseError, OSError):
            return None

    def deltas(self, release: Release, need_id: str, visible: Visibility = EVERYTHING) -> Mapping[str, Delta]:
        """Return by capability what became of a need's matches since the release before; empty without one.

        As a reader may see it: kept for all to whom the same of the need's lists is hidden.
        """
        before = self.before(release)
        if before is None:
            return {}
        key = (before.id, release.id, need_id)
        compared = self._kept(self._needs, key, _NEEDS_KEPT, lambda: compare_need(before, release, need_id))
        hidden = visible.hidden.get("capabilities", frozenset()).intersection(compared.capabilities)

        def made() -> Mapping[str, Delta]:
            news = News(compared, LEAST, Visibility({"capabilities": hidden}))
            return {change.capability_id: change.delta for change in news.each()}

        return self._kept(self._deltas, (*key, hidden), _NEEDS_KEPT, made)

    def compared(self, before: Release, after: Release) -> Compared:
        """Compare two whole releases, or return the comparison at hand."""
        return self._kept(self._whole, (before.id, after.id), _WHOLE_KEPT, lambda: compare(before, after))

    def _kept(self, kept: OrderedDict[Any, T], key: Any, most: int, make: Callable[[], T]) -> T:
        """Return what is at hand or make it; the one made first goes when there are too many."""
        found = kept.get(key)
        if found is None:
            found = make()
            with self._lock:
                kept[key] = found
                while len(kept) > most:
                    kept.popitem(last=False)
        return found

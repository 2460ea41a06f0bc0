"""What was looked at, with the values it had in the release it was shown from, and what became of it.

Of every tenant: a scorer is one for all, and only its weights leave this place. Near misses stay out, for a gate
decided them and not the score. Releases are kept for some nights only, and a pair may outlive the one it was shown
from; then the earliest release after it that still lists the pair has its values, which is counted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from matcher.learning import Judged, Outcome, outcome
from matcher.outcomes import fold
from matcher.scoring import SIGNALS
from service.releases import Release, published
from service.store import list_events
from service.store.shown import opened_pairs, releases_shown

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session

    from service.store import Store, StoredEvent

_READ: Final = 5_000  # events read at a time
_COLUMNS: Final = ("capability_id", "organisation_id", "near_miss", "detail")
_ROWS: Final = {signal.value: row for row, signal in enumerate(SIGNALS)}

Key = tuple[str, str, str]
"""Tenant, need, capability."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found: viewed pairs by what became of them as evidence."""

    pairs: int  # that are learned from
    later: int  # of these, with the values of a later release than the one they were shown from
    near_misses: int  # left out
    lost: int  # left out: no release is kept that lists them, or it was made with another text model
    last_event: int  # number of the last event that was read; 0 for none
    releases: tuple[str, ...]  # whose values were taken


class Gathered(NamedTuple):
    """Pairs ready to learn from; needs are numbered in the order in which they were first looked at."""

    judged: Judged
    evidence: Evidence


@dataclass
class _Look:
    """All that is known of a pair in a tenant."""

    events: list[StoredEvent] = field(default_factory=list)
    shown: list[tuple[datetime, str]] = field(default_factory=list)  # when, and from which release
    seen_at: datetime | None = None  # when it was last opened

    @property
    def first(self) -> datetime:
        return min([*(one.event.at for one in self.events), *(at for at, _ in self.shown)])


class _Line(NamedTuple):
    """A pair as a release lists it."""

    provider: str
    near_miss: bool
    values: tuple[float, ...]


class _Seen(NamedTuple):
    first: datetime
    need: str
    outcome: Outcome
    line: _Line


def gather(store: Store, releases_dir: Path, text_model: str, now: datetime) -> Gathered:
    """Read everything that was looked at by ``now``."""
    with store.reading() as session:
        looks, last = _looks(session)
    shelf = _Shelf(releases_dir, text_model)
    seen: list[_Seen] = []
    later = near = lost = 0
    for (_, need, capability), look in sorted(looks.items(), key=lambda one: (one[0][1], one[0])):
        found = outcome(fold([one.numbered for one in look.events]), look.seen_at, now)
        if found is None:
            continue
        line, as_shown = shelf.find(need, capability, look)
        if line is None:
            lost += 1
        elif line.near_miss:
            near += 1
        else:
            later += not as_shown
            seen.append(_Seen(look.first, need, found, line))
    return Gathered(_judged(seen), Evidence(len(seen), later, near, lost, last, tuple(sorted(shelf.used))))


def _looks(session: Session) -> tuple[dict[Key, _Look], int]:
    """Collect events and openings by tenant and pair, and the number of the last event."""
    looks: dict[Key, _Look] = defaultdict(_Look)
    last = 0
    for one in _events(session):
        looks[one.tenant_id, one.event.need_id, one.event.capability_id].events.append(one)
        last = one.number
    for shown in opened_pairs(session):
        look = looks[shown.tenant_id, shown.need_id, shown.capability_id]
        look.shown.append((shown.at, shown.release_id))
        look.seen_at = shown.at if look.seen_at is None else max(look.seen_at, shown.at)
    for key, look in looks.items():
        stated = [(one.event.at, one.release_id) for one in look.events if one.release_id is not None]
        look.shown = sorted([*look.shown, *stated]) or list(releases_shown(session, *key))
    return dict(looks), last


def _events(session: Session) -> Iterator[StoredEvent]:
    after = 0
    while found := list_events(session, after=after, limit=_READ):
        yield from found
        after = found[-1].number


class _Shelf:
    """The releases that are kept and were made with one text model, oldest first; holds the lists of one need."""

    def __init__(self, releases_dir: Path, text_model: str) -> None:
        kept = [one for one in published(releases_dir) if one.facts.model == text_model]
        self._dir, self._made = releases_dir, {one.id: one.created_at for one in kept}
        self._open: dict[str, Release] = {}
        self._need = ""
        self._lists: dict[str, Mapping[str, tuple[str, bool, str]]] = {}  # of that need, by release
        self.used: set[str] = set()

    def find(self, need: str, capability: str, look: _Look) -> tuple[_Line | None, bool]:
        """Return a pair as it was shown, or else as the next release lists it that still does; and which of the two."""
        named = [name for _, name in look.shown if name in self._made]
        after = [name for name, made in self._made.items() if made >= look.first and name not in named]
        for name in (*named, *after):
            found = self._list(name, need).get(capability)
            if found is not None:
                owner, near_miss, detail = found
                self.used.add(name)
                return _Line(owner, near_miss, _values(detail)), name in named
        return None, False

    def _list(self, name: str, need: str) -> Mapping[str, tuple[str, bool, str]]:
        if need != self._need:  # pairs come need by need
            self._need, self._lists = need, {}
        if name not in self._lists:
            if name not in self._open:
                self._open[name] = Release.open(self._dir / name)
            columns = self._open[name].columns(need, _COLUMNS)
            rows = zip(*(columns[each] for each in _COLUMNS), strict=True)
            self._lists[name] = {each: (owner, near, detail) for each, owner, near, detail in rows}
        return self._lists[name]


def _values(detail: str) -> tuple[float, ...]:
    """Read the signals' values back from the addends of a match; one that it does not tell of is unknown."""
    values = [float("nan")] * len(SIGNALS)
    for addend in json.loads(detail)["contributions"]:
        row = _ROWS.get(addend["signal"])
        if row is not None and addend["value"] is not None:
            values[row] = addend["value"]
    return tuple(values)


def _judged(seen: list[_Seen]) -> Judged:
    first: dict[str, datetime] = {}
    for one in seen:
        first[one.need] = min(one.first, first.get(one.need, one.first))
    needs = {need: number for number, need in enumerate(sorted(first, key=lambda need: (first[need], need)))}
    owners = {owner: number for number, owner in enumerate(sorted({one.line.provider for one in seen}))}
    return Judged(
        values=np.array([one.line.values for one in seen], np.float64).reshape(-1, len(SIGNALS)),
        needs=np.array([needs[one.need] for one in seen], np.int64),
        providers=np.array([owners[one.line.provider] for one in seen], np.int64),
        reached=np.array([one.outcome.reached for one in seen], np.int64),
        over=np.array([one.outcome.over for one in seen], np.bool_),
    )

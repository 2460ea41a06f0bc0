"""A need's list under other gates, or with fields of the need changed, beside the list as it is. Nothing is kept.

Both lists walk the one path. Texts that are unchanged are not encoded anew: what was found of them is used again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np

from matcher import sections
from matcher.explanation import Shown
from matcher.matches import Contribution, Gate, Match, Shortlist
from matcher.matching import Matcher, Ranking
from matcher.policy import GatePolicy
from matcher.profiles import Need
from matcher.vocabulary import GateMode, GateName, GateState
from matcher.wording import SIGNAL_NAMES

_SAME: Final = 1e-9  # of points: a difference below is rounding
_PAST: Final = {GateState.PASS: "passed", GateState.FAIL: "failed", GateState.UNKNOWN: "was not known"}
_NOW: Final = {GateState.PASS: "passes", GateState.FAIL: "fails", GateState.UNKNOWN: "is not known"}


class Move(StrEnum):
    """What became of a match's place; one that is gone from the list may stand further down."""

    NEW = "new"
    UP = "up"
    DOWN = "down"
    SAME = "same"
    GONE = "gone"


class CauseKind(StrEnum):
    """What moved a match: one of its gates, the points of one of its signals, or only what others did."""

    GATE = "gate"
    SIGNAL = "signal"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a match moved. For a gate ``before`` and ``after`` are its states, for a signal its values."""

    kind: CauseKind
    name: str  # of the gate or the signal; empty for others
    before: str | float | None  # None: not judged, or unknown
    after: str | float | None
    points: float  # what it adds to z, or takes away
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A capability with its place before and after; ``match`` is the match of after, of before where it is gone."""

    match: Match
    move: Move
    rank_before: int | None  # None: it was not on the list
    rank_after: int | None
    causes: tuple[Cause, ...]  # gates first, then the largest change of points; empty where nothing moved


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The list as it would be, each match with what moved it, and the matches it would lose."""

    shortlist: Shortlist
    moved: tuple[Moved, ...]  # the list's matches, in its order
    gone: tuple[Moved, ...]  # by their rank before


def explore(matcher: Matcher, need: Need, changed: Need, modes: Mapping[GateName, GateMode], k: int) -> WhatIf:
    """Match a need as it is and as it would be, k eligible matches each, and tell what moved and why.

    ``modes`` are added to those of the matcher's policy.
    """
    before = next(matcher.rankings([need], k))
    policy = replace(matcher.policy, modes={**matcher.policy.modes, **modes})
    other = replace(matcher, policy=policy)
    if sections.of_need(need) == sections.of_need(changed):
        asked = other.asked(changed, other.catalogue.columns)
        after = other.ranking(asked, before.subject.topic, k)
    else:
        after = next(other.rankings([changed], k))
    was, now = _Side(matcher, before, k), _Side(other, after, k)
    moved = tuple(_moved(was, now, row) for row in now.rows)
    gone = tuple(_moved(was, now, row) for row in was.rows if row not in now.ranks)
    return WhatIf(now.shortlist, moved, gone)


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two lists, and any other capability as it was found for it."""

    matcher: Matcher
    ranking: Ranking
    k: int

    @cached_property
    def rows(self) -> list[int]:
        return self.matcher.shown(self.ranking, self.k).rows

    @cached_property
    def ranks(self) -> dict[int, int]:
        return {row: rank for rank, row in enumerate(self.rows, start=1)}

    @cached_property
    def shortlist(self) -> Shortlist:
        return self.matcher.listed(self.ranking, self.k)

    def place(self, row: int) -> int | None:
        """Return the place among the eligible, listed or not."""
        found = np.flatnonzero(self.ranking.eligible.rows == row)
        return int(found[0]) + 1 if len(found) else None

    @property
    def policy(self) -> GatePolicy:
        return self.matcher.policy

    def match(self, row: int) -> Match:
        """Explain a capability, on the list or not; one that is not has no place, whatever its rank says."""
        if row in self.ranks:
            return self.shortlist.matches[self.ranks[row] - 1]
        subject, rows = self.ranking.subject, np.array([row], dtype=np.int64)
        scored = self.matcher.scored(subject.asked, subject.topic, rows)
        return self.matcher.explainer.explain(subject, Shown([row], self.ranking.states[:, rows], scored))[0]


def _moved(was: _Side, now: _Side, row: int) -> Moved:
    before, after = was.match(row), now.match(row)
    ranks = was.ranks.get(row), now.ranks.get(row)
    move = _move(*ranks)
    causes = (*_gates(was, now, before, after), *sorted(_signals(before, after), key=lambda one: -abs(one.points)))
    if move is not Move.SAME and (not causes or _is_further_down(was, now, row)):
        causes = (*causes, _others(was, now, row))
    return Moved(before if move is Move.GONE else after, move, *ranks, causes)


def _move(before: int | None, after: int | None) -> Move:
    if after is None:
        return Move.GONE
    if before is None:
        return Move.NEW
    return Move.SAME if after == before else Move.UP if after < before else Move.DOWN


def _gates(was: _Side, now: _Side, before: Match, after: Match) -> Iterator[Cause]:
    """Tell of gates that judge otherwise, and of failures that count otherwise."""
    earlier, later = ({gate.gate: gate for gate in match.gates} for match in (before, after))
    for name in GateName:
        old, new = earlier.get(name), later.get(name)
        modes = was.policy.mode(name), now.policy.mode(name)
        states = old.state if old else None, new.state if new else None
        if states[0] is not states[1] or (modes[0] is not modes[1] and GateState.FAIL in states):
            yield Cause(CauseKind.GATE, name.value, *states, 0.0, _gate_text(name, (old, new), modes[1]))


def _gate_text(name: GateName, gates: tuple[Gate | None, Gate | None], mode: GateMode) -> str:
    old, new = gates
    was = f"{_PAST[old.state]} ({old.detail})" if old else "was not judged"
    if new is None:
        return f"{name.value} {was}, is not judged now"
    weight = ", which removes nothing" if mode is GateMode.SOFT and new.state is GateState.FAIL else ""
    if old is not None and old.state is new.state:
        return f"{name.value} {_NOW[new.state]} as before ({new.detail}), but is {mode.value}{weight}"
    return f"{name.value} {was}, {_NOW[new.state]} now ({new.detail}){weight}"


def _signals(before: Match, after: Match) -> Iterator[Cause]:
    """Tell of signals that earn otherwise."""
    earlier = {one.signal: one for one in before.contributions}
    for new in after.contributions:
        old = earlier[new.signal]
        if abs(new.points - old.points) > _SAME:
            yield Cause(
                CauseKind.SIGNAL,
                new.signal.value,
                old.value,
                new.value,
                new.points - old.points,
                _signal_text(old, new),
            )


def _signal_text(old: Contribution, new: Contribution) -> str:
    name = SIGNAL_NAMES[new.signal]
    return f"{name} {old.points:+.2f} ({old.evidence}) became {new.points:+.2f} ({new.evidence})"


def _is_further_down(was: _Side, now: _Side, row: int) -> bool:
    """Tell of a match that is listed once and is eligible, but too low to be listed, the other time."""
    return any(row not in side.ranks and side.place(row) is not None for side in (was, now))


def _others(was: _Side, now: _Side, row: int) -> Cause:
    """Say what others did to a match: for the rest nothing of it changed, or it is too low to be listed."""
    for side, verb, listing in ((was, "stood", "was listed"), (now, "stands", "is listed")):
        place = side.place(row)
        if row not in side.ranks and place is not None:
            return _by_others(f"{verb} at place {place} of the eligible, further down than {listing}")
    above = [set(side.rows[: side.ranks.get(row, len(side.rows) + 1) - 1]) for side in (was, now)]
    counts = ((len(above[1] - above[0]), "more"), (len(above[0] - above[1]), "less"))
    said = " and ".join(f"{count} {word} {_stand(count)} above it" for count, word in counts if count)
    return _by_others(f"unchanged itself: {said or 'the list has other room'}")


def _by_others(text: str) -> Cause:
    return Cause(CauseKind.OTHERS, "", None, None, 0.0, text)


def _stand(count: int) -> str:
    return "stands" if count == 1 else "stand"

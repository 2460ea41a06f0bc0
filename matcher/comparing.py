"""Partners of one need side by side: the same gates and addends that their matches show, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from matcher.explanation import Shown
from matcher.matches import Match
from matcher.profiles import CapabilityId
from matcher.vocabulary import GateName, GateState, SignalName

if TYPE_CHECKING:
    from matcher.matching import Matcher
    from matcher.profiles import Need

FEWEST: Final = 2
MOST: Final = 4  # columns that can be read side by side


class RowKind(StrEnum):
    """What a row compares."""

    GATE = "gate"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Cell:
    """One partner's side of a row; ``state`` is of a gate, ``value`` and ``points`` of a signal (None: unknown)."""

    capability_id: CapabilityId
    state: GateState | None
    value: float | None
    points: float | None
    text: str
    leads: bool  # alone or with others it does best, and somebody does worse


@dataclass(frozen=True, slots=True)
class Row:
    """One gate or signal, with a cell for each partner in the order of the columns."""

    kind: RowKind
    name: GateName | SignalName
    cells: tuple[Cell, ...]


def explained(matcher: Matcher, need: Need, rows: Sequence[int]) -> tuple[Match, ...]:
    """Explain some offers of the catalogue for a need, listed or not; ``rank`` counts these alone."""
    prepared = matcher.prepared(need)
    ranking = matcher.ranking(prepared.asked, matcher.topic(prepared), 1)
    at = np.array(rows, dtype=np.int64)
    scored = matcher.scored(prepared.asked, ranking.subject.topic, at)
    return tuple(matcher.explainer.explain(ranking.subject, Shown(list(rows), ranking.states[:, at], scored)))


def compare(matches: Sequence[Match]) -> tuple[Row, ...]:
    """Put matches of one need side by side: gates first, then signals, those that differ most first."""
    gates = {gate.gate: None for match in matches for gate in match.gates}
    signals = {one.signal: None for match in matches for one in match.contributions}
    found = [_signal(name, matches) for name in signals]
    return (*(_gate(name, matches) for name in gates), *sorted(found, key=_spread, reverse=True))


def _gate(name: GateName, matches: Sequence[Match]) -> Row:
    judged = [next((gate for gate in match.gates if gate.gate is name), None) for match in matches]
    passes = [gate is not None and gate.state is GateState.PASS for gate in judged]
    cells = (
        Cell(
            match.capability_id,
            gate.state if gate else None,
            None,
            None,
            gate.detail if gate else "",
            passed and not all(passes),
        )
        for match, gate, passed in zip(matches, judged, passes, strict=True)
    )
    return Row(RowKind.GATE, name, tuple(cells))


def _signal(name: SignalName, matches: Sequence[Match]) -> Row:
    addends = [next(one for one in match.contributions if one.signal is name) for match in matches]
    best, worst = (edge(one.points for one in addends) for edge in (max, min))
    cells = (
        Cell(match.capability_id, None, one.value, one.points, one.evidence, one.points > worst and one.points == best)
        for match, one in zip(matches, addends, strict=True)
    )
    return Row(RowKind.SIGNAL, name, tuple(cells))


def _spread(row: Row) -> float:
    points = [cell.points or 0.0 for cell in row.cells]
    return max(points) - min(points)

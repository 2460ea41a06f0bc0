"""How a run treats the gates, and the codes a judged table is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.errors import BadInput
from matcher.money import Rates
from matcher.vocabulary import GateMode, GateName, GateState

GATES: Final = tuple(gate for gate in GateName if gate is not GateName.FINANCE)
"""Order of the rows of a judged table; finance is judged for triplets."""

# The lowest bit is 0 only for FAIL and the least of several is PASS only if all are: masks are one reduction each.
PASS: Final = 1
FAIL: Final = 0
UNKNOWN: Final = -1
STATES: Final[Mapping[int, GateState]] = {PASS: GateState.PASS, FAIL: GateState.FAIL, UNKNOWN: GateState.UNKNOWN}

States = npt.NDArray[np.int8]


@dataclass(frozen=True)
class GatePolicy:
    """How a run treats each gate (hard unless stated) and how it compares money."""

    modes: Mapping[GateName, GateMode] = field(default_factory=dict)
    budget_factor: float = 0.5  # "far under" the least price: a budget can be stretched or shared, hardly doubled
    rates: Rates | None = None

    def __post_init__(self) -> None:
        if not 0 < self.budget_factor <= 1:
            raise BadInput(
                "budget_factor", expected="a share in (0, 1]", got=self.budget_factor, fix="0.5 is the default"
            )

    def mode(self, gate: GateName) -> GateMode:
        """Return how a gate is treated."""
        return self.modes.get(gate, GateMode.HARD)

    def is_hard(self, gate: GateName) -> bool:
        """Tell whether a failure of this gate removes a pair."""
        return self.mode(gate) is GateMode.HARD

    def rows(self, mode: GateMode) -> list[int]:
        """Return the rows of a judged table that are treated so."""
        return [row for row, gate in enumerate(GATES) if self.mode(gate) is mode]

    def hard(self, table: States) -> States:
        """Return the part of a judged table whose failures remove a pair."""
        rows = self.rows(GateMode.HARD)
        return table if len(rows) == len(GATES) else table[rows]


DEFAULT: Final = GatePolicy()

"""The hard rules, judged for one need against every capability at once: pass, fail or unknown."""

from __future__ import annotations

import numpy as np

from matcher.asked import Asked
from matcher.columns import Columns
from matcher.details import explain
from matcher.encoding import Flags
from matcher.policy import DEFAULT, FAIL, GATES, PASS, UNKNOWN, GatePolicy, States
from matcher.rules import RULES, nothing
from matcher.vocabulary import GateMode, GateName

__all__ = [
    "DEFAULT",
    "FAIL",
    "GATES",
    "PASS",
    "UNKNOWN",
    "GatePolicy",
    "States",
    "allowed",
    "explain",
    "judge",
    "passed",
]


def judge(asked: Asked, columns: Columns, policy: GatePolicy = DEFAULT) -> States:
    """Return a table (len(GATES), N) of PASS, FAIL and UNKNOWN; a gate that is off stays unknown throughout.

    A gate passes only with evidence on both sides (state apart: what is not stated is published). Each distinct value
    is judged once and the rows gather the outcome.
    """
    from embeddings.kernels import gather

    table = np.empty((len(GATES), len(columns)), np.int8)
    for row, gate in zip(table, GATES, strict=True):
        states, codes = nothing(columns) if policy.mode(gate) is GateMode.OFF else RULES[gate](asked, columns, policy)
        if len(states) > 1:
            gather(states, codes, row)
        else:
            row[:] = UNKNOWN
    if policy.mode(GateName.STATE) is not GateMode.OFF and asked.owner >= 0:
        table[GATES.index(GateName.STATE), columns.organisation.codes == asked.owner] = FAIL
    return table


def allowed(table: States, policy: GatePolicy = DEFAULT) -> Flags:
    """Return which rows fail no hard gate: the mask that goes before top-k."""
    return np.asarray(np.bitwise_and.reduce(policy.hard(table), axis=0, initial=1) != 0)


def passed(table: States, policy: GatePolicy = DEFAULT) -> Flags:
    """Return which rows pass every hard gate with evidence: what tier A asks for."""
    return np.asarray(np.minimum.reduce(policy.hard(table), axis=0, initial=PASS) == PASS)

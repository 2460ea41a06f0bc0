"""The rules that a release was made by, read back from what its manifest says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.gates import GatePolicy
    from matcher.scoring import Scorer


def scorer_of(facts: Mapping[str, Any]) -> Scorer:
    """Read back the scorer that a release names; the default where it names none."""
    from matcher.scoring import Scorer
    from matcher.vocabulary import SignalName

    sides = {
        side: {SignalName(name): weight for name, weight in facts[side].items()}
        for side in ("need_weights", "provider_weights")
        if side in facts
    }
    return Scorer(**{**facts, **sides})


def policy_of(facts: Mapping[str, Any]) -> GatePolicy:
    """Read back the policy that a release names; the default where it names none."""
    from pydantic import TypeAdapter

    from matcher.gates import GatePolicy

    found: GatePolicy = TypeAdapter(GatePolicy).validate_python(dict(facts))
    return found

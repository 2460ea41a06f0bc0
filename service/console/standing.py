"""How third parties and offline conditions are shown on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Final

from matcher.matches import Condition, ReadinessPanel, ThirdParty
from matcher.vocabulary import GateState, Readiness
from matcher.wording import listed
from service.console.words import N_

_COLOURS: Final = {
    Readiness.READY: "passes",
    Readiness.PARTIAL: "not-known",
    Readiness.MISSING: "fails",
    Readiness.UNKNOWN: "open",
}


def standing(party: ThirdParty) -> tuple[str, str]:
    """Return in a word whether a third party fits, and the class of its colour."""
    if party.state is GateState.FAIL:
        return N_("near miss"), "fails"
    return (N_("may fit"), "not-known") if party.state is GateState.UNKNOWN else (N_("fits"), "passes")


def counted(parties: Iterable[ThirdParty]) -> tuple[int, int]:
    """Return how many of them fit, and how many may fit."""
    states = [party.state for party in parties]
    return states.count(GateState.PASS), states.count(GateState.UNKNOWN)


def reasons(party: ThirdParty) -> str:
    """Say what would mend it, what is not known, and what speaks for it, in one line."""
    said = [listed(party.fixes)] if party.fixes else []
    said += [f"not known: {listed(party.not_known)}"] if party.not_known else []
    said += [check.detail for check in party.checks if check.state is GateState.PASS]
    return "; ".join(said)


def conditions(panel: ReadinessPanel) -> Iterator[tuple[str, Condition, str]]:
    """Yield the name of each condition, how it stands, and the class of its colour."""
    for field in fields(panel):
        condition: Condition = getattr(panel, field.name)
        yield field.name, condition, _COLOURS[condition.state]

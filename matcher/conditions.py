"""The offline conditions of a transfer: how each stands by what is stated, what would close a gap, and who offers it.

A state comes from what the need says and never rises above it: a facilitator or a funder makes nothing ready, it is
named as the one who could. What nobody says stays unknown, with the question to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from matcher.asked import Pair
from matcher.encoding import plain
from matcher.facilitation import REMEDIES, named, remedies
from matcher.joining import Joined, Joint
from matcher.matches import Condition, ReadinessPanel, ThirdParty
from matcher.vocabulary import FacilitatorService, FinancingState, GateState, Readiness, ThirdRule
from matcher.wording import listed

OFFERS: Final = 2  # facilitators named for one gap

_FROM_FINANCING: Final = {
    FinancingState.COMMITTED: Readiness.READY,
    FinancingState.IDENTIFIED: Readiness.PARTIAL,
    FinancingState.SOUGHT: Readiness.MISSING,
    FinancingState.NONE: Readiness.MISSING,
}
"""What the state of financing says where the condition itself is not stated."""

_QUESTIONS: Final = {
    "policy": "Do the rules, permits and standards that the transfer depends on stand?",
    "finance": "Is the money for it committed, identified or still sought?",
    "incentives": "What makes it worth while to run and repair it: tariffs, subsidies, duties?",
    "capacity": "Who will install, run and repair it, and what must they learn first?",
}
"""What to ask the need's owner about a condition nobody speaks of."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """The conditions of one need, ready to be looked at for each of its pairs."""

    joint: Joint

    def panel(self, pair: Pair, joined: Joined) -> ReadinessPanel:
        """Return how the four conditions stand for a pair."""
        return ReadinessPanel(
            policy=self._plain["policy"],
            finance=self._finance(joined),
            incentives=self._plain["incentives"],
            capacity=self._capacity(pair),
        )

    @cached_property
    def _plain(self) -> dict[str, Condition]:
        """The conditions as the need states them, with who helps: the same for every pair."""
        return {name: self._stated(name) for name in REMEDIES}

    def _stated(self, name: str) -> Condition:
        enabling, financing = self.joint.asked.need.enabling, self.joint.asked.need.financing_state
        state = getattr(enabling, name) if enabling else Readiness.UNKNOWN
        detail = "the need states it" if state is not Readiness.UNKNOWN else "the need does not say"
        if name == "finance" and state is Readiness.UNKNOWN and financing is not None:
            state, detail = _FROM_FINANCING[financing], f"by the need's state of financing: {financing.value}"
        return self._with_action(name, state, detail)

    def _with_action(self, name: str, state: Readiness, detail: str) -> Condition:
        if state is Readiness.READY:
            return Condition(state, detail, "")
        if state is Readiness.UNKNOWN:
            return Condition(state, detail, f"Ask the need's owner: {_QUESTIONS[name]}")
        helpers = self._helpers(name)
        if not helpers:
            wanted = named(REMEDIES[name], "or")
            return Condition(state, detail, f"No facilitator of the catalogue offers {wanted} here: find one.")
        said = listed(f"{title} for {named(services)}" for _, title, services in helpers)
        return Condition(state, detail, f"Ask {said}.", tuple(each for each, _, _ in helpers))

    def _helpers(self, name: str) -> list[tuple[str, str, Sequence[FacilitatorService]]]:
        """Return the facilitators that are known to work in the need's place and fail no rule, best service first."""
        found = []
        for third, side in self.joint.facilitators:
            services = remedies(name, third.record.services)
            if services and ThirdRule.PLACE in side.passed and not side.failed:
                unknown = len(side.checks) - len(side.passed)
                rank = REMEDIES[name].index(services[0]), unknown, third.record.id
                found.append((rank, (third.record.id, third.name, services)))
        return [each for _, each in sorted(found)[:OFFERS]]

    def _finance(self, joined: Joined) -> Condition:
        """Add the best funder of the pair to what the facilitators offer."""
        found = self._plain["finance"]
        best = joined.funders[0] if joined.funders else None
        if found.state is Readiness.READY or best is None:
            return found
        return Condition(
            found.state,
            found.detail,
            f"{_application(best)} {found.action}" if found.offered_by or _open(found) else _application(best),
            (best.id, *found.offered_by),
        )

    def _capacity(self, pair: Pair) -> Condition:
        """Look at what the offer asks for and brings along: a skill that is missing is a gap, whatever was stated."""
        found = self._plain["capacity"]
        lacking = _lacking(pair)
        if lacking and found.state in {Readiness.READY, Readiness.UNKNOWN}:
            said = f"{found.detail}; this offer asks for {listed(lacking)}, which the need does not have"
            found = self._with_action("capacity", Readiness.PARTIAL, said)
        if pair.capability.training_included and found.state in {Readiness.PARTIAL, Readiness.MISSING}:
            further = f" {found.action}" if found.offered_by else ""
            said = f"Training is included in the offer.{further}"
            return Condition(found.state, found.detail, said, (pair.capability.id, *found.offered_by))
        return found


def _open(found: Condition) -> bool:
    return found.state is Readiness.UNKNOWN


def _application(funder: ThirdParty) -> str:
    """Say what to do about a funder: apply, find out first, or mend what is in the way."""
    if funder.fixes:
        return f"{funder.title}: {listed(funder.fixes)}."
    if funder.state is GateState.PASS:
        return f"Apply to {funder.title}."
    return f"Ask {funder.title} whether it would pay; not known: {listed(funder.not_known)}."


def _lacking(pair: Pair) -> list[str]:
    """Return the skills an offer requires that the need, which states its skills, does not have."""
    there, required = pair.asked.skills, pair.capability.skills_required
    if there is None or required is None:
        return []
    return [skill for skill in required if plain(skill) not in there]

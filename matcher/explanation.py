"""The same points as sentences: an explanation is not written about the score, it is the score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher import cooperation, details, evidence, questions, sections, topic
from matcher.asked import Asked, Pair
from matcher.matches import Contribution, Match, Ranked
from matcher.policy import FAIL
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.scoring import SIGNALS, Floats, Scored, Scorer
from matcher.vocabulary import GateMode, GateState, SignalName, Tier
from matcher.wording import SIGNAL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.catalogue import Catalogue
    from matcher.matches import Gate, NearMiss, OpenQuestion
    from matcher.places import PlaceBook
    from matcher.policy import GatePolicy
    from matcher.topic import NeedText

COVERED: Final = 0.6  # coverage from which a pair with every gate passed is tier A (DOMAIN)
DIGITS: Final = 6  # of every published number: fewer than two processors could disagree about

_TOPIC: Final = SIGNALS.index(SignalName.TOPIC)
_REASONS: Final = 4  # the largest contributions named in a summary


class Candidate(NamedTuple):
    """One ranked row and what was found of it."""

    row: int
    rank: int
    states: npt.NDArray[np.int8]  # of every gate
    scored: Scored  # of this one pair


@dataclass(frozen=True, eq=False)
class Explainer:
    """Turns ranked rows into Matches; knows what the ranking knew and nothing else."""

    catalogue: Catalogue
    places: PlaceBook
    scorer: Scorer
    policy: GatePolicy

    @cached_property
    def _weights(self) -> list[tuple[int, SignalName, float, float]]:
        """Signals that weigh anything on either side, with their place and weights."""
        need, provider = (side.tolist() for side in self.scorer.sides())
        return [one for one in zip(range(len(SIGNALS)), SIGNALS, need, provider, strict=True) if one[2] + one[3] > 0]

    def place(self, asked: Asked, candidate: Candidate) -> Ranked | None:
        """Return what ``explain`` would rank, without the reasons."""
        if (candidate.states[self.policy.rows(GateMode.HARD)] == FAIL).any():
            pair = self._pair(asked, candidate)
            if not questions.near_misses(pair, self._failed(details.explain(pair, candidate.states, self.policy))):
                return None
        capability = CapabilityId(self.catalogue.capabilities[candidate.row].id)
        return Ranked(NeedId(asked.need.id), capability, candidate.rank, _rounded(candidate.scored.score))

    def _pair(self, asked: Asked, candidate: Candidate) -> Pair:
        capability = self.catalogue.capabilities[candidate.row]
        provider = self.catalogue.organisations.get(capability.organisation_id)
        return Pair(asked, self.catalogue.columns, candidate.row, capability, provider)

    def _failed(self, judged: Sequence[Gate]) -> list[Gate]:
        return [gate for gate in judged if gate.state is GateState.FAIL and self.policy.is_hard(gate.gate)]

    def explain(self, asked: Asked, text: NeedText, candidate: Candidate) -> Match | None:
        """Explain one pair; None when it fails a hard gate for which no fix can be stated."""
        pair = self._pair(asked, candidate)
        judged = details.explain(pair, candidate.states, self.policy)
        failed = self._failed(judged)
        misses = questions.near_misses(pair, failed)
        if failed and not misses:
            return None
        contributions = self._contributions(pair, text, candidate)
        asks = questions.open_questions(pair, judged, contributions)
        typed = cooperation.classify(asked, pair, self.places)
        _, z, score, best_score, coverage = candidate.scored
        return Match(
            need_id=NeedId(asked.need.id),
            capability_id=CapabilityId(pair.capability.id),
            organisation_id=OrganisationId(pair.capability.organisation_id),
            capability_title=pair.capability.title,
            rank=candidate.rank,
            score=_rounded(score),
            z=float(z[0]),
            base=self.scorer.base,
            best_score=_rounded(best_score),
            tier=self._tier(judged, failed, float(coverage[0])),
            coverage=_rounded(coverage),
            gates=judged,
            contributions=contributions,
            near_miss=misses,
            open_questions=asks,
            cooperation=typed.kind,
            cooperation_reason=typed.reason,
            summary=summarise(contributions, judged, misses, asks),
        )

    def _contributions(self, pair: Pair, text: NeedText, candidate: Candidate) -> tuple[Contribution, ...]:
        """Give every signal that weighs anything its addend."""
        values = candidate.scored.values[:, 0].tolist()
        found = topic.evidence(
            self.catalogue, text, candidate.row, sections.of_capability(pair.capability), values[_TOPIC]
        )
        shown = []
        for at, signal, need, provider in self._weights:
            value = None if values[at] != values[at] else values[at]
            worth = value or 0.0
            about = at == _TOPIC
            said = topic.sentence(found, text.words) if about else evidence.evidence(signal, pair, value)
            best = (need + provider) / 2
            sides = need * worth, provider * worth
            shown.append(Contribution(signal, value, best * worth, *sides, best, said, found if about else None))
        return tuple(shown)

    def _tier(self, judged: Sequence[Gate], failed: Sequence[Gate], coverage: float) -> Tier:
        if failed:
            return Tier.C
        passed = all(gate.state is GateState.PASS for gate in judged if self.policy.is_hard(gate.gate))
        return Tier.A if passed and coverage >= COVERED else Tier.B


def _rounded(numbers: Floats) -> float:
    return round(float(numbers[0]), DIGITS)


def summarise(
    contributions: Sequence[Contribution],
    judged: Sequence[Gate],
    misses: Sequence[NearMiss],
    asks: Sequence[OpenQuestion],
) -> str:
    """Write one paragraph: the largest points, what fails and what would mend it, what is not known."""
    earned = sorted((one for one in contributions if one.points > 0), key=lambda one: -one.points)[:_REASONS]
    reasons = "; ".join(f"{SIGNAL_NAMES[one.signal]} +{one.points:.2f}: {one.evidence}" for one in earned)
    parts = [f"{reasons[:1].upper()}{reasons[1:]}." if reasons else "Nothing that is known speaks for this pair."]
    failed = [f"{gate.gate.value}: {gate.detail}" for gate in judged if gate.state is GateState.FAIL]
    if failed:
        parts.append(f"Fails {'; '.join(failed)}.")
    if misses:
        parts.append(f"Would be eligible: {'; '.join(miss.fix for miss in misses)}.")
    unknown = [gate.gate.value for gate in judged if gate.state is GateState.UNKNOWN]
    if unknown:
        parts.append(f"Not known yet: {', '.join(unknown)}.")
    if asks:
        parts.append(f"Ask first: {asks[0].question}")
    return " ".join(parts)


def notes(matches: Sequence[Match], eligible: int) -> tuple[str, ...]:
    """Say what a broker must know about the whole list."""
    said = []
    if not eligible:
        listed = "; what is listed would need a change first" if matches else ", and none is near"
        said.append(f"No capability passes every hard gate{listed}.")
    tiers = {match.tier for match in matches if match.tier is not Tier.C}
    if tiers == {Tier.B}:
        said.append("Every eligible match is tier B: none has all gates confirmed with enough evidence.")
    return tuple(said)

"""The same points as sentences: an explanation is not written about the score, it is the score."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher import cooperation, details, evidence, joining, languages, next_steps, questions, sections, topic
from matcher.asked import Asked, Pair, Reads
from matcher.classification import counted
from matcher.conditions import Conditions
from matcher.matches import Contribution, Match, Ranked
from matcher.next_steps import Introduction
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.scoring import SIGNALS, Scored, Scorer
from matcher.thirds import ThirdParties
from matcher.vocabulary import GateName, GateState, SignalName, Tier
from matcher.wording import ALL_TIER_B, NONE_ELIGIBLE, SIGNAL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.catalogue import Catalogue
    from matcher.matches import Gate, NearMiss, OpenQuestion, TopicEvidence
    from matcher.places import PlaceBook
    from matcher.policy import GatePolicy
    from matcher.topic import Topic

COVERED: Final = 0.6  # coverage from which a pair with every gate passed is tier A (DOMAIN)
DIGITS: Final = 6  # of every published number: fewer than two processors could disagree about

_TOPIC: Final = SIGNALS.index(SignalName.TOPIC)
_REASONS: Final = 4  # the largest contributions named in a summary


class Shown(NamedTuple):
    """The rows of one list in rank order, and what was found of them."""

    rows: list[int]
    states: npt.NDArray[np.int8]  # (gates, rows)
    scored: Scored


@dataclass(frozen=True, eq=False)
class Subject:
    """One need while its pairs are explained, with what was said already: of the same values the same is said again."""

    asked: Asked
    topic: Topic
    gates: details.Said = field(default_factory=dict)
    addends: dict[tuple[object, ...], Contribution] = field(default_factory=dict)
    typed: dict[str | None, cooperation.Typed] = field(default_factory=dict)


class _Weighing(NamedTuple):
    """A signal that weighs something."""

    signal: SignalName
    at: int  # place among the values
    weights: tuple[float, float]  # of the need's and of the provider's side
    reads: Reads | None  # what its sentence reads of the offer; None: the texts


class _Beside(NamedTuple):
    """What stands beside every pair of one list."""

    joint: joining.Joint
    conditions: Conditions


class _Found(NamedTuple):
    """What was found of one pair."""

    rank: int
    values: list[float]  # of every signal; NaN = unknown
    z: float
    score: float
    best_score: float
    coverage: float
    topic: TopicEvidence


@dataclass(frozen=True, eq=False)
class Explainer:
    """Turns ranked rows into Matches; knows what the ranking knew and nothing else."""

    catalogue: Catalogue
    places: PlaceBook
    scorer: Scorer
    policy: GatePolicy
    reads: languages.Reads = None  # what the encoder covers
    thirds: ThirdParties = field(default_factory=ThirdParties)

    @cached_property
    def _weighing(self) -> list[_Weighing]:
        """Signals that weigh anything on either side, in order."""
        sides = zip(*(side.tolist() for side in self.scorer.sides()), strict=True)
        return [
            _Weighing(signal, at, weights, None if at == _TOPIC else evidence.reader(signal))
            for at, (signal, weights) in enumerate(zip(SIGNALS, sides, strict=True))
            if any(weights)
        ]

    @cached_property
    def _sides(self) -> joining.Sides:
        return {}

    def place(self, subject: Subject, shown: Shown) -> list[Ranked]:
        """Return what ``explain`` would rank, without the reasons."""
        need, ids = NeedId(subject.asked.need.id), (self.catalogue.capabilities[row].id for row in shown.rows)
        scores = zip(ids, shown.scored.score.tolist(), strict=True)
        return [
            Ranked(need, CapabilityId(each), rank, round(score, DIGITS)) for rank, (each, score) in enumerate(scores, 1)
        ]

    def is_near(self, subject: Subject, row: int, states: npt.NDArray[np.int8], revised: Pair | None = None) -> bool:
        """Tell whether a fix can be stated for every hard gate that a row fails, or the revised pair in its place."""
        pair = revised or self.pair(subject.asked, row)
        judged = details.explain_all([pair], states[:, None], self.policy, {} if revised else subject.gates)[0]
        return bool(questions.near_misses(pair, self._failed(judged)))

    def pair(self, asked: Asked, row: int) -> Pair:
        """Put a need and the capability of a row together."""
        capability = self.catalogue.capabilities[row]
        provider = self.catalogue.organisations.get(capability.organisation_id)
        return Pair(asked, self.catalogue.columns, row, counted(capability), provider)

    def _failed(self, judged: Sequence[Gate]) -> list[Gate]:
        return [gate for gate in details.standing(judged, GateState.FAIL) if self.policy.is_hard(gate.gate)]

    def explain(self, subject: Subject, shown: Shown) -> list[Match]:
        """Explain the pairs of one list."""
        if not shown.rows:
            return []
        pairs = [self.pair(subject.asked, row) for row in shown.rows]
        texts = [sections.of_capability(pair.capability) for pair in pairs]
        values, *scores = (numbers.T.tolist() for numbers in shown.scored)
        topics = [each[_TOPIC] for each in values]
        parted = topic.evidence(self.catalogue, subject.topic, shown.rows, texts, topics)
        found = [*map(_Found, range(1, len(pairs) + 1), values, *scores, parted)]
        joint = joining.Joint.of(subject.asked, self.thirds, self.policy.rates, self._sides)
        beside = _Beside(joint, Conditions(joint))
        judged = details.explain_all(pairs, shown.states, self.policy, subject.gates)
        addends = zip(*(self._addends(subject, each, pairs, found) for each in self._weighing), strict=True)
        return [self._match(subject, beside, *each) for each in zip(pairs, judged, addends, found, strict=True)]

    def _match(
        self,
        subject: Subject,
        beside: _Beside,
        pair: Pair,
        judged: tuple[Gate, ...],
        contributions: tuple[Contribution, ...],
        found: _Found,
    ) -> Match:
        failed = self._failed(judged)
        misses = questions.near_misses(pair, failed)
        first = languages.question(subject.asked.need, pair.capability, self.reads, contributions)
        asks = questions.open_questions(pair, judged, contributions, first)
        joined = joining.join(beside.joint, pair, found.score, self.places)
        typed = cooperation.with_third(self._typed(subject, pair), joined.contribution)
        via = self.thirds.facilitator(joined.via)
        step = Introduction(pair, subject.asked.organisation, via, contributions, misses, asks)
        return Match(
            need_id=NeedId(subject.asked.need.id),
            capability_id=CapabilityId(pair.capability.id),
            organisation_id=OrganisationId(pair.capability.organisation_id),
            capability_title=pair.capability.title,
            rank=found.rank,
            score=round(found.score, DIGITS),
            z=found.z,
            base=self.scorer.base,
            best_score=round(found.best_score, DIGITS),
            tier=self._tier(judged, failed, found.coverage),
            coverage=round(found.coverage, DIGITS),
            gates=judged,
            contributions=contributions,
            near_miss=misses,
            open_questions=asks,
            cooperation=typed.kind,
            cooperation_reason=typed.reason,
            summary=summarise(contributions, judged, misses, asks),
            facilitators=joined.facilitators,
            funders=joined.funders,
            third_notes=joined.notes,
            via=joined.via,
            readiness=beside.conditions.panel(pair, joined),
            next_step=next_steps.next_step(step),
        )

    def _typed(self, subject: Subject, pair: Pair) -> cooperation.Typed:
        provider = pair.organisation.id if pair.organisation else None
        if provider not in subject.typed:
            subject.typed[provider] = cooperation.classify(subject.asked, pair, self.places)
        return subject.typed[provider]

    def _addends(
        self, subject: Subject, weighing: _Weighing, pairs: Sequence[Pair], found: Sequence[_Found]
    ) -> list[Contribution]:
        """Give each pair the addend of one signal."""
        signal, at, sides, reads = weighing
        values = [None if isnan(one.values[at]) else one.values[at] for one in found]
        if reads is None:
            said = [self._about(subject, pair, one.topic) for pair, one in zip(pairs, found, strict=True)]
            rows = zip(values, said, found, strict=True)
            return [_addend(signal, value, sides, sentence, one.topic) for value, sentence, one in rows]
        addends = []
        for pair, value, read in zip(pairs, values, reads(pairs), strict=True):
            key = signal, value, read
            addend = subject.addends.get(key)
            if addend is None:
                addend = _addend(signal, value, sides, evidence.evidence(signal, pair, value))
                subject.addends[key] = addend
            addends.append(addend)
        return addends

    def _about(self, subject: Subject, pair: Pair, found: TopicEvidence) -> str:
        weak = languages.caveat(subject.asked.need, pair.capability, self.reads)
        return "; ".join(filter(None, (topic.sentence(found, subject.topic.text.words), weak)))

    def _tier(self, judged: Sequence[Gate], failed: Sequence[Gate], coverage: float) -> Tier:
        if failed:
            return Tier.C
        doubted = any(self.policy.is_hard(gate.gate) for gate in details.standing(judged, GateState.UNKNOWN))
        return Tier.B if doubted or coverage < COVERED else Tier.A


def _addend(
    signal: SignalName,
    value: float | None,
    sides: tuple[float, float],
    said: str,
    about: TopicEvidence | None = None,
) -> Contribution:
    need, provider = sides
    worth, best = value or 0.0, (need + provider) / 2
    return Contribution(signal, value, best * worth, need * worth, provider * worth, best, said, about)


def summarise(
    contributions: Sequence[Contribution],
    judged: Sequence[Gate],
    misses: Sequence[NearMiss],
    asks: Sequence[OpenQuestion],
) -> str:
    """Write one paragraph: the largest points, what fails and what would mend it, what is not known."""
    earned = sorted([one for one in contributions if one.points > 0], key=attrgetter("points"), reverse=True)[:_REASONS]
    reasons = "; ".join(f"{SIGNAL_NAMES[one.signal]} +{one.points:.2f}: {one.evidence}" for one in earned)
    parts = [f"{reasons[:1].upper()}{reasons[1:]}." if reasons else "Nothing that is known speaks for this pair."]
    failed = [f"{_called(gate)}: {gate.detail}" for gate in details.standing(judged, GateState.FAIL)]
    if failed:
        parts.append(f"Fails {'; '.join(failed)}.")
    if misses:
        parts.append(f"Would be eligible: {'; '.join(miss.fix for miss in misses)}.")
    unknown = [_called(gate) for gate in details.standing(judged, GateState.UNKNOWN)]
    if unknown:
        parts.append(f"Not known yet: {', '.join(unknown)}.")
    if asks:
        parts.append(f"Ask first: {asks[0].question}")
    return " ".join(parts)


def _called(gate: Gate) -> str:
    return "IP" if gate.gate is GateName.IP else gate.gate.value


def notes(matches: Sequence[Match], eligible: int, about_need: Sequence[str] = ()) -> tuple[str, ...]:
    """Say what a broker must know about the whole list."""
    said = []
    if not eligible:
        listed = "; what is listed would need a change first" if matches else ", and none is near"
        said.append(f"{NONE_ELIGIBLE}{listed}.")
    tiers = {match.tier for match in matches if match.tier is not Tier.C}
    if tiers == {Tier.B}:
        said.append(f"{ALL_TIER_B}: none has all gates confirmed with enough evidence.")
    return (*said, *about_need)


def doubts(asked: Asked) -> tuple[str, ...]:
    """Say what keeps a need itself from being matched, and what makes it look like none."""
    said = []
    if reason := details.kept_back(asked.need, asked):
        said.append(f"The need {reason}: nothing is matched with it as of {asked.as_of}.")
    if asked.by_a_seller:
        said.append(f"The owner, {asked.asker}, is recorded only as a provider: is this not an offer?")
    return tuple(said)

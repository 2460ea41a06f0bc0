"""The nouns that go out. One tuple of Contributions is the score, the explanation and the training row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import (
    Cooperation,
    GateName,
    GateState,
    ReasonCode,
    RecordKind,
    SignalName,
    Stage,
    Tier,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """One hard rule, judged for one pair."""

    gate: GateName
    state: GateState
    detail: str


@dataclass(frozen=True, slots=True)
class TermEvidence:
    """One stemmed term both texts share, with its part of the lexical value (the parts sum to it)."""

    term: str
    value: float


@dataclass(frozen=True, slots=True)
class PassageEvidence:
    """The two passages that speak most to each other, with their cosine."""

    need_section: str
    need_passage: str
    capability_section: str
    capability_passage: str
    similarity: float


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """What the topic value is made of: value = dense_part + sum of the terms' values + likeness_part."""

    passages: tuple[PassageEvidence, ...]  # best first; these are the sections the dense part is made of
    terms: tuple[TermEvidence, ...]  # largest first, all of them
    dense_part: float  # the best section pair and bonuses for further ones, less what the offer shares with its like
    lexical_part: float
    likeness_part: float = 0.0  # for being like the need's best answers
    answers: tuple[CapabilityId, ...] = ()  # those answers, best first, this offer itself left out


@dataclass(frozen=True, slots=True)
class Contribution:
    """One addend of the score. ``value`` is None when unknown, and then ``points`` is 0."""

    signal: SignalName
    value: float | None  # in [0, 1]
    points: float  # addend of the joint z: (need_points + provider_points) / 2
    need_points: float
    provider_points: float
    points_if_known: float  # what the best possible value would add: the upper end shown beside an unknown
    evidence: str  # one plain sentence
    topic: TopicEvidence | None = None


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A hard gate that fails, and what would mend it."""

    gate: GateName
    fix: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question whose answer could change the decision; ``about`` names the field to fill in."""

    about: str
    ask: str  # "provider" or "need_owner"
    question: str
    points: float  # how far the score could still rise


@dataclass(frozen=True, slots=True)
class Match:
    """One pairing: z = base + sum of points, ``score`` its sigmoid; ``best_score`` if every unknown turned out well."""

    need_id: NeedId
    capability_id: CapabilityId
    organisation_id: OrganisationId
    capability_title: str
    rank: int
    score: float
    z: float
    base: float
    best_score: float
    tier: Tier
    coverage: float
    gates: tuple[Gate, ...]
    contributions: tuple[Contribution, ...]
    near_miss: tuple[NearMiss, ...]
    open_questions: tuple[OpenQuestion, ...]
    cooperation: Cooperation | None
    cooperation_reason: str
    summary: str  # one plain paragraph made of the same points


@dataclass(frozen=True, slots=True)
class Ranked:
    """A Match's place without its reasons."""

    need_id: NeedId
    capability_id: CapabilityId
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Shortlist:
    """A need's matches in rank order: eligible ones first, near misses (tier C) after them."""

    need_id: NeedId
    need_title: str
    matches: tuple[Match, ...]
    eligible: int  # capabilities that pass every hard gate (or leave it unknown), listed or not
    considered: int  # capabilities in the catalogue
    notes: tuple[str, ...] = ()  # what a broker must know about the whole list


@dataclass(frozen=True, slots=True)
class PooledRecord:
    """A further record of an organisation, with what it adds to the organisation's z."""

    record_id: str
    kind: RecordKind
    title: str
    value: float  # its own topic value, in [0, 1]
    points: float
    passage: PassageEvidence | None  # what of it speaks most to the need


@dataclass(frozen=True, slots=True)
class OrganisationMatch:
    """An organisation for a need: z = z of its best capability + sum of the pooled records' points."""

    need_id: NeedId
    organisation_id: OrganisationId
    organisation_name: str | None
    rank: int
    score: float
    z: float
    best: Match  # gates, signals, questions and near misses are this capability's
    pooled: tuple[PooledRecord, ...]  # by falling topic value; those that add something
    records: int  # capabilities that pass every hard gate (or leave it unknown), and cases
    summary: str


@dataclass(frozen=True, slots=True)
class RankedOrganisation:
    """An OrganisationMatch's place without its reasons."""

    need_id: NeedId
    organisation_id: OrganisationId
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class OrganisationShortlist:
    """A need's organisations in rank order: those with an eligible capability first, near misses after them."""

    need_id: NeedId
    need_title: str
    matches: tuple[OrganisationMatch, ...]
    eligible: int  # organisations with a capability that passes every hard gate (or leaves it unknown)
    considered: int  # organisations in the catalogue
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a pair; never changed, only followed by another."""

    need_id: NeedId
    capability_id: CapabilityId
    actor: str
    at: datetime
    stage: Stage
    reason_codes: tuple[ReasonCode, ...] = ()
    note: str = ""

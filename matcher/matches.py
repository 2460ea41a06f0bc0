"""The nouns that go out. One tuple of Contributions is the score, the explanation and the training row.

They are frozen by the type checker alone: to set each field past a lock took close to a tenth of the time of matching,
for a shortlist holds thousands of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from matcher.followup import ChangeCause, ChangeKind
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import (
    HARD_THIRD_RULES,
    Cooperation,
    GateName,
    GateState,
    Placing,
    Readiness,
    ReasonCode,
    RecordKind,
    SignalName,
    Stage,
    ThirdRule,
    Tier,
)

if TYPE_CHECKING:
    from dataclasses import dataclass as noun
else:

    def noun(*, frozen: bool, slots: bool) -> Any:
        """Make a dataclass that hashes as a frozen one does and is as quickly made as one that is not."""
        return dataclass(slots=slots, unsafe_hash=frozen)


UNALLOCATED: Final = "unallocated"
"""Said of a list that was made for one need alone: capacity is shared out over a whole night."""


@noun(frozen=True, slots=True)
class Gate:
    """One hard rule, judged for one pair."""

    gate: GateName
    state: GateState
    detail: str


@noun(frozen=True, slots=True)
class TermEvidence:
    """One stemmed term both texts share, with its part of the lexical value (the parts sum to it)."""

    term: str
    value: float


@noun(frozen=True, slots=True)
class PassageEvidence:
    """The two passages that speak most to each other, with their cosine."""

    need_section: str
    need_passage: str
    capability_section: str
    capability_passage: str
    similarity: float


@noun(frozen=True, slots=True)
class TopicEvidence:
    """What the topic value is made of: value = dense_part + sum of the terms' values + likeness_part."""

    passages: tuple[PassageEvidence, ...]  # best first; these are the sections the dense part is made of
    terms: tuple[TermEvidence, ...]  # largest first, all of them
    dense_part: float  # the best section pair and bonuses for further ones, less what the offer shares with its like
    lexical_part: float
    likeness_part: float = 0.0  # for being like the need's best answers
    answers: tuple[CapabilityId, ...] = ()  # those answers, best first, this offer itself left out


@noun(frozen=True, slots=True)
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


@noun(frozen=True, slots=True)
class NearMiss:
    """A hard gate that fails, and what would mend it."""

    gate: GateName
    fix: str


@noun(frozen=True, slots=True)
class OpenQuestion:
    """A question whose answer could change the decision; ``about`` names the field to fill in."""

    about: str
    ask: str  # "provider" or "need_owner"
    question: str
    points: float  # how far the score could still rise


@noun(frozen=True, slots=True)
class Check:
    """One rule about a facilitator or a funder, judged for one pair."""

    rule: ThirdRule
    state: GateState
    detail: str


@noun(frozen=True, slots=True)
class ThirdParty:
    """A facilitator or a funder beside a pair: score = (match score x need_fit x provider_fit)^(1/3)."""

    id: str  # of the programme or mechanism
    organisation_id: OrganisationId
    title: str
    state: GateState  # of the hard rules together: fail when one fails, pass when all pass
    score: float
    need_fit: float  # share of the rules about the need that pass with evidence
    provider_fit: float  # share of the rules about the provider and its offer that pass with evidence
    checks: tuple[Check, ...]
    fixes: tuple[str, ...]  # one for each rule that fails; only near misses are listed with a failure

    @property
    def not_known(self) -> tuple[str, ...]:
        """The hard rules that nothing is known about."""
        unknown = (check.rule for check in self.checks if check.state is GateState.UNKNOWN)
        return tuple(rule.value for rule in unknown if rule in HARD_THIRD_RULES)


@noun(frozen=True, slots=True)
class Condition:
    """One offline condition of a transfer: how it stands, and what would close the gap or answer the question."""

    state: Readiness
    detail: str
    action: str  # empty when nothing is left to do
    offered_by: tuple[str, ...] = ()  # ids of the programmes, mechanisms or the capability that offer it


@noun(frozen=True, slots=True)
class ReadinessPanel:
    """The four offline conditions; unknown stays unknown."""

    policy: Condition
    finance: Condition
    incentives: Condition
    capacity: Condition


@noun(frozen=True, slots=True)
class NextStep:
    """What to do about a pair next. The draft is for a person to read, change and send; nothing sends it."""

    ask: str
    about: str  # the field that the answer fills in; empty when an introduction is all that is asked for
    whom: str  # "provider" or "need_owner"
    organisation_id: OrganisationId
    channel: str | None  # a role mailbox or form
    route: str  # how to reach them, in words
    draft: str
    due: date
    due_reason: str


@noun(frozen=True, slots=True)
class Delta:
    """What became of a match since an earlier release, and why."""

    kind: ChangeKind
    cause: ChangeCause
    rank_before: int | None  # None: it was not listed
    score_before: float | None
    detail: str  # which record differs, or what the run was made with


@noun(frozen=True, slots=True)
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
    facilitators: tuple[ThirdParty, ...] = ()  # best first, near misses after those that fit
    funders: tuple[ThirdParty, ...] = ()
    third_notes: tuple[str, ...] = ()  # why no facilitator, or no funder, is listed as fitting
    via: str | None = None  # the facilitator whose network reaches the provider
    readiness: ReadinessPanel | None = None
    next_step: NextStep | None = None
    delta: Delta | None = None  # None in a release: filled in where it is compared with the one before
    # These three stay last: a release keeps them apart and puts them into the match's text (wire.with_allocation).
    allocated: bool | None = None  # whether the introduction is to be made; None: not allocated, made for one need
    placing: Placing | None = None
    allocation: str = UNALLOCATED  # why, in words


@noun(frozen=True, slots=True)
class Ranked:
    """A Match's place without its reasons."""

    need_id: NeedId
    capability_id: CapabilityId
    rank: int
    score: float


@noun(frozen=True, slots=True)
class Shortlist:
    """A need's matches in rank order: eligible ones first, near misses (tier C) after them."""

    need_id: NeedId
    need_title: str
    matches: tuple[Match, ...]
    eligible: int  # capabilities that pass every hard gate (or leave it unknown), listed or not
    considered: int  # capabilities in the catalogue
    notes: tuple[str, ...] = ()  # what a broker must know about the whole list


@noun(frozen=True, slots=True)
class PooledRecord:
    """A further record of an organisation, with what it adds to the organisation's z."""

    record_id: str
    kind: RecordKind
    title: str
    value: float  # its own topic value, in [0, 1]
    points: float
    passage: PassageEvidence | None  # what of it speaks most to the need


@noun(frozen=True, slots=True)
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


@noun(frozen=True, slots=True)
class RankedOrganisation:
    """An OrganisationMatch's place without its reasons."""

    need_id: NeedId
    organisation_id: OrganisationId
    rank: int
    score: float


@noun(frozen=True, slots=True)
class OrganisationShortlist:
    """A need's organisations in rank order: those with an eligible capability first, near misses after them."""

    need_id: NeedId
    need_title: str
    matches: tuple[OrganisationMatch, ...]
    eligible: int  # organisations with a capability that passes every hard gate (or leaves it unknown)
    considered: int  # organisations in the catalogue
    notes: tuple[str, ...] = ()


@noun(frozen=True, slots=True)
class Event:
    """Something that happened to a pair; never changed, only followed by another (matcher.outcomes says by which)."""

    need_id: NeedId
    capability_id: CapabilityId
    actor: str
    at: datetime
    stage: Stage
    reason_codes: tuple[ReasonCode, ...] = ()
    note: str = ""
    due_on: date | None = None  # when the next action is due
    corrects: int | None = None  # number of the earlier event of the pair that this one stands in place of

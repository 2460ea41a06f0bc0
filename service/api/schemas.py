"""What the interface sends: envelopes of our own around the records of data/schema and the matches of a release."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from matcher.introductions import Figures
from matcher.matches import Gate, Match
from service.accounts.roles import Permission, Role

R = TypeVar("R")
Kind = Literal["organisations", "capabilities", "needs", "mechanisms", "facilitators", "cases"]

ReleaseId = Annotated[
    str,
    Field(examples=["2026-11-22-0f3a9c1d2b4e5f60"], description="The release that was read. Also in Matcher-Release."),
]


class Sent(BaseModel):
    """No envelope holds a member that is not named here."""

    model_config = ConfigDict(extra="forbid")


class RecordOut(Sent, Generic[R]):
    """A record as it stands in the store."""

    kind: Kind
    id: Annotated[str, Field(examples=["need-hill-village-power"])]
    version: Annotated[int, Field(ge=1, description="Counts what was saved under this id.")]
    content_hash: Annotated[str, Field(description="SHA-256 of what the record says; stamps left out.")]
    created_at: datetime
    updated_at: Annotated[datetime, Field(description="When this version was saved.")]
    record: Annotated[R, Field(description="The canonical form of data/schema; what is not there is unknown.")]


class PageOut(Sent, Generic[R]):
    """Some records in the order of their ids."""

    items: list[RecordOut[R]]
    next: Annotated[str | None, Field(description="Give it as cursor to read on; null at the end.")]


class FoundOut(Sent):
    """A record that holds every word that was asked for."""

    kind: Kind
    id: str
    title: str
    summary: Annotated[str, Field(description="The first words of its summary.")]
    href: Annotated[str, Field(examples=["/v1/needs/need-hill-village-power"])]


class SearchOut(Sent):
    """Records of every kind, in the order of kind and id."""

    items: list[FoundOut]
    next: Annotated[str | None, Field(description="Give it as cursor to read on; null at the end.")]


class ShortlistHead(Sent):
    """What is known of a shortlist beside its matches."""

    need_id: str
    need_title: str
    release_id: ReleaseId
    provisional: Annotated[
        bool, Field(description="Made now, not by a night: the release does not hold the need as it is.")
    ]
    allocated: Annotated[bool, Field(description="Whether providers' capacity was shared out among the needs.")]
    eligible: Annotated[int, Field(description="Capabilities that fail no hard gate, listed or not.")]
    considered: Annotated[int, Field(description="Capabilities that were looked at.")]
    notes: Annotated[list[str], Field(description="What a broker must know about the whole list.")]
    withheld: Annotated[int, Field(description="Matches left out: the capability is not to be seen any more.")]
    dismissed: Annotated[int, Field(description="Matches left out: the asker's tenant declined them.")]
    ruled_out: Annotated[int, Field(description="Matches left out by hard rules that the asker's tenant confirmed.")]


class ShortlistOut(ShortlistHead):
    """A need's matches in rank order, near misses (tier C) after those that are eligible."""

    matches: list[Match]
    next: Annotated[str | None, Field(description="Give it as cursor to read on in this release; null at the end.")]


class MatchOut(ShortlistHead):
    """One pair with its whole explanation: gates, every addend of the score, open questions."""

    kept_off: Annotated[
        str | None,
        Field(description="Why the asker's tenant keeps the pair off its lists.", examples=["dismissed: price"]),
    ]
    match: Match


class PriorityOut(Sent):
    """How urgent a need is beside others; it never acts inside one need's list."""

    points: Annotated[float, Field(ge=0, le=4)]
    reasons: Annotated[list[str], Field(examples=[["serves LDC", "urgency: high"]])]


class ReverseEntryOut(Sent):
    """A need whose shortlist holds the capability; the match's rank is the capability's place in that list."""

    need_id: str
    need_title: str
    priority: PriorityOut
    match: Match


class ReverseOut(Sent):
    """The needs of a capability: eligible before near misses, by score (two decimals), then priority, then id."""

    capability_id: str
    capability_title: str
    release_id: ReleaseId
    total: Annotated[int, Field(description="Needs whose shortlists hold it, sent or not.")]
    withheld: Annotated[int, Field(description="Needs left out: they are not to be seen any more.")]
    next: Annotated[str | None, Field(description="Give it as cursor to read on in this release; null at the end.")]
    kept_off: Annotated[int, Field(description="Needs left out: dismissed by the asker's tenant, or by its rules.")]
    needs: list[ReverseEntryOut]


class AllocationReportOut(Sent):
    """What allocation did to the whole release."""

    release_id: ReleaseId
    allocated: bool
    withheld: Annotated[
        bool, Field(description="Some record is confidential to the asker, so the figures are kept back.")
    ]
    figures: Figures | None


class SavedOut(Sent):
    """What became of a need that was sent."""

    outcome: Literal["created", "updated", "unchanged"]
    id: str
    version: int
    content_hash: str
    shortlist: Annotated[
        Literal["published", "provisional", "later"],
        Field(description="Where its shortlist is: in the release, made now, or made when it is first asked for."),
    ]
    href: Annotated[str, Field(examples=["/v1/needs/need-hill-village-power/matches"])]


class ReleaseOut(Sent):
    """The release that is served."""

    release_id: ReleaseId
    created_at: datetime
    as_of: Annotated[date, Field(description="The day the records were judged on.")]
    model: Annotated[str, Field(examples=["all-MiniLM-L6-v2@53aa51172d14/float32"])]
    scorer: Annotated[str, Field(description="The learned scorer it was made with, or experts.", examples=["experts"])]
    counts: Annotated[dict[str, int], Field(examples=[{"needs": 41, "capabilities": 84, "matches": 820}])]
    tiers: Annotated[dict[str, float], Field(examples=[{"A": 0.02, "B": 0.7, "C": 0.28}])]
    needs_without_eligible: Annotated[int, Field(description="Needs for which no capability passes every hard gate.")]


class HealthOut(Sent):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyOut(Sent):
    """Whether requests can be answered."""

    ready: bool
    store: bool
    release: bool


class AskerOut(Sent):
    """Whose key this is."""

    prefix: Annotated[str, Field(description="Names the key in lists; not secret.", examples=["3f9c1d2b4e5f"])]
    name: Annotated[str, Field(examples=["demo"])]
    user: Annotated[str | None, Field(description="Login of who signed in with a password; prefix is empty then.")] = (
        None
    )
    role: Annotated[Role, Field(description="The role of the account; not that of an organisation.")]
    tenant_id: Annotated[str, Field(examples=["default"])]
    permissions: Annotated[list[Permission], Field(description="What the account may do.")]


class NotShortlisted(Sent):
    """Members of the problem "not-shortlisted"."""

    release_id: ReleaseId
    need_id: str
    capability_id: str
    eligible: Annotated[bool | None, Field(description="Whether the pair fails no hard gate; null where unknown.")]
    gates: list[Gate]

"""The nouns that come in. Null is unknown, an empty list is stated none: the two are never confused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, NewType

from pydantic import BeforeValidator, Field, model_validator

from matcher.quantities import Frozen, Money, Range
from matcher.vocabulary import (
    SECTORS,
    ActivityStatus,
    Confidentiality,
    ExportControl,
    FacilitatorService,
    FinancingState,
    IpStatus,
    IpTerms,
    NeedKind,
    OfferKind,
    OrganisationType,
    Provenance,
    Readiness,
    ReviewState,
    Role,
    TiedStatus,
    TransferMode,
    Urgency,
)

NeedId = NewType("NeedId", str)
CapabilityId = NewType("CapabilityId", str)
OrganisationId = NewType("OrganisationId", str)


def _sector(code: Any) -> str:
    if not isinstance(code, str) or code not in SECTORS:
        raise ValueError(f"expected a sector of the closed list ({', '.join(sorted(SECTORS))}); got {code!r}")
    return code


def _listed(value: Any) -> Any:
    """One value may stand for a list of one."""
    return [value] if isinstance(value, str | int | float | dict) and not isinstance(value, bool) else value


Id = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Text = Annotated[str, Field(max_length=200_000)]
Short = Annotated[str, Field(max_length=2_000)]
Sector = Annotated[str, BeforeValidator(_sector)]
SdgGoal = Annotated[int, Field(ge=1, le=17)]
SdgTarget = Annotated[str, Field(pattern=r"^(1[0-7]|[1-9])\.([0-9]{1,2}|[a-z])$")]  # "9.c"
CrsPurpose = Annotated[str, Field(pattern=r"^\d{3}(\d{2})?$")]  # OECD DAC CRS
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]  # BCP-47
Trl = Annotated[int, Field(ge=1, le=9)]


class Located(Frozen):
    """A sub-national name with its country: "Kisumu" in "KEN"."""

    name: Name
    country: Name


Place = Name | Located
"""An alpha-3 code, a country's name, an M49 region, a group (LDC, SIDS...), or a Located. Resolved as of a date."""

Places = Annotated[tuple[Place, ...], BeforeValidator(_listed)]
Names = Annotated[tuple[Short, ...], BeforeValidator(_listed)]
Modes = Annotated[tuple[TransferMode, ...], BeforeValidator(_listed)]
Languages = Annotated[tuple[LanguageTag, ...], BeforeValidator(_listed)]
Condition = Range | Names
"""What a site has or a technology stands: a Range with a unit, or the values that hold ("off_grid", "mini_grid")."""


class Source(Frozen):
    """Where a record was taken from."""

    system: Name
    source_id: Id
    url: Short | None = None
    retrieved_at: date | None = None
    licence: Short | None = None


UNRELEASED: Final = frozenset({ReviewState.DRAFT, ReviewState.IN_REVIEW, ReviewState.WITHDRAWN})
"""States whose records do not enter a release at all: it is read by others and cannot be changed afterwards."""


class Record(Frozen):
    """What every record carries. An absent ``review_state`` counts as published."""

    id: Id
    source: Source | None = None
    content_hash: str | None = None
    created_at: datetime | date | None = None
    updated_at: datetime | date | None = None
    language: LanguageTag | None = None
    valid_until: date | None = None
    review_state: ReviewState | None = None
    provenance: dict[str, Provenance] | None = None  # field -> how it came to be known


class InEnglish(Frozen):
    """Title and summary once more, in English; ``provenance`` says whose words: stated, reviewed, or inferred."""

    title_en: Name | None = None
    summary_en: Text | None = None


class Classification(Frozen):
    """What a profile is about. Also accepted under a "classification" key."""

    sdg_goals: Annotated[tuple[SdgGoal, ...], BeforeValidator(_listed)] | None = None
    sdg_targets: Annotated[tuple[SdgTarget, ...], BeforeValidator(_listed)] | None = None
    crs_purpose: Annotated[tuple[CrsPurpose, ...], BeforeValidator(_listed)] | None = None
    cpc_y02: Names | None = None
    sectors: Annotated[tuple[Sector, ...], BeforeValidator(_listed)] | None = None
    keywords: Names | None = None

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("classification"), dict):
            return {**{k: v for k, v in value.items() if k != "classification"}, **value["classification"]}
        return value


class Organisation(Record):
    """Anybody who offers, needs, funds, facilitates or brokers."""

    name: Name
    aliases: Names | None = None
    org_type: OrganisationType | None = None
    roles: Annotated[tuple[Role, ...], BeforeValidator(_listed)]
    country: Name | None = None  # alpha-3 or a country's name; None for an organisation of no one country
    city: Short | None = None
    languages: Languages | None = None
    website: Short | None = None
    contact_channel: Short | None = None  # a role mailbox or form, never a person
    network_members: Names | None = None  # organisation ids or names
    activity_status: ActivityStatus | None = None
    last_contact_at: date | None = None
    slots_total: Annotated[int, Field(ge=0, le=100_000)] | None = None


class Ip(Frozen):
    """Rights in what is offered."""

    status: IpStatus | None = None
    jurisdictions: Names | None = None
    terms: Annotated[tuple[IpTerms, ...], BeforeValidator(_listed)] | None = None


class Deployment(Frozen):
    """Where and when a capability was put to work."""

    country: Name
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None


class PartnerSought(Frozen):
    """Whom the provider wants to work with."""

    org_types: Annotated[tuple[OrganisationType, ...], BeforeValidator(_listed)] | None = None
    places: Places | None = None
    ticket: Money | None = None
    text: Short | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class Capability(Record, InEnglish, Classification):
    """What a provider offers."""

    organisation_id: Id
    title: Name
    summary: Text
    description: Text | None = None
    problem_solved: Text | None = None
    advantages: Text | None = None
    offer_kind: OfferKind | None = None
    trl: Trl | None = None
    transfer_modes: Modes | None = None
    ip: Ip | None = None
    places_offered: Places | None = None
    places_excluded: Places | None = None
    deployed_in: tuple[Deployment, ...] | None = None
    operating_envelope: dict[Name, Condition] | None = None
    infrastructure_required: Names | None = None
    skills_required: Names | None = None
    price: Money | None = None
    lead_time_months: Annotated[float, Field(ge=0, le=600)] | None = None
    training_included: bool | None = None
    languages_supported: Languages | None = None
    partner_sought: PartnerSought | None = None
    export_control: ExportControl | None = None
    confidentiality: Confidentiality = Confidentiality.PUBLIC


class Endorsement(Frozen):
    """Who stands behind a need."""

    body: Name
    type: Short | None = None


class Enabling(Frozen):
    """The offline conditions of a transfer."""

    policy: Readiness = Readiness.UNKNOWN
    finance: Readiness = Readiness.UNKNOWN
    incentives: Readiness = Readiness.UNKNOWN
    capacity: Readiness = Readiness.UNKNOWN


class Need(Record, InEnglish, Classification):
    """What somebody is short of."""

    owner_organisation_id: Id
    title: Name
    summary: Text
    gap_description: Text | None = None
    beneficiary_places: Places | None = None
    beneficiaries: Text | None = None
    need_kind: NeedKind | None = None
    national_priority_refs: Names | None = None  # NDC, NAP, TNA, IDDA, plan
    urgency: Urgency | None = None
    accepted_modes: Modes | None = None
    rejected_modes: Modes | None = None
    trl_min: Trl | None = None
    co_development_ok: bool | None = None
    site_conditions: dict[Name, Condition] | None = None
    infrastructure_available: Names | None = None
    skills_available: Names | None = None
    ip_requirements: Annotated[tuple[IpTerms, ...], BeforeValidator(_listed)] | None = (
        None  # terms that can be accepted
    )
    budget: Money | None = None
    financing_state: FinancingState | None = None
    start_by: date | None = None
    complete_by: date | None = None
    languages_required: Languages | None = None
    endorsement: Endorsement | None = None
    enabling: Enabling | None = None
    confidentiality: Confidentiality = Confidentiality.PUBLIC
    cluster: Short | None = None
    project: Short | None = None  # the project or programme that assessed it, by its name or number


class FundingMechanism(Record):
    """A window that can pay for a transfer."""

    organisation_id: Id
    title: Name
    summary: Text | None = None
    finance_types: Names | None = None  # IATI FinanceType codes
    eligible_places: Places | None = None
    eligible_org_types: Annotated[tuple[OrganisationType, ...], BeforeValidator(_listed)] | None = None
    sectors: Annotated[tuple[Sector, ...], BeforeValidator(_listed)] | None = None
    ticket: Money | None = None
    cofinance_min: Annotated[float, Field(ge=0, le=1)] | None = None  # share of the total that others must bring
    tied_status: TiedStatus | None = None
    tied_to: Places | None = None
    opens: date | None = None
    closes: date | None = None
    rolling: bool | None = None
    endorsement_types: Names | None = None  # whose letter it asks for, as Need.endorsement.type; empty = nobody's


class FacilitatorProgramme(Record):
    """A programme that helps a transfer to happen."""

    organisation_id: Id
    title: Name
    summary: Text | None = None
    services: Annotated[tuple[FacilitatorService, ...], BeforeValidator(_listed)] | None = None
    places: Places | None = None
    sectors: Annotated[tuple[Sector, ...], BeforeValidator(_listed)] | None = None
    languages: Languages | None = None
    network: Names | None = None  # organisation ids or names it can reach


class CaseStory(Record, InEnglish):
    """What was done before, shown as "worked in a similar country"."""

    title: Name
    summary: Text
    places: Places | None = None
    provider_id: Id | None = None
    recipient_id: Id | None = None
    sectors: Annotated[tuple[Sector, ...], BeforeValidator(_listed)] | None = None
    sdg_goals: Annotated[tuple[SdgGoal, ...], BeforeValidator(_listed)] | None = None
    mode: TransferMode | None = None
    year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    outcome: Text | None = None
    evidence_url: Short | None = None
    confidentiality: Confidentiality = Confidentiality.PUBLIC


Profile = Organisation | Capability | Need | FundingMechanism | FacilitatorProgramme | CaseStory

KINDS: dict[str, type[Profile]] = {
    "organisations": Organisation,
    "capabilities": Capability,
    "needs": Need,
    "mechanisms": FundingMechanism,
    "facilitators": FacilitatorProgramme,
    "cases": CaseStory,
}
"""Plural kind -> model: the one list of record kinds, for files, tables and routes alike."""

SINGULAR: dict[str, str] = {
    "organisations": "organisation",
    "capabilities": "capability",
    "needs": "need",
    "mechanisms": "mechanism",
    "facilitators": "facilitator",
    "cases": "case",
}
"""Plural kind -> how one record of it is called."""

"""The closed lists. A value outside them is a reject at the border, never a silent pass."""

from enum import StrEnum
from typing import Final


class OfferKind(StrEnum):
    PRODUCT = "product"
    PROCESS = "process"
    SERVICE = "service"
    KNOW_HOW = "know_how"
    TRAINING = "training"
    RESEARCH = "research"
    PLATFORM = "platform"
    POLICY_EXPERTISE = "policy_expertise"


class NeedKind(StrEnum):
    TECHNOLOGY = "technology"
    TRAINING = "training"
    ADVISORY = "advisory"
    POLICY = "policy"
    FINANCE = "finance"
    DATA = "data"
    RESEARCH = "research"


class TransferMode(StrEnum):
    LICENCE_EXCLUSIVE = "licence_exclusive"
    LICENCE_NONEXCLUSIVE = "licence_nonexclusive"
    OPEN_LICENCE = "open_licence"
    KNOW_HOW = "know_how"
    TRAINING = "training"
    TECHNICAL_COOPERATION = "technical_cooperation"
    JOINT_RD = "joint_rd"
    JOINT_VENTURE = "joint_venture"
    TURNKEY = "turnkey"
    BUILD_OPERATE_TRANSFER = "build_operate_transfer"
    MANUFACTURING = "manufacturing"
    SALE = "sale"
    SERVICE_CONTRACT = "service_contract"
    FDI = "fdi"
    GRANT_IN_KIND = "grant_in_kind"
    PATENT_POOL = "patent_pool"


class IpTerms(StrEnum):
    """Terms on which rights are offered, or can be accepted; several may be stated."""

    OPEN = "open"
    NONEXCLUSIVE = "nonexclusive"
    EXCLUSIVE = "exclusive"


class IpStatus(StrEnum):
    NONE = "none"
    PATENTED = "patented"
    PENDING = "pending"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a kind of right, not a credential
    COPYRIGHT = "copyright"
    OPEN = "open"


class Role(StrEnum):
    PROVIDER = "provider"
    NEED_OWNER = "need_owner"
    FACILITATOR = "facilitator"
    FUNDER = "funder"
    BROKER = "broker"


class OrganisationType(StrEnum):
    """IATI codelist OrganisationType, by its codes' meaning."""

    GOVERNMENT = "government"  # 10
    LOCAL_GOVERNMENT = "local_government"  # 11
    OTHER_PUBLIC = "other_public"  # 15
    INTERNATIONAL_NGO = "international_ngo"  # 21
    NATIONAL_NGO = "national_ngo"  # 22
    REGIONAL_NGO = "regional_ngo"  # 23
    PARTNER_COUNTRY_NGO = "partner_country_ngo"  # 24
    PUBLIC_PRIVATE_PARTNERSHIP = "public_private_partnership"  # 30
    MULTILATERAL = "multilateral"  # 40
    FOUNDATION = "foundation"  # 60
    PRIVATE_SECTOR = "private_sector"  # 70
    PROVIDER_COUNTRY_PRIVATE = "provider_country_private"  # 71
    RECIPIENT_COUNTRY_PRIVATE = "recipient_country_private"  # 72
    THIRD_COUNTRY_PRIVATE = "third_country_private"  # 73
    ACADEMIC = "academic"  # 80
    OTHER = "other"  # 90


IATI_ORGANISATION_TYPES: Final = {
    "10": OrganisationType.GOVERNMENT,
    "11": OrganisationType.LOCAL_GOVERNMENT,
    "15": OrganisationType.OTHER_PUBLIC,
    "21": OrganisationType.INTERNATIONAL_NGO,
    "22": OrganisationType.NATIONAL_NGO,
    "23": OrganisationType.REGIONAL_NGO,
    "24": OrganisationType.PARTNER_COUNTRY_NGO,
    "30": OrganisationType.PUBLIC_PRIVATE_PARTNERSHIP,
    "40": OrganisationType.MULTILATERAL,
    "60": OrganisationType.FOUNDATION,
    "70": OrganisationType.PRIVATE_SECTOR,
    "71": OrganisationType.PROVIDER_COUNTRY_PRIVATE,
    "72": OrganisationType.RECIPIENT_COUNTRY_PRIVATE,
    "73": OrganisationType.THIRD_COUNTRY_PRIVATE,
    "80": OrganisationType.ACADEMIC,
    "90": OrganisationType.OTHER,
}


class RecordKind(StrEnum):
    CAPABILITY = "capability"
    CASE = "case"


class ReviewState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Provenance(StrEnum):
    STATED = "stated"
    INFERRED = "inferred"
    IMPORTED = "imported"
    REVIEWED = "reviewed"


class ActivityStatus(StrEnum):
    ACTIVE = "active"
    DORMANT = "dormant"
    INACTIVE = "inactive"


class Urgency(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class FinancingState(StrEnum):
    NONE = "none"
    SOUGHT = "sought"
    IDENTIFIED = "identified"
    COMMITTED = "committed"


class Readiness(StrEnum):
    READY = "ready"
    PARTIAL = "partial"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Confidentiality(StrEnum):
    PUBLIC = "public"
    PARTNERS = "partners"
    BROKER_ONLY = "broker_only"


class ExportControl(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class TiedStatus(StrEnum):
    UNTIED = "untied"
    PARTIALLY_TIED = "partially_tied"
    TIED = "tied"


class FacilitatorService(StrEnum):
    NEEDS_ASSESSMENT = "needs_assessment"
    MATCHMAKING = "matchmaking"
    TRAINING = "training"
    LEGAL_IP = "legal_ip"
    DEMONSTRATION = "demonstration"
    MONITORING = "monitoring"
    COFINANCE = "cofinance"


class Cooperation(StrEnum):
    NORTH_SOUTH = "north_south"
    SOUTH_SOUTH = "south_south"
    TRIANGULAR = "triangular"


class Stage(StrEnum):
    SUGGESTED = "suggested"
    VIEWED = "viewed"
    SHORTLISTED = "shortlisted"
    INTRO_REQUESTED = "intro_requested"
    INTRO_ACCEPTED = "intro_accepted"
    NDA = "nda"
    TECHNICAL_REVIEW = "technical_review"
    PILOT = "pilot"
    MOU_SIGNED = "mou_signed"
    FINANCE_SECURED = "finance_secured"
    AGREEMENT_SIGNED = "agreement_signed"
    IMPLEMENTATION = "implementation"
    COMMISSIONED = "commissioned"
    CLOSED_SUCCESS = "closed_success"
    DECLINED = "declined"
    STALLED = "stalled"
    WITHDRAWN = "withdrawn"
    CLOSED_NO_DEAL = "closed_no_deal"


ENDS: Final = (Stage.DECLINED, Stage.STALLED, Stage.WITHDRAWN, Stage.CLOSED_NO_DEAL)
"""Stages that are reached from any other; the others stand above in the order in which a pair goes through them."""


class ReasonCode(StrEnum):
    WRONG_TOPIC = "wrong_topic"
    MATURITY = "maturity"
    IP_TERMS = "ip_terms"
    PRICE = "price"
    NO_FINANCE = "no_finance"
    NO_CAPACITY = "no_capacity"
    LANGUAGE = "language"
    GEOGRAPHY = "geography"
    POLICY = "policy"
    TIMING = "timing"
    ALREADY_PARTNERED = "already_partnered"
    DUPLICATE = "duplicate"
    QUALITY_OF_PROFILE = "quality_of_profile"
    POLITICAL = "political"
    NO_REPLY = "no_reply"


class GateName(StrEnum):
    STATE = "state"
    PLACE = "place"
    MODE = "mode"
    MATURITY = "maturity"
    ENVELOPE = "envelope"
    IP = "ip"
    BUDGET = "budget"
    TIMELINE = "timeline"
    LANGUAGE = "language"
    FINANCE = "finance"  # judged for triplets of need, provider and funder


class GateState(StrEnum):
    PASS = "pass"  # noqa: S105 - an outcome, not a credential
    FAIL = "fail"
    UNKNOWN = "unknown"


class GateMode(StrEnum):
    """How a run treats a gate: a hard failure removes the pair, a soft one is only shown, off is not judged."""

    HARD = "hard"
    SOFT = "soft"
    OFF = "off"


class SignalName(StrEnum):
    TOPIC = "topic"
    SDG = "sdg"
    SECTOR = "sector"
    MODE = "mode"
    MATURITY = "maturity"
    ENVELOPE = "envelope"
    RESOURCES = "resources"  # infrastructure and skills gap
    BUDGET = "budget"
    LANGUAGE = "language"
    CONTEXT = "context"  # region, income group, earlier deployments
    FRESHNESS = "freshness"
    INTEREST = "interest"  # what the provider seeks: regions, ticket, partner type


class Placing(StrEnum):
    """What allocation did with a match, and why."""

    ALLOCATED = "allocated"  # within what both sides can take, and by score
    RAISED = "raised"  # allocated: better partners have no slot for this need
    DISPLACED = "displaced"  # good enough by score, but the partner's slots go to other needs
    FULL = "full"  # good enough by score, but the partner has no slot at all
    PASSED_OVER = "passed_over"  # good enough by score, but a floor for partners sends the introduction elsewhere
    RESERVE = "reserve"  # the need has its introductions above
    SAME_PARTNER = "same_partner"  # a better offer of the same partner stands above
    NEAR_MISS = "near_miss"  # fails a gate, so it is not allocated
    UNDER_WAY = "under_way"  # this pair is being worked on already


class ThirdRule(StrEnum):
    """What is judged of a facilitator or a funder beside a pair; the hard ones stand first."""

    PLACE = "place"
    SECTOR = "sector"
    ORGANISATION_TYPE = "organisation_type"
    TICKET = "ticket"
    WINDOW = "window"
    ENDORSEMENT = "endorsement"
    TIED = "tied"  # tied finance against the provider's country
    LANGUAGE = "language"  # of the need
    SERVICES = "services"  # what a facilitator does against the gaps of the need
    NETWORK = "network"  # whether it reaches the provider
    OFFER_SECTOR = "offer_sector"
    OFFER_LANGUAGE = "offer_language"


HARD_THIRD_RULES: Final = frozenset(tuple(ThirdRule)[: tuple(ThirdRule).index(ThirdRule.SERVICES)])
"""Rules whose failure rules a facilitator or a funder out: the finance gate of the domain and what they state."""


class Tier(StrEnum):
    A = "A"  # every hard gate passes and coverage is at least 0.6
    B = "B"  # passes with unknowns
    C = "C"  # near miss: one or two hard gates fail, each with a stated fix


AMBIENT_ATTRIBUTES: Final = frozenset({"altitude", "temperature", "humidity", "salinity", "wind_speed", "rainfall"})
"""Site conditions that an envelope must contain whole; any other attribute (head, flow, power...) must overlap."""

ATTRIBUTE_UNITS: Final[dict[str, tuple[str, ...]]] = {
    "altitude": ("m",),
    "area": ("hectare", "m^2"),
    "depth": ("m",),
    "flow": ("m^3/s", "kg/s"),
    "head": ("m",),
    "humidity": ("percent",),
    "power": ("kW",),
    "temperature": ("degC",),
    "voltage": ("V",),
    "wind_speed": ("m/s",),
}
"""Attribute -> a unit of each dimension it can be measured in. Any other attribute may have any unit."""

# Sector -> OECD DAC CRS purpose-code prefixes (3 digits = category, 5 = purpose). A dot makes a child.
SECTORS: Final[dict[str, tuple[str, ...]]] = {
    "agriculture": ("311",),
    "agriculture.crops": ("31120", "31161", "31162"),
    "agriculture.irrigation": ("31140",),
    "agriculture.livestock": ("31163", "31195"),
    "agriculture.extension": ("31166", "31191"),
    "agriculture.agro_processing": ("32161",),
    "biodiversity": ("41030",),
    "building": ("32310", "16030", "16040"),
    "climate": ("410",),
    "climate.adaptation": ("41010", "41020"),
    "cities": ("43030",),
    "culture": ("16061",),
    "digital": ("220",),
    "digital.connectivity": ("22020", "22040"),
    "digital.e_commerce": ("33110", "22040"),
    "digital.e_government": ("22010", "15142"),
    "disaster": ("740", "43060"),
    "disaster.early_warning": ("74020", "43060"),
    "education": ("111", "112", "113", "114"),
    "education.higher": ("114",),
    "education.vocational": ("11330",),
    "energy": ("231", "232", "233", "234", "235", "236"),
    "energy.biogas": ("23270",),
    "energy.efficiency": ("23183",),
    "energy.grid": ("23630", "23631"),
    "energy.hydropower": ("23220",),
    "energy.solar": ("23230", "23231", "23232"),
    "energy.storage": ("23631",),
    "energy.wind": ("23240",),
    "energy.cooking": ("32174",),
    "finance": ("240",),
    "fisheries": ("313",),
    "forestry": ("312",),
    "governance": ("151", "152"),
    "governance.innovation": ("15110", "43082"),
    "health": ("121", "122", "123"),
    "health.devices": ("12230",),
    "health.pandemic": ("12264", "12250"),
    "health.telemedicine": ("12191",),
    "industry": ("321",),
    "industry.industry_4_0": ("32182",),
    "industry.materials": ("32166", "32169"),
    "industry.pharmaceutical": ("32168",),
    "livelihoods": ("43040", "16020"),
    "science": ("32182", "43082"),
    "social": ("160",),
    "space": ("43082", "22040"),
    "textiles": ("32163",),
    "tourism": ("33210",),
    "trade": ("331",),
    "transport": ("210",),
    "transport.electric": ("21020", "21010"),
    "waste": ("14050",),
    "waste.recycling": ("14050", "41020"),
    "water": ("140",),
    "water.drinking": ("14030", "14031"),
    "water.sanitation": ("14022", "14032"),
    "water.wastewater": ("14022",),
    "water.resources": ("14010", "14015", "14040"),
}

"""The gates read plainly, one pair at a time: what the arrays must agree with."""

from collections.abc import Iterable, Mapping
from datetime import date

from matcher.errors import UnknownPlace
from matcher.places import PlaceBook
from matcher.profiles import Capability, Need, Organisation, Place
from matcher.quantities import Range
from matcher.vocabulary import AMBIENT_ATTRIBUTES, GateName, GateState
from tests.matcher.small_world import AS_OF

PASS, FAIL, UNKNOWN = GateState.PASS, GateState.FAIL, GateState.UNKNOWN


def states(
    need: Need, offer: Capability, known: Mapping[str, Organisation], book: PlaceBook, bridged: Iterable[str]
) -> dict[GateName, GateState]:
    provider = known.get(offer.organisation_id)
    return {
        GateName.STATE: _state(need, offer, provider, known.get(need.owner_organisation_id)),
        GateName.PLACE: _place(need, offer, book),
        GateName.MODE: _mode(need, offer),
        GateName.MATURITY: _maturity(need, offer),
        GateName.ENVELOPE: _envelope(need, offer),
        GateName.IP: _ip(need, offer),
        GateName.BUDGET: _budget(need, offer),
        GateName.TIMELINE: _timeline(need, offer),
        GateName.LANGUAGE: _language(need, offer, provider, set(bridged)),
    }


def _over(until: date | None) -> bool:
    return until is not None and until < AS_OF


def _state(need: Need, offer: Capability, provider: Organisation | None, owner: Organisation | None) -> GateState:
    own = need.owner_organisation_id
    if own == offer.organisation_id and own != f"need:{need.id}":
        return FAIL
    for record in (need, offer):
        if record.review_state not in {None, "published"} or _over(record.valid_until):
            return FAIL
    gone = provider and (provider.review_state in {"withdrawn", "expired"} or _over(provider.valid_until))
    if gone:
        return FAIL
    inferred = owner is not None and (owner.provenance or {}).get("roles") == "inferred"
    return UNKNOWN if owner is not None and set(owner.roles) == {"provider"} and not inferred else PASS


def _resolve(places: Iterable[Place], book: PlaceBook) -> tuple[set[str], bool]:
    found: set[str] = set()
    whole = True
    for place in places:
        try:
            found |= book.resolve(place, AS_OF)
        except UnknownPlace:
            whole = False
    return found, whole


def _place(need: Need, offer: Capability, book: PlaceBook) -> GateState:
    wanted, wanted_whole = _resolve(need.beneficiary_places or (), book)
    offered, offered_whole = _resolve(offer.places_offered or (), book)
    excluded, _ = _resolve(offer.places_excluded or (), book)
    if not wanted:
        return UNKNOWN
    if wanted_whole and wanted <= excluded:
        return FAIL
    if offer.places_offered is None or (not offered and not offered_whole):
        return UNKNOWN
    if wanted & (offered - excluded):
        return PASS
    return FAIL if wanted_whole and offered_whole else UNKNOWN


def _mode(need: Need, offer: Capability) -> GateState:
    if not offer.transfer_modes or (need.accepted_modes is None and need.rejected_modes is None):
        return UNKNOWN
    return FAIL if set(offer.transfer_modes) <= set(need.rejected_modes or ()) else PASS


def _maturity(need: Need, offer: Capability) -> GateState:
    if need.trl_min is None or offer.trl is None:
        return UNKNOWN
    return PASS if offer.trl >= need.trl_min or need.co_development_ok else FAIL


def _plain(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def _envelope(need: Need, offer: Capability) -> GateState:
    outcomes = set()
    stood = {_plain(name): value for name, value in (offer.operating_envelope or {}).items()}
    for name, site in (need.site_conditions or {}).items():
        limit = stood.get(_plain(name))
        if isinstance(site, Range) and isinstance(limit, Range):
            low, high, dimension = site.base()
            least, most, other = limit.base()
            if dimension != other:
                continue
            slack = 1e-6 * max(abs(end) for end in (least, most, 1.0) if end not in {float("inf"), float("-inf")})
            least, most = least - slack, most + slack
            inside = least <= low and high <= most
            outcomes.add(inside if _plain(name) in AMBIENT_ATTRIBUTES else least <= high and low <= most)
        elif site and limit and not isinstance(site, Range) and not isinstance(limit, Range):
            outcomes.add(bool({_plain(value) for value in site} & {_plain(value) for value in limit}))
    return FAIL if False in outcomes else PASS if outcomes else UNKNOWN


def _ip(need: Need, offer: Capability) -> GateState:
    if need.ip_requirements is None or offer.ip is None or offer.ip.terms is None:
        return UNKNOWN
    clash = need.ip_requirements and offer.ip.terms and not set(need.ip_requirements) & set(offer.ip.terms)
    return FAIL if clash else PASS


def _budget(need: Need, offer: Capability) -> GateState:
    budget, price = need.budget, offer.price
    if budget is None or price is None or budget.currency != price.currency:
        return UNKNOWN
    if (budget.basis or "total") != (price.basis or "total"):
        return UNKNOWN
    least = price.min if price.min is not None else price.max
    most = budget.max if budget.max is not None else budget.min
    if least is not None and most is not None and most >= 0.5 * least:
        return PASS
    if budget.max is None or price.min is None:
        return UNKNOWN
    return PASS if need.financing_state == "sought" else FAIL


def _timeline(need: Need, offer: Capability) -> GateState:
    if need.complete_by is None or offer.lead_time_months is None:
        return UNKNOWN
    start = max(AS_OF, need.start_by or AS_OF)
    return PASS if offer.lead_time_months * 30.4375 <= (need.complete_by - start).days else FAIL


def _language(need: Need, offer: Capability, provider: Organisation | None, bridged: set[str]) -> GateState:
    spoken = offer.languages_supported
    if spoken is None and provider is not None:
        spoken = provider.languages
    if need.languages_required is None or spoken is None:
        return UNKNOWN
    required = {tag.split("-")[0] for tag in need.languages_required}
    have = {tag.split("-")[0] for tag in spoken}
    return PASS if not required or have & (required | bridged) else FAIL

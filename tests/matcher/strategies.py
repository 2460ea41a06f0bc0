"""Random valid profiles over the small world: every structured field may be unknown, stated none, or stated."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from matcher.profiles import Capability, Need, Organisation
from matcher.vocabulary import (
    ActivityStatus,
    FinancingState,
    IpTerms,
    OfferKind,
    OrganisationType,
    ReviewState,
    TransferMode,
)
from tests.builders import a_capability, a_need, an_organisation

places = st.sampled_from(["BRA", "Kenya", "UGA", "NAM", "LDC", "World", "DEU", "LIC", "Atlantis"])
tags = st.sampled_from(["en", "fr", "pt", "pt-BR", "sw"])
sectors = st.sampled_from(["energy", "energy.solar", "energy.wind", "water", "water.drinking", "digital"])
crs = st.sampled_from(["23230", "232", "14030", "22020", "31140"])
labels = st.sampled_from(["road", "Grid connection", "grid-connection", "internet", "welding"])
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
powers = st.sampled_from(["5 kW", "4-6 kW", "5000 W", "5 MW", "<= 10 kW", ">= 3 kW", "5 m"])
heights = st.sampled_from(["100-500 m", "<= 2 km", "500 m", "1-3 km", "20 degC"])
grids = st.sampled_from([["off_grid"], ["mini grid", "off-grid"], ["grid"], [], "12 V"])


def _many(values: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(values, max_size=most, unique=True)


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def moneys(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted(draw(st.tuples(st.integers(0, 99), st.integers(0, 99))))
    ends = draw(st.sampled_from([{"min": low}, {"max": high}, {"min": low, "max": high}]))
    currency, year = draw(st.sampled_from(["USD", "USD", "EUR"])), draw(st.sampled_from([None, 2015, 2025]))
    basis = draw(st.sampled_from([None, None, "total", "per unit"]))
    return {**ends, "currency": currency, "price_year": year, "basis": basis}


conditions = st.none() | st.fixed_dictionaries(
    {}, optional={"power": powers, "altitude": heights, "grid": grids, "Temperature": st.just("10-30 degC")}
)

CAPABILITY_FIELDS = {
    "review_state": _maybe(st.sampled_from(ReviewState)),
    "valid_until": _maybe(days),
    "updated_at": _maybe(days),
    "created_at": _maybe(days),
    "sdg_goals": _many(st.integers(1, 17)),
    "sdg_targets": _many(st.sampled_from(["7.1", "7.b", "9.c", "13.1"])),
    "sectors": _many(sectors),
    "crs_purpose": _many(crs),
    "offer_kind": _maybe(st.sampled_from(OfferKind)),
    "trl": _maybe(st.integers(1, 9)),
    "transfer_modes": _many(st.sampled_from(TransferMode)),
    "ip": _maybe(st.fixed_dictionaries({"terms": _many(st.sampled_from(IpTerms))})),
    "places_offered": _many(places),
    "places_excluded": _many(places),
    "deployed_in": _many(st.sampled_from(["KEN", "India", "UGA", "Nowhere"])).map(
        lambda found: None if found is None else [{"country": name} for name in found]
    ),
    "operating_envelope": conditions,
    "infrastructure_required": _many(labels),
    "skills_required": _many(labels),
    "training_included": _maybe(st.booleans()),
    "price": _maybe(moneys()),
    "lead_time_months": _maybe(st.integers(0, 60)),
    "languages_supported": _many(tags),
    "partner_sought": _maybe(
        st.fixed_dictionaries(
            {
                "org_types": _many(st.sampled_from(OrganisationType)),
                "places": _many(places),
                "ticket": _maybe(moneys()),
            }
        )
    ),
}
NEED_FIELDS = {
    "review_state": _maybe(st.sampled_from(ReviewState)),
    "valid_until": _maybe(days),
    "sdg_goals": CAPABILITY_FIELDS["sdg_goals"],
    "sdg_targets": CAPABILITY_FIELDS["sdg_targets"],
    "sectors": CAPABILITY_FIELDS["sectors"],
    "crs_purpose": CAPABILITY_FIELDS["crs_purpose"],
    "beneficiary_places": _many(places),
    "accepted_modes": _many(st.sampled_from(TransferMode)),
    "rejected_modes": _many(st.sampled_from(TransferMode), most=12),
    "trl_min": _maybe(st.integers(1, 9)),
    "co_development_ok": _maybe(st.booleans()),
    "site_conditions": conditions,
    "infrastructure_available": _many(labels),
    "skills_available": _many(labels),
    "ip_requirements": _many(st.sampled_from(IpTerms)),
    "budget": _maybe(moneys()),
    "financing_state": _maybe(st.sampled_from(FinancingState)),
    "start_by": _maybe(days),
    "complete_by": _maybe(days),
    "languages_required": _many(tags),
}
ORGANISATION_FIELDS = {
    "review_state": _maybe(st.sampled_from(ReviewState)),
    "country": _maybe(st.sampled_from(["KEN", "Germany", "Atlantis"])),
    "org_type": _maybe(st.sampled_from(OrganisationType)),
    "languages": _many(tags),
    "activity_status": _maybe(st.sampled_from(ActivityStatus)),
    "last_contact_at": _maybe(days),
}
ROLES = {
    "roles": st.lists(st.sampled_from(["provider", "need_owner", "broker"]), min_size=1, max_size=2, unique=True),
    "provenance": st.sampled_from([None, {"roles": "inferred"}, {"roles": "stated"}]),
}
ORGANISATION_IDS = ("org-1", "org-2", "capability:x", "missing")


@st.composite
def capabilities(draw: st.DrawFn) -> Capability:
    owner = draw(st.sampled_from(ORGANISATION_IDS))
    return a_capability(organisation_id=owner, **draw(st.fixed_dictionaries(CAPABILITY_FIELDS)))


@st.composite
def needs(draw: st.DrawFn) -> Need:
    owner = draw(st.sampled_from(["org-1", "need:x", "capability:x"]))
    return a_need(owner_organisation_id=owner, **draw(st.fixed_dictionaries(NEED_FIELDS)))


@st.composite
def organisations(draw: st.DrawFn) -> dict[str, Organisation]:
    return {
        name: an_organisation(name, **draw(st.fixed_dictionaries({**ORGANISATION_FIELDS, **ROLES})))
        for name in ORGANISATION_IDS
        if name != "missing"
    }

"""A dozen countries with true regions and groups, and random but valid profiles over them."""

import random
from datetime import date
from typing import Any

from matcher.places import Country, Membership, PlaceBook
from matcher.profiles import Capability
from matcher.vocabulary import ActivityStatus, IpTerms, OfferKind, OrganisationType, TransferMode
from tests.builders import a_capability, an_organisation

AS_OF = date(2026, 11, 1)

_COUNTRIES = (
    ("BRA", "Brazil", "Americas", "South America", "UMIC"),
    ("CHN", "China", "Asia", "Eastern Asia", "UMIC"),
    ("DEU", "Germany", "Europe", "Western Europe", "HIC"),
    ("FRA", "France", "Europe", "Western Europe", "HIC"),
    ("IND", "India", "Asia", "Southern Asia", "LMIC"),
    ("KEN", "Kenya", "Africa", "Sub-Saharan Africa", "LMIC"),
    ("LAO", "Lao PDR", "Asia", "South-eastern Asia", "LMIC"),
    ("NAM", "Namibia", "Africa", "Sub-Saharan Africa", "UMIC"),
    ("NPL", "Nepal", "Asia", "Southern Asia", "LMIC"),
    ("RWA", "Rwanda", "Africa", "Sub-Saharan Africa", "LIC"),
    ("TZA", "Tanzania", "Africa", "Sub-Saharan Africa", "LMIC"),
    ("UGA", "Uganda", "Africa", "Sub-Saharan Africa", "LIC"),
)
LDCS = ("LAO", "NPL", "RWA", "TZA", "UGA")
GRADUATION = date(2026, 11, 24)  # Lao PDR and Nepal


def a_place_book() -> PlaceBook:
    countries = [
        Country(code, code[:2], str(at).zfill(3), name, name, region, sub_region, "")
        for at, (code, name, region, sub_region, _) in enumerate(_COUNTRIES)
    ]
    income = [Membership(group, code, None) for code, *_, group in _COUNTRIES]
    leaving = {"LAO": GRADUATION, "NPL": GRADUATION}
    least = [Membership("LDC", code, None, leaving.get(code)) for code in LDCS]
    north = [Membership("DEVELOPED", code, None) for code in ("DEU", "FRA")]
    return PlaceBook(countries, income + least + north)


def some_organisations(count: int, seed: int = 1) -> dict[str, Any]:
    draw = random.Random(seed)
    codes = [code for code, *_ in _COUNTRIES]
    return {
        f"org-{n}": an_organisation(
            f"org-{n}",
            country=draw.choice([*codes, None]),
            languages=draw.choice([None, ["en"], ["fr", "en"], ["pt-BR"]]),
            org_type=draw.choice([*OrganisationType, None]),
            activity_status=draw.choice([*ActivityStatus, None]),
        )
        for n in range(count)
    }


def _facts(draw: random.Random) -> dict[str, Any]:
    codes = [code for code, *_ in _COUNTRIES]
    low = draw.choice([1, 2, 5, 10, 50, 100])
    some = {
        "places_offered": draw.choice([["World"], ["LDC"], draw.sample(codes, 3), draw.sample(codes, 1), []]),
        "places_excluded": draw.sample(codes, 2),
        "transfer_modes": draw.sample(list(TransferMode), draw.randint(0, 3)),
        "trl": draw.randint(1, 9),
        "ip": {"terms": draw.sample(list(IpTerms), draw.randint(0, 2))},
        "operating_envelope": {
            "power": {"min": low, "max": low * 4, "unit": draw.choice(["kW", "MW", "m"])},
            "altitude": {"max": low * 30, "unit": "m"},
            "grid": draw.choice([["off_grid"], ["mini grid", "off_grid"]]),
        },
        "price": {"min": low * 1000, "max": low * 2000, "currency": draw.choice(["USD", "EUR"])},
        "lead_time_months": low,
        "languages_supported": draw.choice([["en"], ["fr"], ["en", "pt"], []]),
        "sdg_goals": draw.sample(range(1, 18), 3),
        "sdg_targets": ["7.1", "13.1"],
        "sectors": draw.sample(["energy.solar", "energy", "water.drinking", "digital"], 2),
        "crs_purpose": ["23230"],
        "infrastructure_required": draw.sample(["road", "grid", "water", "internet"], 2),
        "skills_required": draw.sample(["welding", "software", "accounting"], 1),
        "deployed_in": [{"country": draw.choice(codes), "year": draw.choice([None, 2010, 2025])} for _ in range(3)],
        "offer_kind": draw.choice(list(OfferKind)),
        "updated_at": date(2020 + draw.randint(0, 6), 3, 1),
        "valid_until": draw.choice([date(2026, 1, 1), date(2027, 1, 1)]),
        "partner_sought": {"org_types": ["government"], "places": draw.sample(codes, 2), "ticket": "USD 10k-50k"},
    }
    return {name: value for name, value in some.items() if draw.random() < 0.8}


def some_capabilities(count: int, seed: int = 2) -> list[Capability]:
    draw = random.Random(seed)
    return [
        a_capability(f"cap-{n}", organisation_id=f"org-{draw.randrange(max(count // 3, 1))}", **_facts(draw))
        for n in range(count)
    ]


def a_full_need(**changes: Any) -> dict[str, Any]:
    return {
        "beneficiary_places": ["KEN", "LDC"],
        "accepted_modes": ["training", "sale", "turnkey"],
        "rejected_modes": ["fdi"],
        "trl_min": 6,
        "co_development_ok": False,
        "site_conditions": {"power": "5 kW", "altitude": "500-900 m", "grid": ["off_grid"]},
        "ip_requirements": ["open", "nonexclusive"],
        "budget": "USD 20k-60k",
        "financing_state": "none",
        "start_by": date(2027, 1, 1),
        "complete_by": date(2028, 1, 1),
        "languages_required": ["en", "sw"],
        "sdg_goals": [7, 9, 13],
        "sdg_targets": ["7.1"],
        "sectors": ["energy.solar"],
        "crs_purpose": ["23230"],
        "infrastructure_available": ["road", "internet"],
        "skills_available": ["welding"],
        **changes,
    }

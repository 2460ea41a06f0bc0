"""What a page weighs: the heaviest need there can be, with its style sheet and its script, nothing compressed."""

from pathlib import Path

import numpy as np

from service.console.cards import WHOLE
from service.console.pages import _HERE
from tests.builders import a_capability, a_mechanism, a_need, a_programme, an_organisation
from tests.service.api.world import a_world

LIMIT = 150_000  # bytes, as the issue asks for
SHOWN = 20
_WORDS = ("water", "solar", "turbine", "filter", "village", "clinic", "grid", "pump", "battery", "seed", "school")
_PLACES = ["KEN", "UGA", "TZA", "ETH", "RWA"]


def _prose(number: int) -> str:
    """Write text that fills a passage, every other word of it shared with the need's."""
    draw = np.random.default_rng(number)
    return " and ".join(draw.choice(_WORDS, 200))


def test_the_page_of_the_heaviest_need_is_light(tmp_path: Path) -> None:
    """Twenty matches of which everything is known: every signal has a bar and evidence, every passage is full."""
    world = a_world(tmp_path, published=False)
    need = a_need(
        "heavy",
        title="Electricity and clean water for village clinics and schools " * 3,
        summary=_prose(1),
        gap_description=_prose(3),
        beneficiary_places=_PLACES,
        sectors=["energy.solar", "water.drinking"],
        sdg_goals=[3, 4, 6, 7],
        accepted_modes=["training", "sale", "know_how"],
        trl_min=6,
        site_conditions={"power": {"min": 5, "max": 5, "unit": "kW"}, "altitude": {"min": 0, "max": 2, "unit": "km"}},
        infrastructure_available=["road", "workshop"],
        skills_available=["welding", "electrician"],
        budget={"min": 20000, "max": 60000, "currency": "USD"},
        languages_required=["en", "fr"],
        complete_by="2028-12-31",
        financing_state="sought",
        enabling={"policy": "ready", "finance": "missing", "incentives": "partial", "capacity": "ready"},
    )
    offers = [
        a_capability(
            f"heavy-{number}",
            organisation_id=f"maker-{number % 7}",
            title=f"Solar pump and battery with filters for villages far from any grid, model {number}",
            summary=_prose(100 + number),
            description=_prose(200 + number),
            places_offered=_PLACES if number % 3 else ["KEN"],
            sectors=["energy.solar", "water.drinking"],
            sdg_goals=[6, 7],
            transfer_modes=["sale", "training"],
            trl=8,
            operating_envelope={"power": {"min": 1, "max": 50, "unit": "kW"}},
            infrastructure_required=["road"],
            skills_required=["electrician", "welding"],
            price={"min": 10000, "max": 40000, "currency": "USD"},
            languages_supported=["en"],
            lead_time_months=6,
            deployed_in=[{"country": "UGA", "year": 2024}, {"country": "RWA", "year": 2023}],
            updated_at="2026-10-01T00:00:00Z",
        )
        for number in range(30)
    ]
    world.upsert("organisations", *(an_organisation(f"maker-{number}", country="IND") for number in range(7)))
    world.upsert("needs", need)
    world.upsert("capabilities", *offers)
    world.upsert("facilitators", *(a_programme(f"hub-{one}", places=_PLACES, sectors=["energy"]) for one in range(3)))
    world.upsert("mechanisms", *(a_mechanism(f"window-{one}", eligible_places=_PLACES) for one in range(3)))
    world.night()
    with world.client() as client:
        answer = client.get("/needs/heavy", headers={"Accept-Encoding": "identity"})
    page = answer.content
    assert page.count(b'class="card match"') == SHOWN
    assert page.count(b'<rect class="fill"') >= WHOLE * 8  # else it would not be heavy
    assert page.count(b"<mark>") >= WHOLE * 20
    weight = len(page) + sum(len((_HERE / "static" / name).read_bytes()) for name in ("console.css", "console.js"))
    assert weight < LIMIT, f"{weight:,}"

"""Cases that are like a need, those of the nearest places first."""

from datetime import date

import pytest

from service.console.cases import _nearness
from tests.builders import a_case
from tests.service.api.world import World


@pytest.mark.parametrize(
    ("home", "there", "nearness"),
    [
        ({"NPL"}, {"NPL", "KEN"}, 0),
        ({"NPL"}, {"IND"}, 1),
        ({"NPL"}, {"RWA"}, 2),
        ({"NPL"}, {"PER"}, 3),
        (set(), {"PER"}, 3),
        ({"NPL"}, set(), 3),
    ],
)
def test_nearness_goes_by_country_then_region_then_group(home: set[str], there: set[str], nearness: int) -> None:
    assert _nearness(frozenset(home), frozenset(there), date(2026, 11, 1))[0] == nearness


def test_like_cases_are_listed_the_nearest_first_and_unlike_ones_not_at_all(world: World) -> None:
    alike = {"title": "Electricity for a hill village", "summary": "Power from a small river without a grid."}
    world.upsert(
        "cases",
        a_case("case-far", places=["PER"], **alike),
        a_case("case-near", places=["NPL"], **alike),
        a_case("case-other", title="Tea tasting", summary="Leaves and cups.", places=["NPL"]),
    )
    world.night()
    with world.client() as client:
        text = client.get("/needs/need-1/cases").text
    assert 0 < text.index("/cases/case-near") < text.index("/cases/case-far")
    assert "/cases/case-other" not in text

"""Who works with whom, with the rule that fired."""

from typing import Any

import pytest

from matcher.asked import Asked, Pair
from matcher.columns import Columns
from matcher.cooperation import classify
from tests.builders import a_capability, a_need, an_organisation
from tests.matcher.small_world import AS_OF, a_place_book

BOOK = a_place_book()


def typed(countries: list[str], **provider: Any) -> tuple[str | None, str]:
    offer, organisation = a_capability(organisation_id="org-1"), an_organisation("org-1", **provider)
    columns = Columns.build([offer], {"org-1": organisation}, BOOK, AS_OF)
    asked = Asked.of(a_need(beneficiary_places=countries), {}, columns, BOOK)
    found = classify(asked, Pair(asked, columns, 0, offer, organisation), BOOK)
    return found.kind, found.reason


@pytest.mark.parametrize(
    ("countries", "provider", "expected"),
    [
        (["KEN"], {"country": "India"}, ("south_south", "need in Kenya (South), provider in India (South)")),
        (["KEN"], {"country": "DEU"}, ("north_south", "need in Kenya (South), provider in Germany (North)")),
        (
            ["KEN"],
            {"country": "KEN", "org_type": "multilateral"},
            ("north_south", "need in Kenya (South), provider is multilateral"),
        ),
        (["KEN"], {"country": "KEN"}, (None, "need and provider are both in Kenya: no cooperation between countries")),
        (
            ["KEN", "UGA"],
            {"country": "KEN"},
            ("south_south", "need in Kenya and Uganda (South), provider in Kenya (South)"),
        ),
        (["DEU", "UGA"], {"country": "FRA"}, ("north_south", "need in Uganda (South), provider in France (North)")),
        (["DEU"], {"country": "KEN"}, (None, "the need is in Germany, no developing country")),
        (["KEN"], {}, (None, "the provider's country is unknown")),
        (["KEN"], {"country": "Atlantis"}, (None, "the provider's country is unknown")),
        ([], {"country": "KEN"}, (None, "the need's country is unknown")),
    ],
)
def test_a_pair_is_typed_by_its_countries(
    countries: list[str], provider: dict[str, Any], expected: tuple[str | None, str]
) -> None:
    """Developing with developing is south-south, with the rest or a multilateral north-south; unknown is neither."""
    assert typed(countries, **provider) == expected

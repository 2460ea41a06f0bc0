"""How urgent a need is, worked by hand."""

from datetime import date

import pytest

from matcher.priority import of_need
from tests.builders import a_need
from tests.matcher.small_world import GRADUATION, a_place_book

BEFORE = date(2026, 11, 22)


def test_a_need_that_states_nothing_has_none() -> None:
    found = of_need(a_need(), a_place_book(), BEFORE)
    assert (found.points, found.reasons) == (0.0, ())


def test_each_reason_adds_its_points_and_is_told() -> None:
    need = a_need(
        beneficiary_places=["Rwanda"],
        urgency="high",
        endorsement={"body": "Ministry of Water"},
        national_priority_refs=["NDC", "NAP", "plan"],
    )
    found = of_need(need, a_place_book(), BEFORE)
    assert found.points == pytest.approx(1 + 0.7 + 1 + 1)
    assert found.reasons == (
        "serves LDC",
        "urgency: high",
        "endorsed by Ministry of Water",
        "in line with NDC, NAP",
    )


def test_a_country_counts_for_its_group_only_while_it_belongs_to_it() -> None:
    need = a_need(beneficiary_places=["Nepal"])
    assert of_need(need, a_place_book(), BEFORE).points == 1.0
    assert of_need(need, a_place_book(), GRADUATION).points == 0.0


def test_a_place_that_is_none_counts_for_nothing() -> None:
    assert of_need(a_need(beneficiary_places=["Nowhere"], urgency="low"), a_place_book(), BEFORE).points == 0.0

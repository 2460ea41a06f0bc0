"""Exposure and coverage: worked by hand, and their bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.exposure import Coverage, Exposure, cover, measure


def test_everybody_shown_alike_has_gini_zero() -> None:
    assert measure([3] * 10, 10) == Exposure(providers=10, providers_shown=10, top_10_percent_share=0.1, gini=0.0)


def test_one_provider_of_ten_in_every_list_has_it_all() -> None:
    found = measure([7], 10)
    assert found.top_10_percent_share == 1.0
    assert found.gini == pytest.approx(0.9)


def test_worked_by_hand() -> None:
    # x = 1, 2, 3: sum((2i - 4) x) = -2 + 0 + 6 = 4; n * sum = 18. The tenth of three is one provider: 3 of 6.
    found = measure([3, 1, 2], 3)
    assert found.gini == pytest.approx(4 / 18, abs=1e-6)
    assert found.top_10_percent_share == 0.5


def test_nobody_shown_is_not_a_number() -> None:
    assert measure([], 5).gini is None


@given(st.lists(st.integers(1, 50), min_size=1), st.integers(0, 50))
def test_both_shares_stay_between_zero_and_one(shown: list[int], unseen: int) -> None:
    found = measure(shown, len(shown) + unseen)
    assert 0 <= (found.gini or 0) < 1
    assert 0 < (found.top_10_percent_share or 0) <= 1


def test_coverage_is_the_share_of_a_groups_needs_that_are_served() -> None:
    groups = {"LDC": {"n1", "n2", "n3", "n4"}, "SIDS": {"n4"}, "LLDC": set()}
    assert cover(groups, {"n1", "n2", "n4", "other"}, {"n1"}) == {
        "LDC": Coverage(4, 0.75, 0.25),
        "SIDS": Coverage(1, 1.0, 0.0),
        "LLDC": Coverage(0, None, None),
    }


def test_without_tiers_the_share_with_tier_a_is_unknown_not_nothing() -> None:
    assert cover({"LDC": {"n1"}}, {"n1"}, None)["LDC"].with_tier_a is None

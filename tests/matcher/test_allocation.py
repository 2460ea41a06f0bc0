"""Allocation, rule by rule, worked by hand; then what must hold whatever the night."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.allocation import allocate
from matcher.errors import BadInput
from matcher.introductions import SAID, NeedSide, Pairs, Policy, Share, Slots
from matcher.vocabulary import Placing
from tests.matcher.sharing_world import Lists, pairs_of, placings, shared, taken

A, B, C = 0, 1, 2
BOTH = pytest.mark.parametrize("exact", [True, False], ids=["exact", "prices"])


@BOTH
def test_a_partner_with_one_slot_goes_where_it_is_worth_most(exact: bool) -> None:
    """Both want A. The first loses .1 by taking B, the second .6: A goes to the second, .8 + .9 beats .9 + .3."""
    lists: Lists = [[(A, 0.9), (B, 0.8)], [(A, 0.9), (B, 0.3)]]
    found = shared(lists, [1, 1], exact=exact)
    assert taken(lists, found) == [(0, B), (1, A)]
    assert placings(found) == [Placing.DISPLACED, Placing.RAISED, Placing.ALLOCATED, Placing.RESERVE]
    assert "moved by capacity, not by score" in SAID[Placing.DISPLACED]


@BOTH
def test_order_after_allocation_puts_introductions_first_and_near_misses_last(exact: bool) -> None:
    lists: Lists = [[(A, 0.9), (B, 0.8), (C, 0.95)], [(A, 0.95)]]
    found = shared(lists, [1, 1, 1], exact=exact, near=frozenset({(0, C)}))
    assert found.places.tolist() == [2, 1, 3, 1]
    assert placings(found)[2] is Placing.NEAR_MISS
    assert not found.allocated[2]


@BOTH
def test_every_need_has_its_first_introduction_before_any_has_its_second(exact: bool) -> None:
    """A has two slots. By score both would go to needs 0 and 1; need 2 fits nothing else and is served all the same."""
    lists: Lists = [[(A, 0.9), (B, 0.8)], [(A, 0.9), (B, 0.2)], [(A, 0.05)]]
    found = shared(lists, [2, 1], exact=exact, introductions=2)
    assert taken(lists, found) == [(0, B), (1, A), (2, A)]
    free = shared(lists, [2, 1], exact=exact, introductions=2, serve_every_need=False, first_bonus=0.0)
    assert taken(lists, free) == [(0, A), (0, B), (1, A)]
    price = {one.constraint: one for one in found.figures.prices}["first introduction for every need"]
    assert price.score_given_up == pytest.approx(2.6 - 1.75)
    assert price.needs_served_without == 2


@BOTH
def test_a_first_introduction_earns_a_half_where_not_every_need_comes_first(exact: bool) -> None:
    """Need 1's only match is worth .3 + .5, more than the second introduction of need 0 at .7, less than one at .9."""
    lists: Lists = [[(A, 0.95), (B, 0.7)], [(B, 0.3)]]
    asked: dict[str, Any] = {"introductions": 2, "serve_every_need": False, "exact": exact}
    assert taken(lists, shared(lists, [1, 1], **asked)) == [(0, A), (1, B)]
    lists = [[(A, 0.95), (B, 0.9)], [(B, 0.3)]]
    assert taken(lists, shared(lists, [1, 1], **asked)) == [(0, A), (0, B)]


@BOTH
def test_between_scores_that_are_about_equal_the_least_developed_country_comes_first(exact: bool) -> None:
    lists: Lists = [[(A, 0.703)], [(A, 0.7)]]
    assert taken(lists, shared(lists, [1], exact=exact, ldc=[1])) == [(1, A)]
    assert taken(lists, shared(lists, [1], exact=exact)) == [(0, A)]
    assert taken([[(A, 0.73)], [(A, 0.7)]], shared([[(A, 0.73)], [(A, 0.7)]], [1], exact=exact, ldc=[1])) == [(0, A)]


def test_priority_decides_among_equals_and_stands_behind_ldc() -> None:
    lists: Lists = [[(A, 0.7)], [(A, 0.7)], [(A, 0.7)]]
    assert taken(lists, shared(lists, [1], priority=[0.0, 0.75, 0.5])) == [(1, A)]
    assert taken(lists, shared(lists, [1], priority=[0.0, 0.75, 0.25], ldc=[2])) == [(2, A)]


@BOTH
def test_what_is_equal_in_all_goes_to_the_first_need_and_the_first_of_its_list(exact: bool) -> None:
    lists: Lists = [[(A, 0.7), (B, 0.7)], [(A, 0.7), (B, 0.7)]]
    assert taken(lists, shared(lists, [2, 2], exact=exact)) == [(0, A), (1, A)]
    assert taken([[(A, 0.5)]] * 2, shared([[(A, 0.5)]] * 2, [1])) == [(0, A)]


@BOTH
def test_a_partner_without_a_slot_is_full_and_said_to_be(exact: bool) -> None:
    found = shared([[(A, 0.9), (B, 0.5)]], [0, 1], exact=exact)
    assert placings(found) == [Placing.FULL, Placing.RAISED]


@BOTH
def test_a_cap_holds_whatever_the_slots_and_its_price_is_told(exact: bool) -> None:
    lists: Lists = [[(A, 0.9), (B, 0.5)], [(A, 0.8), (B, 0.6)]]
    found = shared(lists, [9, 9], exact=exact, partner_cap=1)
    assert taken(lists, found) == [(0, A), (1, B)]
    price = next(one for one in found.figures.prices if one.constraint == "most introductions of a partner")
    assert price.score_given_up == pytest.approx(0.2)


@BOTH
def test_a_floor_brings_in_a_partner_that_scores_alone_leave_out(exact: bool) -> None:
    """B is nobody's first choice; .5 for its first introduction outweighs the .2 that need 1 loses by it, not .3."""
    lists: Lists = [[(A, 0.9), (B, 0.6)], [(A, 0.8), (B, 0.6)]]
    assert taken(lists, shared(lists, [9, 9], exact=exact)) == [(0, A), (1, A)]
    found = shared(lists, [9, 9], exact=exact, partner_floor=1)
    assert taken(lists, found) == [(0, A), (1, B)]
    assert placings(found)[2] is Placing.PASSED_OVER
    price = next(one for one in found.figures.prices if one.constraint == "least introductions of a partner")
    assert price.score_given_up == pytest.approx(0.2)


@BOTH
def test_a_group_short_of_its_share_is_pushed_until_it_has_it(exact: bool) -> None:
    """Four slots, eight needs; by score all go to the first four. Half is to go to the others."""
    lists: Lists = [[(A, 0.8)]] * 4 + [[(A, 0.6)]] * 4
    share = Share("islands", 0.5, places=("SIDS",))
    found = shared(lists, [4], exact=exact, groups={"islands": range(4, 8)}, balance=(share,))
    assert [need for need, _ in taken(lists, found)][-1] >= 4
    (reached,) = found.figures.balance
    assert reached.share >= 0.5
    price = next(one for one in found.figures.prices if one.constraint == "balance")
    assert price.score_given_up == pytest.approx(0.2 * 4 * reached.share)


def test_a_share_that_cannot_be_reached_is_reported_as_it_is() -> None:
    share = Share("islands", 0.5, places=("SIDS",))
    found = shared([[(A, 0.8)], [(A, 0.8)]], [9], groups={"islands": []}, balance=(share,))
    assert [one.share for one in found.figures.balance] == [0.0]


def test_an_organisation_is_introduced_once_to_a_need_with_its_best_offer() -> None:
    lists: Lists = [[(A, 0.9), (A, 0.8), (B, 0.5)]]
    found = shared(lists, [5, 5], introductions=2)
    assert placings(found) == [Placing.ALLOCATED, Placing.SAME_PARTNER, Placing.ALLOCATED]


def test_a_pair_that_is_under_way_is_not_introduced_again() -> None:
    pairs = pairs_of([[(A, 0.9), (B, 0.5)]])
    busy = Pairs(pairs.needs, pairs.organisations, pairs.scores, pairs.eligible, np.array([True, False]))
    side, room = NeedSide(np.zeros(1, bool), np.zeros(1)), Slots(np.array([1, 1]), np.zeros(2, bool))
    found = allocate(busy, side, room, Policy())
    assert placings(found) == [Placing.UNDER_WAY, Placing.ALLOCATED]


def test_slots_are_what_is_stated_less_the_load_and_assumed_where_nothing_is() -> None:
    slots = Slots.of([5, 1, None, None], np.array([2, 3, 0, 1]), Policy(assumed_slots=3))
    assert slots.free.tolist() == [3, 0, 3, 2]
    assert slots.assumed.tolist() == [False, False, True, True]


def test_the_figures_of_a_small_night_by_hand() -> None:
    """All three want A (two slots) first, need 2 has nothing else. Before: A takes the best two, need 2 and need 0."""
    lists: Lists = [[(A, 0.8), (B, 0.5)], [(A, 0.7), (B, 0.6)], [(A, 0.9)], []]
    figures = shared(lists, [2, 1], ldc=[1]).figures
    assert (figures.needs, figures.needs_with_eligible, figures.ldc_needs_with_eligible) == (4, 3, 1)
    assert (figures.partners, figures.slots) == (2, 3)
    assert figures.proposed.score == pytest.approx(2.4)
    assert (figures.before.needs_served, figures.before.ldc_needs_served) == (2, 0)
    assert figures.before.score == pytest.approx(1.7)
    assert (figures.after.needs_served, figures.after.ldc_needs_served) == (3, 1)
    assert figures.after.score == pytest.approx(2.3)
    assert figures.proposed.exposure_gini == 0.5
    assert figures.after.exposure_gini == pytest.approx(1 / 6, abs=1e-6)
    assert (figures.raised, figures.displaced) == (1, 1)
    capacity = next(one for one in figures.prices if one.constraint == "capacity")
    assert capacity.score_given_up == pytest.approx(0.1)


def test_a_night_without_matches_is_told_without_an_error() -> None:
    found = shared([[], []], [1])
    assert not len(found.allocated)
    assert found.figures.after.needs_served == 0
    assert found.figures.after.exposure_gini is None


nights = st.lists(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 99)), max_size=4).map(
        lambda offers: [(owner, score / 100) for owner, score in sorted(offers, key=lambda offer: -offer[1])]
    ),
    min_size=1,
    max_size=6,
)


@given(nights, st.lists(st.integers(0, 3), min_size=4, max_size=4), st.booleans())
def test_a_list_keeps_its_shape_and_every_pair_is_told_what_became_of_it(
    lists: Lists, slots: list[int], exact: bool
) -> None:
    """Flags and order change; the pairs do not. A need is short of introductions only where no partner has room."""
    found = shared(lists, slots, exact=exact, introductions=2)
    at = 0
    for offers in lists:
        span = slice(at, at + len(offers))
        at += len(offers)
        assert sorted(found.places[span].tolist()) == list(range(1, len(offers) + 1))
        mine = placings(found)[span]
        assert {one in (Placing.ALLOCATED, Placing.RAISED) for one in mine} <= {True, False}
        flags = [one in (Placing.ALLOCATED, Placing.RAISED) for one in mine]
        assert flags == found.allocated[span].tolist()
        if sum(flags) < 2:
            assert Placing.RESERVE not in mine
    held = np.bincount([owner for _, owner in taken(lists, found)], minlength=4)
    assert (held <= slots).all()


@given(nights, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_the_order_in_which_partners_are_counted_does_not_matter(lists: Lists, slots: list[int]) -> None:
    """Two runs are alike, and so are two solvers in how many needs they serve."""
    one, two = (shared(lists, slots, exact=exact) for exact in (True, False))
    assert one.figures.after.needs_served == two.figures.after.needs_served
    again = shared(lists, slots)
    assert (again.placings == one.placings).all()


@pytest.mark.parametrize(
    "asked",
    [
        {"introductions": 0},
        {"assumed_slots": -1},
        {"partner_cap": 0},
        {"tie": -0.1},
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Policy(**asked)  # type: ignore[arg-type]  # what a file might say


@pytest.mark.parametrize("share", [("x", 0.0, ("LDC",)), ("x", 1.0, ("LDC",)), ("x", 0.5, ())])
def test_a_share_that_cannot_be_meant_is_refused(share: tuple[str, float, tuple[str, ...]]) -> None:
    with pytest.raises(BadInput, match="balance"):
        Share(*share)


def test_every_placing_is_told_in_words() -> None:
    assert set(SAID) == set(Placing)

"""Ids of groups: kept where most members are, whatever the order and whatever else there is."""

from hypothesis import given
from hypothesis import strategies as st

from matcher.tracking import fate, new_id, pair


def test_ids_follow_the_members_so_that_most_of_them_stay() -> None:
    """b could take A too, but then a would have none: 3 + 2 shared members are more than 2 + 0."""
    before = {"A": ["1", "2", "3", "4", "5"], "B": ["6", "7"]}
    assert pair([["1", "2", "3"], ["4", "5", "6", "7"]], before) == ["A", "B"]


def test_a_group_that_holds_neither_half_of_the_old_nor_more_than_half_from_it_is_new() -> None:
    before = {"A": ["1", "2", "3", "4", "5"]}
    assert pair([["1", "9"]], before) == [None]  # a fifth of A; half of the group is not more than half
    assert pair([["1", "2", "9"]], before) == ["A"]  # two thirds of the group
    assert pair([["1", "2", "3", "6", "7", "8", "9"]], before) == ["A"]  # three fifths of A


def test_of_two_halves_the_one_with_less_else_in_it_keeps_the_id() -> None:
    before = {"A": ["1", "2", "3", "4"]}
    assert pair([["1", "2", "8", "9"], ["3", "4"]], before) == [None, "A"]


def test_nothing_before_and_nothing_now() -> None:
    assert pair([["1"]], {}) == [None]
    assert pair([], {"A": ["1"]}) == []


GROUPS = st.lists(st.integers(0, 40), min_size=1, max_size=40, unique=True).flatmap(
    lambda members: st.lists(st.integers(0, 6), min_size=len(members), max_size=len(members)).map(
        lambda labels: [
            [str(member) for member, label in zip(members, labels, strict=True) if label == wanted]
            for wanted in sorted(set(labels))
        ]
    )
)


@given(GROUPS, GROUPS, st.randoms(use_true_random=False))
def test_order_does_not_matter_no_id_is_given_twice_and_strangers_change_nothing(
    now: list[list[str]], earlier: list[list[str]], random: object
) -> None:
    before = {f"c{at}": members for at, members in enumerate(earlier)}
    found = pair(now, before)
    given_ids = [name for name in found if name is not None]
    assert len(set(given_ids)) == len(given_ids)
    shuffled = list(range(len(now)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = pair([now[at][::-1] for at in shuffled], before)
    assert dict(zip(shuffled, again, strict=True)) == dict(enumerate(found))
    assert pair([["stranger"], *now], before)[1:] == found


@given(GROUPS)
def test_a_night_without_news_keeps_every_id(groups: list[list[str]]) -> None:
    assert pair(groups, {str(at): members for at, members in enumerate(groups)}) == [
        str(at) for at in range(len(groups))
    ]


def test_the_fate_of_a_group_is_where_half_of_its_members_are() -> None:
    holder = {"1": "B", "2": "A", "3": "A", "4": "B"}
    assert fate(["1", "4", "9"], holder) == "B"
    assert fate(["1", "2", "3", "4"], holder) == "A"  # half each: the lower id
    assert fate(["1", "8", "9"], holder) is None
    assert fate(["8"], holder) is None


def test_an_id_that_is_taken_is_made_anew() -> None:
    first = new_id("1\n2", ())
    second = new_id("1\n2", {first})
    assert first == new_id("1\n2", {second})
    assert first != second
    assert first.startswith("c-")

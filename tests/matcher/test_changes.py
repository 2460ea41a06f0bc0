"""What changed between two releases' lists: worked by hand, and against one pair at a time."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matcher.changes import CAUSES, KINDS, SAME, Lists, Records, Run, Thresholds, among, causes, join, kinds
from matcher.followup import ChangeCause, ChangeKind

Line = tuple[int, int, float, bool]  # need, capability, score, near miss; ranks follow the order within a need


def lists(*lines: Line, complete: tuple[bool, ...] = (False,) * 3) -> Lists:
    seen: dict[int, int] = {}
    ranks = []
    for need, *_ in lines:
        seen[need] = seen.get(need, 0) + 1
        ranks.append(seen[need])
    columns: list[Any] = [list(column) for column in zip(*lines, strict=True)] or [[]] * 4
    return Lists(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(ranks, np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.bool_),
        np.array(complete, np.bool_),
    )


def records(needs: int = 3, capabilities: int = 6, **facts: Any) -> Records:
    known: dict[str, Any] = {
        "needs": np.zeros(needs, np.bool_),
        "capabilities": np.zeros(capabilities, np.bool_),
        "needs_there": np.ones((needs, 2), np.bool_),
        "capabilities_there": np.ones((capabilities, 2), np.bool_),
    }
    return Records(**{**known, **facts})


def told(
    before: Lists, after: Lists, known: Records | None = None, run: Run | None = None, least: Thresholds | None = None
) -> dict[tuple[int, int], tuple[ChangeKind, ChangeCause]]:
    known = known or records()
    pairs = join(before, after)
    kind = kinds(pairs, known, least or Thresholds(ranks=2, score=0.1))
    cause = causes(pairs, kind, known, run or Run())
    rows = np.flatnonzero(kind != SAME)
    assert ((kind == SAME) == (cause == SAME)).all()
    return {
        (int(pairs.needs[row]), int(pairs.capabilities[row])): (KINDS[kind[row]], CAUSES[cause[row]]) for row in rows
    }


def test_equal_lists_tell_nothing() -> None:
    same = lists((0, 1, 0.9, False), (0, 2, 0.8, True), (1, 1, 0.5, False))
    assert told(same, same) == {}
    assert told(lists(), lists()) == {}


def test_each_kind_worked_by_hand() -> None:
    before = lists((0, 0, 0.9, False), (0, 1, 0.8, False), (0, 2, 0.7, False), (0, 3, 0.6, True), (0, 4, 0.5, False))
    after = lists((0, 2, 0.95, False), (0, 0, 0.9, False), (0, 3, 0.6, False), (0, 4, 0.3, True), (0, 5, 0.2, False))
    assert {pair: kind for pair, (kind, _) in told(before, after).items()} == {
        (0, 2): ChangeKind.UP,
        (0, 3): ChangeKind.NEWLY_ELIGIBLE,
        (0, 4): ChangeKind.NO_LONGER_ELIGIBLE,
        (0, 5): ChangeKind.NEW,
        (0, 1): ChangeKind.DROPPED,
    }


def test_a_move_under_both_thresholds_is_none_and_one_of_exactly_a_threshold_is_one() -> None:
    before, after = lists((0, 0, 0.9, False), (0, 1, 0.8, False)), lists((0, 1, 0.85, False), (0, 0, 0.8, False))
    assert told(before, after) == {(0, 0): (ChangeKind.DOWN, ChangeCause.DATA)}
    assert len(told(before, after, least=Thresholds(ranks=1, score=1.0))) == 2
    assert told(before, after, least=Thresholds(ranks=2, score=0.11)) == {}


def test_absence_from_a_list_that_names_every_eligible_capability_proves_that_it_is_not_eligible() -> None:
    listed, empty = lists((0, 0, 0.9, False), complete=(True,) * 3), lists(complete=(True,) * 3)
    assert told(listed, empty) == {(0, 0): (ChangeKind.NO_LONGER_ELIGIBLE, ChangeCause.DATA)}
    assert told(empty, listed) == {(0, 0): (ChangeKind.NEWLY_ELIGIBLE, ChangeCause.DATA)}
    cut = lists()
    assert told(listed, cut) == {(0, 0): (ChangeKind.DROPPED, ChangeCause.DATA)}
    assert told(cut, listed) == {(0, 0): (ChangeKind.NEW, ChangeCause.DATA)}


def test_a_new_record_is_new_and_one_that_is_gone_is_dropped_whatever_the_list_proves() -> None:
    listed, empty = lists((0, 0, 0.9, False), complete=(True,) * 3), lists(complete=(True,) * 3)
    there = np.ones((6, 2), np.bool_)
    there[0, 0] = False
    assert told(empty, listed, records(capabilities_there=there))[0, 0][0] is ChangeKind.NEW
    there = there[:, ::-1]
    assert told(listed, empty, records(capabilities_there=there))[0, 0][0] is ChangeKind.DROPPED


def test_a_changed_record_of_the_pair_is_the_cause_before_anything_else() -> None:
    before, after = lists((0, 0, 0.9, False), (0, 1, 0.8, False)), lists((0, 0, 0.7, False), (0, 1, 0.6, False))
    changed = np.array([True, *[False] * 5])
    found = told(before, after, _with(changed), Run(model=True, rule=True))
    assert found == {(0, 0): (ChangeKind.DOWN, ChangeCause.DATA), (0, 1): (ChangeKind.DOWN, ChangeCause.MODEL)}


def _with(changed: Any) -> Records:
    return Records(np.zeros(3, np.bool_), changed, np.ones((3, 2), np.bool_), np.ones((6, 2), np.bool_))


def test_no_model_moves_a_gate() -> None:
    before, after = lists((0, 0, 0.9, True), (0, 1, 0.8, False)), lists((0, 0, 0.9, False), (0, 1, 0.2, False))
    both = told(before, after, run=Run(model=True, rule=True))
    assert both == {
        (0, 0): (ChangeKind.NEWLY_ELIGIBLE, ChangeCause.RULE),
        (0, 1): (ChangeKind.DOWN, ChangeCause.MODEL),
    }
    assert told(before, after, run=Run(model=True))[0, 0][1] is ChangeCause.DATA


SOME = st.dictionaries(
    st.tuples(st.integers(0, 2), st.integers(0, 5)),
    st.tuples(st.integers(0, 20), st.booleans()),
    max_size=12,
)


def _some(drawn: dict[tuple[int, int], tuple[int, bool]]) -> list[Line]:
    return [(need, capability, score / 20, miss) for (need, capability), (score, miss) in sorted(drawn.items())]


@given(SOME, SOME, st.lists(st.booleans(), min_size=3, max_size=3), st.integers(1, 3), st.sampled_from([0.05, 0.2]))
def test_over_arrays_is_one_pair_at_a_time(one: Any, two: Any, complete: list[bool], ranks: int, score: float) -> None:
    """The kinds of all pairs at once are those that the definition gives each by itself."""
    before, after = lists(*_some(one), complete=tuple(complete)), lists(*_some(two), complete=tuple(complete))
    found = {pair: kind for pair, (kind, _) in told(before, after, least=Thresholds(ranks, score)).items()}
    expected = {}
    for pair in {*one, *two}:
        kind = _by_hand(_place(before, pair), _place(after, pair), complete[pair[0]], ranks, score)
        if kind:
            expected[pair] = kind
    assert found == expected


def _place(side: Lists, pair: tuple[int, int]) -> tuple[int, float, bool] | None:
    at = np.flatnonzero((side.needs == pair[0]) & (side.capabilities == pair[1]))
    return None if not len(at) else (int(side.ranks[at[0]]), float(side.scores[at[0]]), bool(side.near_miss[at[0]]))


def _by_hand(was: Any, now: Any, complete: bool, ranks: int, score: float) -> ChangeKind | None:
    absent = False if complete else None
    eligible = {side: absent if at is None else not at[2] for side, at in (("was", was), ("now", now))}
    if eligible["now"] is True and eligible["was"] is False:
        return ChangeKind.NEWLY_ELIGIBLE
    if eligible["was"] is True and eligible["now"] is False:
        return ChangeKind.NO_LONGER_ELIGIBLE
    if was is None or now is None:
        return ChangeKind.NEW if was is None else ChangeKind.DROPPED
    if abs(was[0] - now[0]) >= ranks:
        return ChangeKind.UP if now[0] < was[0] else ChangeKind.DOWN
    if abs(was[1] - now[1]) >= score - 1e-9:
        return ChangeKind.UP if now[1] > was[1] else ChangeKind.DOWN
    return None


def test_what_a_reader_may_not_see_moves_nothing_for_that_reader() -> None:
    """A hidden offer comes in on top: to who does not see it the others stand where they stood."""
    before = lists((0, 1, 0.8, False), (0, 2, 0.7, False))
    after = lists((0, 0, 0.9, False), (0, 1, 0.8, False), (0, 2, 0.7, False))
    pairs, least = join(before, after), Thresholds(ranks=1, score=1.0)
    whole = kinds(pairs, records(), least)
    assert (whole == KINDS.index(ChangeKind.DOWN)).sum() == 2
    seen = kinds(among(pairs, pairs.capabilities != 0), records(), least)
    assert (seen[pairs.capabilities != 0] == SAME).all()

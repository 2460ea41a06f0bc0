"""Pooling: worked by hand, and what must hold whatever the records say."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.pooling import NONE, Pooling, best_rows, values_of, without

topics = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=14)


def pooled(values: list[float], pooling: Pooling | None = None) -> float:
    """Fold the values of one organisation, led by the largest."""
    lead, *rest = sorted(values, reverse=True)
    pooling = pooling or Pooling()
    rest = (rest + [0.0] * pooling.most)[: pooling.most - 1]
    return lead + float(pooling.addends(np.array([lead]), np.array([rest])).sum())


def test_two_records_by_hand() -> None:
    """Power 2, values .4 and .3: the norm is .5, of which the second adds .1."""
    added = Pooling(power=2, most=3).addends(np.array([0.4]), np.array([[0.3, 0.0]]))
    assert added == pytest.approx(np.array([[0.1, 0.0]]))


def test_a_further_record_counts_at_most_as_much_as_the_lead() -> None:
    """A lead of .3 with others at .4 is worth three times .3."""
    added = Pooling(power=2, most=3).addends(np.array([0.3]), np.array([[0.4, 0.4]]))
    assert 0.3 + added.sum() == pytest.approx(0.3 * 3**0.5)


def test_a_lead_that_says_nothing_is_not_lifted() -> None:
    assert Pooling(most=3).addends(np.array([0.0]), np.array([[0.9, 0.9]])).tolist() == [[0.0, 0.0]]


@given(topics)
def test_one_record_is_worth_itself_and_more_are_never_worth_less(values: list[float]) -> None:
    assert pooled(values[:1]) == values[0]
    for without_one in range(len(values)):
        fewer = values[:without_one] + values[without_one + 1 :]
        if fewer:
            assert pooled(fewer) <= pooled(values) + 1e-12


@given(topics)
def test_addends_never_grow_and_are_never_negative(values: list[float]) -> None:
    lead, *rest = sorted(values, reverse=True)
    added = Pooling().addends(np.array([lead]), np.array([rest]))[0]
    assert (added >= 0).all()
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(added))


def test_a_crowd_of_weak_records_does_not_beat_a_strong_one() -> None:
    """Forty papers on something else say less than one on the subject: the hub is not rewarded for its size."""
    assert pooled([0.25] * 40) < pooled([0.5])


def test_best_rows_are_by_topic_then_row_and_padded() -> None:
    values = np.array([0.1, 0.5, 0.5, 0.9, 0.3], dtype=np.float32)
    owners = np.array([7, 7, 7, 2, 7])
    found, table = best_rows(values, np.array([0, 1, 2, 3, 4]), owners, 3)
    assert found.tolist() == [2, 7]
    assert table.tolist() == [[3, NONE, NONE], [1, 2, 4]]
    assert values_of(values, table)[0].tolist() == pytest.approx([0.9, 0.0, 0.0])


def test_no_rows_give_no_organisations() -> None:
    found, table = best_rows(np.zeros(3, np.float32), np.array([], np.int64), np.zeros(3, np.int64), 3)
    assert found.tolist() == []
    assert table.shape == (0, 3)


def test_without_takes_the_lead_out_or_the_last() -> None:
    table = np.array([[5, 6, 7], [5, 6, 7], [8, NONE, NONE]])
    assert without(table, np.array([6, 9, 8])).tolist() == [[5, 7], [5, 6], [NONE, NONE]]

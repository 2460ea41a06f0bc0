"""Two-sided ranking: the published market, the fixed point, and why it is worth having."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matcher.errors import BadInput
from matcher.market import Floats, expected_matches, matching_shares


@pytest.fixture(scope="module")
def published() -> tuple[Floats, Floats]:
    """The 30 x 20 market of the example notebook of FairReciprocalRecommendation: popular ones are wanted by all."""
    drawn = np.random.RandomState(0)
    left, right = drawn.rand(30, 20), drawn.rand(20, 30)
    return 0.5 * left + 0.5 * np.linspace(1, 0, 20), 0.5 * right + 0.5 * np.linspace(1, 0, 30)


def test_the_published_market_gives_the_published_figures(published: tuple[Floats, Floats]) -> None:
    left, right = published
    naive = (left / _places(left) * (right / _places(right)).T).sum()
    assert naive == pytest.approx(6.097606001793401, abs=1e-12)
    assert expected_matches(left * right.T, left, right) == pytest.approx(13.2147, abs=5e-5)
    assert expected_matches(matching_shares(left, right), left, right) == pytest.approx(15.447528483780438, abs=1e-12)


def _places(values: Floats) -> Floats:
    """Each side by its own wish alone, written apart from the module."""
    return np.array([[1 + sum(other > one for other in row) for one in row] for row in values], float)


sides = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: st.tuples(
        arrays(float, shape, elements=st.floats(0, 1)), arrays(float, shape[::-1], elements=st.floats(0, 1))
    )
)


@given(sides, st.floats(0.4, 2))
def test_at_the_fixed_point_everybody_is_there_once(market: tuple[Floats, Floats], beta: float) -> None:
    """mu = K a b with 1 = a^2 + sum of mu over partners: the singles and the matched add up to one on both sides."""
    left, right = market
    shares = matching_shares(left, right, beta)
    kernel = np.exp((left + right.T) / (2 * beta))
    alone, lone = 1 - shares.sum(axis=1), 1 - shares.sum(axis=0)
    assert (shares > 0).all()
    assert alone.min() >= 0
    assert lone.min() >= 0
    assert np.allclose(shares**2, kernel**2 * alone[:, None] * lone, atol=1e-6)


@given(sides)
def test_it_does_not_matter_which_side_is_called_the_needs(market: tuple[Floats, Floats]) -> None:
    left, right = market
    assert np.allclose(matching_shares(left, right), matching_shares(right, left).T, rtol=1e-8)


def test_one_pair_by_hand() -> None:
    """P + Q = 2 and beta 1: K = e. a = b by symmetry, so a^2 (1 + e) = 1 and mu = e / (1 + e)."""
    one = np.ones((1, 1))
    assert matching_shares(one, one)[0, 0] == pytest.approx(np.e / (1 + np.e), abs=1e-9)


def test_a_partner_whom_everybody_wants_is_shared_out() -> None:
    """A hub that each need likes best by a little is not first for all: where a second is as good, it comes first."""
    wishes = np.array([[0.9, 0.1, 0.1], [0.9, 0.1, 0.1], [0.9, 0.85, 0.1]])
    shares = matching_shares(wishes, np.full((3, 3), 0.5), beta=0.1)
    assert shares[2].argmax() == 1
    assert wishes[2].argmax() == 0


def test_sides_that_do_not_fit_each_other_are_refused() -> None:
    with pytest.raises(BadInput, match=r"shape \(2, 3\)"):
        matching_shares(np.ones((3, 2)), np.ones((3, 2)))


def test_luck_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="above 0"):
        matching_shares(np.ones((1, 1)), np.ones((1, 1)), beta=0)

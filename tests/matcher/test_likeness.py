"""Groups by likeness: joined by mean cosine, never across what may not meet, the rest untouched by strangers."""

import numpy as np
import pytest

from matcher.likeness import groups, mean_likeness


def _at(*degrees: float) -> np.ndarray:
    """Unit vectors in a plane: the cosine of two is that of the angle between them."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _all(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.ones((len(left), len(right)), dtype=np.bool_)


def test_what_is_near_on_average_is_joined_and_what_stands_alone_is_left_out() -> None:
    """cos 10 = .98; 50 degrees from the pair's members mean (cos 50 + cos 40) / 2 = .70."""
    vectors = _at(0, 10, 50, 180)
    assert groups(vectors, 0.8, _all) == [[0, 1]]
    assert groups(vectors, 0.7, _all) == [[0, 1, 2]]
    assert groups(vectors, 0.71, _all) == [[0, 1]]


def test_two_that_may_not_meet_never_share_a_group_however_alike_they_are() -> None:
    """0 and 2 may not meet, so the nearer of them takes 1."""
    vectors = _at(0, 10, 18)

    def allowed(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.asarray(np.logical_or(left[:, None] + right[None, :] != 2, left[:, None] == right[None, :]))

    assert groups(vectors, 0.5, allowed) == [[1, 2]]


def test_a_row_of_zeros_is_like_nothing() -> None:
    vectors = np.vstack([_at(0, 1), np.zeros((2, 2), np.float32)])
    assert groups(vectors, 0.4, _all) == [[0, 1]]


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_rows_are_no_group(count: int) -> None:
    assert groups(_at(*range(count)).reshape(count, 2), 0.4, _all) == []


def test_a_part_that_is_too_large_is_cut_at_a_higher_bar() -> None:
    """At .89 all four hang together (mean of the cosines of 24, 26, 26 and 28: .898); at .94 two pairs remain."""
    vectors = _at(0, 2, 26, 28)
    assert groups(vectors, 0.89, _all) == [[0, 1, 2, 3]]
    assert groups(vectors, 0.89, _all, largest=3) == [[0, 1], [2, 3]]


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(60, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = groups(vectors, 0.6, _all)
    monkeypatch.setattr("matcher.likeness.BLOCK", 7)
    assert groups(vectors, 0.6, _all) == whole
    assert len(whole) > 3


def test_mean_likeness_is_the_mean_over_pairs() -> None:
    """(cos 10 + cos 50 + cos 40) / 3."""
    assert mean_likeness(_at(0, 10, 50), [0, 1, 2]) == pytest.approx((0.9848 + 0.6428 + 0.7660) / 3, abs=1e-4)


def test_twins_whose_vectors_rounding_made_longer_than_one_are_a_group() -> None:
    """A cosine of 1.0004 is a distance of -.0004, which no linkage takes: a night with equal needs stopped there."""
    assert groups(_at(*[20] * 4) * np.float32(1.0002), 0.8, _all) == [[0, 1, 2, 3]]

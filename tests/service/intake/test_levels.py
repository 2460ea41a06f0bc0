"""Technology readiness levels as people write them."""

from __future__ import annotations

import pytest

from service.intake.levels import parse_trl


@pytest.mark.parametrize(
    ("written", "level"),
    [("7", 7), ("TRL-7", 7), ("trl: 7", 7), ("7.0", 7), (7.0, 7), ("6+", 6), ("7 - pilot", 7), ("Level 8 of 9", 8)],
)
def test_a_level_is_read_however_it_is_written(written: object, level: int) -> None:
    assert parse_trl(written) == (level, "")


def test_of_a_range_the_lower_bound_is_taken_and_noted() -> None:
    level, note = parse_trl("TRL 6-7")
    assert level == 6
    assert "lower bound" in note


@pytest.mark.parametrize("written", ["=1+1", "1+1", "7*2", "=7", "7.5", "-7", "ready", "", True, "0", "12"])
def test_what_calculates_or_is_no_level_is_refused_not_guessed(written: object) -> None:
    """A formula's text is not its value: "=1+1" is neither 1 nor 2."""
    assert parse_trl(written) == (None, "")

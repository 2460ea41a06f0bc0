"""Lists, numbers and silences read the same wherever they are written."""

import numpy as np
import pytest

from matcher.encoding import vocabulary
from matcher.profiles import Capability
from matcher.quantities import Money
from matcher.vocabulary import TransferMode
from matcher.wording import condition, listed, many, members, money, number, percent, span, unstated
from tests.builders import a_capability


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "none"),
        ([7], "7"),
        ([TransferMode.JOINT_RD, "b"], "joint rd and b"),
        (list("abcde"), "a, b, c, d and e"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_lists_stop_at_five(items: list[object], said: str) -> None:
    """After five items the rest is counted."""
    assert listed(items) == said


def test_numbers_keep_only_digits_that_say_something() -> None:
    """Thousands are set apart."""
    assert [number(5.0), number(2.25), number(1500), number(1e6)] == ["5", "2.25", "1,500", "1,000,000"]
    assert [span(5, 5), span(5, 10), span(None, 10), span(5, None)] == ["5", "5-10", "at most 10", "at least 5"]
    assert (many(1, "country", "countries"), many(2, "level"), percent(0.6)) == ("1 country", "2 levels", "60 %")


def test_money_says_its_basis_and_year() -> None:
    """What is compared must be readable."""
    amount = Money(min=20_000, max=60_000, currency="USD", price_year=2019, basis="per unit")
    assert money(amount) == "USD 20,000-60,000 per unit (2019 prices)"


def test_conditions_keep_their_unit() -> None:
    """As stated, not in base units."""
    envelope: Capability = a_capability(operating_envelope={"power": "5-10 kW", "grid": ["off_grid", "mini_grid"]})
    assert [condition(value) for value in (envelope.operating_envelope or {}).values()] == [
        "5-10 kW",
        "off grid or mini grid",
    ]


def test_the_silent_side_is_named() -> None:
    """Either, or both."""
    assert unstated(need="its budget", offer=None) == "the need does not say its budget"
    both = "the need does not say its budget and the offer does not say its price"
    assert unstated(need="its budget", offer="its price") == both


def test_members_of_a_bitset_come_in_order() -> None:
    """Across words."""
    names = vocabulary(f"n{at:03}" for at in range(70))
    assert members(names, np.array([0b101, 0b100000], np.uint64)) == ["n000", "n002", "n069"]

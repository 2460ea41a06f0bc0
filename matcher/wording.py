"""Small pieces of sentences, so that a list, a number and a missing fact read the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from matcher.encoding import Names, Words
from matcher.profiles import Condition
from matcher.quantities import Money, Range
from matcher.vocabulary import SignalName

SIGNAL_NAMES: Final = {
    SignalName.TOPIC: "topic",
    SignalName.SDG: "SDGs",
    SignalName.SECTOR: "sector",
    SignalName.MODE: "mode of transfer",
    SignalName.MATURITY: "maturity",
    SignalName.ENVELOPE: "site conditions",
    SignalName.RESOURCES: "infrastructure and skills",
    SignalName.BUDGET: "budget",
    SignalName.LANGUAGE: "language",
    SignalName.CONTEXT: "similar context",
    SignalName.FRESHNESS: "freshness",
    SignalName.INTEREST: "the provider's interest",
}
"""Signal -> how a sentence calls it."""

NONE_ELIGIBLE: Final = "No capability passes every hard gate"
ALL_TIER_B: Final = "Every eligible match is tier B"
"""How the notes on a whole list begin that speak of its gates."""

_SHOWN: Final = 5  # items of a list before "and 7 more"


def listed(items: Iterable[object], joint: str = "and") -> str:
    """Write "a, b and c"; after five items the rest is counted."""
    return _listed(tuple(items), joint)


@lru_cache(maxsize=65_536)  # a night writes the same few lists a million times
def _listed(items: tuple[object, ...], joint: str) -> str:
    words = [str(item).replace("_", " ") for item in items]
    if len(words) > _SHOWN:
        words = [*words[:_SHOWN], f"{len(words) - _SHOWN} more"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joint} {words[-1]}" if words else "none"


def many(count: int, noun: str, plural: str = "") -> str:
    """Write "1 country", "3 countries"."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Write a share as a whole percentage."""
    return f"{100 * share:.0f} %"


@lru_cache(maxsize=65_536)
def number(value: float) -> str:
    """Write a number with thousands apart and no digits that say nothing."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def span(low: float | None, high: float | None) -> str:
    """Write "5", "5-10", "at least 5" or "at most 10"."""
    if low is None or high is None:
        return f"at most {number(high)}" if high is not None else f"at least {number(low or 0.0)}"
    return number(low) if low == high else f"{number(low)}-{number(high)}"


def money(amount: Money) -> str:
    """Write "USD 20,000-60,000 (2019 prices)"."""
    return _money(amount.min, amount.max, amount.currency, amount.basis, amount.price_year)


@lru_cache(maxsize=65_536)  # by plain values: a record is slow to compare
def _money(low: float | None, high: float | None, currency: str, basis: str | None, year: int | None) -> str:
    return f"{currency} {span(low, high)}{f' {basis}' if basis else ''}{f' ({year} prices)' if year else ''}"


def condition(value: Condition) -> str:
    """Write a range with its unit, or the values that hold."""
    return _range(value.min, value.max, value.unit) if isinstance(value, Range) else listed(value, "or")


@lru_cache(maxsize=65_536)
def _range(low: float | None, high: float | None, unit: str) -> str:
    return f"{span(low, high)} {unit}".strip()


def unstated(*, need: str | None, offer: str | None) -> str:
    """Say which side is silent about what; None means that side has spoken."""
    said = [f"the need does not say {need}" if need else "", f"the offer does not say {offer}" if offer else ""]
    return " and ".join(part for part in said if part)


def members(names: Names, bits: Words) -> list[str]:
    """Return the names of the members of a bitset, in order."""
    found = []
    for word, rest in enumerate(bits.tolist()):
        while rest:
            lowest = rest & -rest
            found.append(names[word * 64 + lowest.bit_length() - 1].decode())
            rest ^= lowest  # noqa: PLW2901 - the loop eats the word bit by bit
    return found

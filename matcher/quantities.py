"""Ranges with real units and money with its year: parsed from what people write, compared after conversion."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from matcher.errors import BadInput, UnknownUnit

if TYPE_CHECKING:
    from pint import UnitRegistry

_NUMBER = r"[-+]?\d[\d ,]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(
    rf"^\s*(?P<bound><=|>=|<|>|up to|at least|max\.?|min\.?)?\s*(?P<low>{_NUMBER})"
    rf"(?:\s*(?:-|\u2013|\u2014|to|\.\.)\s*(?P<high>{_NUMBER}))?\s*(?P<unit>[^\d\s].*)?$",
    re.IGNORECASE,
)
_MULTIPLES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_SYMBOLS = {"$": "USD", "US$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "CNY", "RMB": "CNY", "EURO": "EUR"}
_MONEY = re.compile(
    rf"^\s*(?P<before>[A-Za-z]{{3,4}}|US\$|[$\u20ac\u00a3\u00a5])?\s*(?P<low>{_NUMBER})\s*"
    rf"(?P<low_multiple>k|mn|mio|m|bn|thousand|million|billion)?"
    rf"(?:\s*(?:-|\u2013|to)\s*(?P<high>{_NUMBER})\s*(?P<high_multiple>k|mn|mio|m|bn|thousand|million|billion)?)?"
    rf"\s*(?P<after>[A-Za-z]{{3,4}}|US\$|[$\u20ac\u00a3\u00a5])?\s*(?:\(?(?P<year>(?:19|20)\d\d)\)?)?\s*$",
    re.IGNORECASE,
)


class Frozen(BaseModel):
    """Frozen at the border; an unknown field is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _ordered(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and low > high:
        raise BadInput("range_reversed", expected="min <= max", got=f"{low} > {high}", fix="swap the two")


class Range(Frozen):
    """A closed interval of a physical quantity; a missing end is open. Accepts text such as "5-10 kW"."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    unit: str = Field(default="", max_length=40)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return parse_range(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        _ordered(self.min, self.max)
        if self.min is None and self.max is None:
            raise BadInput("range_empty", expected="min, max or both", got={"unit": self.unit})
        to_base(0.0, self.unit)
        return self

    def base(self) -> tuple[float, float, str]:
        """Lowest, highest and dimension in base units; an open end is infinite."""
        low, dimension = to_base(self.min, self.unit) if self.min is not None else (float("-inf"), "")
        high, dimension = to_base(self.max, self.unit) if self.max is not None else (float("inf"), dimension)
        return low, high, dimension


class Money(Frozen):
    """An amount or a span of amounts in one currency. Accepts text such as "USD 1.5 m"."""

    min: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str = Field(pattern="^[A-Z]{3}$")  # ISO 4217
    price_year: int | None = Field(default=None, ge=1900, le=2200)
    basis: str | None = Field(default=None, max_length=120)  # "per unit", "per year", "total"

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return parse_money(value) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> Self:
        _ordered(self.min, self.max)
        if self.min is None and self.max is None:
            raise BadInput("money_empty", expected="min, max or both", got={"currency": self.currency})
        return self


@cache
def _registry() -> UnitRegistry[Any]:
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    registry.define("ppt = 0.001 * gram / kilogram")
    return registry


@cache
def _conversion(unit: str) -> tuple[float, float, str]:
    """Factor, offset and dimension that take a number in ``unit`` to base units."""
    from pint.errors import PintError

    registry = _registry()
    spelled = unit.replace("\u00b0", "deg").replace("\u00b2", "**2").replace("\u00b3", "**3").strip()
    spelled = re.sub(r"\bm([23])\b", r"m**\1", spelled).replace("masl", "m").replace("m.a.s.l.", "m")
    try:
        zero, one = (registry.Quantity(float(n), spelled or "dimensionless").to_base_units() for n in (0, 1))
    except (PintError, ValueError, TypeError, AttributeError, SyntaxError, AssertionError) as error:
        raise UnknownUnit(unit) from error
    return float(one.magnitude - zero.magnitude), float(zero.magnitude), str(one.dimensionality)


def to_base(value: float | None, unit: str) -> tuple[float, str]:
    """Return the value in base units and its dimension; raises UnknownUnit."""
    factor, offset, dimension = _conversion(unit)
    return (value or 0.0) * factor + offset, dimension


def _number(text: str) -> float:
    return float(text.replace(",", "").replace(" ", ""))


def parse_range(text: str | float) -> dict[str, Any]:
    """Read "5 kW", "TRL 6-7", "<= 2000 m" or 5 into the fields of a Range; raises BadInput."""
    found = _RANGE.match(str(text).removeprefix("TRL").removeprefix("trl"))
    if found is None:
        raise BadInput("not_a_range", expected='a number or span with a unit, such as "5-10 kW"', got=text)
    low, unit, bound = _number(found["low"]), (found["unit"] or "").strip(), (found["bound"] or "").lower().rstrip(".")
    if bound in {"<", "<=", "up to", "max"}:
        return {"max": low, "unit": unit}
    if bound in {">", ">=", "at least", "min"}:
        return {"min": low, "unit": unit}
    return {"min": low, "max": _number(found["high"]) if found["high"] else low, "unit": unit}


def parse_money(text: str) -> dict[str, Any]:
    """Read "USD 1.5 m", "200-300k EUR" or "$40,000 (2019)" into the fields of Money; raises BadInput."""
    found = _MONEY.match(text)
    if found is None:
        raise BadInput("not_money", expected='an amount with a currency, such as "USD 1.5 m"', got=text)
    code = found["before"] or found["after"]
    if code is None:
        raise BadInput("no_currency", expected="an ISO 4217 currency code", got=text, fix='write "USD 1.5 m"')
    low_multiple = found["low_multiple"] or (found["high_multiple"] if found["high"] else None)
    low = _number(found["low"]) * _MULTIPLES.get((low_multiple or "").lower(), 1)
    high = _number(found["high"]) * _MULTIPLES.get((found["high_multiple"] or "").lower(), 1) if found["high"] else low
    currency = _SYMBOLS.get(code.upper(), code.upper())
    return {"min": low, "max": high, "currency": currency, "price_year": int(found["year"]) if found["year"] else None}

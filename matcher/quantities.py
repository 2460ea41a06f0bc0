"""Ranges with real units and money with its year: parsed from what people write, compared after conversion."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from matcher.errors import BadInput, UnknownUnit

if TYPE_CHECKING:
    from pint import UnitRegistry

_NUMBER = r"[-+]?\d+(?:[.,]\d+|['\u2019 \u00a0\u202f]\d{3}(?!\d))*(?:[eE][-+]?\d+)?"
_LONGEST = 200  # characters of an amount; longer texts tell a story
_SPAN = r"\s*(?:-|\u2013|\u2014|\.\.\.?|\bto\b|\band\b|\bbis\b|\u00e0)\s*"
_AT_MOST = r"<=|<|\u2264|up to|at most|no more than|less than|under|below|maximum|max\.?|jusqu'\u00e0|hasta"
_AT_LEAST = r">=|>|\u2265|at least|no less than|more than|over|above|minimum|min\.?|from|desde|au moins"
_ABOUT = r"~|\u2248|about|approx(?:imately|\.)?|around|circa|ca\.?|between|env(?:iron|\.)?"
_OPENING = rf"\s*(?:(?P<most>{_AT_MOST})|(?P<least>{_AT_LEAST})|{_ABOUT})?\s*"
_RANGE = re.compile(
    rf"^(?:TRL\b)?{_OPENING}(?P<low>{_NUMBER})(?:(?P<low_unit>\s*[^\d\s<>=,;.-][^\d,;]{{0,20}}?)?{_SPAN}(?P<high>{_NUMBER}))?"
    r"\s*(?P<more>\+|or more|and more|and above)?\s*(?P<unit>[^\d\s].*)?$",
    re.IGNORECASE,
)
_MULTIPLES = {"k": 1e3, "thousand": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mln": 1e6, "mio": 1e6, "million": 1e6}
_MULTIPLES |= {"millions": 1e6, "crore": 1e7, "bn": 1e9, "billion": 1e9, "billions": 1e9}
_MULTIPLE = "|".join(sorted(_MULTIPLES, key=len, reverse=True))
_SYMBOLS = {"US$": "USD", "$US": "USD", "$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "CNY", "\u20b9": "INR"}
_SYMBOLS |= {
    "US DOLLARS": "USD",
    "US DOLLAR": "USD",
    "EUROS": "EUR",
    "EURO": "EUR",
    "RMB": "CNY",
    "YUAN": "CNY",
    "YEN": "JPY",
}
_SYMBOLS |= {
    "QUETZALES": "GTQ",
    "QUETZAL": "GTQ",
    "BIRR": "ETB",
    "TAKA": "BDT",
    "NAIRA": "NGN",
    "CEDIS": "GHS",
    "RAND": "ZAR",
}
# Words that name the money of one country only. "Dollars", "pesos", "francs", "shillings", "kwacha" name several.
_CODES = re.compile(  # ISO 4217, codes of money in use; without funds, metals and tests
    "AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD"
    "|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD"
    "|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT"
    "|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR"
    "|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP"
    "|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU|UZS|VES|VND|VUV|WST|XAF|XCD|XCG"
    "|XOF|XPF|YER|ZAR|ZMW|ZWG"
)
_CURRENCY = "|".join((*(re.escape(s) for s in sorted(_SYMBOLS, key=len, reverse=True)), "[A-Z]{3}"))
_TIMES = rf"(?:{_MULTIPLE})(?=[^A-Z]|$|(?:{_CURRENCY})(?![A-Z]))"
_MONEY = re.compile(
    rf"^{_OPENING}(?P<before>{_CURRENCY})?\s*(?P<low>{_NUMBER})\s*(?P<low_multiple>{_TIMES})?"
    rf"(?:\s*(?P<between>{_CURRENCY})?{_SPAN}(?P<again>{_CURRENCY})?\s*(?P<high>{_NUMBER})\s*(?P<high_multiple>{_TIMES})?)?"
    rf"\s*(?P<after>{_CURRENCY})?(?![A-Z])"
    r"\s*(?P<basis>(?:per|an?|each|in total|total|par|por)\b[^()\d]{0,60}|/[^()\d]{1,60})?"
    r"\s*(?:[,(]?\s*(?:in |prices of )?(?P<year>(?:19|20)\d\d)(?: prices)?\)?)?\s*$",
    re.IGNORECASE,
)
# Towers of powers, which would never end, and bare factors: "m 3" is neither three metres nor a volume.
_NOT_A_UNIT = re.compile(r"\d{3}|(?:\*\*|\^)\s*[-+]?\s*(?:\(|\d+\s*(?:\*\*|\^))|(?<![A-Za-z0-9*^+-])\d")


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


@lru_cache(maxsize=10_000)
def _conversion(unit: str) -> tuple[float, float, str]:
    """Factor, offset and dimension that take a number in ``unit`` to base units."""
    from tokenize import TokenError

    from pint.errors import PintError

    registry = _registry()
    if _NOT_A_UNIT.search(unit) or len(unit) > 60:
        raise UnknownUnit(unit)
    spelled = unit.replace("\u00b0", "deg").replace("\u00b2", "**2").replace("\u00b3", "**3").strip()
    spelled = re.sub(r"\b(k?m|cm)([23])\b", r"\1**\2", spelled).replace("masl", "m").replace("m.a.s.l.", "m")
    try:
        zero, one = (registry.Quantity(float(n), spelled or "dimensionless").to_base_units() for n in (0, 1))
    except (PintError, TokenError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise UnknownUnit(unit) from error
    except (SyntaxError, AssertionError, RecursionError) as error:
        raise UnknownUnit(unit) from error
    return float(one.magnitude - zero.magnitude), float(zero.magnitude), str(one.dimensionality)


def to_base(value: float | None, unit: str) -> tuple[float, str]:
    """Return the value in base units and its dimension; raises UnknownUnit."""
    factor, offset, dimension = _conversion(unit)
    return (value or 0.0) * factor + offset, dimension


def from_base(value: float, unit: str) -> float:
    """Return what a number in base units is in ``unit``; raises UnknownUnit."""
    factor, offset, _ = _conversion(unit)
    return (value - offset) / factor


def _number(text: str) -> float:
    """Read "1,500.5", "1 500", "1'500", "1,5" and "1.500,50"; the last of two signs is the decimal one."""
    plain = re.sub(r"[\s'\u2019\u00a0\u202f]", "", text)
    comma, point = plain.rfind(","), plain.rfind(".")
    if comma >= 0 and point >= 0:
        thousands, decimal = (",", ".") if point > comma else (".", ",")
        plain = plain.replace(thousands, "").replace(decimal, ".")
    elif comma >= 0:
        grouped = re.fullmatch(r"[-+]?\d{1,3}(?:,\d{2,3})*,\d{3}", plain)  # 1,50,000 as in South Asia
        plain = plain.replace(",", "" if grouped else ".")
    elif plain.count(".") > 1:
        plain = plain.replace(".", "")
    try:
        return float(plain)
    except ValueError:
        raise BadInput("not_a_number", expected="a number", got=text, fix="write digits and one point") from None


def parse_range(text: str | float) -> dict[str, Any]:
    """Read "5 kW", "TRL 6-7", "<= 2000 m", "5 kW - 10 kW" or 5 into the fields of a Range; raises BadInput."""
    found = _RANGE.match(str(text).strip()) if len(str(text)) <= _LONGEST else None
    if found is None:
        raise BadInput("not_a_range", expected='a number or span with a unit, such as "5-10 kW"', got=text)
    low, unit, low_unit = _number(found["low"]), (found["unit"] or "").strip(), (found["low_unit"] or "").strip()
    if low_unit and low_unit != unit:
        raise BadInput("two_units", expected="one unit for both ends", got=text, fix="write both ends in one unit")
    if found["high"]:
        return {"min": low, "max": _number(found["high"]), "unit": unit}
    return {**_ends(found, low), "unit": unit}


def _ends(found: re.Match[str], value: float) -> dict[str, float]:
    """Take a number for the upper end, the lower end or both, by the words before and behind it."""
    if found["most"]:
        return {"max": value}
    if found["least"] or found.groupdict().get("more"):
        return {"min": value}
    return {"min": value, "max": value}


def parse_money(text: str) -> dict[str, Any]:
    """Read "USD 1.5 m", "200-300k EUR", "1 200 BDT per unit" or "$40,000 (2019)" into Money; raises BadInput."""
    found = _MONEY.match(text) if len(text) <= _LONGEST else None
    if found is None:
        raise BadInput("not_money", expected='an amount with a currency, such as "USD 1.5 m"', got=text)
    year = int(found["year"]) if found["year"] else None
    basis = (found["basis"] or "").strip() or None
    named = {"currency": _currency(found, text), "price_year": year, **({"basis": basis} if basis else {})}
    low = _amount(found["low"], found["low_multiple"], text)
    if not found["high"]:
        return {**_ends(found, low), **named}
    high = _amount(found["high"], found["high_multiple"], text)
    shared = _amount(found["low"], found["low_multiple"] or found["high_multiple"], text)  # "200-300k"
    return {"min": shared if shared <= high else low, "max": high, **named}


def _amount(number: str, multiple: str | None, text: str) -> float:
    if multiple is None and re.fullmatch(r"\d{1,3}\.\d{3}", number):
        raise BadInput("ambiguous_amount", expected="1500 or 1.5", got=text, fix="write thousands without a point")
    return _number(number) * _MULTIPLES.get((multiple or "").lower(), 1)


def _currency(found: re.Match[str], text: str) -> str:
    stated = [code.upper() for code in found.group("before", "between", "again", "after") if code]
    codes = {_SYMBOLS.get(code, code) for code in stated}
    if "$" in stated and len(codes) > 1:  # "CAD 5$", "$5 CAD"
        codes -= {"USD"}
    if len(codes) != 1 or not _CODES.fullmatch(min(codes)):
        got = text if not codes else f"{' and '.join(sorted(codes))} in {text}"
        raise BadInput("no_currency", expected="one ISO 4217 currency code", got=got, fix='write "USD 1.5 m"')
    return codes.pop()

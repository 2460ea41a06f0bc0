"""What word stems and sentence vectors are blind to: quantities with units, and what is done without.

"5 kW" and "5 MW" embed alike, and so do "no grid needed" and "grid needed". Here a quantity becomes terms of its order
of magnitude in a common unit, so that 5 kW meets 4-6 kW and 5,000 W but not 500 kW; and what is negated becomes a term
of its own, so that "off-grid" meets "works without a grid". Both are read in a few languages; the rest stays words.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP: Final = 0.5
"""Decades of a bucket. There are two rows of buckets half a step apart: what lies within a factor of 1.8 always shares
one of them, and what lies beyond a factor of 3.2 never does."""

MOST_BUCKETS: Final = 7  # of a span in one row: 1 W - 1 kW; a wider one says nothing about size
_W, _M3_A_SECOND = "power", "flow"

_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("w", "wp", "va", "watt", "watts"), (_W, 1.0)),
    **dict.fromkeys(("kw", "kwp", "kva", "kilowatt", "kilowatts"), (_W, 1e3)),
    **dict.fromkeys(("mw", "mwp", "mva", "megawatt", "megawatts"), (_W, 1e6)),
    **dict.fromkeys(("gw", "gwp", "gigawatt", "gigawatts"), (_W, 1e9)),
    **dict.fromkeys(("hp", "horsepower"), (_W, 745.7)),
    "wh": ("energy", 1.0),
    "kwh": ("energy", 1e3),
    "mwh": ("energy", 1e6),
    "gwh": ("energy", 1e9),
    **dict.fromkeys(("v", "volt", "volts"), ("voltage", 1.0)),
    "kv": ("voltage", 1e3),
    "mm": ("length", 1e-3),
    "cm": ("length", 1e-2),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "m\u00e8tres", "metros"), ("length", 1.0)),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), ("length", 1e3)),
    **dict.fromkeys(("m2", "m\u00b2"), ("area", 1.0)),
    **dict.fromkeys(("ha", "hectare", "hectares", "hect\u00e1reas"), ("area", 1e4)),
    **dict.fromkeys(("km2", "km\u00b2"), ("area", 1e6)),
    **dict.fromkeys(("l", "litre", "litres", "liter", "liters", "litros"), ("volume", 1e-3)),
    **dict.fromkeys(("m3", "m\u00b3"), ("volume", 1.0)),
    **dict.fromkeys(("g", "gram", "grams"), ("mass", 1e-3)),
    **dict.fromkeys(("kg", "kilogram", "kilograms"), ("mass", 1.0)),
    **dict.fromkeys(("t", "ton", "tons", "tonne", "tonnes", "toneladas"), ("mass", 1e3)),
    "kpa": ("pressure", 1e3),
    **dict.fromkeys(("bar", "bars"), ("pressure", 1e5)),
    "psi": ("pressure", 6895.0),
}
"""Unit in lower case -> what it measures, and its size in a common unit."""

_SECONDS: Final = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0}
_SECONDS.update({"hour": 3600.0, "d": 86400.0, "day": 86400.0, "jour": 86400.0, "d\u00eda": 86400.0, "dia": 86400.0})
_NEVER_CAPITAL: Final = frozenset({"m", "g", "t"})  # 5 M is a sum, 4G a network
_MILLI: Final = frozenset({"mW", "mWh", "mV"})

_NUMBER: Final = r"\d+(?:[.,' \u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d+)?"
_UNIT: Final = "|".join(sorted(_UNITS, key=len, reverse=True))
_TIME: Final = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PER: Final = (
    r"(?P<of>\s(?:of|de|d')\s?\w+(?:\s\w+)?(?=\s(?:a|per|par|por)\s))?"  # "litres of clean water a day"
    rf"\s?(?:/|\b(?:per|an?|par|por)\b)\s?(?P<time>{_TIME})"
)
_QUANTITY: Final = re.compile(
    rf"(?<![\w.,$\u20ac\u00a3\u00a5-])(?P<low>{_NUMBER})(?:\s?(?:-|\u2013|\bto\b|\band\b|\u00e0)\s?(?P<high>{_NUMBER}))?"
    rf"[\s\u00a0-]?(?P<unit>{_UNIT})(?:{_PER})?(?![\w/\u00b2\u00b3])",
    re.IGNORECASE,
)
_UNITED: Final = re.compile(rf"\d[\s\u00a0-]?(?=[{''.join(sorted({unit[0] for unit in _UNITS}))}])(?:{_UNIT})(?!\w)")
"""What each quantity has in lower case; a pattern that need not ignore case is found ten times as fast."""

_MONEY: Final = re.compile(r"(?:[A-Z]{3}|[$\u20ac\u00a3\u00a5])\s?$")

_LACKED: Final = {
    "grid": "grid|mains|r\u00e9seau(?: \u00e9lectrique)?|red el\u00e9ctrica|rede(?: el\u00e9trica)?|электросети",
    "electricity": "electricity|electric(?:al)? power|power(?: supply)?|\u00e9lectricit\u00e9|electricidad|eletricidade"
    "|электричества",
    "internet": "internet|connectivity|conectividad",
    "fuel": "fuel|diesel|kerosene|carburant|combustible|combust\u00edvel",
    "chemicals": "chemicals?|produits chimiques|(?:productos |produtos )?qu\u00edmicos",
    "batteries": "batter(?:y|ies)|bater\u00edas|baterias",
}
"""What a site may lack and a technology may do without, as it is written in a few languages."""

_WORD: Final = re.compile(r"\w+")
_THINGS: Final = "|".join(f"(?P<{name}>{words})" for name, words in _LACKED.items())
_NONE: Final = (
    r"(?<!\w)(?:no|without|lacking|lack of|absence of|independent (?:of|from)|off|needs? no"
    r"|(?:not|n[o'\u2019]t) (?:need|require)|not connected to|isolated from|sans|pas|hors|sin|fuera de|sem|fora d[aeo]"
    r"|без)"
)
_BETWEEN: Final = (
    r"[\s-]+(?:(?:any|an?|the|access to|connection to|reliable|stable|national|external|additional"
    r"|acc\u00e8s \u00e0|acceso a|acesso a|[ld]['\u2019]|de|du|le|la|el|o)\s*){0,3}"
)
_AFTER: Final = r"(?:[\s-]+(?:connections?|access|suppl(?:y|ies)))?(?!\w)"
_LACK: Final = re.compile(rf"{_NONE}{_BETWEEN}(?:{_THINGS}){_AFTER}", re.IGNORECASE)
_FREE: Final = re.compile(rf"(?<!\w)(?:{_THINGS})[\s-](?:free|independent)(?!\w)", re.IGNORECASE)
_SIN_RED: Final = re.compile(
    r"(?<!\w)(?:sin|fuera de(?: la)?) (?P<grid>red)(?!\w)", re.IGNORECASE
)  # elsewhere a colour
_NEGATIONS: Final = frozenset(
    (
        *("no", "without", "lacking", "lack", "absence", "independent", "off", "need", "needs", "not", "n", "t"),
        *("isolated", "sans", "pas", "hors", "sin", "fuera", "sem", "fora", "без"),
    )
)
_LACKING: Final = (
    (_LACK, _NEGATIONS),
    (_FREE, frozenset({"free", "independent"})),
    (_SIN_RED, frozenset({"red"})),
)
"""Each pattern with words of which it has one: the words of a text are a fraction of the time of a pattern."""

_HINTS: Final = (
    *(
        "grid",
        "mains",
        "r\u00e9seau",
        "rede",
        "sin red",
        "de red",
        "la red",
        "электр",
        "lectric",
        "eletric",
        "no power",
    ),
    *("out power", "power supply", "internet", "onectivi", "onnectivi", "fuel", "diesel", "kerosene", "carburant"),
    *("combust", "chemical", "chimique", "qu\u00edmico", "batter", "bater"),
)
"""Letters without which no text speaks of a thing that may be lacking."""


def split(text: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text without what was read, and (term, as written) for each term read from it.

    What a technology does without stays a word too ("electricity"), for a need that lacks it may wish for it; but a
    grid that is not there is no grid.
    """
    terms: list[tuple[str, str]] = []
    if _UNITED.search(text.lower()):  # a pattern that begins with a digit is found fifty times as fast
        text = _QUANTITY.sub(lambda found: _measured(found, terms), text)
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):  # looking for a few letters is forty times as fast as the patterns
        found = frozenset(_WORD.findall(lower))
        for pattern, words in _LACKING:
            if not words.isdisjoint(found):
                text = pattern.sub(lambda found: _lacked(found, terms), text)
    return text, terms


def _lacked(found: re.Match[str], terms: list[tuple[str, str]]) -> str:
    name = next(name for name, word in found.groupdict().items() if word)
    terms.append((f"no~{name}", found[0]))
    return " " if name == "grid" else f" {found[name]} "


def _measured(found: re.Match[str], terms: list[tuple[str, str]]) -> str:
    """Note the terms of a quantity and take it out of the text; what is none stays."""
    unit, time = found["unit"], found["time"]
    if (unit.isupper() and unit.lower() in _NEVER_CAPITAL) or _MONEY.search(found.string[: found.start()][-5:]):
        return found[0]
    dimension, factor = _UNITS[unit.lower()]
    if time is not None:
        if dimension != "volume":
            return found[0]
        dimension, factor = _M3_A_SECOND, factor / _SECONDS[time.lower()]
    factor *= 1e-9 if unit in _MILLI else 1.0
    low = _number(found["low"]) * factor
    high = _number(found["high"]) * factor if found["high"] else low
    names = [f"{dimension}~{bucket}" for bucket in _buckets(low, high)]
    terms.extend((name, found[0]) for name in names)
    return f" {found['of'] or ''} " if names else found[0]


def _buckets(low: float, high: float) -> Iterator[str]:
    """Yield the buckets of both rows that a span touches; none for nothing, or for a span too wide to say a size."""
    if low <= 0 or high < low:
        return
    for row, shift in (("a", 0.0), ("b", 0.5)):
        first, last = (math.floor(math.log10(end) / STEP + shift + 1e-9) for end in (low, high))
        if last - first < MOST_BUCKETS:
            yield from (f"{bucket}{row}" for bucket in range(first, last + 1))


def _number(text: str) -> float:
    """Read "1,500.5", "1 500" and "1,5"; a comma or point before three digits stands for thousands."""
    plain = re.sub(r"[.,' \u00a0\u202f](?=\d{3}(?!\d))", "", text)
    return float(plain.replace(",", "."))

"""Codes of records as a person calls them: countries, languages and sectors by name, whatever form they came in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from matcher.errors import UnknownPlace
from matcher.profiles import Deployment, Located
from service.reference import load_places

_ABBREVIATIONS: Final = {
    "nda": "NDA",
    "mou": "MoU",
    "ip": "IP",
    "rd": "R&D",
    "fdi": "FDI",
    "e commerce": "e-commerce",
    "industry 4 0": "industry 4.0",
}
_ABBREVIATED: Final = re.compile(rf"\b(?:{'|'.join(_ABBREVIATIONS)})\b")


@lru_cache(maxsize=2_000)
def plain(value: str) -> str:
    """Write a value of a closed list for a person; a sector's parts stand one under the other."""
    words = str(value).replace("_", " ").replace(".", " / ")
    return _ABBREVIATED.sub(lambda found: _ABBREVIATIONS[found[0]], words)


@lru_cache(maxsize=2_000)
def country(text: str) -> str:
    """Name a country by its code, or by any of its names; what is no one country stands as it was written."""
    book = load_places()
    try:
        return book.name_of(book.country(text))
    except UnknownPlace:
        return text


def place(value: Located | str) -> str:
    """Name a place with its country; a group or a region stands as it was written."""
    return f"{value.name} ({country(value.country)})" if isinstance(value, Located) else country(value)


FINANCE_TYPES: Final[Mapping[str, str]] = {
    "110": "standard grant",
    "210": "interest subsidy",
    "310": "capital subscription, on deposit",
    "311": "capital subscription, on encashment",
    "421": "standard loan",
    "422": "reimbursable grant",
    "423": "bonds",
    "424": "asset-backed securities",
    "425": "other debt securities",
    "431": "subordinated loan",
    "432": "preferred equity",
    "433": "other hybrid instruments",
    "510": "common equity",
    "520": "shares in collective investment vehicles",
    "1100": "guarantees and insurance",
}
"""Finance type of the OECD DAC (IATI codelist FinanceType) -> its name, but for those of debt relief."""


def finance_type(code: str) -> str:
    """Name a finance type with its code, which is what funders search by; one without a name is told as a code."""
    return f"{FINANCE_TYPES[code]} ({code})" if code in FINANCE_TYPES else f"code {code} (OECD DAC)"


@lru_cache(maxsize=500)
def spoken(tag: str) -> str:
    """Name a language by its BCP-47 tag, in English; one that is not known stands as it was written."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(tag, sep="-").get_display_name("en") or tag)
    except (UnknownLocaleError, ValueError):
        return tag


def _listed(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def written(value: Any) -> str:
        if isinstance(value, str) or not isinstance(value, Iterable):
            return write(value)
        return ", ".join(map(write, value)) or "none"

    return written


_PLACES: Final = ("country", "places", "places_offered", "places_excluded", "eligible_places", "beneficiary_places")
WRITERS: Final[Mapping[str, Callable[[Any], str]]] = {
    **dict.fromkeys((*_PLACES, "tied_to", "jurisdictions"), _listed(place)),
    **dict.fromkeys(("language", "languages", "languages_supported", "languages_required"), _listed(spoken)),
    "finance_types": _listed(finance_type),
    **dict.fromkeys(("sectors", "services", "transfer_modes", "accepted_modes", "rejected_modes"), _listed(plain)),
}
"""Field of a record -> how its codes are written."""


def deployed(value: Deployment) -> str:
    """Write where and when something was deployed."""
    return f"{country(value.country)} {value.year}" if value.year else country(value.country)


def field_said(name: str, value: Any, otherwise: Callable[[Any], str]) -> str:
    """Write a field of a record, by its name where that says what its codes stand for."""
    return WRITERS.get(name, otherwise)(value)

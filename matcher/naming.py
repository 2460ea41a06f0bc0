"""Countries, languages and sectors by their names, so that no sentence makes its reader look a code up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from matcher.encoding import primary
from matcher.places import PlaceBook
from matcher.profiles import Located, Place
from matcher.wording import listed

_LANGUAGES: Final = {
    "am": "Amharic",
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "hi": "Hindi",
    "ht": "Haitian Creole",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lo": "Lao",
    "ne": "Nepali",
    "pt": "Portuguese",
    "ru": "Russian",
    "sw": "Swahili",
    "th": "Thai",
    "tr": "Turkish",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}

_SPELT: Final = {"e_commerce": "e-commerce", "e_government": "e-government", "industry_4_0": "industry 4.0"}


@lru_cache(maxsize=4_096)
def sector(code: str) -> str:
    """Call a sector by its own words, what it lies under before: "water (drinking)"."""
    wide, _, part = code.partition(".")
    return f"{wide} ({_SPELT.get(part, part.replace('_', ' '))})" if part else wide


@lru_cache(maxsize=4_096)
def language(tag: str) -> str:
    """Call a language by its English name, the rarer ones by their tag."""
    return _LANGUAGES.get(primary(tag), f'the language "{primary(tag)}"')


def languages(tags: Iterable[str], joint: str = "and") -> str:
    """Write languages as a list, by name."""
    return listed(sorted([language(tag) for tag in tags]), joint)


def country(book: PlaceBook, text: str) -> str:
    """Name a country by its alpha-3 code; a group, a region and what is unknown stand as they were written."""
    found = book.countries.get(text)
    return found.name if found else text


def place(book: PlaceBook, written: Place) -> str:
    """Name a place as a record writes it, a part of a country with that country."""
    if isinstance(written, Located):
        return f"{written.name} ({country(book, written.country)})"
    return country(book, written)


def countries(book: PlaceBook, codes: Iterable[str], joint: str = "and") -> str:
    """Write countries as a list, by name."""
    return _countries(book, tuple(codes), joint)


@lru_cache(maxsize=65_536)  # the countries of a need stand in many sentences about each of its offers
def _countries(book: PlaceBook, codes: tuple[str, ...], joint: str) -> str:
    return listed(sorted([country(book, code) for code in codes]), joint)

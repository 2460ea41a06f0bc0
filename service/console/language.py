"""The language of a page: which one is asked for, its words, and how it writes dates and numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel import Locale
    from babel.numbers import NumberPattern
    from babel.support import NullTranslations

FOLDER: Final = Path(__file__).parent / "locale"
SOURCE: Final = "en"
"""The language templates are written in. Its catalogue says the same once more: translators start from it."""

_INTERNATIONAL: Final = "en-001"  # English of no one country writes 26 Nov 2026, which nobody reads as another day
_KEPT: Final = 20_000  # figures remembered by a language: two megabytes
_ASKED: Final = 10  # languages of a header that are looked at: browsers send a handful


@dataclass(frozen=True)
class Language:
    """Words and forms of one locale."""

    locale: Locale
    words: NullTranslations
    _written: dict[tuple[str, float | date], str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def tag(self) -> str:
        """BCP-47 tag of the page."""
        region = self.locale.territory
        return self.locale.language if region in {None, "001"} else f"{self.locale.language}-{region}"

    @property
    def direction(self) -> str:
        """``ltr`` or ``rtl``."""
        return str(self.locale.text_direction)

    def day(self, value: date | datetime) -> str:
        """Write a day."""
        from babel.dates import format_date

        return self._kept("day", value, lambda: str(format_date(value, "medium", locale=self.locale)))

    def moment(self, value: datetime) -> str:
        """Write a moment, in UTC, to the minute."""
        there = value.astimezone(UTC)
        return f"{self.day(there)}, {there:%H:%M} UTC"

    def ago(self, value: datetime, now: datetime | None = None) -> str:
        """Say how long ago a moment was, in the largest unit that fits."""
        from babel.dates import format_timedelta

        passed = value - (now or datetime.now(UTC))
        return str(format_timedelta(passed, add_direction=True, locale=self.locale))

    def number(self, value: float) -> str:
        """Write a number, with at most two decimals."""
        return self._figure("#,##0.##", round(value, 2))

    def signed(self, value: float) -> str:
        """Write a number with its sign and two decimals."""
        return self._figure("+#,##0.00;-#,##0.00", round(value, 2))

    def percent(self, share: float) -> str:
        """Write a share from 0 to 1 as whole percent."""
        return self._figure(self._percent, round(share, 2))

    @cached_property
    def _percent(self) -> str:
        return str(self.locale.percent_formats[None].pattern)

    def _figure(self, pattern: str, value: float) -> str:
        return self._kept(pattern, value, lambda: str(_pattern(pattern).apply(value, self.locale)))

    def _kept(self, form: str, value: float | date, write: Callable[[], str]) -> str:
        """Write something once: pages write the same few hundred figures over and over."""
        found = self._written.get((form, value))
        if found is None:
            if len(self._written) >= _KEPT:
                self._written.clear()
            found = self._written[form, value] = write()
        return found


def choose(header: str | None) -> Language:
    """Return the language that a browser asks for first among those there are; English where there is none of them."""
    for tag in _asked(header or ""):
        if tag.split("-")[0].lower() in languages():
            return language(tag)
    return language(_INTERNATIONAL)


@lru_cache(maxsize=64)
def language(tag: str) -> Language:
    """Return a language that has a catalogue by its tag, with the forms of the tag's country where those are known."""
    from babel import Locale, UnknownLocaleError

    base = tag.split("-", maxsplit=1)[0].lower()
    try:
        locale = Locale.parse(_INTERNATIONAL if tag.lower() == SOURCE else tag, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale.parse(_INTERNATIONAL if base == SOURCE else base, sep="-")
    return Language(locale, _words(base))


@cache
def languages() -> frozenset[str]:
    """Return the languages that have a catalogue."""
    return frozenset(path.stem for path in FOLDER.glob("*.po"))


def _asked(header: str) -> Iterator[str]:
    """Yield the tags of an Accept-Language header, the most wanted first (RFC 9110, section 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:_ASKED]:
        tag, _, weight = part.partition(";q=")
        try:
            wanted.append((float(weight or 1), tag.strip()))
        except ValueError:
            continue
    yield from (tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if weight > 0 and tag)


@cache
def _words(base: str) -> NullTranslations:
    """Read a catalogue as text: there is no second, compiled file that could say something else."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    compiled = io.BytesIO()
    with (FOLDER / f"{base}.po").open("rb") as source:
        write_mo(compiled, read_po(source, locale=base))
    compiled.seek(0)
    return Translations(compiled)


@cache
def _pattern(text: str) -> NumberPattern:
    from babel.numbers import parse_pattern

    return parse_pattern(text)

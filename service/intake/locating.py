"""Which stated places mean anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from matcher.errors import BadInput
from matcher.places import PlaceBook
from matcher.profiles import Located
from service.intake.results import Problem
from service.intake.texts import is_unknown

_Value = TypeVar("_Value")

_LISTS: Final = {
    "capabilities": ("places_offered", "places_excluded"),
    "needs": ("beneficiary_places",),
    "mechanisms": ("eligible_places", "tied_to"),
    "facilitators": ("places",),
    "cases": ("places",),
}
SEPARATORS: Final = re.compile(r"[;|\n\r\u2028]+|\s*[\u2022\u25cf]\s*")
_COMMAS: Final = re.compile(r"\s*,\s*")
_LOOSE: Final = re.compile(r"\s*(?:,|/|&|\+|\band\b|\bet\b|\by\b|\be\b)\s*")
_CACHED: Final = 50_000  # names; junk in a file must not fill the memory
_ANY_DAY: Final = date.max  # whether a name means anything is not a matter of the day


class PlaceCheck:
    """Answers for names, each looked up once."""

    def __init__(self, places: PlaceBook) -> None:
        self._places = places
        self._refused: dict[str, BadInput | None] = {}
        self._codes: dict[str, str | None] = {}

    def code(self, name: object) -> str | None:
        """Return one country's alpha-3, None for anything else."""
        if not isinstance(name, str) or not name:
            return None
        if name not in self._codes:
            try:
                _remember(self._codes, name, self._places.country(name))
            except BadInput:
                _remember(self._codes, name, None)
        return self._codes[name]

    def refusal(self, name: str) -> BadInput | None:
        """Return why a name means no place, None where it does."""
        if name not in self._refused:
            try:
                self._places.resolve(name, _ANY_DAY)
                _remember(self._refused, name, None)
            except BadInput as error:
                _remember(self._refused, name, error)
        return self._refused[name]

    def listed(self, text: str) -> list[str]:
        """Split places as people list them; at commas and "and" only a whole that is no place, into parts that are."""
        parts = [part.strip() for part in SEPARATORS.split(text) if not is_unknown(part)]
        return [place for part in parts for place in self._apart(part)]

    def _apart(self, text: str) -> list[str]:
        if self.refusal(text) is not None:
            for separator in (_COMMAS, _LOOSE):
                parts = [part.strip() for part in separator.split(text) if part.strip()]
                if len(parts) > 1 and all(self.refusal(part) is None for part in parts):
                    return parts
        return [text]

    def drop_unknown(self, kind: str, values: dict[str, Any]) -> list[Problem]:
        """Take out of the values the places that resolve to nothing, and say which."""
        return [*self._in_lists(kind, values), *self._in_country(kind, values), *self._in_deployments(values)]

    def _in_lists(self, kind: str, values: dict[str, Any]) -> Iterator[Problem]:
        for field in _LISTS.get(kind, ()):
            given = values.get(field)
            if given is None or given == []:
                continue
            if is_unknown(given):
                del values[field]
                continue
            kept = []
            for place in self.listed(given) if isinstance(given, str) else given if _is_list(given) else [given]:
                problem = self._problem(field, place)
                if problem is None:
                    kept.append(place)
                elif not is_unknown(place):
                    yield problem
            values[field] = kept or None

    def _in_country(self, kind: str, values: dict[str, Any]) -> Iterator[Problem]:
        given = values.get("country")
        if kind != "organisations" or given is None:
            return
        if self.code(given) is None:
            del values["country"]
            if not is_unknown(given):
                yield self._problem("country", given) or Problem(
                    "unknown_place",
                    "country",
                    given,
                    expected="one country",
                    fix="leave it empty if it is of no one country",
                )

    def _in_deployments(self, values: dict[str, Any]) -> Iterator[Problem]:
        given = values.get("deployed_in")
        if not isinstance(given, list | tuple):
            return
        kept = []
        for deployment in given:
            country = deployment.get("country") if isinstance(deployment, dict) else None
            if isinstance(country, str) and self.code(country) is None:
                yield self._problem("deployed_in", country) or Problem("unknown_place", "deployed_in", country)
            else:
                kept.append(deployment)
        values["deployed_in"] = kept or (None if given else [])

    def _problem(self, field: str, place: object) -> Problem | None:
        """Say why a place is refused; one of a wrong shape is left for the record's rules to refuse."""
        name = place
        if isinstance(place, dict):
            try:
                name = Located.model_validate(place).country
            except ValidationError:
                return None
        refusal = self.refusal(name) if isinstance(name, str) else None
        if refusal is None:
            return None
        return Problem(refusal.code, field, place, expected=refusal.expected, fix=refusal.fix)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _remember(cache: dict[str, _Value], name: str, value: _Value) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
    cache[name] = value

"""Place names to country sets, each read once; what does not resolve is written down and counts as unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.encoding import Names, vocabulary
from matcher.errors import BadInput, UnknownPlace
from matcher.places import PlaceBook
from matcher.profiles import Place

COMPARED_GROUPS: Final = ("LIC", "LMIC", "UMIC", "HIC", "LDC", "LLDC", "SIDS")
"""Groups whose members face alike conditions: income, and the UN's special situations."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A stated value that could not be used and counts as unknown."""

    record_id: str  # the first that states it
    field: str
    value: str
    suggestions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Geography:
    """The countries behind the place bitsets, with what makes two of them alike."""

    codes: Names  # alpha-3; position = bit
    region: npt.NDArray[np.int16]  # the same number = the same M49 sub-region; -1 none
    groups: npt.NDArray[np.uint16]  # bits of COMPARED_GROUPS as of the columns' date


class Atlas:
    """Resolves each distinct place once, as of one day."""

    def __init__(self, book: PlaceBook, as_of: date) -> None:
        self.as_of = as_of
        self.problems: list[Problem] = []
        self._book = book
        self._resolved: dict[Place, frozenset[str] | BadInput] = {}

    @cached_property
    def names(self) -> Names:
        """The countries' alpha-3 codes, in the order of their bits."""
        return vocabulary(self._book.codes)

    def union(self, places: Iterable[Place], field: str, record: str) -> tuple[frozenset[str], bool]:
        """Return the countries of several places and whether all of them resolved; the rest become problems."""
        found, complete = frozenset[str](), True
        for place in places:
            countries = self._resolve(place)
            if isinstance(countries, BadInput):
                self._note(countries, field, place, record)
                complete = False
            else:
                found |= countries
        return found, complete

    def country(self, name: str, record: str, field: str = "country") -> str:
        """Return the alpha-3 code of one country; "" and a problem when it does not resolve to one."""
        try:
            return self._book.country(name)
        except BadInput as unknown:
            self._note(unknown, field, name, record)
            return ""

    def geography(self) -> Geography:
        """Return the countries' regions and groups on the day."""
        codes = [name.decode() for name in self.names.tolist()]
        regions = [self._book.region_of(code) for code in codes]
        number = {region: at for at, region in enumerate(sorted(set(regions) - {""}))}
        groups = [self._book.groups_of(code, self.as_of) for code in codes]
        bits = [sum(1 << at for at, name in enumerate(COMPARED_GROUPS) if name in member) for member in groups]
        region = np.array([number.get(region, -1) for region in regions], np.int16)
        return Geography(self.names, region, np.array(bits, np.uint16))

    def _resolve(self, place: Place) -> frozenset[str] | BadInput:
        if place not in self._resolved:
            try:
                self._resolved[place] = self._book.resolve(place, self.as_of)
            except BadInput as unknown:
                self._resolved[place] = unknown
        return self._resolved[place]

    def _note(self, unknown: BadInput, field: str, place: Place, record: str) -> None:
        value = place if isinstance(place, str) else f"{place.name}, {place.country}"
        suggestions = unknown.suggestions if isinstance(unknown, UnknownPlace) else (str(unknown),)
        self.problems.append(Problem(record, field, value, suggestions))

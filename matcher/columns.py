"""The structured facts of many capabilities as arrays, so that one need is judged against all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from matcher.atlas import Geography, Problem
from matcher.encoding import Arrays, BitColumn, ListColumn, flatten
from matcher.envelopes import EnvelopeColumn
from matcher.facts import OrganisationColumn, PlaceColumn
from matcher.gathering import gather
from matcher.money import MoneyColumn
from matcher.places import PlaceBook
from matcher.profiles import Capability, Organisation


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Facts of N capabilities, each distinct value once and a code per row."""

    as_of: date
    geography: Geography
    organisation: OrganisationColumn
    places: PlaceColumn
    modes: BitColumn
    terms: BitColumn
    languages: BitColumn  # what the capability supports
    home_languages: BitColumn  # what its organisation speaks, over the same names
    spoken: BitColumn  # the former, else the latter: what the gate compares
    envelope: EnvelopeColumn
    price: MoneyColumn
    sdg_goals: BitColumn  # goals of its targets included
    sdg_targets: BitColumn
    sectors: BitColumn  # those its CRS codes stand for included
    crs: BitColumn  # with the category (first three digits) of each code
    infrastructure: ListColumn
    skills: ListColumn
    deployments: ListColumn  # alpha-3 in Geography order, weighted by recency
    sought_places: BitColumn
    sought_types: BitColumn
    ticket: MoneyColumn
    shown_until: npt.NDArray[np.int32]  # last day the record counts; NEVER when it is not published
    trl: npt.NDArray[np.uint8]  # 0 = unknown
    lead_time: npt.NDArray[np.float32]  # months; NaN = unknown
    offer_kind: npt.NDArray[np.uint8]  # position in OFFER_KINDS + 1
    updated: npt.NDArray[np.int32]  # day of the last change
    training: npt.NDArray[np.bool_]  # whether training is stated to be included
    problems: tuple[Problem, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.trl)

    @classmethod
    def build(
        cls,
        capabilities: Iterable[Capability],
        organisations: Mapping[str, Organisation],
        places: PlaceBook,
        as_of: date,
    ) -> Self:
        """Read the records once, in order; what cannot be resolved is listed in ``problems`` and counts as unknown."""
        return cls(as_of=as_of, **gather(capabilities, organisations, places, as_of))

    def arrays(self) -> Arrays:
        """Return everything but the problems as arrays under names fit for files."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)[1:-1]}
        return {"as_of": np.array([self.as_of.toordinal()]), **flatten(parts)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Put the columns together again from ``arrays()``, memory-mapped or not, copying nothing."""
        parts: dict[str, Any] = {
            name: kind(*(arrays[f"{name}_{part.name}"] for part in fields(kind))) for name, kind in _COMPOSED.items()
        }
        plain: dict[str, Any] = {each.name: arrays[each.name] for each in fields(cls)[1:-1] if each.name not in parts}
        return cls(as_of=date.fromordinal(int(arrays["as_of"][0])), **parts, **plain)


_COMPOSED: Final[dict[str, Any]] = {
    "geography": Geography,
    "organisation": OrganisationColumn,
    "places": PlaceColumn,
    "modes": BitColumn,
    "terms": BitColumn,
    "languages": BitColumn,
    "home_languages": BitColumn,
    "spoken": BitColumn,
    "envelope": EnvelopeColumn,
    "price": MoneyColumn,
    "sdg_goals": BitColumn,
    "sdg_targets": BitColumn,
    "sectors": BitColumn,
    "crs": BitColumn,
    "infrastructure": ListColumn,
    "skills": ListColumn,
    "deployments": ListColumn,
    "sought_places": BitColumn,
    "sought_types": BitColumn,
    "ticket": MoneyColumn,
}

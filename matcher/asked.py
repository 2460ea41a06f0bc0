"""The need's side of a judgement: one need resolved against the dictionaries of some columns, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple, Self

import numpy as np

from matcher.atlas import Atlas, Geography, Problem
from matcher.classification import counted
from matcher.columns import Columns
from matcher.encoding import Codes, Flags, Floats, Words, plain, positions, primary
from matcher.envelopes import Limit, compared, limits
from matcher.places import PlaceBook
from matcher.profiles import Capability, Need, Organisation
from matcher.vocabulary import AMBIENT_ATTRIBUTES, Provenance, Role
from matcher.wording import condition

SAME_COUNTRY: Final = 1.0
SAME_REGION: Final = 0.6
SAME_GROUP: Final = 0.35
ELSEWHERE: Final = 0.1
"""What a deployment in such a country says about this need's countries; our judgement: near and alike before far."""


class Bridge(NamedTuple):
    """A facilitator that speaks a language of the need and one of a provider."""

    facilitator_id: str
    said: str  # "The desk bridges English and French"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A need as of a date, with its countries and owner found among the columns' own."""

    need: Need
    organisation: Organisation | None
    as_of: date
    countries: frozenset[str]  # alpha-3; empty = unknown
    complete: bool  # whether every stated place resolved
    bits: Words  # the countries as a bitset over Geography.codes
    nearby: Words  # countries of the same sub-regions, themselves included
    likeness: Floats  # by country of Geography: what a deployment there says about here
    owner: int  # position in OrganisationColumn.ids; -1 = not stated or no provider
    languages: frozenset[str]  # required, primary subtags
    bridged: Mapping[str, Bridge]  # provider language (primary subtag) -> who bridges it for this need
    site: tuple[Limit, ...]
    infrastructure: frozenset[str] | None  # what is available, as plain labels; None = unknown
    skills: frozenset[str] | None
    problems: tuple[Problem, ...]
    book: PlaceBook  # by which its sentences name countries

    @classmethod
    def of(
        cls,
        need: Need,
        organisations: Mapping[str, Organisation],
        columns: Columns,
        places: PlaceBook,
        *,
        bridged: Mapping[str, Bridge] = MappingProxyType({}),
    ) -> Self:
        """Resolve a need as of the columns' date; places that do not resolve are listed in ``problems``."""
        need = _as_known(counted(need), organisations)
        atlas = Atlas(places, columns.as_of)
        countries, complete = atlas.union(need.beneficiary_places or (), "beneficiary_places", need.id)
        geography = columns.geography
        at = positions(geography.codes, sorted(countries))
        near, likeness = _likeness(geography, at[at >= 0])
        owner = need.owner_organisation_id
        return cls(
            need,
            organisations.get(owner),
            columns.as_of,
            countries,
            complete,
            _bits(at[at >= 0], columns.places.offered.shape[0]),
            _bits(np.flatnonzero(near), columns.places.offered.shape[0]),
            likeness,
            -1 if owner == f"need:{need.id}" else int(positions(columns.organisation.ids, [owner])[0]),
            frozenset(map(primary, need.languages_required or ())),
            bridged,
            limits(need.site_conditions),
            _labels(need.infrastructure_available),
            _labels(need.skills_available),
            tuple(atlas.problems),
            places,
        )

    @property
    def asker(self) -> str:
        """The name of whoever asks; the id where nothing more is known."""
        return self.organisation.name if self.organisation else self.need.owner_organisation_id

    @property
    def by_a_seller(self) -> bool:
        """Whether the owner is stated to provide and nothing else: the need may be an offer that strayed here."""
        owner = self.organisation
        if owner is None or set(owner.roles) != {Role.PROVIDER}:
            return False
        return (owner.provenance or {}).get("roles") is not Provenance.INFERRED


def _as_known(need: Need, organisations: Mapping[str, Organisation]) -> Need:
    """Name the owner by the id it is known by: one that was merged into another is found under that one's."""
    owner = organisations.get(need.owner_organisation_id)
    if owner is None or owner.id == need.owner_organisation_id:
        return need
    return need.model_copy(update={"owner_organisation_id": owner.id})


@dataclass(frozen=True, eq=False)
class Pair:
    """One pair that is shown: the need, and the capability at a row of the columns."""

    asked: Asked
    columns: Columns
    row: int
    capability: Capability
    organisation: Organisation | None = None  # the provider's

    @cached_property
    def conditions(self) -> tuple[tuple[bool | None, str], ...]:
        """Judge each site condition the envelope also speaks of: met, violated or (None) not comparable, in words."""
        asked = {site.attribute for site in self.asked.site}
        stood = {
            name: value for name, value in (self.capability.operating_envelope or {}).items() if plain(name) in asked
        }
        spoken = {limit.attribute: limit for limit in limits(stood)}
        met = [(site, compared(site, spoken[site.attribute])) for site in self.asked.site if site.attribute in spoken]
        return tuple((good, _condition(site, spoken[site.attribute], met=good)) for site, good in met)


Reads = Callable[[Sequence[Pair]], Sequence[object]]
"""What a sentence reads of the offer, for pairs that share their columns: of equal readings it is the same sentence."""


def by_code(*codes: Callable[[Columns], Codes | Flags]) -> Reads:
    """Read the codes of the offers' values: there is one code a distinct value."""

    def read(pairs: Sequence[Pair]) -> Sequence[object]:
        rows = [pair.row for pair in pairs]
        first, *more = (of(pairs[0].columns)[rows].tolist() for of in codes)
        return [*zip(first, *more, strict=True)] if more else first

    return read


def _condition(site: Limit, stood: Limit, *, met: bool | None) -> str:
    pair = f"{site.attribute.replace('_', ' ')}: site {condition(site.stated)}, offer {condition(stood.stated)}"
    if met is None:
        return f"{pair} cannot be compared"
    if met:
        return f"{pair}, met"
    return f"{pair}, {'not contained' if site.attribute in AMBIENT_ATTRIBUTES else 'no overlap'}"


def _labels(names: Iterable[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(map(plain, names))


def _bits(at: np.ndarray[tuple[int], np.dtype[np.intp]], words: int) -> Words:
    mask = np.zeros(words, np.uint64)
    np.bitwise_or.at(mask, at >> 6, np.uint64(1) << (at & 63).astype(np.uint64))
    return mask


def _likeness(geography: Geography, at: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[Flags, Floats]:
    """Return which countries share a sub-region with these, and what a deployment in each says about them."""
    regions = np.unique(geography.region[at])
    near = np.asarray(np.isin(geography.region, regions[regions >= 0]))
    groups = np.bitwise_or.reduce(geography.groups[at], initial=np.uint16(0))
    worth = np.where(near, SAME_REGION, np.where(geography.groups & groups, SAME_GROUP, ELSEWHERE))
    worth[at] = SAME_COUNTRY
    near[at] = True
    return near, worth

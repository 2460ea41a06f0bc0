"""Third parties of a catalogue: facilitators and funders resolved as of a date, once for all needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Generic, Self, TypeVar

from matcher import naming
from matcher.asked import Asked
from matcher.atlas import Atlas, Problem
from matcher.encoding import plain, primary
from matcher.errors import BadInput
from matcher.facts import day
from matcher.gathering import shown_until
from matcher.places import PlaceBook
from matcher.profiles import FacilitatorProgramme, FundingMechanism, Organisation, Place
from matcher.vocabulary import OrganisationType

R = TypeVar("R", FacilitatorProgramme, FundingMechanism)


@dataclass(frozen=True, slots=True)
class Area:
    """Countries that a record names."""

    countries: frozenset[str]
    complete: bool  # whether every stated place resolved


@dataclass(frozen=True, slots=True, eq=False)
class Third(Generic[R]):
    """One programme or mechanism with what its rules read; None is unknown throughout."""

    record: R
    organisation: Organisation | None
    origin: str  # "multilateral", "in Germany (North)"; empty when neither, or unknown
    area: Area | None  # where it works
    tied: Area | None  # of a mechanism: whose suppliers it pays
    sectors: frozenset[str] | None
    languages: frozenset[str] | None  # of a programme, primary subtags
    network: frozenset[str] | None  # ids and plain names of the organisations it reaches

    @property
    def name(self) -> str:
        """How sentences call it."""
        return self.record.title


@dataclass(frozen=True, eq=False)
class Roll(Generic[R]):
    """Third parties of one kind in the order of their ids, found by the country they work in."""

    thirds: tuple[Third[R], ...]
    gone: int = 0  # of the catalogue, but expired, withdrawn or not published on the day

    @cached_property
    def _serving(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, third in enumerate(self.thirds):
            for country in third.area.countries if third.area else ():
                found.setdefault(country, []).append(at)
        return found

    @cached_property
    def _anywhere(self) -> list[int]:
        """Those of which it is not known where they do not work."""
        return [at for at, third in enumerate(self.thirds) if third.area is None or not third.area.complete]

    def near(self, asked: Asked) -> list[Third[R]]:
        """Return those that are not known to work elsewhere only."""
        if not asked.countries or not asked.complete:
            return list(self.thirds)
        at = set(self._anywhere).union(*(self._serving.get(country, ()) for country in asked.countries))
        return [self.thirds[each] for each in sorted(at)]


@dataclass(frozen=True, eq=False)
class ThirdParties:
    """Everybody who could stand beside a pair."""

    facilitators: Roll[FacilitatorProgramme] = field(default_factory=lambda: Roll(()))
    funders: Roll[FundingMechanism] = field(default_factory=lambda: Roll(()))
    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(
        cls,
        facilitators: Iterable[FacilitatorProgramme],
        mechanisms: Iterable[FundingMechanism],
        organisations: Mapping[str, Organisation],
        places: PlaceBook,
        as_of: date,
    ) -> Self:
        """Resolve the records as of a date; what does not count on that day is only counted."""
        atlas = Atlas(places, as_of)

        def area(stated: tuple[Place, ...] | None, name: str, record: str) -> Area | None:
            return None if stated is None else Area(*atlas.union(stated, name, record))

        def programme(record: FacilitatorProgramme) -> Third[FacilitatorProgramme]:
            organisation = organisations.get(record.organisation_id)
            return Third(
                record,
                organisation,
                _origin(organisation, places, as_of),
                area(record.places, "places", record.id),
                None,
                _set(record.sectors),
                _spoken(record, organisation),
                _network(record, organisation),
            )

        def mechanism(record: FundingMechanism) -> Third[FundingMechanism]:
            organisation = organisations.get(record.organisation_id)
            return Third(
                record,
                organisation,
                _origin(organisation, places, as_of),
                area(record.eligible_places, "eligible_places", record.id),
                area(record.tied_to, "tied_to", record.id),
                _set(record.sectors),
                None,
                None,
            )

        on = day(as_of)
        return cls(_roll(facilitators, programme, on), _roll(mechanisms, mechanism, on), tuple(atlas.problems))

    def facilitator(self, record_id: str | None) -> Third[FacilitatorProgramme] | None:
        """Return the facilitator of that id."""
        return self._by_id.get(record_id or "")

    @cached_property
    def _by_id(self) -> Mapping[str, Third[FacilitatorProgramme]]:
        return {programme.record.id: programme for programme in self.facilitators.thirds}


def names_of(organisation: Organisation) -> frozenset[str]:
    """Return what a network may call an organisation: its id, and its names written plainly."""
    return frozenset({organisation.id, plain(organisation.name), *map(plain, organisation.aliases or ())})


def _roll(records: Iterable[R], make: Callable[[R], Third[R]], on: int) -> Roll[R]:
    known = sorted(records, key=lambda record: record.id)
    kept = [record for record in known if shown_until(record) >= on]
    return Roll(tuple(make(record) for record in kept), len(known) - len(kept))


def _set(values: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _spoken(record: FacilitatorProgramme, organisation: Organisation | None) -> frozenset[str] | None:
    own = organisation.languages if organisation else None
    stated = own if record.languages is None else record.languages
    return None if stated is None else frozenset(map(primary, stated))


def _network(record: FacilitatorProgramme, organisation: Organisation | None) -> frozenset[str] | None:
    """Unite the programme's network with its organisation's members."""
    members = organisation.network_members if organisation else None
    if record.network is None and members is None:
        return None
    named = (*(record.network or ()), *(members or ()))
    return frozenset(named) | frozenset(map(plain, named))


def _origin(organisation: Organisation | None, places: PlaceBook, as_of: date) -> str:
    """Say what makes an organisation a third party of triangular cooperation: multilateral, or of the North."""
    if organisation is None:
        return ""
    if organisation.org_type is OrganisationType.MULTILATERAL:
        return "multilateral"
    country = home_of(organisation, places)
    return (
        f"in {naming.country(places, country)} (North)" if country and not places.is_developing(country, as_of) else ""
    )


def home_of(organisation: Organisation | None, places: PlaceBook) -> str | None:
    """Return the country an organisation sits in; None when it is not stated or not readable."""
    if organisation is None or organisation.country is None:
        return None
    try:
        return places.country(organisation.country)
    except BadInput:
        return None

"""Typing a pair by who works with whom: south-south, north-south, triangular or neither, with the rule that fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from matcher import naming
from matcher.asked import Asked, Pair
from matcher.places import PlaceBook
from matcher.thirds import home_of
from matcher.vocabulary import Cooperation, OrganisationType


@dataclass(frozen=True, slots=True)
class Typed:
    """The kind of cooperation a pair would be; None when it is neither or a country is unknown."""

    kind: Cooperation | None
    reason: str  # the rule that fired, with the countries it fired for


def classify(asked: Asked, pair: Pair, places: PlaceBook) -> Typed:
    """Type a pair of need and provider.

    1. The need's side is South when at least one of its countries is developing as of the date; without any the
       pair is neither.
    2. A multilateral provider makes it north-south, wherever it sits.
    3. A provider in the need's only country is at home: two countries are wanted for cooperation between them.
    4. Otherwise the provider's country decides: developing is south-south, developed north-south.
    Source: SCIENCE 6; ``with_third`` types what a third party makes of it.
    """
    if not asked.countries:
        return Typed(None, "the need's country is unknown")
    south = _developing(asked.countries, asked.as_of, places)
    if not south:
        return Typed(None, f"the need is in {naming.countries(places, asked.countries)}, no developing country")
    provider = pair.organisation
    if provider is not None and provider.org_type is OrganisationType.MULTILATERAL:
        said = f"need in {naming.countries(places, south)} (South), provider is multilateral"
        return Typed(Cooperation.NORTH_SOUTH, said)
    home = home_of(pair.organisation, places)
    if home is None:
        return Typed(None, "the provider's country is unknown")
    where = naming.country(places, home)
    if asked.countries == {home}:
        return Typed(None, f"need and provider are both in {where}: no cooperation between countries")
    developing = bool(_developing(frozenset({home}), asked.as_of, places))
    kind = Cooperation.SOUTH_SOUTH if developing else Cooperation.NORTH_SOUTH
    hemisphere = "South" if developing else "North"
    return Typed(kind, f"need in {naming.countries(places, south)} (South), provider in {where} ({hemisphere})")


def with_third(typed: Typed, contribution: str) -> Typed:
    """Type a pair beside a third party: two of the South and somebody else who contributes make it triangular.

    ``contribution`` says who of the North, or which multilateral, adds what of its own; empty when nobody is known
    to. Beside a provider of the North, or at home, a third party changes nothing. Source: SCIENCE 6.
    """
    if typed.kind is not Cooperation.SOUTH_SOUTH or not contribution:
        return typed
    return Typed(Cooperation.TRIANGULAR, f"{typed.reason}; third party: {contribution}")


@lru_cache(maxsize=4_096)
def _developing(countries: frozenset[str], as_of: date, places: PlaceBook) -> tuple[str, ...]:
    return tuple(sorted(code for code in countries if places.is_developing(code, as_of)))

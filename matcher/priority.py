"""How urgent a need is, from the need alone: it orders needs among themselves and never acts inside one need's list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcher.errors import BadInput
from matcher.vocabulary import Urgency

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from matcher.places import PlaceBook
    from matcher.profiles import Need

# Our judgement of the four reasons that published practice names (DOMAIN, facts 4): each counts alike, an urgency by
# degrees. A place that is no country counts for nothing here.
URGENCIES: Final[Mapping[Urgency, float]] = {
    Urgency.LOW: 0.0,
    Urgency.MEDIUM: 0.3,
    Urgency.HIGH: 0.7,
    Urgency.CRITICAL: 1.0,
}
GROUPS: Final = ("LDC", "SIDS", "LLDC")


@dataclass(frozen=True, slots=True)
class Priority:
    """Points (0 to 4) and what they are for, in words."""

    points: float
    reasons: tuple[str, ...]


def of_need(need: Need, places: PlaceBook, as_of: date) -> Priority:
    """Add up what speaks for serving this need before others; what is unknown adds nothing."""
    found: list[tuple[float, str]] = []
    groups = vulnerable_groups(need, places, as_of)
    if groups:
        found.append((1.0, f"serves {' and '.join(groups)}"))
    if need.urgency is not None and URGENCIES[need.urgency]:
        found.append((URGENCIES[need.urgency], f"urgency: {need.urgency.value}"))
    if need.endorsement is not None:
        found.append((1.0, f"endorsed by {need.endorsement.body}"))
    if need.national_priority_refs:
        found.append((1.0, f"in line with {', '.join(need.national_priority_refs[:2])}"))
    return Priority(round(sum(points for points, _ in found), 2), tuple(reason for _, reason in found))


def vulnerable_groups(need: Need, places: PlaceBook, as_of: date) -> list[str]:
    """Name the vulnerable groups that any of the need's countries belongs to on that day."""
    belongs: set[str] = set()
    for place in need.beneficiary_places or ():
        try:
            countries = places.resolve(place, as_of)
        except BadInput:
            continue
        for country in countries:
            belongs |= places.groups_of(country, as_of)
    return [group for group in GROUPS if group in belongs]

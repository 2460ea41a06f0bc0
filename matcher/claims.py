"""What needs bring to an allocation: whom they serve, how urgent they are, and to which groups they belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from matcher import priority
from matcher.errors import BadInput
from matcher.introductions import NeedSide
from matcher.vocabulary import SECTORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from matcher.introductions import Share
    from matcher.places import PlaceBook
    from matcher.profiles import Need

LDC: Final = "LDC"
MOST_POINTS: Final = 4.0  # of a need's priority


def of_needs(needs: Iterable[Need], shares: Sequence[Share], places: PlaceBook, as_of: date) -> NeedSide:
    """Read every need once. Raises BadInput for a share of a place or sector that is not known."""
    regions = {share.name: _countries(share, places, as_of) for share in shares}
    ldc: list[bool] = []
    points: list[float] = []
    groups: dict[str, list[bool]] = {share.name: [] for share in shares}
    for need in needs:
        ldc.append(LDC in priority.vulnerable_groups(need, places, as_of))
        points.append(priority.of_need(need, places, as_of).points / MOST_POINTS)
        served = _served(need, places, as_of) if shares else frozenset()
        for share in shares:
            groups[share.name].append(bool(served & regions[share.name]) or _is_of(need, share))
    return NeedSide(
        np.array(ldc, np.bool_),
        np.array(points, np.float64),
        {name: np.array(flags, np.bool_) for name, flags in groups.items()},
    )


def _countries(share: Share, places: PlaceBook, as_of: date) -> frozenset[str]:
    if strange := sorted(set(share.sectors) - SECTORS.keys()):
        raise BadInput("balance", expected=f"sectors of the closed list for {share.name}", got=strange[0])
    return frozenset().union(*(places.resolve(place, as_of) for place in share.places))


def _served(need: Need, places: PlaceBook, as_of: date) -> frozenset[str]:
    found: set[str] = set()
    for place in need.beneficiary_places or ():
        try:
            found |= places.resolve(place, as_of)
        except BadInput:
            continue
    return frozenset(found)


def _is_of(need: Need, share: Share) -> bool:
    stated = need.sectors or ()
    return any(one == wanted or one.startswith(f"{wanted}.") for one in stated for wanted in share.sectors)

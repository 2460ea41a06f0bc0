"""The pieces of columns that have no type of their own elsewhere: days, closed lists, places and organisations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.encoding import Codes, Names, Words
from matcher.vocabulary import ActivityStatus, OfferKind

NEVER: Final = np.int32(-1)  # day number of a record that may not be shown
ALWAYS: Final = np.int32(2**31 - 1)  # day number of a record without an end
UNDATED: Final = np.int32(-(2**31))  # day number of something whose day is unknown

OFFER_KINDS: Final = tuple(OfferKind)
ACTIVITIES: Final = tuple(ActivityStatus)
"""Closed lists whose positions + 1 are stored; 0 is unknown."""


def day(value: date | datetime | None) -> int:
    """Return the number of a calendar day."""
    return int(UNDATED) if value is None else value.toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class PlaceColumn:
    """Distinct (offered, excluded) pairs as country bitsets (words, pairs); column 0 says nothing."""

    offered: Words  # what is offered less what is excluded
    excluded: Words
    stated: npt.NDArray[np.bool_]  # whether anything readable is said of where it is offered
    complete: npt.NDArray[np.bool_]  # False when part of it could not be resolved
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class OrganisationColumn:
    """Who offers: the distinct organisations with their facts, aligned with ``ids``; here no code is unknown."""

    ids: Names  # sorted
    country: npt.NDArray[np.int16]  # position in Geography.codes; -1 unknown
    activity: npt.NDArray[np.uint8]  # position in ACTIVITIES + 1
    contact: npt.NDArray[np.int32]  # day of the last contact
    codes: Codes

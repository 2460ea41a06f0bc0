"""The order in which ranked offers are shown: preferences, variety, pins and groups. Scores stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.catalogue import Catalogue

PREFERRED: Final = 0.1  # of score: what meeting every preference is worth when places are given
POOL: Final = 100  # of the best are looked at for variety, five times the list where that is more

Rows = npt.NDArray[np.int64]


class Grouping(StrEnum):
    """What a list is grouped by."""

    ORGANISATION = "organisation"
    COUNTRY = "country"  # the provider's


@dataclass(frozen=True, slots=True)
class Group:
    """Offers of one organisation or country; ``key`` is its id or alpha-3 code, None where that is not known."""

    key: str | None
    title: str
    eligible: int  # offers of it among those that were scored
    shown: tuple[int, ...]  # rows, best first


def varied(catalogue: Catalogue, rows: Rows, worth: npt.NDArray[np.float64], diversity: float, first: Rows) -> Rows:
    """Return rows by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), ties in the order given.

    1. What stands already (``first``) is chosen. 2. The next is the one with the greatest
    (1 - diversity) * worth - diversity * likeness to the likest that is chosen. 3. Again, until none is left.
    Likeness is 1 within an organisation, else the cosine of the first sections, at least 0. Diversity 0 is the order
    of worth.
    """
    if diversity == 0 or not len(rows):
        return rows
    seen = np.zeros(len(rows))
    for row in first.tolist():
        np.maximum(seen, _likeness(catalogue, rows, row), out=seen)
    left = np.ones(len(rows), np.bool_)
    order: list[int] = []
    while left.any():
        gains = np.where(left, (1 - diversity) * worth - diversity * seen, -np.inf)
        best = int(np.argmax(np.round(gains, 9)))
        left[best] = False
        order.append(best)
        np.maximum(seen, _likeness(catalogue, rows, int(rows[best])), out=seen)
    return np.asarray(rows[np.array(order)], dtype=np.int64)


def _likeness(catalogue: Catalogue, rows: Rows, row: int) -> npt.NDArray[np.float64]:
    index, owners = catalogue.index, catalogue.columns.organisation.codes
    cosines = index.core_cosines(index.cores(np.array([row]))[0], rows)
    return np.where(owners[rows] == owners[row], 1.0, np.clip(cosines, 0, 1)).astype(np.float64)


def grouped(catalogue: Catalogue, rows: Rows, by: Grouping, count: int, each: int) -> tuple[Group, ...]:
    """Return the first ``count`` groups in the order of their best row, ``each`` rows of one at most."""
    members: dict[str | None, list[int]] = {}
    for row in rows.tolist():
        members.setdefault(_key(catalogue, row, by), []).append(row)
    return tuple(
        Group(key, _title(catalogue, key, by), len(found), tuple(found[:each]))
        for key, found in list(members.items())[:count]
    )


def _key(catalogue: Catalogue, row: int, by: Grouping) -> str | None:
    owner = catalogue.capabilities[row].organisation_id
    if by is Grouping.ORGANISATION:
        return owner
    columns = catalogue.columns
    at = int(columns.organisation.country[columns.organisation.codes[row]])
    return None if at < 0 else str(columns.geography.codes[at].decode())


def _title(catalogue: Catalogue, key: str | None, by: Grouping) -> str:
    known = catalogue.organisations.get(key) if by is Grouping.ORGANISATION and key else None
    return known.name if known else key or "country not known"


def preferred(met: Sequence[npt.NDArray[np.bool_]], rows: Rows) -> npt.NDArray[np.float64]:
    """Return what the preferences that rows meet are worth: PREFERRED times their share."""
    if not met:
        return np.zeros(len(rows))
    return np.asarray(PREFERRED * np.mean([flags[rows] for flags in met], axis=0), dtype=np.float64)

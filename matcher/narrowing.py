"""What offers are narrowed to, or preferred for: stated facts as masks over a catalogue, before anything is ranked.

A criterion holds only with evidence: an offer that does not state its TRL meets no criterion about TRL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.encoding import BitColumn, Flags, meets, positions
from matcher.facts import OFFER_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matcher.columns import Columns


@dataclass(frozen=True, slots=True)
class Criteria:
    """What an offer states: any value of a field is enough, and each field is a criterion. Empty fields ask nothing."""

    countries: frozenset[str] = frozenset()  # alpha-3, one of which it is offered in
    provider_countries: frozenset[str] = frozenset()  # alpha-3 of the provider's home
    sectors: frozenset[str] = frozenset()  # a parent finds its children
    sdg_goals: frozenset[int] = frozenset()  # goals of its targets included
    transfer_modes: frozenset[str] = frozenset()
    offer_kinds: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    trl_min: int | None = None
    trl_max: int | None = None

    def judge(self, columns: Columns) -> dict[str, Flags]:
        """Return, for each criterion that is asked, which rows are known to meet it."""
        return {name: read(columns, getattr(self, name)) for name, read in _READ.items() if self._asks(name)}

    def _asks(self, name: str) -> bool:
        return getattr(self, name) not in {None, frozenset()}


NOTHING: Final = Criteria()


def _rows(column: BitColumn, names: Iterable[str]) -> Flags:
    return np.asarray(meets(column.members, column.mask(names))[column.codes])


def _countries(columns: Columns, wanted: frozenset[str]) -> Flags:
    at = _at(columns, wanted)
    mask = np.zeros(columns.places.offered.shape[0], np.uint64)
    np.bitwise_or.at(mask, at >> 6, np.uint64(1) << (at & 63).astype(np.uint64))
    return np.asarray(meets(columns.places.offered, mask)[columns.places.codes])


def _homes(columns: Columns, wanted: frozenset[str]) -> Flags:
    return np.asarray(np.isin(columns.organisation.country, _at(columns, wanted))[columns.organisation.codes])


def _at(columns: Columns, wanted: frozenset[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    found = positions(columns.geography.codes, sorted(wanted))
    return found[found >= 0]


def _sectors(columns: Columns, wanted: frozenset[str]) -> Flags:
    known = [name.decode() for name in columns.sectors.names.tolist()]
    return _rows(columns.sectors, [name for name in known if name in wanted or name.partition(".")[0] in wanted])


def _kinds(columns: Columns, wanted: frozenset[str]) -> Flags:
    return np.isin(columns.offer_kind, [at for at, kind in enumerate(OFFER_KINDS, start=1) if kind in wanted])


def _organisations(columns: Columns, wanted: frozenset[str]) -> Flags:
    found = positions(columns.organisation.ids, sorted(wanted))
    return np.isin(columns.organisation.codes, found[found >= 0])


_READ: Final[dict[str, Callable[[Any, Any], Flags]]] = {
    "countries": _countries,
    "provider_countries": _homes,
    "sectors": _sectors,
    "sdg_goals": lambda columns, goals: _rows(columns.sdg_goals, map(str, goals)),
    "transfer_modes": lambda columns, modes: _rows(columns.modes, modes),
    "offer_kinds": _kinds,
    "organisations": _organisations,
    "trl_min": lambda columns, least: columns.trl >= max(least, 1),
    "trl_max": lambda columns, most: (columns.trl > 0) & (columns.trl <= most),
}
"""Each criterion and how it is read off the columns."""

"""A release as a reader may see it now: every report counts over this and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from matcher.errors import BadInput
from matcher.vocabulary import GateName, Tier
from service.reference import load_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matcher.profiles import Need, Organisation
    from service.releases import Release
    from service.visibility import Visibility

NOT_STATED: Final = "not stated"
_COLUMNS: Final = (
    "capability_id",
    "organisation_id",
    "rank",
    "score",
    "tier",
    "coverage",
    "near_miss",
    "failed_gates",
)


@dataclass(frozen=True, slots=True)
class Withheld:
    """What the release holds and a reader may not see now."""

    needs: int
    matches: int  # of the needs that are seen


@dataclass(frozen=True, slots=True)
class Report:
    """What every report says first."""

    release_id: str
    as_of: date  # the day the records were judged on
    needs: int  # that are seen: the others are withheld
    withheld: Withheld


@dataclass(frozen=True, slots=True)
class Line:
    """One match, as far as reports count it."""

    capability_id: str
    organisation_id: str
    rank: int
    score: float
    tier: Tier
    coverage: float
    near_miss: bool
    failed_gates: tuple[GateName, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A need with the matches of its shortlist that may be seen, in rank order."""

    need: Need
    lines: tuple[Line, ...]

    @property
    def eligible(self) -> tuple[Line, ...]:
        """The matches that are no near misses."""
        return tuple(line for line in self.lines if not line.near_miss)


class Survey:
    """One reading of a release under what may be seen; each part is read when it is first asked for."""

    def __init__(self, release: Release, visible: Visibility) -> None:
        self.release, self.visible = release, visible

    @cached_property
    def listings(self) -> tuple[Listing, ...]:
        """Every need that may be seen, in the order of the ids."""
        return tuple(listing for listing, _ in self._walked)

    def head(self) -> tuple[str, date, int, Withheld]:
        """Return the fields of ``Report`` in their order."""
        hidden = len(self.release.needs) - len(self._walked)
        matches = sum(count for _, count in self._walked)
        return self.release.id, self.release.manifest.as_of, len(self._walked), Withheld(hidden, matches)

    def listing(self, need_id: str) -> tuple[Listing, int] | None:
        """Return one need with its matches, and how many of them are withheld; None when it may not be seen."""
        need = self.release.needs.get(need_id) if self.visible.shows("needs", need_id) else None
        return None if need is None else self._seen(need, self.release.columns(need_id, _COLUMNS))

    def organisation(self, organisation_id: str) -> Organisation | None:
        """Return an organisation that may be seen; None for one that is not, or is not described."""
        if not self.visible.shows("organisations", organisation_id):
            return None
        return self.release.organisations.get(organisation_id)

    @cached_property
    def _walked(self) -> list[tuple[Listing, int]]:
        return list(self._walk())

    def _walk(self) -> Iterator[tuple[Listing, int]]:
        for header, columns in self.release.each_shortlist(_COLUMNS):
            need = self.release.needs.get(header.need_id)
            if need is not None and self.visible.shows("needs", need.id):
                yield self._seen(need, columns)

    def _seen(self, need: Need, columns: Mapping[str, Sequence[Any]]) -> tuple[Listing, int]:
        """Return a need with what may be seen of its list, and how many matches may not."""
        rows = list(zip(*(columns[name] for name in _COLUMNS), strict=True))
        lines = tuple(
            Line(capability, owner, rank, score, Tier(tier), coverage, miss, _gates(failed))
            for capability, owner, rank, score, tier, coverage, miss, failed in rows
            if self.visible.shows("capabilities", capability)
        )
        return Listing(need, lines), len(rows) - len(lines)


def _gates(names: str) -> tuple[GateName, ...]:
    return tuple(map(GateName, filter(None, names.split(","))))


def place_names(need: Need) -> tuple[str, ...]:
    """Name the places of a need for counting: countries by name, areas and groups as stated, none twice."""
    places, found = load_places(), Counter[str]()
    for place in need.beneficiary_places or ():
        stated = place if isinstance(place, str) else place.country
        try:
            found[places.name_of(places.country(stated))] += 1
        except BadInput:  # an area, or a name nobody knows: it counts under its own name
            found[stated] += 1
    return tuple(found) or (NOT_STATED,)

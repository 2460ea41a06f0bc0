"""What would change a match's rank: for each lever the smallest change that reaches the place above, tried out.

Nothing is computed beside the score: a changed record walks the path that ranked the pair, and what is told of it is
what came out there. Texts stay as they are, and so does all that a release has frozen. SCIENCE 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from matcher import amounts, levers
from matcher.asked import Pair
from matcher.columns import Columns
from matcher.levers import Lever
from matcher.matching import Matcher, Ranking, Revised
from matcher.openings import PROVIDER
from matcher.profiles import Capability, CapabilityId, Need, NeedId

GRID: Final = 8  # parts of the way of an owner's number that are looked at first: rivals rise with it, so none is sure
HALVINGS: Final = 12  # of what is left of the way: finer than the three digits a number is suggested with
_SAME: Final = 1e-9  # of z: a difference below is rounding

Seen = Callable[[CapabilityId], bool]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one side, changed, and where the pair stood when it was matched again so.

    With ``reaches`` it is the smallest change that gets to the place above or past it; without, the largest there is,
    and not enough by itself.
    """

    side: str  # who could do it: "provider" or "need_owner"
    field: str  # of that side's record; a dot leads deeper
    action: str  # in words
    before: Any  # as the record writes it; None = not stated
    after: Any
    reaches: bool
    rank: int  # after it
    z: float  # after it
    eligible: bool  # after it


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What would lift one match of a need's list, by score alone: capacity, which moves matches too, is not asked."""

    need_id: NeedId
    capability_id: CapabilityId
    rank: int  # among the matches by score, near misses after the eligible
    z: float
    above: CapabilityId | None  # the next match above that may be seen; None for the first
    above_rank: int | None
    gap: float | None  # of z; None for the first, and where the pair fails a hard gate that the one above does not
    changes: tuple[Change, ...]  # those that reach first; the provider's before the owner's
    note: str


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where a pair stands in a ranking."""

    rank: int | None  # None: not in the list, and not further down either
    z: float
    eligible: bool


def explain(matcher: Matcher, need: Need, capability_id: CapabilityId, k: int, seen: Seen) -> Counterfactual | None:
    """Say what would lift a match of the list of the k best; None when it is not on the list.

    ``seen`` tells which other matches may be named: the place aimed at is that of the next one above that may.
    1. Rank. 2. Find the place above. 3. Try each lever's full way, then look for the least of it that is enough.
    """
    trial = _Trial(matcher, next(matcher.rankings([need], k)), k, capability_id)
    if capability_id not in trial.listed:
        return None
    at = trial.listed.index(capability_id)
    above = next((place for place in range(at - 1, -1, -1) if seen(trial.listed[place])), None)
    now = trial.standing(trial.base)
    changes = () if above is None else tuple(sorted(trial.changes(above + 1), key=lambda one: not one.reaches))
    other = None if above is None else trial.standing(trial.base, trial.row_at(above))
    gap = other.z - now.z if other is not None and other.eligible == now.eligible else None
    return Counterfactual(
        NeedId(need.id),
        capability_id,
        at + 1,
        now.z,
        None if above is None else trial.listed[above],
        None if above is None else above + 1,
        gap,
        changes,
        _note(above, changes),
    )


def _note(above: int | None, changes: tuple[Change, ...]) -> str:
    if above is None:
        return "Nothing to reach: no match that may be seen stands above."
    enough = sum(change.reaches for change in changes)
    if enough:
        verb = "change, alone, reaches" if enough == 1 else "changes, each alone, reach"
        return f"{enough} {verb} rank {above + 1}; the texts were taken as they are."
    return f"None: no single change reaches rank {above + 1}; the texts were taken as they are."


@dataclass(frozen=True, eq=False)
class _Trial:
    """One need's ranking, and the same with one record changed."""

    matcher: Matcher
    base: Ranking
    k: int
    capability_id: CapabilityId

    @cached_property
    def rows(self) -> list[int]:
        return self.matcher.shown(self.base, self.k).rows

    @cached_property
    def listed(self) -> list[CapabilityId]:
        """The list by rank."""
        return [CapabilityId(self.matcher.catalogue.capabilities[row].id) for row in self.rows]

    @cached_property
    def row(self) -> int:
        return self.rows[self.listed.index(self.capability_id)]

    def row_at(self, place: int) -> int:
        return self.rows[place]

    @cached_property
    def pair(self) -> Pair:
        return self.matcher.explainer.pair(self.base.subject.asked, self.row)

    def changes(self, target: int) -> Iterator[Change]:
        """Yield one change for each lever that does anything."""
        rates = self.matcher.policy.rates
        for offers in (*levers.of_offer(self.pair), *amounts.of_offer(self.pair, rates)):
            yield from self._tried(offers, self._offer, self.pair.capability, target)
        for needs in (*levers.of_need(self.pair), *amounts.of_need(self.pair, rates)):
            yield from self._tried(needs, self._need, self.pair.asked.need, target)

    def _tried(
        self, lever: Lever[Any], rank: Callable[[Any], Ranking], stated: Capability | Need, target: int
    ) -> Iterator[Change]:
        """Find the least of a lever's way that reaches the target; else tell of its end, if that does anything."""

        def at(share: float) -> _Standing:
            return self.standing(rank(lever.at(share)))

        def reaches(share: float) -> bool:
            place = at(share).rank
            return place is not None and place <= target

        share = smallest(reaches, lever.steps, sure=lever.side == PROVIDER)
        made = lever.at(1.0 if share is None else share)
        found, now = self.standing(rank(made)), self.standing(self.base)
        if found.rank is None or (share is None and not _better(found, now)):
            return
        before, after = _written(stated, lever.field), _written(made, lever.field)
        yield Change(
            lever.side,
            lever.field,
            lever.says(made),
            before,
            after,
            share is not None,
            found.rank,
            found.z,
            found.eligible,
        )

    def _offer(self, changed: Capability) -> Ranking:
        """Rank with the offer changed."""
        matcher, need = self.matcher, self.base.subject.asked.need
        columns = Columns.build([changed], matcher.catalogue.organisations, matcher.places, matcher.as_of)
        pair = Pair(matcher.asked(need, columns), columns, 0, changed, self.pair.organisation)
        return matcher.ranking(
            self.base.subject.asked, self.base.subject.topic, self.k, revised=Revised(self.row, pair)
        )

    def _need(self, changed: Need) -> Ranking:
        """Rank with the need changed, for every capability."""
        asked = self.matcher.asked(changed, self.matcher.catalogue.columns)
        return self.matcher.ranking(asked, self.base.subject.topic, self.k)

    def standing(self, ranking: Ranking, row: int | None = None) -> _Standing:
        """Find a row, the pair's own unless another is named, in the list of a ranking or further down."""
        wanted = self.row if row is None else row
        for part, eligible in ((ranking.eligible, True), (ranking.missed, False)):
            places = np.flatnonzero(part.rows == wanted)
            if len(places):
                shown = self.matcher.shown(ranking, self.k).rows
                rank = shown.index(wanted) + 1 if wanted in shown else None
                if rank is None and eligible:
                    rank = int(places[0]) + 1
                return _Standing(rank, float(part.scored.z[places[0]]), eligible)
        return _Standing(None, float("-inf"), eligible=False)


def _better(found: _Standing, now: _Standing) -> bool:
    return found.eligible > now.eligible or (found.eligible == now.eligible and found.z > now.z + _SAME)


def smallest(reaches: Callable[[float], bool], steps: int | None, *, sure: bool) -> float | None:
    """Return the least share of the way that reaches, None when none does.

    Of counted steps each is tried in order. Else the way is halved; where it is not ``sure`` that more of it is never
    worse, the first part of a grid that reaches is what is halved.
    """
    if sure and not reaches(1.0):
        return None
    parts = steps or (1 if sure else GRID)
    first = next((part for part in range(1, parts + 1) if reaches(part / parts)), None)
    if first is None or steps is not None:
        return None if first is None else first / parts
    low, high = (first - 1) / parts, first / parts
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _written(record: Capability | Need, field: str) -> Any:
    """Return a field's value as the record writes it in JSON; None when it is not stated."""
    name, _, inner = field.partition(".")
    value = record.model_dump(mode="json", exclude_none=True, include={name}).get(name)
    return (value or {}).get(inner) if inner else value

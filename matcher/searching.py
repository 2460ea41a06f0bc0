"""One need's list under conditions of the asker: narrowed, preferred, varied, grouped, pinned, led by examples.

There is one scoring path, the matcher's: conditions act before it as masks and as moved vectors, or after it as order.
Nothing asked gives the very list of ``Matcher.match``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings.index import top_k
from matcher import arranging, examples, narrowing
from matcher.arranging import Group, Grouping
from matcher.explanation import Shown
from matcher.matching import Matcher, Narrowed, RankedRows, Ranking
from matcher.narrowing import Criteria
from matcher.policy import FAIL, GATES
from matcher.vocabulary import GateName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcher.matches import Gate, Match, Shortlist
    from matcher.profiles import Need

Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DIGITS: Final = 6  # of a score, as published


@dataclass(frozen=True, slots=True)
class Wish:
    """What a list is asked to be. Rows are of the matcher's catalogue."""

    k: int = 10  # matches, or groups where they are grouped
    must: Criteria = narrowing.NOTHING  # every criterion is known to hold
    must_not: Criteria = narrowing.NOTHING  # none of them is known to hold
    should: Criteria = narrowing.NOTHING  # the more of them hold the better
    min_score: float = 0.0
    diversity: float = 0.0  # in [0, 1]: see arranging.varied
    group_by: Grouping | None = None
    per_group: int = 3
    pinned: tuple[int, ...] = ()
    excluded: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()  # not to be seen by the asker: as if they were not there
    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()


class Placing(NamedTuple):
    """Why a match stands where it does. ``rank_by_score`` is None for a near miss."""

    rank_by_score: int | None
    pinned: bool
    preferences: tuple[str, ...]  # criteria of ``should`` that it meets


class Nearest(NamedTuple):
    """The offer that comes nearest where nobody is adequate, and what it fails."""

    match: Match
    gates: tuple[Gate, ...]
    criteria: tuple[str, ...]  # of must or must_not
    below_min_score: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A list as it was asked for; ``placings`` go with its matches."""

    shortlist: Shortlist
    placings: tuple[Placing, ...]
    groups: tuple[Group, ...]
    not_pinned: dict[int, tuple[Gate, ...]]  # pinned rows that are not eligible, with the hard gates they fail
    nearest: Nearest | None  # None where somebody is adequate, and where there is nobody at all
    failing: dict[GateName, int]  # offers that meet the conditions and fail this hard gate


def search(matcher: Matcher, need: Need, wish: Wish) -> Found:
    """Match a need as it is wished.

    1. Examples move the need's vectors. 2. must, must_not, exclusions and what is hidden mask the offers before any
    are picked. 3. The matcher judges, scores and ranks. 4. What scores too little falls away; pins, preferences,
    variety and groups put the rest in order. 5. The matcher explains what is shown.
    """
    return _Search(matcher, need, wish).found()


@dataclass(frozen=True, eq=False)
class _Search:
    matcher: Matcher
    need: Need
    wish: Wish
    met: dict[str, Flags] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "met", self.wish.should.judge(self.matcher.catalogue.columns))

    def found(self) -> Found:
        prepared = self.matcher.prepared(self.need)
        text = examples.moved(prepared.text, self.matcher.catalogue.index, self.wish.like, self.wish.unlike)
        topic = self.matcher.topic(prepared._replace(text=text))
        there, within = self._masks()
        narrowed = Narrowed(within, self._besides(topic.bare, within))
        ranking = self.matcher.ranking(prepared.asked, topic, self.wish.k, narrowed=narrowed)
        kept = ranking._replace(eligible=self._good(ranking.eligible), missed=self._good(ranking.missed))
        rows, groups = self._arranged(kept.eligible)
        arranged = kept._replace(eligible=_picked(kept.eligible, rows))
        count = max(len(rows), 1) if groups else self.wish.k
        shortlist = self.matcher.listed(arranged, count)
        return Found(
            shortlist,
            self._placings(ranking, self.matcher.shown(arranged, count).rows),
            groups,
            self._not_pinned(ranking),
            None if len(rows) else self._nearest(ranking, there, within),
            self._failing(ranking, within),
        )

    def _masks(self) -> tuple[Flags, Flags]:
        """Return which offers are there for the asker, and which of them meet the conditions."""
        columns = self.matcher.catalogue.columns
        there = np.ones(len(columns), np.bool_)
        there[sorted(self.wish.hidden | self.wish.excluded)] = False
        within = there.copy()
        for flags in self.wish.must.judge(columns).values():
            within &= flags
        for flags in self.wish.must_not.judge(columns).values():
            within &= ~flags
        return there, within

    def _besides(self, bare: npt.NDArray[np.float32], within: Flags) -> Rows:
        """Return pins, and the best by text that meet a preference: they are scored whatever else there is."""
        rows = [np.array(self.wish.pinned, dtype=np.int64)]
        rows += [top_k(bare, self.wish.k, flags & within).rows for flags in self.met.values()]
        return np.unique(np.concatenate(rows))

    def _good(self, ranked: RankedRows) -> RankedRows:
        """Keep what scores enough, and pins."""
        enough = np.round(ranked.scored.score, DIGITS) >= self.wish.min_score
        kept = np.flatnonzero(enough | np.isin(ranked.rows, self.wish.pinned))
        return RankedRows(ranked.rows[kept], ranked.scored.take(kept))

    def _arranged(self, eligible: RankedRows) -> tuple[Rows, tuple[Group, ...]]:
        """Return the eligible rows in the order in which they are shown, and the groups if any were asked for."""
        pins = np.array([row for row in self.wish.pinned if row in eligible.rows], dtype=np.int64)
        free = np.flatnonzero(~np.isin(eligible.rows, pins))
        rows, worth = eligible.rows[free], eligible.scored.score[free]
        if self.met:
            worth = worth + arranging.preferred(list(self.met.values()), rows)
            order = np.argsort(-np.round(worth, DIGITS), kind="stable")
            rows, worth = rows[order], worth[order]
        pool = max(arranging.POOL, 5 * self.wish.k)
        catalogue = self.matcher.catalogue
        best = arranging.varied(catalogue, rows[:pool], worth[:pool], self.wish.diversity, pins)
        rows = np.concatenate([pins, best, rows[pool:]])
        if self.wish.group_by is None:
            return rows, ()
        groups = arranging.grouped(catalogue, rows, self.wish.group_by, self.wish.k, self.wish.per_group)
        return np.array([row for group in groups for row in group.shown], dtype=np.int64), groups

    def _placings(self, ranking: Ranking, shown: Sequence[int]) -> tuple[Placing, ...]:
        ranks = {row: rank for rank, row in enumerate(ranking.eligible.rows.tolist(), start=1)}
        return tuple(
            Placing(
                ranks.get(row),
                row in ranks and row in self.wish.pinned,
                tuple(name for name, flags in self.met.items() if flags[row]),
            )
            for row in shown
        )

    def _not_pinned(self, ranking: Ranking) -> dict[int, tuple[Gate, ...]]:
        eligible = set(ranking.eligible.rows.tolist())
        return {row: self._failed(self._match(ranking, row)) for row in self.wish.pinned if row not in eligible}

    def _nearest(self, ranking: Ranking, there: Flags, within: Flags) -> Nearest | None:
        """Take the best eligible one that scores too little; else the best that fails a gate; else a condition."""
        if len(ranking.eligible.rows):
            return Nearest(self._match(ranking, int(ranking.eligible.rows[0])), (), (), below_min_score=True)
        allowed = within if within.any() else there
        rows = ranking.missed.rows if len(ranking.missed.rows) else top_k(ranking.subject.topic.bare, 1, allowed).rows
        if not len(rows):
            return None
        match = self._match(ranking, int(rows[0]))
        return Nearest(match, self._failed(match), self._unmet(int(rows[0])), below_min_score=False)

    def _unmet(self, row: int) -> tuple[str, ...]:
        columns = self.matcher.catalogue.columns
        missing = [f"must.{name}" for name, flags in self.wish.must.judge(columns).items() if not flags[row]]
        barred = [f"must_not.{name}" for name, flags in self.wish.must_not.judge(columns).items() if flags[row]]
        return (*missing, *barred)

    def _match(self, ranking: Ranking, row: int) -> Match:
        """Explain one offer, listed or not; its rank says nothing."""
        subject, rows = ranking.subject, np.array([row], dtype=np.int64)
        scored = self.matcher.scored(subject.asked, subject.topic, rows)
        return self.matcher.explainer.explain(subject, Shown([row], ranking.states[:, rows], scored))[0]

    def _failed(self, match: Match) -> tuple[Gate, ...]:
        policy = self.matcher.policy
        return tuple(gate for gate in match.gates if gate.state.value == "fail" and policy.is_hard(gate.gate))

    def _failing(self, ranking: Ranking, within: Flags) -> dict[GateName, int]:
        hard = [(at, gate) for at, gate in enumerate(GATES) if self.matcher.policy.is_hard(gate)]
        counts = Counter({gate: int(np.count_nonzero((ranking.states[at] == FAIL) & within)) for at, gate in hard})
        return {gate: count for gate, count in counts.most_common() if count}


def _picked(ranked: RankedRows, rows: Rows) -> RankedRows:
    """Return these of the ranked rows, in this order."""
    places = {row: at for at, row in enumerate(ranked.rows.tolist())}
    return RankedRows(rows, ranked.scored.take(np.array([places[row] for row in rows.tolist()], dtype=np.intp)))

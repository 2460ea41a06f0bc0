"""Which changes somebody is told: of needs they follow, large enough, and only what they may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcher.changes import CAUSES, KINDS
from matcher.errors import BadInput
from matcher.followup import ChangeCause, ChangeKind, RuleScope
from matcher.vocabulary import SECTORS, ReviewState, Stage
from service.outcomes.dismissing import Off
from service.reference import load_places
from service.store import Filters, matching_ids, places_covering
from service.visibility import WITHDRAWN_NOW, Audience

if TYPE_CHECKING:
    import numpy.typing as npt
    from sqlalchemy.orm import Session

    from service.outcomes.comparing import Compared
    from service.outcomes.news import News
    from service.releases import Release

    Flags = npt.NDArray[np.bool_]

Staged = Mapping[Stage, frozenset[str]]
_NONE: Final[Staged] = MappingProxyType({})
_SHOWN_STATES: Final = frozenset(ReviewState) - WITHDRAWN_NOW


@dataclass(frozen=True, slots=True)
class NeedFilter:
    """Needs by what they state now; what is None is not asked. All conditions must hold."""

    country: str | None = None
    sector: str | None = None
    sdg: int | None = None
    q: str | None = None
    urgency: str | None = None
    stage: str | None = None  # of a pair of theirs

    def ids(self, session: Session, audience: Audience, today: date, staged: Staged = _NONE) -> frozenset[str] | None:
        """Return the needs it leaves that an audience may see; None when it asks nothing. Raises BadInput.

        ``staged`` holds the needs at each stage, as far as the audience may know.
        """
        if self == NeedFilter():
            return None
        if self.sector is not None and self.sector not in SECTORS:
            raise BadInput("sector", expected=f"one of {', '.join(sorted(SECTORS))}", got=self.sector)
        places = None
        if self.country is not None:
            places = places_covering(session, self.country, load_places(), today)
        facts: dict[str, Any] = {"places": places, "sector": self.sector, "sdg": self.sdg, "q": self.q}
        facts["urgency"] = self.urgency
        facts["need_ids"] = None if self.stage is None else staged.get(Stage(self.stage), frozenset())
        return matching_ids(session, "needs", Filters(review_states=_SHOWN_STATES, audience=audience, **facts))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which changes are told; what is empty or 0 is not asked."""

    needs: frozenset[str] | None = None  # ids; None is every need
    kinds: Collection[ChangeKind] = ()
    causes: Collection[ChangeCause] = ()
    min_score: float = 0.0  # of the pair now; before, where it is listed no more


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows of the news in their order, and how many of those that were asked for are not told."""

    rows: npt.NDArray[np.int64]
    withheld: int  # a side may not be seen
    kept_off: int  # the tenant dismissed the pair, or a rule of it keeps it off
    counts: Mapping[str, Mapping[str, int]]  # of the rows, by kind and cause


def choose(news: News, choice: Choice, off_lists: Off, after: Release) -> Chosen:
    """Choose the rows that are told, over arrays: of pairs that are seen and that the tenant did not dismiss."""
    asked = _asked(news, choice)
    seen = news.seen[asked]
    off = _off(news.compared, asked, off_lists, after)
    rows = asked[seen & ~off]
    return Chosen(rows, int((~seen).sum()), int((seen & off).sum()), news.counts(rows))


def _asked(news: News, choice: Choice) -> npt.NDArray[np.int64]:
    rows, pairs = news.changed, news.compared.pairs
    if choice.needs is not None:
        wanted = np.array([need in choice.needs for need in news.compared.needs], np.bool_)
        rows = rows[wanted[pairs.needs[rows]]]
    if choice.kinds:
        rows = rows[np.isin(news.kinds[rows], [KINDS.index(kind) for kind in choice.kinds])]
    if choice.causes:
        rows = rows[np.isin(news.causes[rows], [CAUSES.index(cause) for cause in choice.causes])]
    score = np.where(pairs.rank_after[rows] > 0, pairs.score_after[rows], pairs.score_before[rows])
    chosen: npt.NDArray[np.int64] = rows[score >= choice.min_score]
    return chosen


def _off(compared: Compared, rows: npt.NDArray[np.int64], off: Off, after: Release) -> Flags:
    needs, offers = compared.pairs.needs[rows], compared.pairs.capabilities[rows]
    width = len(compared.capabilities) + 1
    numbers = {each: number for number, each in enumerate(compared.capabilities)}
    keys = [
        compared.need_numbers[need] * width + numbers[offer]
        for need, dismissed in off.dismissed.items()
        if need in compared.need_numbers
        for offer in dismissed
        if offer in numbers
    ]
    found: Flags = np.isin(needs * width + offers, np.array(keys, np.int64))
    for rule in off.rules:
        if rule.key.scope is RuleScope.NEED:
            found |= needs == compared.need_numbers.get(rule.key.value, -1)
            continue
        for flags in off.criteria(rule.key).judge(after.catalogue.columns).values():
            ids = (after.capabilities.id_of(row) for row in np.flatnonzero(flags).tolist())
            found |= np.isin(offers, [numbers[each] for each in ids if each in numbers])
    return found

"""Introductions of a night: how they are to be shared out, what that is decided from, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np
from pydantic import ConfigDict

from matcher.errors import BadInput
from matcher.sharing import Bools, Floats, Ints
from matcher.vocabulary import Placing

PLACINGS: Final = tuple(Placing)
"""Order of the codes of placings in arrays."""

SAID: Final[Mapping[Placing, str]] = {
    Placing.ALLOCATED: "within what the need and the partner can take on",
    Placing.RAISED: "moved up by capacity, not by score: better partners have no slot left for this need",
    Placing.DISPLACED: "moved by capacity, not by score: the partner's slots go to other needs",
    Placing.FULL: "moved by capacity, not by score: the partner has no slot free",
    Placing.PASSED_OVER: "moved by the least that other partners are to get, not by score",
    Placing.RESERVE: "in reserve: the need has its introductions above",
    Placing.SAME_PARTNER: "another offer of the same partner stands above",
    Placing.NEAR_MISS: "a near miss: a gate must pass first",
    Placing.UNDER_WAY: "under way already: this pair is being worked on",
}
"""What each placing means, for a broker."""

ASSUMED: Final = " (the partner states no slots: assumed)"


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the introductions that a group of needs is to get at least: balance over regions or themes.

    A need belongs if it serves one of ``places`` or is of one of ``sectors`` (or below it).
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")  # as read from a file

    name: str
    least: float  # share of all introductions, in (0, 1)
    places: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.least < 1:
            raise BadInput("balance", expected="a least share between 0 and 1", got=self.least, fix="0.4 is 40 %")
        if not self.places and not self.sectors:
            raise BadInput("balance", expected=f"places or sectors of {self.name}", got=None, fix='["AFRICA"]')


@dataclass(frozen=True, slots=True)
class Policy:
    """How introductions are shared out. All of it is configuration; the defaults are our judgement."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")  # as read from a file

    introductions: int = 3  # a need gets at most: more than a broker follows up makes none of them likelier
    assumed_slots: int = 3  # of a partner that states none, flagged as assumed
    partner_cap: int | None = None  # introductions a partner gets at most in one release, whatever its slots
    partner_floor: int = 0  # introductions a partner should get at least: each earns ``first_bonus``
    serve_every_need: bool = True  # a first introduction to every need before a second to any
    first_bonus: float = 0.5  # for a need's first introduction where not every need comes first (SCIENCE 5)
    tie: float = 0.01  # scores nearer than this count as equal: then priority decides, LDCs first
    balance: tuple[Share, ...] = ()
    exact_edges: int = 3_000_000  # up to here the exact solver, if installed; seconds and some 400 MB

    def __post_init__(self) -> None:
        capped = self.partner_cap is not None and self.partner_cap < 1
        if self.introductions < 1 or self.assumed_slots < 0 or self.partner_floor < 0 or capped:
            expected = "at least 1 introduction and cap, at least 0 slots and floor"
            raise BadInput("allocation policy", expected=expected, got=self)
        if self.tie < 0 or self.first_bonus < 0:
            raise BadInput("allocation policy", expected="tie and first_bonus of at least 0", got=self)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every match of every shortlist: need by need in row order, each need's in rank order."""

    needs: Ints  # rows
    organisations: Ints  # rows
    scores: Floats
    eligible: Bools  # no near miss
    under_way: Bools | None = None  # worked on already


@dataclass(frozen=True, slots=True)
class NeedSide:
    """What allocation knows of the needs, by row; rows stand in the order of ids, which settles the last ties."""

    ldc: Bools  # serves a least developed country
    priority: Floats  # in [0, 1]
    groups: Mapping[str, Bools] = field(default_factory=dict)  # who belongs to each Share, by its name


@dataclass(frozen=True, slots=True)
class Slots:
    """How many introductions each organisation can take, by row."""

    free: Ints
    assumed: Bools  # it states none

    @classmethod
    def of(cls, stated: Sequence[int | None], load: Ints, policy: Policy) -> Slots:
        """Slots less present load, never below 0; the policy's default where none are stated."""
        assumed = np.array([slots is None for slots in stated], np.bool_)
        total = np.array([policy.assumed_slots if slots is None else slots for slots in stated], np.int64)
        return cls(np.maximum(total - load, 0), assumed)


@dataclass(frozen=True, slots=True)
class Price:
    """What a constraint costs: the same night without it."""

    constraint: str
    score_given_up: float  # sum of scores without it less with it; below 0 where it gains
    needs_served_without: int
    introductions_without: int


@dataclass(frozen=True, slots=True)
class Reached:
    """The share of the introductions that a group got."""

    name: str
    least: float
    share: float


@dataclass(frozen=True, slots=True)
class Served:
    """A way of introducing, in figures."""

    introductions: int
    needs_served: int
    ldc_needs_served: int
    score: float  # sum over introductions
    exposure_gini: float | None  # over partners with an eligible match


@dataclass(frozen=True, slots=True)
class Figures:
    """A night's allocation in figures. ``before``: each need asks its best partners, who take as many as they can."""

    solver: str  # "exact", or "prices"
    share_of_best: float  # at least this share of the greatest sum, bonuses included
    needs: int
    needs_with_eligible: int
    ldc_needs_with_eligible: int
    partners: int  # with an eligible match
    partners_assumed: int  # of these, how many state no slots
    slots: int
    proposed: Served  # each need's best partners, as if everybody had room for all
    before: Served
    after: Served
    raised: int
    displaced: int
    prices: tuple[Price, ...]
    balance: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Allocation:
    """What became of every pair, in the order of the pairs."""

    allocated: Bools
    placings: Ints  # rows of PLACINGS
    places: Ints  # place in the need's list after allocation, from 1: allocated, then the others, near misses last
    figures: Figures

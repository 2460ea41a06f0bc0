"""Physical limits as arrays: what each distinct operating envelope says of each attribute, in base units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from matcher.encoding import Codes, Dictionary, Flags, Floats, Names, plain, positions, vocabulary
from matcher.profiles import Condition
from matcher.quantities import Range
from matcher.vocabulary import AMBIENT_ATTRIBUTES

ROUNDING: Final = 1e-9
"""Relative slack of a limit, so that 5 kW and 5000 W meet after conversion through floating point."""

Conditions = tuple[tuple[str, Condition], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """One attribute of a site or envelope in base units: a span of a dimension, or a set of plain values."""

    attribute: str
    stated: Condition  # as written
    low: float = 0.0
    high: float = 0.0
    dimension: str | None = None  # None: the values hold instead
    values: frozenset[str] = frozenset()

    def widened(self, share: float) -> Limit:
        """Loosen both ends by a share of themselves (temperatures by that share of 30 K)."""
        low, high = (share * (30.0 if self.dimension == "[temperature]" else abs(end)) for end in (self.low, self.high))
        return replace(self, low=self.low - low, high=self.high + high)


def limits(conditions: Mapping[str, Condition] | None) -> tuple[Limit, ...]:
    """Convert stated conditions to base units; an attribute that states no value is left out."""
    return tuple(limit for name, value in (conditions or {}).items() if (limit := _limit(plain(name), value)))


def _limit(attribute: str, condition: Condition) -> Limit | None:
    if isinstance(condition, Range):
        low, high, dimension = condition.base()
        return Limit(attribute, condition, low, high, dimension)
    return Limit(attribute, condition, values=frozenset(map(plain, condition))) if condition else None


def compared(site: Limit, stood: Limit) -> bool | None:
    """Judge one attribute of one pair: True met, False violated, None when the two cannot be compared."""
    if site.dimension != stood.dimension:
        return None
    if site.dimension is None:
        return not site.values.isdisjoint(stood.values)
    return bool(_within(site, stood.low - ROUNDING * abs(stood.low), stood.high + ROUNDING * abs(stood.high)))


def _slack(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    return low - ROUNDING * np.abs(low), high + ROUNDING * np.abs(high)


def _within(site: Limit, low: Any, high: Any) -> Any:
    """Ambient conditions must be contained whole; anything else must overlap. Numbers or arrays alike."""
    if site.attribute in AMBIENT_ATTRIBUTES:
        return (low <= site.low) & (site.high <= high)
    return (low <= site.high) & (site.low <= high)


@dataclass(frozen=True, eq=False)
class EnvelopeColumn:
    """Entries sorted by (attribute, envelope): spans in ``span_*``, plain values in ``word_*``, one entry a value."""

    attributes: Names
    dimensions: Names
    values: Names
    span_starts: npt.NDArray[np.int64]  # by attribute
    span_owner: npt.NDArray[np.int32]  # envelope code
    span_low: Floats
    span_high: Floats
    span_dimension: npt.NDArray[np.int32]
    word_starts: npt.NDArray[np.int64]
    word_owner: npt.NDArray[np.int32]
    word_value: npt.NDArray[np.int32]
    distinct: npt.NDArray[np.int64]  # one number: how many envelopes, the unknown one included
    codes: Codes

    @classmethod
    def encode(cls, rows: Dictionary[Conditions]) -> Self:
        """Encode the distinct envelopes that streamed by."""
        stated = [limits(dict(value)) for value in rows.stated()]
        entries = [(limit.attribute, owner, limit) for owner, each in enumerate(stated, start=1) for limit in each]
        # two spellings of one attribute in one envelope: the first is kept
        unique = {(attribute, owner): limit for attribute, owner, limit in reversed(entries)}
        attributes = vocabulary(attribute for attribute, _ in unique)
        spans = sorted(key for key, limit in unique.items() if limit.dimension is not None)
        words = sorted((*key, word) for key, limit in unique.items() for word in limit.values)
        kept = [unique[key] for key in spans]
        dimensions = vocabulary(limit.dimension or "" for limit in kept)
        values = vocabulary(word for _, _, word in words)
        return cls(
            attributes,
            dimensions,
            values,
            _starts(attributes, [attribute for attribute, _ in spans]),
            np.array([owner for _, owner in spans], np.int32),
            *_slack(np.array([limit.low for limit in kept]), np.array([limit.high for limit in kept])),
            positions(dimensions, [limit.dimension or "" for limit in kept]).astype(np.int32),
            _starts(attributes, [attribute for attribute, _, _ in words]),
            np.array([owner for _, owner, _ in words], np.int32),
            positions(values, [word for _, _, word in words]).astype(np.int32),
            np.array([len(stated) + 1]),
            rows.codes(),
        )

    def met(self, site: Limit) -> tuple[npt.NDArray[np.int32], Flags]:
        """Return the envelopes comparable with one site condition, in code order, and whether each meets it."""
        if site.dimension is None:
            return self._words(site)
        owner, low, high = self._spans(site)
        return owner, _within(site, low, high)

    def _at(self, site: Limit, starts: npt.NDArray[np.int64]) -> slice:
        at = self._attribute.get(site.attribute)
        return slice(0, 0) if at is None else slice(*starts[at : at + 2].tolist())

    @cached_property
    def _attribute(self) -> dict[str, int]:
        return {name.decode(): at for at, name in enumerate(self.attributes.tolist())}

    @cached_property
    def _dimension(self) -> dict[str, int]:
        return {name.decode(): at for at, name in enumerate(self.dimensions.tolist())}

    def _spans(self, site: Limit) -> tuple[npt.NDArray[np.int32], Floats, Floats]:
        part = self._at(site, self.span_starts)
        owner, low, high = self.span_owner[part], self.span_low[part], self.span_high[part]
        same = self.span_dimension[part] == self._dimension.get(site.dimension or "", -1)
        return (owner, low, high) if same.all() else (owner[same], low[same], high[same])

    def _words(self, site: Limit) -> tuple[npt.NDArray[np.int32], Flags]:
        part = self._at(site, self.word_starts)
        owner = self.word_owner[part]
        if not len(owner):
            return owner, np.empty(0, np.bool_)
        first = np.flatnonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))
        wanted = np.zeros(len(self.values) + 1, np.bool_)  # the last stands for a value nobody has
        wanted[positions(self.values, list(site.values))] = True
        wanted[-1] = False
        hit = wanted[self.word_value[part]]
        return owner[first], np.logical_or.reduceat(hit, first)

    def states(self, site: Sequence[Limit]) -> npt.NDArray[np.int8]:
        """Judge every distinct envelope: 0 where any condition is violated, 1 where some are met, else -1."""
        states = np.full(int(self.distinct[0]), -1, np.int8)
        judged = [self.met(limit) for limit in site]
        for owner, met in judged:
            states[owner[met]] = 1
        for owner, met in judged:
            states[owner[~met]] = 0
        return states

    def fit(self, site: Limit, rows: npt.NDArray[np.intp]) -> Floats:
        """Return how much of one site condition each row's envelope covers, in [0, 1]; NaN when not comparable.

        A condition that is met earns half, the covered part of its span the other half.
        """
        if site.dimension is None:
            owner, met = self._words(site)
            at, found = _find(owner, self.codes[rows])
            return np.where(found, met[at], np.nan) if len(owner) else np.full(len(rows), np.nan)
        owner, low, high = self._spans(site)
        if not len(owner):
            return np.full(len(rows), np.nan)
        at, found = _find(owner, self.codes[rows])
        low, high = low[at], high[at]
        span = site.high - site.low
        inside = np.minimum(high, site.high) - np.maximum(low, site.low)
        covered = np.clip(inside / span, 0, 1) if 0 < span < np.inf else (low <= site.low) & (site.high <= high)
        return np.where(found, _within(site, low, high) * (0.5 + 0.5 * covered), np.nan)


def _find(owner: npt.NDArray[np.int32], codes: Codes) -> tuple[npt.NDArray[np.intp], Flags]:
    """Locate each code among the owners, which are sorted and distinct."""
    wanted = codes.astype(np.int64)
    at = np.minimum(np.searchsorted(owner, wanted), max(len(owner) - 1, 0))
    return at, np.asarray(owner[at] == wanted) if len(owner) else np.zeros(len(codes), np.bool_)


def _starts(known: Names, attributes: list[str]) -> npt.NDArray[np.int64]:
    """Return where each attribute's entries begin; one more entry than attributes."""
    per = np.bincount(positions(known, attributes), minlength=len(known)) if attributes else np.zeros(len(known))
    return np.concatenate([[0], np.cumsum(per)]).astype(np.int64)

"""One additive score: z = base + sum of points, and the score is sigmoid(slope * z + intercept)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.vocabulary import SignalName

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNALS: Final = tuple(SignalName)
"""Order of every signal axis."""

Floats = npt.NDArray[np.float64]

# Expert weights in log-odds, judged by us on reading shortlists of the sample and of real profiles, not fitted: the
# topic must outweigh everything that a profile merely ticks, and what a provider asks for counts on its side only.
NEED_WEIGHTS: Final[Mapping[SignalName, float]] = MappingProxyType(
    {
        SignalName.TOPIC: 8.0,
        SignalName.SDG: 0.6,
        SignalName.SECTOR: 0.8,
        SignalName.MODE: 0.4,
        SignalName.MATURITY: 0.4,
        SignalName.ENVELOPE: 0.6,
        SignalName.RESOURCES: 0.4,
        SignalName.BUDGET: 0.4,
        SignalName.LANGUAGE: 0.4,
        SignalName.CONTEXT: 0.5,
        SignalName.FRESHNESS: 0.2,
        SignalName.INTEREST: 0.0,
    }
)
PROVIDER_WEIGHTS: Final[Mapping[SignalName, float]] = MappingProxyType(
    {
        SignalName.TOPIC: 8.0,
        SignalName.SDG: 0.2,
        SignalName.SECTOR: 0.8,
        SignalName.MODE: 0.6,
        SignalName.MATURITY: 0.0,
        SignalName.ENVELOPE: 0.4,
        SignalName.RESOURCES: 0.4,
        SignalName.BUDGET: 0.6,
        SignalName.LANGUAGE: 0.4,
        SignalName.CONTEXT: 0.3,
        SignalName.FRESHNESS: 0.0,
        SignalName.INTEREST: 1.0,
    }
)


class Scored(NamedTuple):
    """Many pairs with all that follows from their values; the last axis of every field is the pair."""

    values: Floats  # (signals, pairs), NaN = unknown
    z: Floats
    score: Floats
    best_score: Floats  # if every unknown turned out as well as it can
    coverage: Floats

    def take(self, pairs: npt.NDArray[np.intp]) -> Scored:
        """Return these pairs in this order."""
        return Scored(*(field[..., pairs] for field in self))


@dataclass(frozen=True)
class Scorer:
    """Weights of both sides (log-odds a unit of value, none negative), their biases, and the calibration of z."""

    need_weights: Mapping[SignalName, float] = field(default_factory=lambda: NEED_WEIGHTS)
    provider_weights: Mapping[SignalName, float] = field(default_factory=lambda: PROVIDER_WEIGHTS)
    need_bias: float = -3.5
    provider_bias: float = -3.5
    slope: float = 1.0  # until outcomes have been judged the probability is the prior's, not calibrated
    intercept: float = 0.0

    def __post_init__(self) -> None:
        for name in SIGNALS:
            if self.need_weights[name] < 0 or self.provider_weights[name] < 0:
                raise ValueError(f"expected weights of at least 0, so that no evidence lowers a score; got {name}")

    @property
    def base(self) -> float:
        """Joint z of a pair about which nothing is known: the mean of both biases."""
        return (self.need_bias + self.provider_bias) / 2

    def sides(self) -> tuple[Floats, Floats]:
        """Need and provider weights in the order of SIGNALS."""
        return tuple(np.array([side[name] for name in SIGNALS]) for side in (self.need_weights, self.provider_weights))  # type: ignore[return-value]  # a pair by construction

    def weights(self) -> Floats:
        """Joint weights in the order of SIGNALS: halves of both sides, so that z = (z_need + z_provider) / 2."""
        need, provider = self.sides()
        return (need + provider) / 2

    @cached_property
    def _weights(self) -> Floats:
        return self.weights()

    def judge(self, values: Floats) -> Scored:
        """Score (signals, pairs) values."""
        z, best = self.z(values), self.best_z(values)
        return Scored(values, z, self.score(z), self.score(best), self.coverage(values))

    def z(self, values: Floats) -> Floats:
        """Joint z of (signals, pairs) values; an unknown (NaN) earns what the worst value earns: nothing."""
        return self.base + _sum_rows(self._weights[:, None] * np.where(np.isnan(values), 0.0, values))

    def best_z(self, values: Floats) -> Floats:
        """Joint z if every unknown turned out as well as it can."""
        return self.base + _sum_rows(self._weights[:, None] * np.where(np.isnan(values), 1.0, values))

    def coverage(self, values: Floats) -> Floats:
        """Share of the structured signals' weight that has evidence; the topic is always known and not counted."""
        weights = self._weights.copy()
        weights[SIGNALS.index(SignalName.TOPIC)] = 0.0
        return _sum_rows(weights[:, None] * ~np.isnan(values)) / (weights.sum() or 1.0)

    def score(self, z: Floats) -> Floats:
        """Probability-like score in (0, 1)."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * z + self.intercept))))


def _sum_rows(table: Floats) -> Floats:
    """Add the rows one after another: the same order, and so the same rounding, however many columns there are."""
    total: Floats = np.zeros(table.shape[1])
    for row in table:
        total += row
    return total

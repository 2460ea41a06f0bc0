"""What ``matcher evaluate --json`` writes. Keys are always there; null is not measured, and a note says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from matcher.calibration import Calibration
from matcher.evaluation import Comparison, Difference, Estimate, Evaluation
from matcher.exposure import Coverage, Exposure

Measure = Literal["nDCG@10", "recall@20", "recall@100", "MRR", "MAP"]
MEASURE_NAMES: Final[tuple[str, ...]] = get_args(Measure)
Measures = Mapping[Measure, Estimate]
Differences = Mapping[Measure, Difference]


@dataclass(frozen=True, slots=True)
class PartReport:
    """Some of the needs, or of what is relevant. ``difference`` is the run minus the baseline, where there is one."""

    needs: int
    measures: Measures
    difference: Differences | None


@dataclass(frozen=True, slots=True)
class MarketReport:
    """Who is shown and served by one run, over its needs; each null without the file that would tell.

    ``exposure`` counts the ten best of each list over the providers of ``--capabilities``; ``coverage`` counts the
    needs of ``--needs`` that serve each group of countries, and all of them. Near misses are no matches here.
    """

    exposure: Exposure | None
    coverage: Mapping[str, Coverage] | None


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """The second run's own figures, and the run minus it, need by need."""

    run: str
    measures: Measures
    difference: Differences
    calibration: Calibration
    market: MarketReport


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What ``matcher evaluate --json`` writes. Means are over all ``needs``, whatever they got."""

    run: str
    qrels: str
    needs: int
    needs_without_results: int
    needs_without_relevant: int
    needs_not_judged: int
    confidence: float
    resamples: int
    measures: Measures
    baseline: BaselineReport | None
    calibration: Calibration
    market: MarketReport
    by_language: Mapping[str, PartReport] | None  # of the needs; null without --needs
    by_provider: Mapping[str, PartReport] | None  # seen, unseen; null without --capabilities and --fitted-on
    notes: tuple[str, ...]  # what could not be measured, and why


def measures_of(found: Evaluation | Comparison) -> Measures:
    """Name the estimates; MEASURES has the names of ``Measure``, by test."""
    return cast("Measures", found.measures)


def differences_of(found: Evaluation) -> Differences | None:
    """Name the differences from the baseline, if there is one."""
    return cast("Differences", found.baseline.difference) if found.baseline else None


def part_of(found: Evaluation) -> PartReport:
    """Shorten an evaluation of some needs."""
    return PartReport(found.needs, measures_of(found), differences_of(found))

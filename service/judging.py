"""Rankings and judgements from files, measured: what ``matcher evaluate`` reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from matcher.evaluation import CONFIDENCE, RESAMPLES, Difference, Estimate, evaluate
from service.trec import read_qrels, read_run

Measure = Literal["nDCG@10", "recall@20", "recall@100", "MRR", "MAP"]


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """The second run's own means, and the run minus it, need by need."""

    run: str
    measures: Mapping[Measure, Estimate]
    difference: Mapping[Measure, Difference]


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
    measures: Mapping[Measure, Estimate]
    baseline: BaselineReport | None


def judge(run: Path, qrels: Path, baseline: Path | None) -> EvaluationReport:
    """Read the files and measure; raises BadInput naming a line that is wrong, OSError for a file that is not there."""
    found = evaluate(read_run(run), read_qrels(qrels), read_run(baseline) if baseline else None)
    compared = found.baseline
    return EvaluationReport(
        run=str(run),
        qrels=str(qrels),
        needs=found.needs,
        needs_without_results=found.needs_without_results,
        needs_without_relevant=found.needs_without_relevant,
        needs_not_judged=found.needs_not_judged,
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        measures=found.measures,  # type: ignore[arg-type]  # MEASURES has these names, by test
        baseline=BaselineReport(str(baseline), compared.measures, compared.difference)  # type: ignore[arg-type]  # likewise
        if compared
        else None,
    )

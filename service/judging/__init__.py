"""Rankings and judgements from files, measured: what ``matcher evaluate`` reports."""

from service.judging.about import About, Paths
from service.judging.judge import judge
from service.judging.page import write_report
from service.judging.reports import MEASURE_NAMES, EvaluationReport, Measure

__all__ = ["MEASURE_NAMES", "About", "EvaluationReport", "Measure", "Paths", "judge", "write_report"]

"""From files to an EvaluationReport."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher import exposure
from matcher.calibration import calibrate
from matcher.errors import BadInput
from matcher.evaluation import CONFIDENCE, RESAMPLES, Evaluation, evaluate, only_needs, only_relevant
from service.judging.rankings import Ranking, read_ranking
from service.judging.reports import (
    BaselineReport,
    EvaluationReport,
    MarketReport,
    PartReport,
    differences_of,
    measures_of,
    part_of,
)
from service.trec import read_qrels

if TYPE_CHECKING:
    from matcher.evaluation import Qrels
    from service.judging.about import About

_DEEPEST: Final = 100  # the last cut-off of a measure


def judge(run: Path, qrels: Path, baseline: Path | None, about: About) -> EvaluationReport:
    """Read the files and measure; raises BadInput naming a line that is wrong, OSError for a file that is not there."""
    judged = read_qrels(qrels)
    ranking = _ranked(run, judged)
    other = _ranked(baseline, judged) if baseline else None
    found = evaluate(ranking.run, judged, other.run if other else None)
    report = EvaluationReport(
        run=str(run),
        qrels=str(qrels),
        needs=found.needs,
        needs_without_results=found.needs_without_results,
        needs_without_relevant=found.needs_without_relevant,
        needs_not_judged=found.needs_not_judged,
        confidence=CONFIDENCE,
        resamples=RESAMPLES,
        measures=measures_of(found),
        baseline=_baseline(str(baseline), found, other, judged, about) if other else None,
        calibration=calibrate(ranking.probabilities, judged),
        market=_market(ranking, about),
        by_language=_by_language(ranking, judged, other, about),
        by_provider=_by_provider(ranking, judged, other, about),
        notes=(),
    )
    return replace(report, notes=(*_doubts(ranking, judged), *_notes(report, ranking, about)))


def _ranked(path: Path, judged: Qrels) -> Ranking:
    """Read a ranking; refuse one that speaks of other needs than the judgements: its zeros would mean nothing."""
    ranking = read_ranking(path)
    if judged and ranking.run.keys().isdisjoint(judged):
        named = f"{len(ranking.run)} needs such as {next(iter(ranking.run))!r}" if ranking.run else "an empty run"
        expected = f"a run of judged needs, such as {next(iter(judged))!r}"
        fix = f"none of them is judged: check that {path.name} and the judgements belong together"
        raise BadInput("no_shared_needs", expected=expected, got=named, fix=fix)
    return ranking


def _baseline(name: str, found: Evaluation, other: Ranking, judged: Qrels, about: About) -> BaselineReport | None:
    difference = differences_of(found)
    if found.baseline is None or difference is None:
        return None
    calibration = calibrate(other.probabilities, judged)
    return BaselineReport(name, measures_of(found.baseline), difference, calibration, _market(other, about))


def _market(ranking: Ranking, about: About) -> MarketReport:
    shown = None
    if about.providers is not None:
        counts = Counter(about.providers[one] for one in ranking.shown() if one in about.providers)
        shown = exposure.measure(list(counts.values()), len(set(about.providers.values())))
    covered = None
    if about.groups is not None:
        covered = exposure.cover(about.groups, ranking.matched(), ranking.with_tier_a())
    return MarketReport(shown, covered)


def _by_language(ranking: Ranking, judged: Qrels, other: Ranking | None, about: About) -> dict[str, PartReport] | None:
    if about.languages is None:
        return None
    parts = {language: only_needs(judged, needs) for language, needs in about.languages.items()}
    return {
        language: part_of(evaluate(ranking.run, kept, other.run if other else None))
        for language, kept in parts.items()
        if kept
    }


def _by_provider(ranking: Ranking, judged: Qrels, other: Ranking | None, about: About) -> dict[str, PartReport] | None:
    """Judge what the fitting saw and what it did not apart: a gain on the seen alone is learning by heart."""
    sides = about.seen()
    if sides is None:
        return None
    found: dict[str, PartReport] = {}
    for name, kept in zip(("seen", "unseen"), sides, strict=True):
        run, qrels = only_relevant(ranking.run, judged, kept)
        if qrels:
            found[name] = part_of(evaluate(run, qrels, only_relevant(other.run, judged, kept)[0] if other else None))
    return found


def _doubts(ranking: Ranking, judged: Qrels) -> Iterator[str]:
    """Say where a low figure may be the files' fault: ids that never meet, lists that end before a cut-off."""
    shared = [need for need in judged if need in ranking.run]
    ranked = {one for scores in ranking.run.values() for one in scores}
    if ranked.isdisjoint(one for need in shared for one in judged[need]):
        yield (
            f"whether the ids belong together: no judged id, such as {next(iter(judged[shared[0]]))!r}, stands in the "
            "run; a run of organisations needs judgements of organisations"
        )
    longest = max(map(len, ranking.run.values()))
    cut = [need for need in shared if len(ranking.run[need]) == longest]  # a shorter list may be all there is
    if longest < _DEEPEST and any(
        grade >= 1 and one not in ranking.run[need] for need in cut for one, grade in judged[need].items()
    ):
        yield (
            f"recall beyond rank {longest}, where the run's longest list ends; matcher match --k {_DEEPEST} lists more"
        )


def _notes(report: EvaluationReport, ranking: Ranking, about: About) -> Iterator[str]:
    """Say what is not there, and what would bring it."""
    if report.calibration.note:
        yield f"calibration: {report.calibration.note}"
    yield from about.refused
    if about.providers is None:
        yield "exposure of providers: give --capabilities"
    else:
        strangers = {one for one in ranking.shown() if one not in about.providers}
        if strangers:
            yield f"exposure: {len(strangers)} capabilities of the ranking are not in --capabilities and do not count"
    if about.groups is None:
        yield "coverage of country groups, figures by language: give --needs"
    elif ranking.tiers is None:
        yield "coverage by tier A: a TREC run holds no tiers, give shortlists as jsonl"
    if about.seen() is None:
        missing = "" if about.providers else "--capabilities, and "
        yield f"seen against unseen providers: give {missing}--fitted-on with the judgements fitted on"

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.judging import EvaluationReport, Measure
    from service.judging.reports import PartReport


def command(
    run: Annotated[
        Path,
        typer.Option(
            help="Ranking to judge: a TREC run, 'need Q0 capability rank score tag', or shortlists as JSON lines."
        ),
    ],
    qrels: Annotated[
        Path,
        typer.Option(help="Judgements: TREC 'need 0 capability grade', or a table under 'query-id corpus-id score'."),
    ],
    baseline: Annotated[
        Path | None, typer.Option(help="Second ranking, to say whether the difference from it is real.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/evaluation.json.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Folder for a page to read and print: report.html, report.md and pictures.")
    ] = None,
    capabilities: Annotated[
        Path | None, typer.Option(help="The capabilities that were ranked: says how evenly providers are shown.")
    ] = None,
    needs: Annotated[
        Path | None, typer.Option(help="The needs ranked for: figures by language, coverage of LDC, SIDS and LLDC.")
    ] = None,
    fitted_on: Annotated[
        Path | None,
        typer.Option(help="Judgements the ranking was fitted on: figures for seen and unseen providers apart."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which country groups are judged; else today.")
    ] = None,
) -> None:
    """Measure a ranking against judgements, with 95 % intervals.

    nDCG@10, recall@20, recall@100, MRR and MAP are means over every judged need; a need without results counts 0.
    Intervals come from a paired bootstrap over needs (2,000 samples, fixed seed). Ranks follow the scores, equal scores
    by descending id, as trec_eval does it; shortlists keep their own order. Calibration, exposure and coverage are told
    where the files allow it, and else what is missing.
    """
    from service.judging import About, Paths, judge, write_report
    from service.reference import load_places

    day = (as_of or datetime.now(UTC)).date()
    found = judge(run, qrels, baseline, About.read(Paths(capabilities, needs, fitted_on), load_places(), day))
    if report is not None:
        typer.echo(f"report: {write_report(found, report)}", err=True)
    if as_json:
        from service.wire import to_json

        typer.echo(to_json(found, indent=2))
    else:
        typer.echo("\n".join(_lines(found)))


def _lines(found: EvaluationReport) -> Iterator[str]:
    from service.judging.parts import counts

    yield from counts(found)
    yield ""
    yield from (_line(found, name) for name in found.measures)
    yield ""
    yield from _calibration(found)
    yield from _market(found)
    for groups in (found.by_language, found.by_provider):
        for name, part in (groups or {}).items():
            yield _part(name, part)
    yield from (f"not measured: {note}" for note in found.notes)


def _line(found: EvaluationReport, name: Measure) -> str:
    estimate = found.measures[name]
    line = f"{name:<12}{estimate.value:.4f}  [{estimate.low:.4f}, {estimate.high:.4f}]"
    if found.baseline is None:
        return line
    change = found.baseline.difference[name]
    verdict = "real" if change.real else "not shown to be real"
    before = found.baseline.measures[name].value
    return (
        f"{line}  baseline {before:.4f}  difference {change.value:+.4f}  "
        f"[{change.low:+.4f}, {change.high:+.4f}]  {verdict}"
    )


def _calibration(found: EvaluationReport) -> Iterator[str]:
    for name, estimate in (("ECE", found.calibration.ece), ("Brier", found.calibration.brier)):
        if estimate is not None:
            bounds = f"[{estimate.low:.4f}, {estimate.high:.4f}]"
            yield f"{name:<12}{estimate.value:.4f}  {bounds}  over {found.calibration.pairs} judged pairs"


def _market(found: EvaluationReport) -> Iterator[str]:
    shown = found.market.exposure
    if shown is not None and shown.gini is not None:
        yield (
            f"{'exposure':<12}Gini {shown.gini:.3f}, busiest tenth {shown.top_10_percent_share:.3f}, "
            f"{shown.providers_shown} of {shown.providers} providers shown"
        )
    for group, one in (found.market.coverage or {}).items():
        if one.with_match is not None:
            best = "" if one.with_tier_a is None else f", {one.with_tier_a:.3f} with tier A"
            yield f"{'served':<12}{group}: {one.with_match:.3f} of {one.needs} needs with a match{best}"


def _part(name: str, part: PartReport) -> str:
    estimate = part.measures["nDCG@10"]
    line = f"{name:<12}nDCG@10 {estimate.value:.4f}  [{estimate.low:.4f}, {estimate.high:.4f}]  {part.needs} needs"
    if part.difference is None:
        return line
    change = part.difference["nDCG@10"]
    return f"{line}  difference {change.value:+.4f}  {'real' if change.real else 'not shown to be real'}"

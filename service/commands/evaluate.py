from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.judging import EvaluationReport, Measure


def command(
    run: Annotated[Path, typer.Option(help="Ranking to judge: a TREC run, 'need Q0 capability rank score tag'.")],
    qrels: Annotated[
        Path,
        typer.Option(help="Judgements: TREC 'need 0 capability grade', or a table under 'query-id corpus-id score'."),
    ],
    baseline: Annotated[
        Path | None, typer.Option(help="Second run, to say whether the difference from it is real.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/evaluation.json.")
    ] = False,
) -> None:
    """Measure a ranking against judgements, with 95 % intervals.

    nDCG@10, recall@20, recall@100, MRR and MAP are means over every judged need; a need without results counts 0.
    Intervals come from a paired bootstrap over needs (2,000 samples, fixed seed). Ranks follow the scores, equal scores
    by descending id, as trec_eval does it.
    """
    from service.judging import judge

    found = judge(run, qrels, baseline)
    if as_json:
        from service.wire import to_json

        typer.echo(to_json(found, indent=2))
    else:
        typer.echo("\n".join([*_counts(found), "", *(_line(found, name) for name in found.measures)]))


def _counts(found: EvaluationReport) -> list[str]:
    lines = [f"{found.needs} needs judged, {found.needs_without_results} of them without results (counted 0)"]
    if found.needs_without_relevant:
        lines.append(f"{found.needs_without_relevant} needs have nothing relevant (counted 0)")
    if found.needs_not_judged:
        lines.append(f"{found.needs_not_judged} needs of the run are not judged (left out)")
    return lines


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

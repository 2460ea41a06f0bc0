from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from matcher.evaluation import Estimate, Evaluation


def command(
    run: Annotated[Path, typer.Option(help="Ranking to judge: a TREC run, 'need Q0 capability rank score tag'.")],
    qrels: Annotated[
        Path,
        typer.Option(help="Judgements: TREC 'need 0 capability grade', or a table under 'query-id corpus-id score'."),
    ],
    baseline: Annotated[
        Path | None, typer.Option(help="Second run, to say whether the difference from it is real.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object with documented keys.")] = False,
) -> None:
    """Measure a ranking against judgements, with 95 % intervals.

    nDCG@10, recall@20, recall@100, MRR and MAP are means over every judged need; a need without results counts 0.
    Intervals come from a paired bootstrap over needs (2,000 samples, fixed seed). Ranks follow the scores, equal scores
    by descending id, as trec_eval does it.
    """
    from matcher.evaluation import evaluate
    from service.trec import read_qrels, read_run

    other = read_run(baseline) if baseline else None
    found = evaluate(read_run(run), read_qrels(qrels), other)
    if as_json:
        import json

        typer.echo(json.dumps(report(found, run, qrels, baseline), indent=2))
    else:
        typer.echo(_table(found))


def report(found: Evaluation, run: Path, qrels: Path, baseline: Path | None) -> dict[str, Any]:
    """Return what ``--json`` writes; its keys are those of data/schema/evaluation.json."""
    from dataclasses import asdict

    from matcher.evaluation import CONFIDENCE, RESAMPLES

    facts = asdict(found)
    compared = facts.pop("baseline")
    return {
        "run": str(run),
        "qrels": str(qrels),
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        **facts,
        "baseline": {"run": str(baseline), **compared} if compared else None,
    }


def _table(found: Evaluation) -> str:
    lines = [f"{found.needs} needs judged, {found.needs_without_results} of them without results (counted 0)"]
    if found.needs_without_relevant:
        lines.append(f"{found.needs_without_relevant} needs have nothing relevant (counted 0)")
    if found.needs_not_judged:
        lines.append(f"{found.needs_not_judged} needs of the run are not judged (left out)")
    lines.append("")
    for name, estimate in found.measures.items():
        lines.append(f"{name:<12}{_span(estimate)}{_compared(found, name)}")
    return "\n".join(lines)


def _span(estimate: Estimate) -> str:
    return f"{estimate.value:.4f}  [{estimate.low:.4f}, {estimate.high:.4f}]"


def _compared(found: Evaluation, name: str) -> str:
    if found.baseline is None:
        return ""
    change = found.baseline.difference[name]
    verdict = "real" if change.real else "not shown to be real"
    before = found.baseline.measures[name].value
    return (
        f"  baseline {before:.4f}  difference {change.value:+.4f}  [{change.low:+.4f}, {change.high:+.4f}]  {verdict}"
    )

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from service.nightly import Outcome

REFUSED: Final = 3  # as elsewhere: the command did its work, and something was not let through
_WHY: Final = {
    "unchanged": "records, rules, model and day are those of a release that is there: nothing was made again",
    "withheld": "somebody rolled back from it: matcher releases rollback --to {0.release_id} serves it all the same",
}
"""How a night ended, where no release was made -> why, for an outcome."""


def command(
    k: Annotated[int, typer.Option("--k", min=1, max=1000, help="Eligible matches to keep for each need.")] = 20,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Judge records as of this day; today unless given.")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Newest releases to keep; the served one stays, however old.")] = 14,
    max_drop: Annotated[
        float, typer.Option(min=0, max=1, help="Largest share of needs or capabilities that may be gone since.")
    ] = 0.5,
    force: Annotated[
        bool, typer.Option("--force", help="Publish although the guard refuses, or this run was rolled back from.")
    ] = False,
    allocation: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="How to share introductions out: JSON, see data/schema/allocation.json."),
    ] = None,
    publish: Annotated[bool, typer.Option(help="Publish what was made; or make and check it only.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/night.json.")
    ] = False,
) -> None:
    """Match every need of the store and publish a checked release.

    A run that was stopped goes on from what it had finished; a run of the same records, rules, model and day is not
    made twice. Exit code 3: the guard refused to publish, and the old release stays served.
    """
    from service.keeping.mark import refuse_half_restored
    from service.nightly import Night, NightRefused, read_policy, run_night
    from service.settings import load_settings

    settings = load_settings()
    refuse_half_restored(settings.data_dir)
    now = datetime.now(UTC)
    day = (as_of or now).date()
    night = Night(day, k=k, keep=keep, max_drop=max_drop, force=force, publish=publish)
    if allocation is not None:
        night = replace(night, allocation=read_policy(allocation))
    try:
        outcome = run_night(settings, night, now)
    except NightRefused as refusal:
        typer.echo(f"matcher: nothing was published: {refusal}", err=True)
        raise typer.Exit(REFUSED) from refusal
    if as_json:
        from service.wire import to_json

        typer.echo(to_json(outcome, indent=2))
    else:
        typer.echo("\n".join(_lines(outcome)))


def _lines(outcome: Outcome) -> list[str]:
    """Say first what a broker must know first."""
    counts, state = outcome.counts, str(outcome.state)
    lines = [f"{outcome.state}: release {outcome.release_id} (served: {outcome.served or 'none'})"]
    if state in _WHY:
        lines.append(_WHY[state].format(outcome))
    present = [f"{tier} {share:.0%}" for tier, share in sorted(outcome.tiers.items())]
    if sum(share > 0 for share in outcome.tiers.values()) == 1:
        lines.append("all matches are of one tier: the profiles say too little to tell them apart")
    lines.append(
        f"{counts.get('needs', 0)} needs, {counts.get('capabilities', 0)} capabilities, "
        f"{counts.get('matches', 0)} matches; tiers {', '.join(present)}"
    )
    lines += [f"left out: {count} ({reason})" for reason, count in sorted(outcome.left_out.items())]
    if outcome.removed:
        lines.append(f"removed {len(outcome.removed)} old releases")
    return lines

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.verdicts import Criterion
    from service.learning import LearningReport
    from service.scorers import Learned
    from service.settings import Settings

ACTOR: Final = "matcher learn"  # as the audit log has it


def command(
    promote: Annotated[
        str | None, typer.Option(metavar="ID", help="Let nights take a learned scorer; refused unless its gate passed.")
    ] = None,
    prior: Annotated[bool, typer.Option("--prior", help="Let nights take the experts' weights again.")] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="List the learned scorers, the latest first; * marks the promoted one.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Write one JSON object; its keys are in data/schema/learning.json. With --list one a line."
        ),
    ] = False,
) -> None:
    """Learn a scorer from recorded outcomes, and judge it.

    What is learned from are pairs that somebody looked at, with the values they had when they were shown; a pair that
    nobody opened is no evidence. The scorer is kept in a file with its lineage and the verdict of the gate, which
    compares it with the one that nights take; nothing else changes until it is promoted, and then with the next night.
    Under 200 pairs the experts' weights stay.
    """
    from service.settings import load_settings

    if (promote is not None) + prior + list_all > 1:
        raise typer.BadParameter("--promote, --prior and --list are one at a time")
    settings = load_settings()
    if promote is not None:
        _promote(settings, promote)
    elif prior:
        _demote(settings)
    elif list_all:
        _list(settings, as_json=as_json)
    else:
        _learn(settings, as_json=as_json)


def _learn(settings: Settings, *, as_json: bool) -> None:
    from service.learning import learn
    from service.wire import to_json

    found = learn(settings, datetime.now(UTC))
    typer.echo(to_json(found, indent=2) if as_json else "\n".join(_lines(found)))


def _promote(settings: Settings, scorer_id: str) -> None:
    from service import scorers
    from service.accounts.audit import Action, audit
    from service.store import open_store

    folder, store = scorers.folder_of(settings), open_store(settings.database_url)
    try:
        with store.writing() as session:  # what is refused is undone here too
            audit(session, Action.SCORER_PROMOTED, actor=ACTOR, at=datetime.now(UTC), subject=scorer_id)
            scorers.promote(folder, scorer_id)
    finally:
        store.close()
    typer.echo(f"promoted: {scorer_id}; matcher nightly takes it from now on")


def _demote(settings: Settings) -> None:
    from service import scorers
    from service.accounts.audit import Action, audit
    from service.releases.manifest import EXPERTS
    from service.store import open_store

    store = open_store(settings.database_url)
    try:
        with store.writing() as session:
            audit(session, Action.SCORER_PROMOTED, actor=ACTOR, at=datetime.now(UTC), subject=EXPERTS)
            scorers.demote(scorers.folder_of(settings))
    finally:
        store.close()
    typer.echo("matcher nightly takes the experts' weights from now on")


def _list(settings: Settings, *, as_json: bool) -> None:
    from service import scorers
    from service.wire import to_json

    folder = scorers.folder_of(settings)
    now, found = scorers.promoted(folder), list(scorers.listed(folder))
    for one in found:
        typer.echo(to_json(one) if as_json else _summary(one, one.id == now))
    if not found and not as_json:
        typer.echo("none yet: nights take the experts' weights")


def _summary(one: Learned, promoted: bool) -> str:
    pairs = one.lineage.steps[0].pairs
    verdict = "passed" if one.verdict.passed else "refused"
    star = "*" if promoted else " "
    return f"{star} {one.id}  {one.lineage.made_on}  {pairs} pairs  gate {verdict}, against {one.lineage.against}"


def _lines(found: LearningReport) -> Iterator[str]:
    """Say first what came of it."""
    learned, evidence = found.learned, found.evidence
    if learned is None:
        yield f"nothing was learned: {found.note}"
    else:
        verdict = "passed its gate" if learned.verdict.passed else "did not pass its gate and cannot be promoted"
        yield f"{learned.id} {verdict}: {learned.verdict.split}"
        yield from (_row(row) for row in learned.verdict.rows)
        for step in learned.lineage.steps:
            kept = "" if step.learned else "; too few, the experts' weights stand in"
            yield f"{step.name}: {step.took} of {step.pairs} pairs{kept}"
        yield from (f"{one.signal:<12}{one.experts:7.2f} -> {one.learned:.2f} points at most" for one in found.weights)
        if learned.verdict.passed:
            yield f"let nights take it: matcher learn --promote {learned.id}"
    yield (
        f"{evidence.pairs} pairs were looked at, {evidence.later} of them with values of a later release; left out: "
        f"{evidence.near_misses} near misses, {evidence.lost} whose releases are gone or of another text model"
    )


def _row(row: Criterion) -> str:
    verdict = {True: "pass", False: "FAIL", None: "told"}[row.passed]
    return f"{verdict}  {row.name}: {row.detail}" + ("" if row.passed is None else f"; wanted {row.bound}")

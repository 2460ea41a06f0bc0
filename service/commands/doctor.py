from __future__ import annotations

from typing import Annotated

import typer


def command(
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/diagnosis.json.")
    ] = False,
) -> None:
    """Look whether everything is in place, and say what to do if not.

    Settings, model and checksum, build of torch, store and its schema, current release and its age, scorer, folders,
    disk, cache. Changes nothing. Exits 1 when something is broken; notes alone are fine.
    """
    from service.diagnosis import diagnose, utc_now
    from service.settings import load_settings

    found = diagnose(load_settings(), utc_now())
    if as_json:
        from service.wire import to_json

        typer.echo(to_json(found, indent=2))
    else:
        for finding in found.findings:
            todo = f"\n{'':<26}-> {finding.todo}" if finding.todo else ""
            typer.echo(f"{finding.state:<8}{finding.check:<18}{finding.detail}{todo}")
    if not found.healthy:
        raise typer.Exit(1)

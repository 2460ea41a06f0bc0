from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer


def command(
    kind: Annotated[str, typer.Argument(help="Which kind: organisation, capability, need and so on.")],
    record_id: Annotated[str, typer.Argument(metavar="ID", help="The record's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: there is no way back.")] = False,
    night: Annotated[
        bool, typer.Option(help="Make a release without it, so that one stays served; or serve none until the next.")
    ] = True,
) -> None:
    """Erase a record everywhere.

    In the store and its history, in releases that hold it, cached vectors and files of jobs.

    Events and the audit log keep a pseudonym in its place. Exports and backups are yours to remove; a backup that is
    restored is cleaned of it. To take a record off the lists and keep its history, withdraw it instead.
    """
    from matcher.wording import many
    from service.keeping.erasing import erase, require_kind
    from service.settings import load_settings

    several = require_kind(kind)
    if not yes:
        typer.confirm(f"Erase {several} {record_id!r} for good?", abort=True, err=True)
    done = erase(load_settings(), several, record_id, datetime.now(UTC), night=night)
    found = done.tables
    gone = f"{many(len(done.releases), 'release')}, {many(done.vectors, 'vector')}, files of {many(done.jobs, 'job')}"
    told = f"{many(found.versions, 'version')}, {many(found.events, 'event')}, {many(found.mentions, 'mention')}"
    served = done.served or "none, until the next night"
    typer.echo(f"erased; {found.pseudonym} stands in its place")
    typer.echo(f"made anonymous: {told}; removed: {gone}; served now: {served}")

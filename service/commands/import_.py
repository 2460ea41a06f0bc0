from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

REJECTS = 3  # exit code, see service.cli


class Kind(StrEnum):
    """Kinds of record, as files and tables call them; kept equal to matcher.profiles.KINDS by test."""

    ORGANISATIONS = "organisations"
    CAPABILITIES = "capabilities"
    NEEDS = "needs"
    MECHANISMS = "mechanisms"
    FACILITATORS = "facilitators"
    CASES = "cases"


def command(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, readable=True, help="Files to import: JSONL, CSV, XLSX, IATI XML."),
    ],
    kind: Annotated[
        Kind | None, typer.Option(help="What the files hold, whatever their names say; else the names tell.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Mapping profile: a name, or a TOML file. Else columns are named as our fields.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(help="File for what was refused, with what to do: CSV, or XLSX by its ending.")
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Infer SDG goals and sectors where they are unknown, marked as inferred."),
    ] = False,
    tenant: Annotated[
        str | None,
        typer.Option(
            help="Whose the records are to be; another tenant's are refused. New ones are of default otherwise."
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/import.json.")
    ] = False,
) -> None:
    """Write the records of files to the store.

    Each file is written whole or not at all, and the same content only once.

    A record is known by its source, else by its id; a changed one becomes the next version and the old one is kept.
    Organisations that are referred to may come later. Exits 3 if records were refused; the rest was written.
    """
    from service.encoders import make_encoder
    from service.importing import Order, describe, import_files
    from service.settings import load_settings
    from service.wire import to_json

    settings, tagger = load_settings(), None
    if suggest:
        from service.tagging import load_tagger

        tagger = load_tagger(make_encoder(settings))
    if tenant is not None:
        _require(settings.database_url, tenant)
    if kind is not None:
        _warn_of_names(files, kind)
    order = Order(tuple(files), kind.value if kind else None, profile, dry_run, rejects, tagger, tenant_id=tenant)
    report = import_files(order, settings.database_url, datetime.now(UTC))
    if as_json:
        typer.echo(to_json(report, indent=2))
    else:
        typer.echo("\n".join(describe(report)))
        if report.codes and rejects is None:
            typer.echo("--rejects FILE lists what was refused, row by row", err=True)
    if report.records_refused:
        raise typer.Exit(REJECTS)


def _warn_of_names(files: list[Path], kind: Kind) -> None:
    """Tell of each file whose name speaks of another kind: an offer that became a need is a slip that no check sees."""
    from service.intake.reading import kind_of

    for file in files:
        if kind_of(file.stem) not in {None, kind.value}:
            typer.echo(f"{file.name}: read as {kind.value}, as --kind says, not as its name does", err=True)


def _require(url: str, tenant: str) -> None:
    """Raise BadInput unless there is such a tenant: records of a misspelt one would be seen by nobody."""
    from service.accounts.tenants import require_tenant
    from service.store import open_store

    store = open_store(url)
    try:
        with store.reading() as session:
            require_tenant(session, tenant)
    finally:
        store.close()

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from matcher.vocabulary import Confidentiality
from service.exports.choices import Format, Wanted, What

ACTOR = "matcher export"  # as the audit log has it


def command(
    out: Annotated[Path, typer.Option(help="File to write, replaced whole when it is there; - for standard output.")],
    form: Annotated[
        Format, typer.Option("--format", help="As served, for a spreadsheet, for analysts, or a page to print.")
    ] = Format.JSONL,
    what: Annotated[What, typer.Option(help="Matches, one shortlist a need, or records of one kind.")] = What.MATCHES,
    need: Annotated[str | None, typer.Option(help="Only this need's matches; what a brief is about.")] = None,
    capability: Annotated[
        str | None, typer.Option(help="With --need: the brief is about the pair, not about the need.")
    ] = None,
    release: Annotated[str | None, typer.Option(help="Release to export; the one that is served unless named.")] = None,
    level: Annotated[
        Confidentiality, typer.Option(help="Most confidential records that whoever gets the file may see.")
    ] = Confidentiality.PUBLIC,
    tenant: Annotated[
        str | None, typer.Option(help="Leave out what this tenant dismissed, or keeps off its lists by rules.")
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin with a byte-order mark, so that Excel reads UTF-8.")
    ] = False,
) -> None:
    """Write a release's matches to a file, exactly as they are served.

    Records that were withdrawn since, or are more confidential than --level, are left out; their number is said on
    standard error, in a workbook on its last sheet. Texts that a spreadsheet would run as formulas get an apostrophe in
    CSV and XLSX. Parquet holds one row a pair and signal. What changed since an earlier release (delta) is no part of a
    release: the server tells it.
    """
    from service.accounts.audit import Action, audit
    from service.exports.writing import export
    from service.outcomes.dismissing import off_lists
    from service.releases import Release, current_release
    from service.releases.files import misnamed, require_place
    from service.settings import load_settings
    from service.store import open_store
    from service.visibility import visibility

    if str(out) != "-":
        require_place(out)
    settings = load_settings()
    folder = settings.releases_dir
    source = current_release(folder) if release is None else Release.open(folder / Path(release).name)
    store = open_store(settings.database_url)
    try:
        with store.reading() as session:
            visible = visibility(session, level, source)
            off = None if tenant is None else off_lists(session, tenant)
        sink = sys.stdout.buffer if str(out) == "-" else out
        done = export(source, visible, sink, Wanted(what, form, need, capability, bom), off)
        facts: dict[str, Any] = {"what": what.value, "format": form.value, "level": level.value, "rows": done.rows}
        with store.writing() as session:
            audit(session, Action.EXPORTED, actor=ACTOR, at=datetime.now(UTC), subject=done.release_id, **facts)
    finally:
        store.close()
    kept_back = f"; {done.withheld} withheld: withdrawn or more confidential than {level}" if done.withheld else ""
    kept_back += f"; {done.dismissed} left out: kept off the lists of {tenant}" if done.dismissed else ""
    if told := misnamed(out, form.value):
        typer.echo(told, err=True)
    typer.echo(f"{done.rows} {what} of release {done.release_id}{kept_back}", err=True)

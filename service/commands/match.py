from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How shortlists are written."""

    TREC = "trec"
    JSONL = "jsonl"


class GroupBy(StrEnum):
    """What is ranked in place of single capabilities."""

    ORGANISATION = "organisation"


def command(
    capabilities: Annotated[
        Path, typer.Option(help="Capabilities to rank, minimal or full records: JSON lines, CSV or XLSX.")
    ],
    needs: Annotated[
        Path, typer.Option(help="Needs to rank them for, minimal or full records: JSON lines, CSV or XLSX.")
    ],
    organisations: Annotated[Path | None, typer.Option(help="Organisations the records name. Not required.")] = None,
    group_by: Annotated[
        GroupBy | None, typer.Option(help="Rank organisations by all their records instead of single capabilities.")
    ] = None,
    cases: Annotated[
        Path | None, typer.Option(help="Case stories that count for their providers; with --group-by only.")
    ] = None,
    mechanisms: Annotated[Path | None, typer.Option(help="Funding mechanisms that could pay. Not required.")] = None,
    facilitators: Annotated[
        Path | None, typer.Option(help="Facilitators' programmes: who reaches partners, bridges languages, trains.")
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=10_000, help="Most rows for a need.")] = 100,
    form: Annotated[
        Format, typer.Option("--format", help="trec: a run file. jsonl: a whole explained shortlist a line.")
    ] = Format.TREC,
    out: Annotated[Path | None, typer.Option(help="File to write, whole or not at all; else standard output.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="CSV or XLSX file for what was refused and what to do about it.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day on which country groups and deadlines are judged; else today."),
    ] = None,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Keep the vectors of texts for the next time.")
    ] = True,
) -> None:
    """Rank the capabilities of one file for the needs of another. No database, no release: files in, ranking out.

    A record needs an id and a text; see the README for what else it may hold. Up to k rows are written for every need:
    what is eligible in order of score, then near misses. With --group-by the ids written are those of organisations;
    an organisation stands by its best eligible capability and gains by what its further records say.

    Exits 3 if records were refused; the rest was ranked.
    """
    from matcher.wording import many
    from service import engine, ranking
    from service.encoders import make_encoder
    from service.intake import write_rejects
    from service.reference import load_places
    from service.releases.files import misnamed
    from service.settings import load_settings

    settings, places = load_settings(), load_places()
    if cases is not None and group_by is None:
        raise typer.BadParameter("case stories count for organisations: add --group-by organisation")
    files = ranking.Files(capabilities, needs, organisations, cases, mechanisms, facilitators)
    ranking.check_paths([capabilities, needs, organisations, cases, mechanisms, facilitators], [out, rejects])
    found = ranking.gather(files, places)
    if rejects is not None:  # before anything is refused as a whole: then they are needed most
        write_rejects(rejects, found.rejects)
    ranking.check_any(found, files)
    if form is Format.TREC:
        ranking.check_ids(found, grouped=group_by is not None)
    day = (as_of or datetime.now(UTC)).date()
    make = ranking.make_matcher if group_by is None else ranking.make_organisation_matcher
    matcher = make(found, make_encoder(settings, cached=cache), places, day)
    count = engine.processes(len(found.needs) * len(found.capabilities), settings.processes)
    written = ranking.write(ranking.rank(found, matcher, k, form.value, count), out)
    both = f"{many(len(found.needs), 'need')} x {many(len(found.capabilities), 'capability', 'capabilities')}"
    bare = f"; none for {many(written.bare, 'need')} (--format jsonl says why)" if written.bare else ""
    if out is not None and (told := misnamed(out, form.value)):
        typer.echo(told, err=True)
    typer.echo(f"{both}: {many(written.lines, 'line')}{bare}{found.refused.said(rejects)}", err=True)
    if found.refused.records:
        raise typer.Exit(3)

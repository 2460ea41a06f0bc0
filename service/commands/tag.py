from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.tagging import TagReport


class Kind(StrEnum):
    """Kinds of record that can be tagged."""

    CAPABILITIES = "capabilities"
    NEEDS = "needs"


def command(
    source: Annotated[
        Path, typer.Option("--in", help="Records to tag, minimal or full: JSON lines, CSV or XLSX.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="JSONL file to write, one record a line; whole or not at all.")],
    kind: Annotated[
        Kind | None, typer.Option(help="What the file holds; else as its name says, else capabilities.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="CSV or XLSX file for what was refused and what to do about it.")
    ] = None,
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Keep the vectors of texts for the next time.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/tagging.json.")
    ] = False,
) -> None:
    """Suggest SDG goals, targets and sectors for records of a file.

    Each comes with a score. A person confirms them.

    Each line holds the full ranking: 17 goals with the nearest target and the passage that fired, 169 targets, every
    sector with its CRS codes. At most two goals and two sectors are marked as suggested. Exits 3 if
    records were refused.
    """
    from service import ranking, tagging
    from service.encoders import make_encoder
    from service.intake import write_rejects
    from service.reference import load_places
    from service.settings import load_settings

    ranking.check_paths([source], [out, rejects])
    files = tagging.TagFiles(source, out, kind.value if kind else None)
    found = tagging.gather(files, load_places())
    if rejects is not None:
        write_rejects(rejects, found.rejects)
    tagging.check_any(found, files)
    encoder = make_encoder(load_settings(), cached=cache)
    written = tagging.write(tagging.tag(found, tagging.load_tagger(encoder)), out)
    report = tagging.report(files, found, written, encoder)
    if as_json:
        from service.wire import to_json

        typer.echo(to_json(report, indent=2))
    else:
        typer.echo(_summary(report) + found.refused.said(rejects), err=True)
    if found.refused.records:
        raise typer.Exit(3)


def _summary(report: TagReport) -> str:
    from matcher.languages import NOT_COVERED
    from matcher.naming import language
    from matcher.wording import listed, many

    said = f"{many(report.records, 'record')} tagged, {report.without_goal} without a suggested goal"
    if not report.unread:
        return said
    unread = listed(f"{language(tag)} {count}" for tag, count in report.unread.items())
    return f"{said}; look twice at those in a language {NOT_COVERED}: {unread}"

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from matcher.vocabulary import Confidentiality
from service.reports.names import ReportName


def command(
    name: Annotated[ReportName, typer.Argument(help="Which report.")],
    cluster: Annotated[
        str | None, typer.Option(help="With clusters: the page of the one with this id, matched as one.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/report_NAME.json.")
    ] = False,
    release: Annotated[str | None, typer.Option(help="Release to read; the one that is served unless named.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write, replaced whole; standard output unless named.")
    ] = None,
    level: Annotated[
        Confidentiality, typer.Option(help="Most confidential records that whoever gets the report may see.")
    ] = Confidentiality.PUBLIC,
) -> None:
    """Report on a release: unserved needs, exposure, coverage, dormant partners, tiers or clusters of needs.

    Counted from the release as it was published, less what was withdrawn since or is more confidential than --level;
    how much that is stands on top.
    """
    from matcher.errors import BadInput
    from service.releases import Release, current_release
    from service.releases.files import write_whole
    from service.reports.making import make, make_page
    from service.reports.tables import text
    from service.settings import load_settings
    from service.store import open_store
    from service.visibility import visibility
    from service.wire import to_json

    settings = load_settings()
    folder = settings.releases_dir
    source = current_release(folder) if release is None else Release.open(folder / Path(release).name)
    store = open_store(settings.database_url)
    try:
        with store.reading() as session:
            visible = visibility(session, level)
    finally:
        store.close()
    if cluster is None:
        found = make(name, source, visible)
    else:
        if name is not ReportName.CLUSTERS:
            raise BadInput("cluster", expected="--cluster with the report clusters", got=name.value)
        page = make_page(cluster, source, visible)
        if page is None:
            fix = "matcher report clusters lists them"
            raise BadInput("cluster", expected="the id of a cluster of the release", got=cluster, fix=fix)
        found = page
    written = f"{to_json(found, indent=2)}\n" if as_json else text(found)
    if out is None:
        sys.stdout.write(written)
    else:
        write_whole(out, written.encode())

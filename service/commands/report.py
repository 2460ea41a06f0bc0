from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from matcher.vocabulary import Confidentiality
from service.accounts.roles import DEFAULT_TENANT
from service.reports.names import Named, ReportName

if TYPE_CHECKING:
    from service.settings import Settings

_DAY: Final = ["%Y-%m-%d"]

_PERIOD_FORMS: Final = frozenset({"xlsx", "html"})
_PROMISES: Final = _PERIOD_FORMS | {"xls", "htm", "pdf", "csv", "docx", "parquet"}  # endings that no table of text has


def command(
    name: Annotated[Named, typer.Argument(help="Which report.")],
    cluster: Annotated[
        str | None, typer.Option(help="With clusters: the page of the one with this id, matched as one.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object; its keys are in data/schema/report_NAME.json.")
    ] = False,
    release: Annotated[str | None, typer.Option(help="Release to read; the one that is served unless named.")] = None,
    first_day: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, help="With period: the first day, as 2026-01-31.")
    ] = None,
    last_day: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, help="With period: the last day, included.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="With period: whose achievements.")] = DEFAULT_TENANT,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write, replaced whole; standard output unless named. Period: also .xlsx and .html."),
    ] = None,
    level: Annotated[
        Confidentiality, typer.Option(help="Most confidential records that whoever gets the report may see.")
    ] = Confidentiality.PUBLIC,
) -> None:
    """Report on a release, or on what was achieved in a period.

    On a release: unserved needs, exposure, coverage, dormant partners, tiers or clusters of needs.

    Or, with period, on what a tenant achieved: needs assessed, introductions, agreements, partners reactivated and time
    at stage, by project, cluster and country. The others are counted from the release as it was published, less what
    was withdrawn since or is more confidential than --level; how much that is stands on top.
    """
    from service.releases.files import write_whole
    from service.settings import load_settings

    settings = load_settings()
    _refuse_other_form(out, _PERIOD_FORMS if name is Named.PERIOD and not as_json else frozenset())
    if name is Named.PERIOD:
        written = _of_period(settings, tenant, (first_day, last_day), level, _form(out, as_json=as_json))
    else:
        written = _of_release(settings, ReportName(name.value), (release, cluster), level, as_json=as_json)
    if out is None:
        sys.stdout.write(written.decode())
    else:
        write_whole(out, written)


def _of_release(
    settings: Settings, name: ReportName, which: tuple[str | None, str | None], level: Confidentiality, *, as_json: bool
) -> bytes:
    """Make a report of a release; ``which`` is the release and the cluster that were named."""
    from matcher.errors import BadInput
    from service.releases import Release, current_release
    from service.reports.making import make, make_page
    from service.reports.tables import text
    from service.store import open_store
    from service.visibility import visibility
    from service.wire import to_json

    (release, cluster), folder = which, settings.releases_dir
    source = current_release(folder) if release is None else Release.open(folder / Path(release).name)
    store = open_store(settings.database_url)
    try:
        with store.reading() as session:
            visible = visibility(session, level, source)
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
    return (f"{to_json(found, indent=2)}\n" if as_json else text(found)).encode()


def _of_period(
    settings: Settings, tenant: str, days: tuple[datetime | None, datetime | None], level: Confidentiality, form: str
) -> bytes:
    """Make the report of a period as text, json, xlsx or html."""
    from matcher.errors import BadInput
    from service.reports.period import Asked, report
    from service.reports.period_files import page, plain, workbook
    from service.store import open_store
    from service.visibility import Audience, visibility
    from service.wire import to_json

    first, last = days
    if first is None or last is None:
        raise BadInput("period", expected="--from and --to with the report period", got="none", fix="--from 2026-01-01")
    store = open_store(settings.database_url)
    try:
        with store.reading() as session:
            audience = Audience.of_level(level)
            found = report(session, Asked(tenant, first.date(), last.date(), audience, visibility(session, level)))
    finally:
        store.close()
    if form == "xlsx":
        return workbook(found)
    texts = {"html": page, "json": lambda one: f"{to_json(one, indent=2)}\n", "text": plain}
    return texts[form](found).encode()


def _refuse_other_form(out: Path | None, forms: frozenset[str]) -> None:
    """Raise BadInput where a file's name promises what would not be in it."""
    from matcher.errors import BadInput

    suffix = out.suffix.lower().removeprefix(".") if out else ""
    if out is not None and suffix in _PROMISES - forms:
        endings = "".join(f".{form}, " for form in sorted(forms))
        expected = f"a file that ends in {endings}.txt or, with --json, .json"
        raise BadInput(
            "report", expected=expected, got=out.name, fix="a workbook and a page are made of a period alone"
        )


def _form(out: Path | None, *, as_json: bool) -> str:
    """Return how a period is written: as asked, else as the file's name says, else as tables."""
    suffix = out.suffix.lower().removeprefix(".") if out else ""
    return "json" if as_json else suffix if suffix in {*_PERIOD_FORMS, "json"} else "text"

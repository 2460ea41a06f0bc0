from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Upgrade, check, back up, restore, dump and load the store.")


@app.command()
def upgrade() -> None:
    """Bring the database of an older version to the tables of this one, whole or not at all.

    Make a backup first: there is no way back but the backup. A new database needs no upgrading.
    """
    from service.commands.migrate import command

    command()


@app.command()
def check() -> None:
    """Read every record, version and release and compare it with its hash; exit code 1 if anything is amiss."""
    from matcher.wording import many
    from service.keeping.checking import check as check_all
    from service.settings import load_settings

    found = check_all(load_settings())
    counted = [many(found.records, "record"), many(found.versions, "earlier version"), many(found.releases, "release")]
    typer.echo(f"{', '.join(counted)} read")
    for problem in found.problems:
        typer.echo(f"matcher: {problem}", err=True)
    if found.problems:
        raise typer.Exit(1)
    typer.echo("all is as it was written")


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="File to write, replaced whole when it is there; .gz is compressed.")],
    cache: Annotated[
        bool, typer.Option("--cache", help="Take the cached vectors too: larger, and no encoding.")
    ] = False,
) -> None:
    """Write the database, every release and jobs under way into one archive with checksums; the service runs on.

    A PostgreSQL database is copied by pg_dump. The model, settings and the secret that signs sessions are not in it.
    """
    from matcher.wording import many
    from service.keeping.backing import back_up
    from service.releases.files import require_place
    from service.settings import load_settings

    require_place(out)
    done = back_up(load_settings(), out, datetime.now(UTC), cache=cache)
    out.chmod(0o600)  # it holds every record and the hashes of keys
    typer.echo(f"{out}: {many(done.files, 'file')}, {many(done.releases, 'release')}, {done.bytes / 1e6:,.1f} MB")


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="An archive of matcher db backup.", exists=True, dir_okay=False)],
) -> None:
    """Put a backup back in place of what is here, after checking every byte of it; nothing is changed otherwise.

    What was erased here since stays erased. A service may run meanwhile: it sees the old data or the new.
    """
    from matcher.wording import many
    from service.keeping.restoring import restore as put_back
    from service.settings import load_settings

    done = put_back(load_settings(), archive, datetime.now(UTC))
    served = done.served or "none: run matcher nightly"
    typer.echo(f"restored as of {done.made_at:%Y-%m-%d %H:%M}: {many(done.releases, 'release')}, served now: {served}")
    if done.erased_again:
        typer.echo(f"erased here since, so erased again: {many(done.erased_again, 'record')}")


@app.command()
def dump(
    out: Annotated[Path, typer.Argument(help="File to write, replaced whole when it is there; - for standard output.")],
) -> None:
    """Write every row of every table as JSON lines: records of all kinds, their history, events, accounts, the log."""
    from matcher.wording import many
    from service.keeping.dumping import dump as write
    from service.releases.files import replacing, require_place
    from service.settings import load_settings
    from service.store import open_store

    store = open_store(load_settings().database_url)
    try:
        if str(out) == "-":
            rows = write(store, sys.stdout.buffer)
        else:
            require_place(out)
            with replacing(out) as sink:
                rows = write(store, sink)
            out.chmod(0o600)  # it holds every record and the hashes of keys
    finally:
        store.close()
    typer.echo(many(rows, "row"), err=True)


@app.command()
def load(
    source: Annotated[Path, typer.Argument(help="A file of matcher db dump.", exists=True, dir_okay=False)],
) -> None:
    """Load a dump into an empty database, whole or not at all; also from SQLite to PostgreSQL and back."""
    from matcher.wording import many
    from service.keeping.dumping import load as read
    from service.settings import load_settings

    with source.open("rb") as lines:
        rows = read(load_settings().database_url, lines)
    typer.echo(f"{many(rows, 'row')} loaded")

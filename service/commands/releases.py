from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="See, check, go back to and remove published releases.")


@app.command(name="list")
def list_all() -> None:
    """List the published releases, newest first; * marks the one that is served."""
    from service.releases import published
    from service.releases.publishing import withheld
    from service.releases.reading import current_id
    from service.settings import load_settings

    folder = load_settings().releases_dir
    served, marks = current_id(folder), withheld(folder)
    found = published(folder)
    if not found:
        typer.echo("no release is published yet: run matcher nightly", err=True)
    for manifest in reversed(found):
        tiers = ", ".join(f"{tier} {share:.0%}" for tier, share in sorted(manifest.tiers.items()))
        note = "  rolled back from" if manifest.id in marks else ""
        star = "*" if manifest.id == served else " "
        made = f"{manifest.created_at:%Y-%m-%d %H:%M}"
        typer.echo(f"{star} {manifest.id}  made {made}  {manifest.counts['matches']} matches  {tiers}{note}")


@app.command()
def rollback(
    to: Annotated[str | None, typer.Option(help="Release to go back to; the one before unless named.")] = None,
) -> None:
    """Serve an earlier release at once, after checking every byte of it.

    The releases newer than it are marked: a night of the very same records and rules does not serve them again. Naming
    a marked release here lifts its mark.
    """
    from service.nightly.lock import served_locked
    from service.releases import roll_back
    from service.settings import load_settings

    folder = load_settings().releases_dir
    with served_locked(folder):
        release = roll_back(folder, to)
    typer.echo(f"served now: {release.id}")


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=1, help="Newest releases to keep; the served one stays, however old.")] = 14,
) -> None:
    """Remove old releases; never the one that is served."""
    from service.nightly.ledger import note_removed
    from service.nightly.lock import served_locked
    from service.releases import keep_newest
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings()
    store = open_store(settings.database_url)
    try:
        with served_locked(settings.releases_dir):
            removed = keep_newest(settings.releases_dir, keep)
        note_removed(store, removed)
    finally:
        store.close()
    typer.echo("\n".join([f"removed {name}" for name in removed] or ["nothing to remove"]))


@app.command()
def verify(
    release: Annotated[str | None, typer.Option(help="Release to check; the one that is served unless named.")] = None,
) -> None:
    """Read every byte of a release and compare it with its manifest."""
    from pathlib import Path

    from service.releases import Release, current_release
    from service.settings import load_settings

    folder = load_settings().releases_dir
    found = current_release(folder) if release is None else Release.open(folder / Path(release).name)
    found.verify()
    typer.echo(f"{found.id} is whole: {len(found.manifest.files)} files")

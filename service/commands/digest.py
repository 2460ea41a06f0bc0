from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def command(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into; outbox in the data folder unless named.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a subscription.")] = False,
) -> None:
    """Write the news of every subscription into files.

    Told is what changed up to the release that is served; nothing is sent.

    feed/ID/RELEASE.json holds the digest, webhook/ID/RELEASE.json the body of a call, email/ID/RELEASE.eml a message in
    text and HTML. A subscription without news gets no file. Each is told what its owner may see at this moment.
    """
    from matcher.wording import many
    from service.outcomes.news import ReleaseShelf
    from service.outcomes.posting import post
    from service.releases import current_release
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings()
    folder = out or settings.data_dir / "outbox"
    now = current_release(settings.releases_dir)
    store = open_store(settings.database_url)
    try:
        posted = post(store, now, ReleaseShelf(settings.releases_dir), folder, dry_run=dry_run)
    finally:
        store.close()
    if as_json:
        for one in posted:
            typer.echo(json.dumps(asdict(one), ensure_ascii=False))
        return
    counts = Counter(one.outcome for one in posted)
    said = ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in sorted(counts.items()))
    counted = many(len(posted), "subscription")
    typer.echo(f"{counted} of release {now.id}: {said or 'none'}{' (dry run)' if dry_run else ''}")
    for one in posted:
        if one.path:
            typer.echo(f"{folder / one.path}: {one.changes} changes")

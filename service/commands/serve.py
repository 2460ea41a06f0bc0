from __future__ import annotations

from typing import Annotated

import typer


def command(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MATCHER_HOST unless given.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; MATCHER_PORT unless given, 0 takes a free one.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer; they share the release.")] = 1,
) -> None:
    """Serve the published release over HTTP.

    Programs find the interface under /v1, people the console at /.

    A release that is published later is taken up within a second. Stop with Ctrl-C or SIGTERM:
    requests under way are answered first, for up to ten seconds.
    """
    from service.api.server import address_of, listen, run
    from service.keeping.mark import refuse_half_restored
    from service.settings import load_settings
    from service.store import open_store

    settings = load_settings()
    refuse_half_restored(settings.data_dir)
    listening = listen(host or settings.host, settings.port if port is None else port)
    open_store(settings.database_url).close()  # refused now and once, not by every worker behind an address
    typer.echo(f"matcher serves on {address_of(listening)} (Ctrl-C stops it; matcher keys make NAME makes a key)")
    run(settings, listening, workers=workers)

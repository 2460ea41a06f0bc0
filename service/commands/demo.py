from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.demo import Demo


def command(
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; MATCHER_PORT unless given, 0 takes a free one.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve what was made; or make it and stop.")] = True,
) -> None:
    """Import, match, publish and serve the sample catalogue.

    It ends with where to look.

    Everything lies in .demo below MATCHER_DATA_DIR, apart from your own store. The second time takes seconds.
    """
    from service.api.server import address_of, listen, run
    from service.demo import prepare
    from service.settings import load_settings

    settings = load_settings()
    listening = listen(settings.host, settings.port if port is None else port) if serve else None
    typer.echo("Importing and matching the sample catalogue; the first time takes a minute.")
    demo = prepare(settings)
    address = address_of(listening) if listening else "http://127.0.0.1:<port>"
    typer.echo("\n".join(_lines(demo, address)))
    if listening:
        typer.echo("\nCtrl-C stops it.")
        run(demo.settings, listening)


def _lines(demo: Demo, address: str) -> list[str]:
    counts, outcome = demo.outcome.counts, demo.outcome
    tiers = ", ".join(f"{tier} {share:.0%}" for tier, share in sorted(outcome.tiers.items()))
    said = f"{counts.get('needs', 0)} needs and {counts.get('capabilities', 0)} capabilities"
    where = f"It is kept in {demo.key_file}, readable by you alone."
    lines = [
        f"Release {outcome.release_id} ({outcome.state}): {said}, {counts.get('matches', 0)} matches; tiers {tiers}.",
        "",
        f"Console    {address}/  (sign in with the key)",
        f"Interface  {address}/docs  and  {address}/openapi.json",
        f"Key        {demo.key}" if demo.new_key else f"Key        in {demo.key_file}",
    ]
    lines += [f"           {where}"] if demo.new_key else []
    key = demo.key if demo.new_key else f'"$(cat {demo.key_file})"'
    lines += ["", f"Try        curl -H 'X-API-Key: {demo.key}' '{address}/v1/needs?limit=3'"] if demo.new_key else []
    lines += ["", f"Try        curl -H X-API-Key:{key} '{address}/v1/needs?limit=3'"] if not demo.new_key else []
    return lines

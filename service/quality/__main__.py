"""``python -m service.quality``, which ``make quality`` runs: measure what lies beside the checkout, write the ledger."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.encoders import make_encoder
from service.quality import writing
from service.quality.collections import COLLECTIONS
from service.quality.entries import Ledger
from service.quality.measuring import Bench, measure
from service.reference import load_places
from service.settings import load_settings


def main(
    shared: Annotated[Path, typer.Option(help="Folder of the collections.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Folder of the ledger.")] = Path("data"),
    only: Annotated[list[str] | None, typer.Option(help="Measure these alone; the others keep their figures.")] = None,
) -> None:
    """Measure each collection and write the ledger after each, so that a stopped run loses nothing."""
    settings = load_settings()
    encoder = make_encoder(settings)
    bench = Bench(encoder, load_places(), settings.cache_dir / "quality", datetime.now(UTC).date(), _commit())
    ledger = writing.read(out / "quality.json") or Ledger(encoder.name, (), {})
    if ledger.model != encoder.name:
        ledger = Ledger(encoder.name, (), {})
    for collection in COLLECTIONS:
        if only and collection.name not in only:
            continue
        if collection.lies_in(shared):
            found = measure(collection, shared, bench)
            ledger = ledger.with_entry(found)
            typer.echo(f"{collection.name}: {found.measures['nDCG@10'].value:.4f}")
        else:
            ledger = replace(ledger, skipped={**ledger.skipped, collection.name: "not beside this checkout"})
            typer.echo(f"{collection.name}: skipped, {collection.folder} is not in {shared}")
        writing.write(ledger, out)


def _commit() -> str:
    """Name the state of the checkout; "-dirty" says that it is not a commit's."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=8", "--exclude=*"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - constant words
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    typer.run(main)

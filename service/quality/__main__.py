"""``python -m service.quality``, as ``make quality`` runs it: measure what lies beside the checkout, write it down."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.encoders import make_encoder
from service.quality import experts, sample, sdg, writing
from service.quality.collections import COLLECTIONS, Collection
from service.quality.entries import Entry, Ledger
from service.quality.experts import AGENCIES
from service.quality.measuring import Bench, Task, measure, shared_task
from service.quality.sample import SAMPLE
from service.quality.sdg import LABELLED
from service.reference import data_folder, load_places
from service.settings import load_settings
from service.tagging import load_tagger


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
    chosen = [one for one in (*COLLECTIONS, SAMPLE, AGENCIES) if not only or one.name in only]
    for collection in chosen:
        ledger = _with(ledger, collection, shared, bench)
        writing.write(ledger, out)
    tagger = load_tagger(encoder)
    for labelled in (one for one in LABELLED if not only or one.name in only):
        if (shared / labelled.file).is_file():
            found = sdg.measure(labelled, shared, tagger, bench.day.isoformat(), bench.commit)
            ledger = ledger.with_sdg(found)
            typer.echo(f"{labelled.name}: F1 {found.f1.value:.4f}")
        else:
            ledger = ledger.without(labelled.name)
            typer.echo(f"{labelled.name}: skipped, {labelled.file} is not in {shared}")
        writing.write(ledger, out)


def _with(ledger: Ledger, collection: Collection, shared: Path, bench: Bench) -> Ledger:
    """Measure one collection, or say that it is not there."""
    found = _measured(collection, shared, bench)
    if found is None:
        typer.echo(f"{collection.name}: skipped, it is not in {shared}")
        return ledger.without(collection.name)
    typer.echo(f"{collection.name}: {found.measures['nDCG@10'].value:.4f}")
    return ledger.with_entry(found)


def _measured(collection: Collection, shared: Path, bench: Bench) -> Entry | None:
    """Return a collection's figures; None where it is not there."""
    with ExitStack() as stack:
        if collection is AGENCIES:
            path = shared / experts.FILE
            return experts.measure(stack.enter_context(experts.task(path)), bench) if path.is_file() else None
        task = _task(collection, shared, bench, stack)
        return measure(collection, task, bench) if task else None


def _task(collection: Collection, shared: Path, bench: Bench, stack: ExitStack) -> Task | None:
    """Return what is to be ranked; None where it is not there."""
    if collection is SAMPLE:
        data = data_folder()
        return sample.task(data, bench.places) if sample.present(data) else None
    return stack.enter_context(shared_task(collection, shared)) if collection.lies_in(shared) else None


def _commit() -> str:
    """Name the state of the checkout; "-dirty" says that it is not a commit's."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=8", "--exclude=*"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - constant words
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    typer.run(main)

"""One collection ranked as ``matcher match`` ranks it, and judged as ``matcher evaluate`` judges it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from service import ranking, trec
from service.judging import About, judge
from service.quality import baselines
from service.quality.collections import Collection, records
from service.quality.entries import Beside, Entry
from service.releases.files import replacing

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from matcher.evaluation import Run
    from matcher.places import PlaceBook
    from service.quality.baselines import Texts

DEPTH: Final = 100  # the default of ``matcher match --k``


@dataclass(frozen=True, slots=True)
class Bench:
    """What every measurement shares: the encoder, the places, a folder to keep baselines in, the day and the commit."""

    encoder: Encoder
    places: PlaceBook
    kept: Path
    day: date
    commit: str


@dataclass(frozen=True, slots=True)
class Task:
    """Files to rank, judgements, and the same records as plain texts for the baselines."""

    files: ranking.Files
    qrels: Path
    capabilities: Texts
    needs: Texts
    as_of: date | None = None  # the day the judgements speak of; None: today


def measure(collection: Collection, task: Task, bench: Bench) -> Entry:
    """Rank, judge beside each baseline, and sum up."""
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run.trec"
        rank(task, run, bench)
        return entry(collection, task, run, bench)


@contextmanager
def shared_task(collection: Collection, shared: Path) -> Iterator[Task]:
    """Write a shared collection, for as long as it is needed, in the form that ``matcher match`` reads."""
    source = shared / collection.folder
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.jsonl" for name in ("corpus", "queries")}
        for name, path in paths.items():
            with path.open("w", encoding="utf-8") as sink:
                sink.writelines(json.dumps(record) + "\n" for record in records(source / f"{name}.jsonl"))
        files = ranking.Files(paths["corpus"], paths["queries"])
        yield Task(files, source / collection.qrels, collection.capabilities(shared), collection.needs(shared))


def rank(task: Task, out: Path, bench: Bench) -> None:
    """Do what ``matcher match`` does with its default settings; a record without a text is left out by it too."""
    found = ranking.gather(task.files, bench.places)
    ranking.check_ids(found)
    matcher = ranking.make_matcher(found, bench.encoder, bench.places, task.as_of or bench.day)
    ranking.write(ranking.rank(found, matcher, DEPTH, "trec"), out)


def entry(collection: Collection, task: Task, run: Path, bench: Bench) -> Entry:
    """Judge a run beside every baseline."""
    return entry_beside(collection, task, run, baseline_runs(task, bench), bench)


def entry_beside(collection: Collection, task: Task, run: Path, others: Mapping[str, Path], bench: Bench) -> Entry:
    """Judge a run beside others, at least one."""
    reports = {name: judge(run, task.qrels, path, About()) for name, path in others.items()}
    own = next(iter(reports.values()))
    return Entry(
        name=collection.name,
        title=collection.title,
        standing=collection.standing,
        date=bench.day.isoformat(),
        commit=bench.commit,
        needs=own.needs,
        capabilities=len(task.capabilities.ids),
        measures=own.measures,
        baselines={
            name: Beside(report.baseline.measures, report.baseline.difference)
            for name, report in reports.items()
            if report.baseline is not None
        },
        published=collection.published,
    )


def baseline_runs(task: Task, bench: Bench) -> Mapping[str, Path]:
    """Return each baseline's run file; made once for the same texts and the same model."""
    stated = [baselines.VERSION, bench.encoder.name, task.capabilities.ids, task.capabilities.texts]
    stated += [task.needs.ids, task.needs.texts]
    key = hashlib.sha256(json.dumps(stated).encode()).hexdigest()[:24]
    paths = {name: bench.kept / f"{key}.{name}.trec" for name in baselines.NAMES}
    if not all(path.is_file() for path in paths.values()):
        bench.kept.mkdir(parents=True, exist_ok=True)
        for name, run in baselines.rank(task.capabilities, task.needs, bench.encoder).items():
            write_run(paths[name], run, name)
    return paths


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a run whose order survives the format: scores as they are, ranks told beside them."""
    with replacing(path) as sink:
        for need, scores in run.items():
            for rank_, (one, score) in enumerate(scores.items(), 1):
                sink.write(f"{trec.word(need)} Q0 {trec.word(one)} {rank_} {score!r} {tag}\n".encode())

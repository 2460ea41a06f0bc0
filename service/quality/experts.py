"""Expert finding: whoever stands behind several records is ranked by them, as ``matcher match --group-by`` does.

Objectives of World Bank projects are the records, and the agencies that carry the projects out are the experts. Half of
what an agency is known by is held back, and each objective of that half asks whose it is: a fact, told by nobody's
tags. An agency is named by country and name, and no text names it on purpose.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from service import ranking
from service.quality.baselines import Texts, best_of
from service.quality.collections import Collection, Standing
from service.quality.measuring import DEPTH, Bench, Task, entry_beside, write_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embeddings.encoder import Encoder
    from matcher.evaluation import Run
    from service.quality.entries import Entry

AGENCIES: Final = Collection("agencies", "World Bank objectives -> agency", "worldbank", Standing.HELD_OUT)
"""Held out: other powers of the pooling were tried on it, and none was chosen by it."""

FILE: Final = "worldbank/projects.jsonl"  # below the shared data

SHORTEST: Final = 80  # characters of an objective; less is a title
ALIKE: Final = 0.5  # share of words in common (Jaccard) from which two objectives are one project going on

BEST: Final = "best record"
MEAN: Final = "mean vector"
NAMES: Final = (BEST, MEAN)
"""What pooling must beat: the same evidence of the best record alone, and one vector of the model an agency."""

_WORD: Final = re.compile(r"[^\W\d_]{4,}")


class Project(NamedTuple):
    """One project's objective."""

    id: str
    agency: str
    text: str


class Split(NamedTuple):
    """What agencies are known by, and what asks for them."""

    offered: tuple[Project, ...]
    asking: tuple[Project, ...]


def split(path: Path) -> Split:
    """Read the projects and hold back every second one of an agency; one that goes on another is left out.

    Agencies that have one project alone stay, so that there is somebody to be mistaken for.
    """
    offered, asking = [], []
    for projects in _by_agency(path).values():
        kept = _distinct(sorted(projects, key=_hash))
        offered += kept[::2]
        asking += kept[1::2]
    return Split(tuple(offered), tuple(asking))


@contextmanager
def task(path: Path) -> Iterator[Task]:
    """Write the split, for as long as it is needed, in the form that ``matcher match`` reads."""
    found = split(path)
    with TemporaryDirectory() as folder:
        paths = {name: Path(folder) / name for name in ("offered.jsonl", "asking.jsonl", "qrels.tsv")}
        records = [{"id": one.id, "text": one.text, "organisation_id": one.agency} for one in found.offered]
        asked = [{"id": one.id, "text": one.text} for one in found.asking]
        for name, rows in (("offered.jsonl", records), ("asking.jsonl", asked)):
            paths[name].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        lines = ["query-id\tcorpus-id\tscore", *(f"{one.id}\t{one.agency}\t1" for one in found.asking)]
        paths["qrels.tsv"].write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield Task(
            ranking.Files(paths["offered.jsonl"], paths["asking.jsonl"]),
            paths["qrels.tsv"],
            Texts(tuple(one.id for one in found.offered), tuple(one.text for one in found.offered)),
            Texts(tuple(one.id for one in found.asking), tuple(one.text for one in found.asking)),
        )


def measure(made: Task, bench: Bench) -> Entry:
    """Rank the agencies by all their records, by the best alone, and by one mean vector each; judge and sum up."""
    found = ranking.gather(made.files, bench.places)
    matcher = ranking.make_organisation_matcher(found, bench.encoder, bench.places, bench.day)
    alone = replace(matcher, pooling=replace(matcher.pooling, most=1))
    with TemporaryDirectory() as folder:
        runs = {name: Path(folder) / f"{number}.trec" for number, name in enumerate(("ours", *NAMES))}
        for name, one in (("ours", matcher), (BEST, alone)):
            ranking.write(ranking.rank(found, one, DEPTH, "trec"), runs[name])
        owner_of = {one.id: one.organisation_id for one in found.capabilities}
        owners = [owner_of[one] for one in made.capabilities.ids]
        write_run(runs[MEAN], by_mean_vectors(made, owners, bench.encoder), "mean")
        return entry_beside(AGENCIES, made, runs.pop("ours"), runs, bench)


def by_mean_vectors(made: Task, owners: Sequence[str], encoder: Encoder) -> Run:
    """Rank the owners of the capabilities by the cosine of the mean of their texts' vectors."""
    names, places = np.unique(np.array(owners), return_inverse=True)
    vectors = encoder.encode_documents(made.capabilities.texts)
    means = np.zeros((len(names), vectors.shape[1]), dtype=np.float32)
    np.add.at(means, places, vectors)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    return best_of(names.tolist(), made.needs.ids, encoder.encode_queries(made.needs.texts) @ means.T)


def _by_agency(path: Path) -> dict[str, list[Project]]:
    found: dict[str, dict[str, Project]] = defaultdict(dict)
    with path.open(encoding="utf-8") as file:
        for record in map(json.loads, file):
            text, name = (" ".join(str(record.get(key) or "").split()) for key in ("pdo", "impagency"))
            if name and len(text) >= SHORTEST:
                agency = _digest(f"{record.get('countryname')} {' '.join(_WORD.findall(name.lower()))}")
                found[agency][record["id"]] = Project(record["id"], agency, text)
    return {agency: list(projects.values()) for agency, projects in sorted(found.items())}


def _distinct(projects: Sequence[Project]) -> list[Project]:
    kept: list[Project] = []
    for one in projects:
        words = set(_WORD.findall(one.text.lower()))
        others = (set(_WORD.findall(other.text.lower())) for other in kept)
        if all(len(words & other) < ALIKE * len(words | other) for other in others):
            kept.append(one)
    return kept


def _hash(project: Project) -> str:
    return _digest(project.id)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""Reading the descriptions of goals, targets and sectors, and the learned coefficients, from data/reference."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from matcher.errors import BadInput
from matcher.tagging import GOALS, Described, Learned, Tagger
from service.reference import data_folder

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

LEARNED: Final = "learned.npz"
TARGETS: Final = 169


class Example(NamedTuple):
    """A text as reports write them, with the goals it is about, the first one foremost. Read in fitting only."""

    goals: tuple[int, ...]
    text: str


def load_tagger(encoder: Encoder) -> Tagger:
    """Build the tagger from what comes with the project; its descriptions are encoded, through the cache if any."""
    folder = data_folder() / "reference"
    return Tagger(encoder, read_learned(folder / "sdg" / LEARNED), *read_descriptions(folder))


def read_descriptions(folder: Path) -> tuple[list[Described], list[Described], list[Described]]:
    """Read what describes goals, targets and sectors. Raises BadInput where the targets lack some.

    ``folder`` is data/reference or one of the same form.
    """
    sdg = folder / "sdg"
    goals = _described(sdg / "goals.csv", "goal")
    targets = _described(sdg / "targets.csv", "target")
    if len({one.code for one in targets}) != TARGETS or len(targets) != TARGETS:
        raise BadInput("bad_reference", expected=f"{TARGETS} targets, each once, in targets.csv", got=str(len(targets)))
    return goals, targets, _described(folder / "sectors.csv", "sector")


def read_examples(folder: Path) -> list[Example]:
    """Read the examples that the heads are fitted on; "7;13" is two goals. Raises BadInput for a goal that is none."""
    examples = []
    for one in _described(folder / "sdg" / "examples.csv", "goal"):
        codes = one.code.split(";")
        if not set(codes) <= {str(goal) for goal in GOALS}:
            raise BadInput("bad_reference", expected='goals 1-17, as "7" or "7;13", in examples.csv', got=one.code)
        examples.append(Example(tuple(map(int, codes)), one.text))
    return examples


def _described(path: Path, column: str) -> list[Described]:
    with path.open(encoding="utf-8", newline="") as file:
        return [Described(row[column], row["text"]) for row in csv.DictReader(file)]


def read_learned(path: Path) -> Learned:
    """Read the coefficients; ``facts`` in the file is their lineage and the single numbers, as JSON."""
    with np.load(path, allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
        return Learned(
            encoder=facts["encoder"],
            vectors=arrays["vectors"].astype(np.float32) * np.float32(facts["vector_step"]),
            shares=arrays["shares"].astype(np.float64),
            dense_scale=facts["dense_scale"],
            weights=arrays["weights"].astype(np.float64),
            bias=arrays["bias"].astype(np.float64),
            vocabulary=tuple(arrays["vocabulary"].tolist()),
            idf=arrays["idf"].astype(np.float64),
            term_weights=arrays["term_weights"].astype(np.float64),
            goal_threshold=facts["goal_threshold"],
            sector_scale=facts["sector_scale"],
            sector_threshold=facts["sector_threshold"],
        )

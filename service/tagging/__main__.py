"""Judging the tagger that comes with the project: ``python -m service.tagging FILE ...``, one line of JSON a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.tagging import Document
from service.encoders import make_encoder
from service.reference import data_folder
from service.settings import load_settings
from service.tagging.judging import balanced_f1, goal_words, per_goal_f1, read_labelled
from service.tagging.loading import load_tagger, read_descriptions

if TYPE_CHECKING:
    from matcher.tagging import Tagger


def main() -> None:
    """Judge with the encoder of the settings."""
    parser = argparse.ArgumentParser(description="Judge matcher tag on labelled English texts.")
    parser.add_argument(
        "paths", nargs="+", type=Path, help="JSONL of texts with labels, or a folder of queries and qrels"
    )
    parser.add_argument("--fields", default="text", help="fields that make a text, with commas between")
    parser.add_argument("--first", type=int, help="judge only the first characters of a text")
    asked = parser.parse_args()
    tagger = load_tagger(make_encoder(load_settings()))
    for path in asked.paths:
        texts, labels = _read(path, asked.fields.split(","))
        found = _judge(tagger, [text[: asked.first] for text in texts], labels)
        sys.stdout.write(json.dumps({"path": str(path), **found}) + "\n")


def _judge(tagger: Tagger, texts: Sequence[str], labels: Sequence[set[int]]) -> dict[str, object]:
    documents = [Document(str(number), (text,)) for number, text in enumerate(texts)]
    ranked = [[goal.goal for goal in tags.goals] for tags in tagger.tag(documents)]
    figures = per_goal_f1(ranked, labels)
    words = goal_words(read_descriptions(data_folder() / "reference")[0])
    balanced = balanced_f1(ranked, texts, labels, words)
    return {
        "texts": figures.texts,
        "accuracy_at_1": round(figures.accuracy_at_1, 3),
        "recall_at_2": round(figures.recall_at_2, 3),
        "mean_f1": round(figures.mean_f1, 3),
        "balanced_f1": round(sum(balanced.values()) / len(balanced), 3),
        "balanced_by_goal": {goal: round(value, 2) for goal, value in balanced.items()},
    }


def _read(path: Path, fields: Sequence[str]) -> tuple[list[str], list[set[int]]]:
    """Read JSONL of labelled texts; of a folder its queries.jsonl, with the goals of the targets in its qrels.tsv."""
    if path.is_file():
        return read_labelled(path, "en", fields)
    lines = (path / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]
    goals: dict[str, set[int]] = {}
    for query, target, _ in (line.split("\t") for line in lines):
        goals.setdefault(query, set()).add(int(target.partition(".")[0]))
    with (path / "queries.jsonl").open(encoding="utf-8") as file:
        found = [record for record in map(json.loads, file) if record["_id"] in goals]
    return [record["text"] for record in found], [goals[record["_id"]] for record in found]


if __name__ == "__main__":
    main()

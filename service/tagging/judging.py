"""Suggestions against labels: per-goal F1 of the best two, and how often the best one is right. For the ledger.

``python -m service.tagging FILE ...`` prints the figures, the balanced ones of ``balanced_f1`` included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.lexical import terms
from matcher.errors import BadInput
from matcher.tagging import GOALS, SUGGESTED, Described, Document

if TYPE_CHECKING:
    from matcher.tagging import Tagger


@dataclass(frozen=True, slots=True)
class SdgFigures:
    """Of texts each of which may have several goals. ``f1`` is None for a goal that no text has."""

    texts: int
    accuracy_at_1: float  # the best goal is one of the text's
    recall_at_2: float  # one of the best two is
    mean_f1: float  # over the goals that some text has
    f1: Mapping[int, float | None]


def judge_file(tagger: Tagger, path: Path, *, language: str | None = "en") -> SdgFigures:
    """Judge on JSONL of {text, labels: [goal]} or {text, sdg: goal}; where texts state a ``lang``, only that one.

    Raises BadInput for a file without a labelled text.
    """
    texts, labels = read_labelled(path, language)
    if not texts:
        raise BadInput("nothing_to_judge", expected=f"texts with labels or sdg in {path}", got="none")
    documents = [Document(str(number), (text,)) for number, text in enumerate(texts)]
    ranked = [[goal.goal for goal in tags.goals] for tags in tagger.tag(documents)]
    return per_goal_f1(ranked, labels)


def read_labelled(
    path: Path, language: str | None, fields: Sequence[str] = ("text",)
) -> tuple[list[str], list[set[int]]]:
    """Read texts, the named fields joined, and their goals (labels, sdgs or sdg); texts without a goal are left out."""
    texts, labels = [], []
    with path.open(encoding="utf-8") as file:
        for record in map(json.loads, file):
            stated: int | list[int] = next((record[name] for name in ("labels", "sdgs", "sdg") if record.get(name)), [])
            goals = {int(goal) for goal in (stated if isinstance(stated, list) else [stated])}
            if goals and (language is None or record.get("lang", language) == language):
                texts.append(" ".join(record[field] for field in fields if record.get(field)))
                labels.append(goals)
    return texts, labels


def per_goal_f1(ranked: Sequence[Sequence[int]], labels: Sequence[set[int]]) -> SdgFigures:
    """Measure rankings of goals, best first. F1 of a goal is 2 tp / (2 tp + fp + fn), taking the best two as said."""
    best = [set(goals[:SUGGESTED]) for goals in ranked]
    f1: dict[int, float | None] = {}
    for goal in GOALS:
        said = [goal in found for found in best]
        true = [goal in found for found in labels]
        hits = sum(a and b for a, b in zip(said, true, strict=True))
        f1[goal] = 2 * hits / (sum(said) + sum(true)) if any(true) else None
    known = [value for value in f1.values() if value is not None]
    return SdgFigures(
        texts=len(labels),
        accuracy_at_1=_mean([goals[0] in found for goals, found in zip(ranked, labels, strict=True)]),
        recall_at_2=_mean([bool(two & found) for two, found in zip(best, labels, strict=True)]),
        mean_f1=sum(known) / len(known),
        f1=f1,
    )


def goal_words(described: Sequence[Described]) -> dict[int, frozenset[str]]:
    """Return the stems of each goal's last description, which in goals.csv is a list of its words."""
    return {int(one.code): frozenset(terms(one.text)) for one in described}


def hard_negatives(texts: Sequence[str], labels: Sequence[set[int]], goal: int, words: AbstractSet[str]) -> list[int]:
    """Return as many texts without the goal as have it, those with most of its words first; ties in the texts' order.

    Fewer where fewer are without it. This is how texts get before experts who then say no: a word search found them.
    """
    without = [at for at, found in enumerate(labels) if goal not in found]
    known = {at: len(words & set(terms(texts[at]))) for at in without}
    return sorted(without, key=lambda at: -known[at])[: sum(goal in found for found in labels)]


def balanced_f1(
    ranked: Sequence[Sequence[int]],
    texts: Sequence[str],
    labels: Sequence[set[int]],
    words: Mapping[int, AbstractSet[str]],
) -> dict[int, float]:
    """Return F1 of yes and no for each goal that some text has, over its texts and as many hard negatives.

    The nearest that single labels come to a benchmark in which experts said yes or no to one goal of each text. It is
    no substitute: a negative here may be about the goal too, only that nobody was asked.
    """
    scores = {}
    for goal in GOALS:
        positives = [at for at, found in enumerate(labels) if goal in found]
        if not positives:
            continue
        said = [goal in ranked[at][:SUGGESTED] for at in positives]
        wrong = [goal in ranked[at][:SUGGESTED] for at in hard_negatives(texts, labels, goal, words[goal])]
        scores[goal] = 2 * sum(said) / (sum(said) + sum(wrong) + len(positives))
    return scores


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values)

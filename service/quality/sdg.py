"""SDG suggestions against labels, with intervals: what ``matcher tag`` puts first for texts whose goals are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from matcher.evaluation import CONFIDENCE, Estimate, Values, resample
from matcher.tagging import GOALS, SUGGESTED, Document
from service.quality.collections import Published, Standing
from service.quality.objectives import read_objectives
from service.tagging.judging import read_labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matcher.tagging import Tagger


@dataclass(frozen=True, slots=True)
class Labelled:
    """A file of texts with the goals that people gave them, in one language."""

    name: str
    title: str
    file: str  # below the shared data
    language: str
    standing: Standing
    read: Callable[[Path, str], tuple[list[str], list[set[int]]]] = read_labelled


@dataclass(frozen=True, slots=True)
class SdgEntry:
    """What was reached on one file. ``f1`` takes the best two goals as said; its mean is over goals that some text has.

    ``credited`` is the same F1 where a text is said to have those of its own goals that are among the best two, and if
    none is, the best goal: a second suggestion costs nothing, and a text whose goal is among the two is right for it.
    """

    name: str
    title: str
    standing: Standing
    date: str
    commit: str
    texts: int
    accuracy: Estimate  # the best goal is one of the text's
    found: Estimate  # one of the best two is
    f1: Estimate
    credited: Estimate


def measure(labelled: Labelled, shared: Path, tagger: Tagger, date: str, commit: str) -> SdgEntry:
    """Tag every labelled text and judge the ranking of goals; intervals resample texts."""
    texts, labels = labelled.read(shared / labelled.file, labelled.language)
    tags = tagger.tag([Document(str(number), (text,)) for number, text in enumerate(texts)])
    estimates = estimate([[one.goal for one in found.goals] for found in tags], labels)
    return SdgEntry(labelled.name, labelled.title, labelled.standing, date, commit, len(texts), *estimates)


def estimate(ranked: Sequence[Sequence[int]], labels: Sequence[set[int]]) -> tuple[Estimate, ...]:
    """Return the four estimates of an ``SdgEntry``, in its order.

    Columns by text: right at one, right at two, then by goal said and true, said, true, said with credit; all measures
    are ratios of their sums, so that one resampling serves them all.
    """
    said = np.array([[goal in goals[:SUGGESTED] for goal in GOALS] for goals in ranked], dtype=np.float64)
    true = np.array([[goal in goals for goal in GOALS] for goals in labels], dtype=np.float64)
    first = np.array([goals[0] in wanted for goals, wanted in zip(ranked, labels, strict=True)], dtype=np.float64)
    either = (said * true).max(axis=1, keepdims=True)
    best = np.array([[goal == goals[0] for goal in GOALS] for goals in ranked], dtype=np.float64)
    credited = np.where(either > 0, said * true, best)
    table = np.column_stack([first, either, said * true, said, true, credited])
    known = np.atleast_1d(true.any(axis=0))
    value = _measures(np.asarray(table.mean(axis=0, keepdims=True)), known)
    drawn = _measures(resample(table), known)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    return tuple(Estimate(*map(float, one)) for one in np.column_stack([value[0], low, high]))


def _measures(means: Values, known: npt.NDArray[np.bool_]) -> Values:
    """Return (rows, 4); a goal that a sample lost altogether has F1 0 there."""
    hits, said, true, credited = np.split(means[:, 2:], 4, axis=1)
    f1, with_credit = (2 * hits / np.maximum(one + true, 1e-12) for one in (said, credited))
    return np.column_stack([means[:, :2], f1[:, known].mean(axis=1), with_credit[:, known].mean(axis=1)])


_TEXTS: Final = "1,251 expert-verified English texts, not among these files"

LABELLED: Final = (
    Labelled("sdg-zora", "SDG of research abstracts", "sdg_zora/train.jsonl", "en", Standing.DEVELOPMENT),
    *(
        Labelled(
            f"sdg-undp-{language}",
            f"SDG of UNDP solutions, {language}",
            "undp_dev/taskE_sdg_multilabel.jsonl",
            language,
            Standing.DEVELOPMENT,
        )
        for language in ("en", "es", "fr", "pt")
    ),
    Labelled(
        "sdg-worldbank",
        "SDG of World Bank objectives, by sector and theme",
        "worldbank/projects.jsonl",
        "en",
        Standing.SILVER,
        read_objectives,
    ),
)

PUBLISHED: Final = tuple(
    Published(system, "mean F1 of goals", value, _TEXTS, "quoted in notes of this project that name no study")
    for system, value in (
        ("OSDG", 0.60), ("JRC", 0.71), ("Aurora", 0.79), ("text2sdg", 0.82), ("GPT-4o", 0.88), ("Prospector", 0.87),
    )
)  # fmt: skip

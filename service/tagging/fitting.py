"""Fitting the coefficients of ``matcher.tagging``: ``python -m service.tagging.fitting LABELLED.jsonl ...``.

Heads are fitted on our own descriptions and examples alone. From labelled texts come five numbers: the spread of each
of the three parts (for which no label is read), how sure a probability is, and from where a goal is suggested. The file
names the texts by hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from embeddings.lexical import terms
from matcher.tagging import GOALS, SUGGESTED, Described, Floats, Learned, Tagger, pool_cosines, whole_vector
from service.reference import data_folder
from service.tagging.judging import read_labelled
from service.tagging.loading import LEARNED, Example, read_descriptions, read_examples

if TYPE_CHECKING:
    from embeddings.encoder import Encoder, Matrix

# The middle of a plateau in 5-fold cross-validation over our own examples, those alike (cosine above .7) in one fold:
# every neighbour tried is within .01 there, for one of the best two being right.
_DENSE_C: Final = 10.0
_TERMS_C: Final = 3.0
_DENSE_SHARE: Final = 0.6  # spread of the linear head, in spreads of the pooled cosines
_TERMS_SHARE: Final = 0.3  # the same of the words' head
# Both chosen looking at every labelled set we have; each of them gains, by .002 to .02.
_HUBS: Final = (
    0.5  # of a goal's mean closeness to our texts about other goals, taken off: some goals are near to everything
)
_GOAL_17_OFF: Final = 0.5  # spreads off goal 17: any project or policy text has its words, said three times too often
_GRID: Final = np.round(np.arange(0.02, 0.41, 0.02), 2)  # thresholds tried


def fit(
    encoder: Encoder, folder: Path, labelled: Sequence[Path], fields: Sequence[str] = ("text",)
) -> tuple[Learned, dict[str, Any]]:
    """Return the coefficients and their lineage.

    1. Fit both linear heads, classes balanced, on the descriptions of goals and targets and the examples.
    2. Bring the three parts to one spread over the labelled texts.
    3. Take off what makes a goal near to texts about others.
    4. Choose the temperature for the likelihood of the labels, and the threshold for mean per-goal F1.
    """
    goals, targets, sectors = read_descriptions(folder)
    own = own_texts(folder)
    texts, labels, read = _labelled(labelled, fields)
    vectors = whole_vector(texts, encoder)
    raw = _heads(encoder, own)
    bare = replace(raw, weights=raw.weights * 0, bias=raw.bias * 0, term_weights=raw.term_weights * 0)
    parts = [
        _evidence(Tagger(encoder, bare, goals, targets, sectors), texts, vectors),
        vectors.astype(np.float64) @ raw.weights.T + raw.bias,
        np.stack([raw.terms_part(text) for text in texts]),
    ]
    dense, head, words = (
        share / part.std() for share, part in zip((1.0, _DENSE_SHARE, _TERMS_SHARE), parts, strict=True)
    )
    offset = _offset(raw, 1 / parts[0].std())
    evidence = dense * parts[0] + head * parts[1] + words * parts[2] + offset
    sharpness = _sharpness(evidence, labels)
    threshold = _threshold(_softmax(sharpness * evidence), labels)
    learned = replace(
        raw,
        dense_scale=sharpness * dense,
        weights=sharpness * head * raw.weights,
        bias=sharpness * (head * raw.bias + offset),
        term_weights=sharpness * words * raw.term_weights,
        goal_threshold=threshold,
    )
    facts = {"fitted_at": datetime.now(UTC).date().isoformat(), "descriptions": fingerprint(own), "calibrated_on": read}
    return learned, facts


def own_texts(folder: Path) -> list[Example]:
    """Return what the heads are fitted on: descriptions of goals and targets, then the examples."""
    goals, targets, _ = read_descriptions(folder)
    described = [*goals, *(Described(one.code.partition(".")[0], one.text) for one in targets)]
    return [*(Example((int(one.code),), one.text) for one in described), *read_examples(folder)]


def fingerprint(own: Sequence[Example]) -> str:
    """Return the SHA-256 of goals and texts, in order; the learned file keeps it as ``descriptions``."""
    lines = [f"{';'.join(map(str, one.goals))}\t{one.text}" for one in own]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def write(learned: Learned, lineage: dict[str, Any], path: Path) -> None:
    """Write what ``service.tagging.loading.read_learned`` reads: single precision, vectors in steps of one byte.

    A step is a 127th of the largest component, which moves a cosine by about .001 and quarters the file.
    """
    single = ("encoder", "dense_scale", "goal_threshold", "sector_scale", "sector_threshold")
    step = float(np.abs(learned.vectors).max()) / 127
    facts = {**lineage, **{name: getattr(learned, name) for name in single}, "vector_step": step}
    names = ("shares", "weights", "bias", "idf", "term_weights")
    arrays = {name: getattr(learned, name).astype(np.float32) for name in names}
    arrays["vectors"] = np.rint(learned.vectors / step).astype(np.int8)
    np.savez_compressed(path, facts=json.dumps(facts), vocabulary=np.array(learned.vocabulary), **arrays)


def _heads(encoder: Encoder, own: Sequence[Example]) -> Learned:
    from sklearn.linear_model import LogisticRegression

    at, classes, shares = _balanced(own)
    vectors = encoder.encode_documents([one.text for one in own])
    words = _words(encoder, own, vectors)
    rows = np.stack([words.terms_part(one.text) for one in own])
    dense = LogisticRegression(C=_DENSE_C, max_iter=1000).fit(
        vectors.astype(np.float64)[at], classes, sample_weight=shares
    )
    lexical = LogisticRegression(C=_TERMS_C, max_iter=1000).fit(rows[at], classes, sample_weight=shares)
    # the intercept of the words' head is left out: a text without a known word then says nothing
    return replace(words, weights=dense.coef_, bias=dense.intercept_, term_weights=lexical.coef_.T)


def _offset(raw: Learned, spread: float) -> Floats:
    """Return (17,): what is taken off each goal's evidence, in spreads of the pooled cosines."""
    pooled = pool_cosines(raw.vectors, raw.vectors, raw.shares)
    others = [pooled[raw.shares[:, goal] == 0, goal].mean() for goal in range(len(GOALS))]
    offset = -_HUBS * spread * (np.array(others) - np.mean(others))
    offset[GOALS.index(17)] -= _GOAL_17_OFF
    return np.asarray(offset)


def _words(encoder: Encoder, own: Sequence[Example], vectors: Matrix) -> Learned:
    """Return coefficients whose terms part is the bare tf-idf of a text: (stems,), of length 1."""
    counts = [Counter(terms(one.text)) for one in own]
    stems = sorted(set().union(*counts))
    idf = np.log((1 + len(own)) / (1 + np.array([sum(stem in found for found in counts) for stem in stems]))) + 1
    return Learned(
        encoder=encoder.name,
        vectors=vectors,
        shares=np.array([[(goal in one.goals) / len(one.goals) for goal in GOALS] for one in own]),
        dense_scale=1.0,
        weights=np.empty(0),
        bias=np.empty(0),
        vocabulary=tuple(stems),
        idf=idf,
        term_weights=np.eye(len(stems)),
        goal_threshold=0.0,
        sector_scale=20.0,
        sector_threshold=0.1,
    )


def _balanced(own: Sequence[Example]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return text, goal and weight of each pair: a text's goals share its weight, and all goals weigh the same."""
    pairs = [(at, goal, 1 / len(one.goals)) for at, one in enumerate(own) for goal in one.goals]
    at, classes, shares = (np.array(column) for column in zip(*pairs, strict=True))
    totals = np.bincount(classes, shares, minlength=len(GOALS) + 1)
    return at, classes, shares * (len(own) / len(GOALS)) / totals[classes]


def _labelled(paths: Sequence[Path], fields: Sequence[str]) -> tuple[list[str], Floats, dict[str, str]]:
    texts: list[str] = []
    rows: list[list[bool]] = []
    read: dict[str, str] = {}
    for path in paths:
        found, labels = read_labelled(path, "en", fields)
        texts += found
        rows += [[goal in goals for goal in GOALS] for goals in labels]
        read[f"{path.parent.name}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    return texts, np.array(rows, dtype=np.float64), read


def _evidence(tagger: Tagger, texts: Sequence[str], vectors: Matrix) -> Floats:
    return np.stack([tagger.evidence(text, vectors[at : at + 1]) for at, text in enumerate(texts)])


def _sharpness(evidence: Floats, labels: Floats) -> float:
    """Return the factor under which the softmax gives a text's labels, taken as equal, the highest likelihood."""
    wanted = labels / labels.sum(axis=1, keepdims=True)
    tried = np.arange(0.2, 3.01, 0.05)
    return float(max(tried, key=lambda s: float((wanted * np.log(_softmax(s * evidence))).sum())))


def _threshold(scores: Floats, labels: Floats) -> float:
    """Return the least probability at which the mean per-goal F1 of at most two suggestions is highest."""
    ranks = (-scores).argsort(axis=1, kind="stable").argsort(axis=1)

    def mean_f1(least: float) -> float:
        said = (ranks < SUGGESTED) & (scores >= least)
        hits = (said * labels).sum(axis=0)
        return float((2 * hits / np.maximum(said.sum(axis=0) + labels.sum(axis=0), 1)).mean())

    return float(max(_GRID, key=mean_f1))


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def main() -> None:
    """Fit with the encoder of the settings and write data/reference/sdg/learned.npz."""
    from service.encoders import make_encoder
    from service.settings import load_settings

    parser = argparse.ArgumentParser(description="Fit the coefficients of matcher tag.")
    parser.add_argument("labelled", nargs="+", type=Path, help="JSONL of texts with labels, sdgs or sdg")
    parser.add_argument("--fields", default="text", help="fields that make a text, with commas between")
    asked, folder = parser.parse_args(), data_folder() / "reference"
    learned, facts = fit(make_encoder(load_settings()), folder, asked.labelled, asked.fields.split(","))
    write(learned, facts, folder / "sdg" / LEARNED)


if __name__ == "__main__":
    main()

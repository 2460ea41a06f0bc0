"""SDG goals, targets and sectors that a text suggests, each with the passage that fired. A person confirms them.

Three kinds of evidence are added for a goal, all of them calibrated on texts that are not ours (see ``Learned``):

1. Dense, near: the text's cosines with our own texts about the goal, descriptions and examples, pooled by log-mean-exp,
   so that one text that fits counts and a second one still adds (SCIENCE 7). With another encoder than the vectors of
   ``Learned`` belong to, the descriptions alone.
2. Dense, learned: a linear head over the text's vector. Left out with another encoder.
3. Words: a linear head over stemmed terms, which knows names and abbreviations that a small model blurs.

Goals compete: softmax makes the sum a probability, so a text about nothing in particular suggests nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings.lexical import terms
from embeddings.passages import split_many
from matcher.topic import quote
from matcher.vocabulary import SECTORS

if TYPE_CHECKING:
    from embeddings.encoder import Encoder, Matrix

GOALS: Final = tuple(range(1, 18))
SUGGESTED: Final = 2
"""Most goals, or sectors, that are suggested for a text: the published benchmark counts the best two (SCIENCE 7)."""

TEMPERATURE: Final = 0.05
"""Of the pooling: .05 is the usual temperature of contrastive cosines; maximum and mean were both a little worse."""

_BLOCK: Final = 512  # texts scored at once: bounds memory, changes no number

Floats = npt.NDArray[np.float64]


class Described(NamedTuple):
    """A sentence of ours about a goal ("7"), a target ("7.2") or a sector ("energy.solar")."""

    code: str
    text: str


class Document(NamedTuple):
    """What is tagged: the texts of a record's sections, in order."""

    id: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoalSuggestion:
    """``target`` is the goal's nearest target, ``passage`` the text's passage that is nearest to it."""

    goal: int
    score: float  # probability among the 17, six decimals
    suggested: bool
    target: str
    passage: str


@dataclass(frozen=True, slots=True)
class TargetSuggestion:
    """A target with its share of its goal's probability."""

    target: str
    score: float


@dataclass(frozen=True, slots=True)
class SectorSuggestion:
    """A sector of the closed list with the CRS codes, or the beginnings of codes, it stands for."""

    sector: str
    score: float  # probability among the sectors, six decimals
    suggested: bool
    crs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tags:
    """One record's full rankings: best first, ties by number or name. A text without a letter scores 0 everywhere."""

    id: str
    goals: tuple[GoalSuggestion, ...]
    targets: tuple[TargetSuggestion, ...]
    sectors: tuple[SectorSuggestion, ...]


@dataclass(frozen=True, eq=False)
class Learned:
    """Coefficients fitted on labelled texts; ``data/reference/sdg/README.md`` tells on which, and how well they did.

    A goal's evidence is ``dense_scale * pooled cosine + weights @ vector + terms part + bias``; its probability is the
    softmax of that. Thresholds are the least probability of a suggestion, chosen for F1.
    """

    encoder: str  # name of the encoder that ``vectors`` and ``weights`` belong to
    vectors: Matrix  # (own texts, dimension): descriptions and examples, of length 1 but for rounding
    shares: Floats  # (own texts, 17): what of each text is about which goal; a row adds up to 1
    dense_scale: float
    weights: Floats  # (17, dimension)
    bias: Floats  # (17,)
    vocabulary: tuple[str, ...]  # stems, ascending
    idf: Floats  # (stems,)
    term_weights: Floats  # (stems, 17)
    goal_threshold: float
    sector_scale: float
    sector_threshold: float

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Stem -> row of ``term_weights``."""
        return {stem: row for row, stem in enumerate(self.vocabulary)}

    def terms_part(self, text: str) -> Floats:
        """Return (17,): the words' evidence, (1 + log tf) * idf brought to length 1, times the weights."""
        counts = Counter(stem for stem in terms(text) if stem in self.positions)
        if not counts:
            return np.zeros(len(GOALS))
        rows = np.array([self.positions[stem] for stem in sorted(counts)])
        values = (1 + np.log([counts[stem] for stem in sorted(counts)])) * self.idf[rows]
        return np.asarray(values / np.linalg.norm(values) @ self.term_weights[rows])


@dataclass(frozen=True, eq=False)
class _Side:
    """Texts of ours with their vectors, and which labels each belongs to."""

    labels: tuple[str, ...]  # in the order in which equal scores stand
    shares: Floats  # (texts, labels) what of each text belongs to which label
    vectors: Matrix

    @classmethod
    def of(cls, described: Sequence[Described], labels: Sequence[str], encoder: Encoder) -> _Side:
        shares = np.array([[one.code == label for label in labels] for one in described], dtype=np.float64)
        return cls(tuple(labels), shares, encoder.encode_documents([one.text for one in described]))

    def cosines(self, vectors: Matrix) -> Floats:
        return np.asarray(vectors @ self.vectors.T, dtype=np.float64)

    def pooled(self, vectors: Matrix) -> Floats:
        return pool_cosines(vectors, self.vectors, self.shares)


class Tagger:
    """Texts in, full rankings out. Texts are judged one by one: company changes no score."""

    def __init__(
        self,
        encoder: Encoder,
        learned: Learned,
        goals: Sequence[Described],
        targets: Sequence[Described],
        sectors: Sequence[Described],
    ) -> None:
        """Encode the descriptions. Each target must be described once, each goal and sector at least once."""
        self._encoder, self._learned = encoder, learned
        self._target_codes = tuple(one.code for one in targets)
        goal_of = [Described(one.code.partition(".")[0], one.text) for one in targets]
        names = tuple(str(goal) for goal in GOALS)
        known = encoder.name == learned.encoder
        own = _Side(names, learned.shares, learned.vectors)
        self._goals = own if known else _Side.of([*goals, *goal_of], names, encoder)
        self._targets = _Side.of(targets, self._target_codes, encoder)
        self._target_goals = np.array([int(one.code) for one in goal_of])
        self._sectors = _Side.of(sectors, sorted({one.code for one in sectors}), encoder)

    def tag(self, documents: Sequence[Document]) -> Iterator[Tags]:
        """Yield the tags of each document, in order."""
        for start in range(0, len(documents), _BLOCK):
            block = documents[start : start + _BLOCK]
            texts = [text for document in block for text in document.texts]
            passages = iter(split_many(texts, self._encoder))
            own = [tuple(p for _ in document.texts for p in next(passages)) for document in block]
            vectors = self._encoder.encode_documents([passage for found in own for passage in found])
            offset = 0
            for document, found in zip(block, own, strict=True):
                rows = vectors[offset : offset + len(found)]
                offset += len(found)
                yield self._tags(document, found, rows)

    def evidence(self, text: str, vector: Matrix) -> Floats:
        """Return (17,): the summed evidence for each goal of a text whose unit vector has shape (1, dimension)."""
        learned = self._learned
        found = learned.dense_scale * self._goals.pooled(vector)[0] + learned.bias + learned.terms_part(text)
        if self._encoder.name == learned.encoder:
            found = found + learned.weights @ vector[0].astype(np.float64)
        return np.asarray(found)

    def _tags(self, document: Document, passages: tuple[str, ...], vectors: Matrix) -> Tags:
        whole = _unit(vectors)
        if whole is None or not any(map(str.isalpha, chain.from_iterable(document.texts))):
            return self._nothing(document.id)
        goals = _softmax(self.evidence("\n".join(document.texts), whole))
        near = self._targets.cosines(vectors)  # (passages, targets)
        targets = self._target_scores(near.max(axis=0), goals)
        return Tags(
            document.id,
            tuple(self._goal(goal, goals, near, passages, rank) for rank, goal in enumerate(_order(goals))),
            tuple(TargetSuggestion(self._target_codes[t], _round(targets[t])) for t in _order(targets)),
            self._sector_tags(whole),
        )

    def _goal(self, goal: int, goals: Floats, near: Floats, passages: tuple[str, ...], rank: int) -> GoalSuggestion:
        mine = np.flatnonzero(self._target_goals == GOALS[goal])
        target = mine[near[:, mine].max(axis=0).argmax()]
        passage = passages[int(near[:, target].argmax())]
        suggested = rank < SUGGESTED and goals[goal] >= self._learned.goal_threshold
        return GoalSuggestion(
            GOALS[goal], _round(goals[goal]), bool(suggested), self._target_codes[target], quote(passage)
        )

    def _target_scores(self, near: Floats, goals: Floats) -> Floats:
        """Share each goal's probability among its targets by the softmax of their cosines."""
        scores = np.exp((near - near.max()) / TEMPERATURE)
        totals = np.array([scores[self._target_goals == goal].sum() for goal in GOALS])
        at = self._target_goals - 1
        return np.asarray(goals[at] * scores / totals[at])

    def _sector_tags(self, whole: Matrix) -> tuple[SectorSuggestion, ...]:
        scores = _softmax(self._learned.sector_scale * self._sectors.pooled(whole)[0])
        return tuple(
            SectorSuggestion(
                name := self._sectors.labels[place],
                _round(scores[place]),
                bool(rank < SUGGESTED and scores[place] >= self._learned.sector_threshold),
                SECTORS[name],
            )
            for rank, place in enumerate(_order(scores))
        )

    def _nothing(self, record: str) -> Tags:
        first = {goal: self._target_codes[int(np.argmax(self._target_goals == goal))] for goal in GOALS}
        return Tags(
            record,
            tuple(GoalSuggestion(goal, 0.0, suggested=False, target=first[goal], passage="") for goal in GOALS),
            tuple(TargetSuggestion(code, 0.0) for code in self._target_codes),
            tuple(SectorSuggestion(name, 0.0, suggested=False, crs=SECTORS[name]) for name in self._sectors.labels),
        )


def pool_cosines(vectors: Matrix, texts: Matrix, shares: Floats) -> Floats:
    """Return (vectors, labels): log-mean-exp of the cosines with each label's texts, weighted by their shares."""
    powers = np.exp(np.asarray(vectors @ texts.T, dtype=np.float64) / TEMPERATURE)
    return np.asarray(TEMPERATURE * np.log(powers @ shares / shares.sum(axis=0)))


def whole_vector(texts: Sequence[str], encoder: Encoder) -> Matrix:
    """Return (texts, dimension): each text's direction, the sum of its passages' vectors; zeros for a blank text."""
    passages = split_many(texts, encoder)
    vectors = encoder.encode_documents([passage for found in passages for passage in found])
    rows = np.zeros((len(texts), encoder.dimension), dtype=np.float32)
    offset = 0
    for at, found in enumerate(passages):
        whole = _unit(vectors[offset : offset + len(found)])
        offset += len(found)
        rows[at] = 0 if whole is None else whole
    return rows


def _unit(vectors: Matrix) -> Matrix | None:
    """Return the direction of the passages' sum as one row, None where there is none."""
    total = vectors.sum(axis=0, keepdims=True)
    length = float(np.linalg.norm(total))
    return None if length < 1e-9 else np.asarray(total / length, dtype=np.float32)


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max())
    return np.asarray(powers / powers.sum())


def _order(scores: Floats) -> list[int]:
    """Return positions by falling score as it is written, equal ones in their own order."""
    return [int(place) for place in np.argsort(-np.round(scores, 6), kind="stable")]


def _round(score: float) -> float:
    return round(float(score), 6)

"""The one path from needs to shortlists. Start here.

One need walks: texts -> vectors and terms -> gates as a mask -> candidates -> signals -> one additive score -> rank ->
what is shown. ``match`` is ``match_all`` of one, so that a batch and an ad-hoc answer cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from embeddings.index import top_k
from matcher import catalogue as catalogues
from matcher import encoding, explanation, gates, questions, sections, signals, topic
from matcher.asked import Asked
from matcher.classification import goals_of, sectors_of
from matcher.explanation import Candidate, Explainer
from matcher.matches import Ranked, Shortlist
from matcher.policy import GatePolicy
from matcher.profiles import NeedId
from matcher.scoring import Scored, Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from embeddings.encoder import Encoder
    from matcher.catalogue import Catalogue
    from matcher.places import PlaceBook
    from matcher.profiles import Need
    from matcher.topic import NeedText

CANDIDATES: Final = 200  # eligible capabilities scored in full, the best by text; twice k where that is more
RELATED: Final = 50  # further ones with the best shared SDGs and sectors, whatever their texts
NEAR_MISSES: Final = 5  # shown after the eligible; more where these leave room up to k
PASSAGES: Final = 256  # query passages a block: enough to keep the cores busy, few enough to stay in their caches
BLOCK: Final = 128  # needs whose scores of all capabilities are held at once

Shown = TypeVar("Shown")
Rows = npt.NDArray[np.int64]


class _Prepared(NamedTuple):
    """One need, ready to be matched."""

    asked: Asked
    text: NeedText


class _Ranked(NamedTuple):
    """Rows in rank order with their scores."""

    rows: Rows
    scored: Scored


class _Ranking(NamedTuple):
    """One need with its rows in rank order, nothing explained yet."""

    asked: Asked
    text: NeedText
    states: gates.States  # of every capability
    eligible: _Ranked
    missed: _Ranked  # near misses, some of which may turn out to have no fix
    allowed: int  # how many capabilities fail no hard gate


@dataclass(frozen=True, eq=False)
class Matcher:
    """Ranks a catalogue for needs under a policy, as of a date. Holds no state: every call answers alike."""

    catalogue: Catalogue
    encoder: Encoder
    places: PlaceBook
    as_of: date
    scorer: Scorer = field(default_factory=Scorer)
    policy: GatePolicy = field(default_factory=GatePolicy)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.catalogue, self.places, self.scorer, self.policy)

    def match(self, need: Need, k: int = 10) -> Shortlist:
        """Return the k best eligible capabilities of one need, and near misses after them."""
        return next(self.match_all([need], k))

    def match_all(self, needs: Iterable[Need], k: int = 10) -> Iterator[Shortlist]:
        """Yield one shortlist a need, in order."""
        for ranking in self._rankings(needs, k):
            matches = self._shown(ranking, k, partial(self._explainer.explain, ranking.asked, ranking.text))
            need = ranking.asked.need
            notes = explanation.notes(matches, ranking.allowed)
            yield Shortlist(NeedId(need.id), need.title, tuple(matches), ranking.allowed, len(self.catalogue), notes)

    def rank_all(self, needs: Iterable[Need], k: int = 10) -> Iterator[list[Ranked]]:
        """Yield what ``match_all`` ranks, without the reasons and in a fraction of the time."""
        for ranking in self._rankings(needs, k):
            yield self._shown(ranking, k, partial(self._explainer.place, ranking.asked))

    def _rankings(self, needs: Iterable[Need], k: int) -> Iterator[_Ranking]:
        """Walk from needs to ranked rows.

        1. Encode a block of needs. 2. Score their texts against every capability. 3. Judge, pick, score and rank each.
        """
        for block in self._blocks(needs):
            vectors = np.concatenate([prepared.text.vectors for prepared in block])
            starts = np.cumsum([0, *(len(prepared.text.vectors) for prepared in block)])
            scores = self.catalogue.index.pair_scores(vectors, starts, topic.SECTION_WEIGHTS)
            lexical = topic.lexical_values(self.catalogue, [prepared.text for prepared in block])
            for prepared, dense, terms in zip(block, scores, lexical, strict=True):
                yield self._ranking(prepared, topic.values(dense, terms), k)

    def _blocks(self, needs: Iterable[Need]) -> Iterator[list[_Prepared]]:
        """Group needs whose texts are scored against every capability together."""
        block: list[_Prepared] = []
        passages = 0
        for prepared in self._prepare(needs):
            if block and (passages + len(prepared.text.vectors) > PASSAGES or len(block) == BLOCK):
                yield block
                block, passages = [], 0
            block.append(prepared)
            passages += len(prepared.text.vectors)
        if block:
            yield block

    def _prepare(self, needs: Iterable[Need]) -> Iterator[_Prepared]:
        """Encode needs a batch at a time and resolve what they ask for."""
        batch: list[Need] = []
        for need in needs:
            batch.append(need)
            if len(batch) == catalogues.BATCH:
                yield from self._prepare_batch(batch)
                batch = []
        yield from self._prepare_batch(batch)

    def _prepare_batch(self, needs: Sequence[Need]) -> Iterator[_Prepared]:
        texts = [sections.of_need(need) for need in needs]
        encoded = catalogues.encode(texts, self.encoder, role=lambda e, parts: e.encode_queries(parts))
        at = section = 0
        for need, parts in zip(needs, texts, strict=True):
            first = at
            passages: list[tuple[str, str]] = []
            for part in parts:
                count = encoded.passages[section]
                passages += [(part.title, cut) for cut in catalogues.cut(part.text, encoded.ends[at : at + count])]
                at, section = at + count, section + 1
            asked = Asked.of(need, self.catalogue.organisations, self.catalogue.columns, self.places)
            text = topic.NeedText.of(self.catalogue, parts, tuple(passages), encoded.vectors[first:at])
            yield _Prepared(asked, text)

    def _ranking(self, prepared: _Prepared, topics: npt.NDArray[np.float32], k: int) -> _Ranking:
        """Mask, pick, score, rank."""
        asked, text = prepared
        states = gates.judge(asked, self.catalogue.columns, self.policy)
        allowed = gates.allowed(states, self.policy)
        near = questions.near_miss_mask(states, self.policy)
        eligible = self._rank(asked, topics, self._candidates(asked.need, topics, allowed, k))
        missed = self._rank(asked, topics, top_k(topics, max(CANDIDATES, k), near).rows)
        return _Ranking(asked, text, states, eligible, missed, int(allowed.sum()))

    def _candidates(self, need: Need, topics: npt.NDArray[np.float32], eligible: npt.NDArray[np.bool_], k: int) -> Rows:
        """Unite the best by text with the best by shared SDGs and sectors; ascending, all of them eligible."""
        by_text = top_k(topics, max(CANDIDATES, 2 * k), eligible).rows
        if len(by_text) == np.count_nonzero(eligible):
            return np.sort(by_text)
        columns = self.catalogue.columns
        goals = encoding.counts(columns.sdg_goals.members, columns.sdg_goals.mask(goals_of(need) or ()))
        wanted = columns.sectors.mask(sectors_of(need.sectors, need.crs_purpose))
        fields = encoding.counts(columns.sectors.members, wanted)
        shared = goals[columns.sdg_goals.codes] + 2 * fields[columns.sectors.codes]
        related = top_k(shared.astype(np.float32) + topics * np.float32(0.5), RELATED, eligible & (shared > 0)).rows
        return np.union1d(by_text, related)

    def _rank(self, asked: Asked, topics: npt.NDArray[np.float32], rows: Rows) -> _Ranked:
        """Order rows by joint z to six digits, ties by row, which is by id."""
        rows = np.sort(rows)
        structured = signals.measure(asked, self.catalogue.columns, rows, self.policy.rates)
        values = np.vstack([topics[rows].astype(np.float64), structured])
        scored = self.scorer.judge(values)
        order = np.argsort(-np.round(scored.z, 6), kind="stable")
        return _Ranked(rows[order], scored.take(order))

    def _shown(self, ranking: _Ranking, k: int, show: Callable[[Candidate], Shown | None]) -> list[Shown]:
        """Show the first k eligible rows, then near misses; one whose failure has no stated fix is left out."""
        shown: list[Shown] = []
        near = max(NEAR_MISSES, k - len(ranking.eligible.rows))
        for ranked, limit in ((ranking.eligible, k), (ranking.missed, near)):
            room = len(shown) + limit
            for at, row in enumerate(ranked.rows.tolist()):
                if len(shown) == room:
                    break
                scored = ranked.scored.take(np.array([at]))
                one = show(Candidate(row, len(shown) + 1, ranking.states[:, row], scored))
                shown += [one] if one is not None else []
        return shown

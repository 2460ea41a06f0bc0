"""The one path from needs to shortlists. Start here.

One need walks: texts -> vectors and terms -> gates as a mask -> candidates -> signals -> one additive score -> rank ->
what is shown. ``match`` is ``match_all`` of one, so that a batch and an ad-hoc answer cannot differ.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings.index import Queries, top_k
from matcher import catalogue as catalogues
from matcher import encoding, explanation, facilitation, gates, languages, questions, sections, signals, topic
from matcher.asked import Asked
from matcher.classification import goals_of, sectors_of
from matcher.explanation import Explainer, Shown, Subject
from matcher.matches import Ranked, Shortlist
from matcher.policy import GatePolicy
from matcher.profiles import NeedId
from matcher.scoring import Scored, Scorer
from matcher.thirds import ThirdParties
from matcher.topic import Topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from embeddings.encoder import Encoder
    from matcher.asked import Pair
    from matcher.catalogue import Catalogue
    from matcher.columns import Columns
    from matcher.places import PlaceBook
    from matcher.profiles import Need
    from matcher.topic import NeedText

CANDIDATES: Final = 200  # eligible capabilities scored in full, the best by text; twice k where that is more
RELATED: Final = 50  # further ones with the best shared SDGs and sectors, whatever their texts
NEAR_MISSES: Final = 5  # shown after k eligible where nothing else is asked for
PASSAGES: Final = 256  # query passages a block: enough to keep the cores busy, few enough to stay in their caches
BLOCK: Final = 128  # needs whose scores of all capabilities are held at once

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


class Prepared(NamedTuple):
    """One need, ready to be matched."""

    asked: Asked
    text: NeedText


class RankedRows(NamedTuple):
    """Rows in rank order with their scores."""

    rows: Rows
    scored: Scored


class Revised(NamedTuple):
    """One offer as it would be with another fact; its texts are as they are."""

    row: int  # of the catalogue
    pair: Pair  # over columns that hold the revised record alone


class Narrowed(NamedTuple):
    """Which rows may be listed, and which are scored in full whatever their texts say."""

    within: npt.NDArray[np.bool_]  # of every capability
    besides: Rows


class Ranking(NamedTuple):
    """One need with its rows in rank order, nothing explained yet."""

    subject: Subject
    states: gates.States  # of every capability
    eligible: RankedRows
    missed: RankedRows  # near misses, some of which may turn out to have no fix
    allowed: int  # how many capabilities fail no hard gate
    revised: Revised | None = None


@dataclass(frozen=True, eq=False)
class Matcher:
    """Ranks a catalogue for needs under a policy, as of a date. Holds no state: every call answers alike."""

    catalogue: Catalogue
    encoder: Encoder
    places: PlaceBook
    as_of: date
    scorer: Scorer = field(default_factory=Scorer)
    policy: GatePolicy = field(default_factory=GatePolicy)
    thirds: ThirdParties = field(default_factory=ThirdParties)
    hidden: frozenset[int] = frozenset()  # rows of the catalogue that whoever asks may not see
    ahead: bool = True  # whether a thread scores texts a block ahead: no help to one of several processes, a core each

    @cached_property
    def explainer(self) -> Explainer:
        """What turns ranked rows of this catalogue into matches."""
        return Explainer(self.catalogue, self.places, self.scorer, self.policy, self.encoder.languages, self.thirds)

    @cached_property
    def seen(self) -> npt.NDArray[np.bool_] | None:
        """Which capabilities whoever asks may see; None where nothing is hidden."""
        if not self.hidden:
            return None
        flags = np.ones(len(self.catalogue), np.bool_)
        flags[sorted(self.hidden)] = False
        return flags

    def match(self, need: Need, k: int = 10) -> Shortlist:
        """Return the k best eligible capabilities of one need, and near misses after them."""
        return next(self.match_all([need], k))

    def match_all(self, needs: Iterable[Need], k: int = 10, near: int = NEAR_MISSES) -> Iterator[Shortlist]:
        """Yield one shortlist a need, in order: k eligible and ``near`` near misses, more where fewer are eligible."""
        return (self.listed(ranking, k, near) for ranking in self.rankings(needs, k, near))

    def listed(self, ranking: Ranking, k: int, near: int = NEAR_MISSES) -> Shortlist:
        """Explain what is shown of a ranking."""
        matches = self.explainer.explain(ranking.subject, self.shown(ranking, k, near))
        need = ranking.subject.asked.need
        weak = languages.notes(need, self.catalogue.languages, self.encoder.languages)
        notes = explanation.notes(matches, ranking.allowed, [*explanation.doubts(ranking.subject.asked), *weak])
        considered = len(self.catalogue) - len(self.hidden)
        return Shortlist(NeedId(need.id), need.title, tuple(matches), ranking.allowed, considered, notes)

    def rank_all(self, needs: Iterable[Need], k: int = 10, near: int = NEAR_MISSES) -> Iterator[list[Ranked]]:
        """Yield what ``match_all`` ranks, without the reasons and in a fraction of the time."""
        for ranking in self.rankings(needs, k, near):
            yield self.explainer.place(ranking.subject, self.shown(ranking, k, near))

    def rankings(self, needs: Iterable[Need], k: int, near: int = NEAR_MISSES) -> Iterator[Ranking]:
        """Walk from needs to ranked rows; near misses are left out where k are eligible and none is asked for.

        1. Encode a block of needs. 2. Score their texts against every capability. 3. Judge, pick, score and rank each.
        """
        for block, topics in self._scored(self._blocks(needs)):
            for prepared, found in zip(block, topics, strict=True):
                yield self.ranking(prepared.asked, found, k, near=near)

    def _scored(self, blocks: Iterable[Sequence[Prepared]]) -> Iterator[tuple[Sequence[Prepared], Iterator[Topic]]]:
        """Yield each block with its topics; those of the next are made in a thread meanwhile, where that is a gain.

        Compiled loops there, Python here.
        """
        if not self.ahead:
            yield from ((block, self._topics(block)) for block in blocks)
            return
        with ThreadPoolExecutor(1) as ahead:
            scored = ((block, ahead.submit(self._topics, block)) for block in blocks)
            waiting = next(scored, None)
            while waiting:
                (block, topics), waiting = waiting, next(scored, None)
                yield block, topics.result()

    def _topics(self, block: Sequence[Prepared]) -> Iterator[Topic]:
        """Score the texts of a block's needs against every capability; a topic is made of them when it is asked for."""
        texts = [prepared.text for prepared in block]
        starts = np.cumsum([0, *(len(text.vectors) for text in texts)])
        cores = starts[:-1] + [text.core for text in texts]
        queries = Queries(np.concatenate([text.vectors for text in texts]), starts, cores)
        scores = self.catalogue.index.pair_scores(queries, topic.SECTION_WEIGHTS)
        lexical = topic.lexical_values(self.catalogue, texts)
        parts = zip(texts, *scores, lexical, strict=True)
        return (Topic.of(self.catalogue, text, (*each,), self.seen) for text, *each in parts)

    def _blocks(self, needs: Iterable[Need]) -> Iterator[list[Prepared]]:
        """Group needs whose texts are scored against every capability together."""
        block: list[Prepared] = []
        passages = 0
        for prepared in self._prepare(needs):
            if block and (passages + len(prepared.text.vectors) > PASSAGES or len(block) == BLOCK):
                yield block
                block, passages = [], 0
            block.append(prepared)
            passages += len(prepared.text.vectors)
        if block:
            yield block

    def _prepare(self, needs: Iterable[Need]) -> Iterator[Prepared]:
        """Encode needs a batch at a time and resolve what they ask for."""
        batch: list[Need] = []
        for need in needs:
            batch.append(need)
            if len(batch) == catalogues.BATCH:
                yield from self._prepare_batch(batch)
                batch = []
        yield from self._prepare_batch(batch)

    def _prepare_batch(self, needs: Sequence[Need]) -> Iterator[Prepared]:
        texts = [sections.of_need(need) for need in needs]
        encoded = catalogues.encode(texts, self.encoder, role=lambda e, parts: e.encode_queries(parts))
        ends = encoded.ends.tolist()
        at = section = 0
        for need, parts in zip(needs, texts, strict=True):
            first = at
            passages: list[tuple[str, str]] = []
            for part in parts:
                count = encoded.passages[section]
                passages += [(part.title, cut) for cut in catalogues.cut(part.text, ends[at : at + count])]
                at, section = at + count, section + 1
            asked = self.asked(need, self.catalogue.columns)
            unread = languages.unread(need, self.encoder.languages) is not None
            text = topic.NeedText.of(self.catalogue, parts, (*passages,), encoded.vectors[first:at], unread=unread)
            yield Prepared(asked, text)

    def asked(self, need: Need, columns: Columns) -> Asked:
        """Resolve what a need asks for against some columns: the catalogue's, or those of a revised offer."""
        asked = Asked.of(need, self.catalogue.organisations, columns, self.places)
        return facilitation.bridged(asked, self.thirds.facilitators)

    def prepared(self, need: Need) -> Prepared:
        """Encode one need and resolve what it asks for."""
        return next(self._prepare([need]))

    def topic(self, prepared: Prepared) -> Topic:
        """Score the texts of one need against every capability."""
        return next(self._topics([prepared]))

    def ranking(
        self,
        asked: Asked,
        found: Topic,
        k: int,
        *,
        revised: Revised | None = None,
        narrowed: Narrowed | None = None,
        near: int = NEAR_MISSES,
    ) -> Ranking:
        """Mask, pick, score, rank; a revised offer is judged and measured as it would be."""
        states = gates.judge(asked, self.catalogue.columns, self.policy)
        if revised is not None:
            states[:, revised.row] = gates.judge(revised.pair.asked, revised.pair.columns, self.policy)[:, 0]
        allowed = gates.allowed(states, self.policy)
        if self.seen is not None:
            allowed = allowed & self.seen
        if narrowed is not None:
            allowed = allowed & narrowed.within
        eligible = self._candidates(asked.need, found.bare, allowed, k)
        if narrowed is not None:
            eligible = np.union1d(eligible, narrowed.besides[allowed[narrowed.besides]])
        missed = np.zeros(0, dtype=np.int64)
        if near or len(eligible) < k:
            missing = questions.near_miss_mask(states, self.policy)
            if self.seen is not None:
                missing = missing & self.seen
            if narrowed is not None:
                missing = missing & narrowed.within
            missed = np.sort(top_k(found.bare, max(CANDIDATES, k), missing).rows)
        scored = self.scored(asked, found, np.concatenate([eligible, missed]), revised)
        cut = len(eligible)
        return Ranking(
            Subject(asked, found),
            states,
            _rank(eligible, scored.take(np.arange(cut))),
            _rank(missed, scored.take(np.arange(cut, cut + len(missed)))),
            int(np.count_nonzero(allowed)),
            revised,
        )

    def _candidates(self, need: Need, topics: Floats, eligible: npt.NDArray[np.bool_], k: int) -> Rows:
        """Unite the best by text with the best by shared SDGs and sectors; ascending, all of them eligible."""
        from embeddings.kernels import related

        by_text = top_k(topics, max(CANDIDATES, 2 * k), eligible).rows
        if len(by_text) == np.count_nonzero(eligible):
            return np.sort(by_text)
        columns = self.catalogue.columns
        goals = encoding.counts(columns.sdg_goals.members, columns.sdg_goals.mask(goals_of(need) or ()))
        wanted = columns.sectors.mask(sectors_of(need.sectors, need.crs_purpose))
        fields = encoding.counts(columns.sectors.members, wanted)
        scores, sharing = np.empty_like(topics), eligible.copy()
        related(goals, columns.sdg_goals.codes, fields, columns.sectors.codes, topics, sharing, scores)
        return np.union1d(by_text, top_k(scores, RELATED, sharing).rows)

    def scored(self, asked: Asked, found: Topic, rows: Rows, revised: Revised | None = None) -> Scored:
        """Score some rows in full, in the order given."""
        structured = signals.measure(asked, self.catalogue.columns, rows, self.policy.rates)
        if revised is not None:
            own, alone = revised.pair, np.zeros(1, dtype=np.int64)
            structured[:, rows == revised.row] = signals.measure(own.asked, own.columns, alone, self.policy.rates)
        return self.scorer.judge(np.vstack([found.values(rows).astype(np.float64), structured]))

    def shown(self, ranking: Ranking, k: int, near_misses: int = NEAR_MISSES) -> Shown:
        """Show the first k eligible rows, then near misses; one whose failure has no stated fix is left out."""
        eligible, missed = ranking.eligible, ranking.missed
        limit = max(near_misses, k - len(eligible.rows))
        near = (
            at
            for at, row in enumerate(missed.rows.tolist())
            if self.explainer.is_near(ranking.subject, row, ranking.states[:, row], _own(ranking, row))
        )
        places = np.array([*islice(near, limit)], dtype=np.int64)
        rows = np.concatenate([eligible.rows[:k], missed.rows[places]])
        parts = zip(eligible.scored, missed.scored, strict=True)
        scored = Scored(*(np.concatenate([one[..., :k], other[..., places]], axis=-1) for one, other in parts))
        return Shown(rows.tolist(), ranking.states[:, rows], scored)


def _own(ranking: Ranking, row: int) -> Pair | None:
    return ranking.revised.pair if ranking.revised is not None and ranking.revised.row == row else None


def _rank(rows: Rows, scored: Scored) -> RankedRows:
    """Order ascending rows by joint z to six digits, ties by row, which is by id."""
    order = np.argsort(-np.round(scored.z, 6), kind="stable")
    return RankedRows(rows[order], scored.take(order))

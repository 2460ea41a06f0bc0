"""Organisations instead of capabilities: one shortlist a need whose lines pool all that an organisation shows.

Gates and structured signals stay with the single record. An organisation is eligible when one of its capabilities is;
the best of these carries it, and its further eligible records, case stories among them, add what their texts say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher import explanation, gates, languages, sections, topic
from matcher.explanation import DIGITS, Shown
from matcher.gathering import shown_until
from matcher.matches import OrganisationMatch, OrganisationShortlist, PooledRecord, RankedOrganisation
from matcher.matching import CANDIDATES, NEAR_MISSES, Matcher
from matcher.pooling import NONE, Floats, Pooling, Rows, best_rows, values_of, without
from matcher.profiles import Capability, NeedId, OrganisationId
from matcher.scoring import SIGNALS, Scored
from matcher.vocabulary import RecordKind, ReviewState, SignalName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from matcher.matches import Match
    from matcher.matching import Ranking
    from matcher.profiles import CaseStory, Need

CASE: Final = "case:"
"""Before the id of a case story that stands among the capabilities, so that the two never share an id."""

_TOPIC: Final = SIGNALS.index(SignalName.TOPIC)


def as_records(cases: Iterable[CaseStory], as_of: date) -> Iterator[Capability]:
    """Yield the case stories that speak for a provider, as rows a catalogue can search.

    Each is a draft, which the state gate keeps from being offered: a case is evidence, not an offer. Those without a
    provider, or not published as of the date, are left out.
    """
    for case in cases:
        if case.provider_id and shown_until(case) >= as_of.toordinal():
            yield Capability(
                id=f"{CASE}{case.id}",
                organisation_id=case.provider_id,
                title=case.title,
                summary=case.summary,
                title_en=case.title_en,
                summary_en=case.summary_en,
                language=case.language,
                provenance=case.provenance,
                description=case.outcome,
                review_state=ReviewState.DRAFT,
            )


class _Lines(NamedTuple):
    """Organisations of one need in rank order; every field is by organisation."""

    rows: Rows  # the capability that carries each
    scored: Scored  # of these
    z: Floats  # of the organisation
    further: Rows  # (organisations, further) rows by falling topic value
    addends: Floats  # (organisations, further) what each adds to z
    records: Rows  # how many count


@dataclass(frozen=True, eq=False)
class OrganisationMatcher:
    """Ranks the organisations of a matcher's catalogue, which may hold case stories made by ``as_records``.

    Taking away a record, the catalogue's statistics being as they were, never raises its organisation's score.
    """

    matcher: Matcher
    pooling: Pooling = field(default_factory=Pooling)

    @cached_property
    def _owners(self) -> Rows:
        return self.matcher.catalogue.columns.organisation.codes.astype(np.int64)

    @cached_property
    def _cases(self) -> npt.NDArray[np.bool_]:
        return np.array([record.id.startswith(CASE) for record in self.matcher.catalogue.capabilities], dtype=np.bool_)

    @cached_property
    def _considered(self) -> int:
        return len(np.unique(self._owners[~self._cases]))

    def match_all(self, needs: Iterable[Need], k: int = 10, near: int = NEAR_MISSES) -> Iterator[OrganisationShortlist]:
        """Yield one shortlist a need, in order: the k best eligible organisations, and near misses after them."""
        for ranking in self.matcher.rankings(needs, k):
            matches = self._explained(ranking, self._lines(ranking, k, near))
            asked = ranking.subject.asked
            need = asked.need
            eligible = len(np.unique(self._owners[self._allowed(ranking)]))
            weak = languages.notes(need, self.matcher.catalogue.languages, self.matcher.encoder.languages)
            notes = explanation.notes([match.best for match in matches], eligible, [*explanation.doubts(asked), *weak])
            yield OrganisationShortlist(NeedId(need.id), need.title, tuple(matches), eligible, self._considered, notes)

    def rank_all(
        self, needs: Iterable[Need], k: int = 10, near: int = NEAR_MISSES
    ) -> Iterator[list[RankedOrganisation]]:
        """Yield what ``match_all`` ranks, without the reasons."""
        for ranking in self.matcher.rankings(needs, k):
            lines, need = self._lines(ranking, k, near), NeedId(ranking.subject.asked.need.id)
            found = zip(lines.rows.tolist(), self._scores(lines), strict=True)
            yield [
                RankedOrganisation(need, self._owner(row), rank, score) for rank, (row, score) in enumerate(found, 1)
            ]

    def _owner(self, row: int) -> OrganisationId:
        return OrganisationId(self.matcher.catalogue.capabilities[row].organisation_id)

    def _scores(self, lines: _Lines) -> list[float]:
        return [round(score, DIGITS) for score in self.matcher.scorer.score(lines.z).tolist()]

    def _allowed(self, ranking: Ranking) -> Rows:
        return np.flatnonzero(gates.allowed(ranking.states, self.matcher.policy))

    def _lines(self, ranking: Ranking, k: int, near: int) -> _Lines:
        """Put the first k eligible organisations before near misses."""
        eligible = self._eligible(ranking, k)
        places = np.array([*islice(self._near(ranking), max(near, k - len(eligible.rows)))], dtype=np.int64)
        first, missed = np.arange(min(k, len(eligible.rows))), ranking.missed
        parts = zip(eligible.scored.take(first), missed.scored.take(places), strict=True)
        scored = Scored(*(np.concatenate(both, axis=-1) for both in parts))
        nothing = np.full((len(places), self.pooling.most - 1), NONE, dtype=np.int64)
        return _Lines(
            np.concatenate([eligible.rows[first], missed.rows[places]]),
            scored,
            np.concatenate([eligible.z[first], missed.scored.z[places]]),
            np.concatenate([eligible.further[first], nothing]),
            np.concatenate([eligible.addends[first], np.zeros(nothing.shape)]),
            np.concatenate([eligible.records[first], np.zeros(len(places), dtype=np.int64)]),
        )

    def _near(self, ranking: Ranking) -> Iterator[int]:
        """Yield the place of each near miss whose organisation has nothing eligible, once an organisation."""
        listed = set(self._owners[self._allowed(ranking)].tolist())
        for at, row in enumerate(ranking.missed.rows.tolist()):
            owner = int(self._owners[row])
            if owner not in listed and self.matcher.explainer.is_near(ranking.subject, row, ranking.states[:, row]):
                listed.add(owner)
                yield at

    def _eligible(self, ranking: Ranking, k: int) -> _Lines:
        """Pool, order by z to six digits, ties by id.

        1. Choose organisations by the folded texts of their records. 2. Score all their eligible capabilities in full,
        with what further records add to each. 3. The best of these carries its organisation.
        """
        asked, allowed = ranking.subject.asked, self._allowed(ranking)
        spoken = self._cases & (self._owners != asked.owner)
        spoken[allowed] = True
        chosen = self._chosen(ranking, allowed, spoken, k)
        spoken &= chosen[self._owners]
        rows, records = allowed[chosen[self._owners[allowed]]], np.flatnonzero(spoken)
        scored = self.matcher.scored(asked, ranking.subject.topic, rows)
        topics = np.zeros(len(self._owners), dtype=np.float32)
        topics[rows] = scored.values[_TOPIC]
        told = np.flatnonzero(spoken & self._cases)
        topics[told] = ranking.subject.topic.values(told)
        further, addends = self._further(topics, rows, records)
        addends *= self.matcher.scorer.weights()[_TOPIC]
        z = scored.z + addends.sum(axis=1)
        order = np.lexsort((rows, -np.round(z, DIGITS)))
        first = np.unique(self._owners[rows[order]], return_index=True)[1]
        leads = order[first][np.argsort(-np.round(z[order[first]], DIGITS), kind="stable")]
        counts = np.bincount(self._owners[records], minlength=len(chosen))[self._owners[rows[leads]]]
        return _Lines(rows[leads], scored.take(leads), z[leads], further[leads], addends[leads], counts)

    def _further(self, topics: npt.NDArray[np.float32], leads: Rows, records: Rows) -> tuple[Rows, Floats]:
        """Return the further rows of each lead's organisation, and what they add to the lead's topic value."""
        owners, best = best_rows(topics, records, self._owners, self.pooling.most)
        further = without(best[np.searchsorted(owners, self._owners[leads])], leads)
        return further, self.pooling.addends(topics[leads].astype(np.float64), values_of(topics, further))

    def _chosen(self, ranking: Ranking, allowed: Rows, spoken: npt.NDArray[np.bool_], k: int) -> npt.NDArray[np.bool_]:
        """Tell which organisations are worth scoring in full: the best by text, and owners of the best capabilities."""
        bare = np.maximum(ranking.subject.topic.bare, 0)
        owners, best = best_rows(bare, allowed, self._owners, 1)
        _, addends = self._further(bare, best[:, 0], np.flatnonzero(spoken))
        texts = bare[best[:, 0]] + addends.sum(axis=1)
        chosen = np.zeros(int(self._owners.max(initial=0)) + 1, dtype=np.bool_)
        chosen[owners[np.argsort(-texts, kind="stable")[: max(CANDIDATES, 2 * k)]]] = True
        chosen[self._owners[ranking.eligible.rows]] = True
        return chosen

    def _explained(self, ranking: Ranking, lines: _Lines) -> list[OrganisationMatch]:
        shown = Shown(lines.rows.tolist(), ranking.states[:, lines.rows], lines.scored)
        bests = self.matcher.explainer.explain(ranking.subject, shown)
        adding = [_adding(*each) for each in zip(lines.further.tolist(), lines.addends.tolist(), strict=True)]
        told = self._records(ranking, sorted({row for each in adding for row, _ in each}))
        organisations = self.matcher.catalogue.organisations
        matches = []
        parts = zip(bests, adding, lines.z.tolist(), self._scores(lines), lines.records.tolist(), strict=True)
        for best, further, z, score, records in parts:
            known = organisations.get(best.organisation_id)
            pooled = tuple(replace(told[row], points=points) for row, points in further)
            name, said = known.name if known else None, _summary(best, pooled, records)
            about = (best.need_id, best.organisation_id, name, best.rank, score, z)
            matches.append(OrganisationMatch(*about, best=best, pooled=pooled, records=records, summary=said))
        return matches

    def _records(self, ranking: Ranking, rows: list[int]) -> dict[int, PooledRecord]:
        """Tell of each row what it says to the need; its points are the list's to fill in."""
        if not rows:
            return {}
        catalogue, subject = self.matcher.catalogue, ranking.subject
        records = [catalogue.capabilities[row] for row in rows]
        values = subject.topic.values(np.array(rows, dtype=np.int64)).tolist()
        found = topic.evidence(catalogue, subject.topic, rows, [*map(sections.of_capability, records)], values)
        return {
            row: PooledRecord(
                record_id=record.id.removeprefix(CASE) if self._cases[row] else record.id,
                kind=RecordKind.CASE if self._cases[row] else RecordKind.CAPABILITY,
                title=record.title,
                value=value,
                points=0.0,
                passage=next(iter(said.passages), None),
            )
            for row, record, value, said in zip(rows, records, values, found, strict=True)
        }


def _adding(rows: list[int], addends: list[float]) -> list[tuple[int, float]]:
    return [(row, points) for row, points in zip(rows, addends, strict=True) if points > 0]


def _summary(best: Match, pooled: Sequence[PooledRecord], records: int) -> str:
    """Write one paragraph: which capability carries the organisation, what it says, and what further records add."""
    parts = [f'Carried by "{best.capability_title}". {best.summary}']
    parts += [f'"{record.title}" ({record.kind.value}) adds {record.points:.2f}.' for record in pooled]
    if records > 1:
        parts.append(f"{records} records of it count for this need.")
    return " ".join(parts)

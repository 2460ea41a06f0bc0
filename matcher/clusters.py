"""Sectoral clusters of needs: who is short of the same thing in the same sector, so that it can be matched as one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NewType

import numpy as np

from embeddings.index import on_grid
from matcher import catalogue as catalogues
from matcher import labelling, likeness, sections, tracking
from matcher.classification import sectors_of
from matcher.labelling import Term, Vocabulary
from matcher.languages import unread
from matcher.profiles import NeedId
from matcher.vocabulary import Confidentiality

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embeddings.encoder import Encoder, Matrix
    from embeddings.lexical import Lexical
    from matcher.profiles import Need

ClusterId = NewType("ClusterId", str)

LEAST: Final = 0.4
"""Mean cosine at which groups are still joined. Chosen by reading the groups of the sample: at .36 farmers who do not
read are joined with weavers, at .45 half of them are gone. For all-MiniLM-L6-v2; other models spread otherwise."""


class News(StrEnum):
    """What became of a cluster since the release before."""

    NEW = "new"
    KEPT = "kept"
    SPLIT = "split"  # most of its needs were part of another cluster
    MERGED = "merged"  # is no more: most of its needs are part of another cluster
    ENDED = "ended"  # is no more: its needs are gone or stand alone


@dataclass(frozen=True, slots=True)
class Cluster:
    """Needs that are alike. A stated one has the name its members give it, another that of its distinctive terms."""

    id: ClusterId
    label: str
    stated: bool
    sectors: tuple[str, ...]  # sector families, the one most members share first
    members: tuple[NeedId, ...]  # in the order of their ids
    public: int  # members that are public: without one, neither name nor words may be told
    terms: tuple[Term, ...]  # what the members speak of and other needs do not; of public members alone
    likeness: float | None  # mean cosine of its pairs; None for a stated cluster of one
    news: News
    before: ClusterId | None = None  # the cluster it was split from
    joined: int = 0  # members it did not have in the release before
    left: int = 0  # members it had then


@dataclass(frozen=True, slots=True)
class Gone:
    """A cluster of the release before that is no more."""

    id: ClusterId
    label: str  # empty where no member was public
    news: News  # merged or ended
    into: ClusterId | None


@dataclass(frozen=True)
class Clustering:
    """Every cluster of a release, and what is in none: a need that is like no other, or that the model cannot read."""

    clusters: tuple[Cluster, ...]  # the most members first, then by label and id
    gone: tuple[Gone, ...]
    alone: int  # needs that are like no other of their sectors
    unread: int  # needs in a language the text model does not cover, none of which is compared
    earlier: str | None = None  # release whose ids were kept; None when there was none

    @cached_property
    def by_id(self) -> Mapping[str, Cluster]:
        """Find a cluster by its id."""
        return {cluster.id: cluster for cluster in self.clusters}


def families_of(need: Need) -> frozenset[str]:
    """Return the sector families (the part before the dot) a need states, or that its CRS codes stand for."""
    stated = need.sectors or sorted(sectors_of(None, need.crs_purpose))
    return frozenset(sector.partition(".")[0] for sector in stated)


def vectors_of(needs: Sequence[Need], encoder: Encoder) -> Matrix:
    """Return one unit vector a need: the mean over the passages of its first section, on a grid of exact sums."""
    firsts = [sections.of_need(need)[:1] for need in needs]
    encoded = catalogues.encode(firsts, encoder, role=lambda e, texts: e.encode_queries(texts))
    bounds = pairwise(np.cumsum([0, *encoded.passages]).tolist())
    sums = [encoded.vectors[start:end].sum(axis=0) for start, end in bounds]
    rows = np.array(sums, np.float32).reshape(len(needs), encoder.dimension)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    norms[norms == 0] = 1
    return on_grid(rows / norms)


def of_needs(needs: Iterable[Need], encoder: Encoder, offers: Lexical, earlier: Clustering | None = None) -> Clustering:
    """Cluster needs, in any order, and keep the ids of the clusters of the release before.

    ``offers`` index the capabilities: a word that they use names a cluster rather than one that they do not.

    1. Needs that state a cluster form it by its name, be it one need. 2. The others are joined by their texts
    (``likeness.groups``); two needs may meet if they share a sector family, or if neither states one. 3. Each cluster
    is labelled by its distinctive terms. 4. A stated cluster keeps its id by its name, another takes that of the
    earlier one it shares most members with (``tracking.pair``). Clusters of one are made only where they are stated.
    """
    ordered = sorted(needs, key=lambda need: need.id)
    vectors = vectors_of(ordered, encoder)
    stated = _stated(ordered)
    free = [row for row, need in enumerate(ordered) if not _key(need)]
    read = np.array([row for row in free if unread(ordered[row], encoder.languages) is None], np.int64)
    alike = likeness.groups(vectors[read], LEAST, _may_meet([families_of(ordered[row]) for row in read.tolist()]))
    found = [read[group].tolist() for group in alike]
    groups = [*stated.values(), *found]
    known = earlier or Clustering((), (), 0, 0)
    ids = _ids(list(stated), [[ordered[row].id for row in group] for group in found], known)
    public = {need.id: _words(need) for need in ordered if need.confidentiality is Confidentiality.PUBLIC}
    make = _Maker(ordered, vectors, Vocabulary(public, offers.users(), offers.items), known, frozenset(ids))
    clusters = [
        make.cluster(name, group, stated=at < len(stated))
        for at, (name, group) in enumerate(zip(ids, groups, strict=True))
    ]
    clusters.sort(key=lambda cluster: (-len(cluster.members), cluster.label, cluster.id))
    alone = len(read) - sum(map(len, found))
    return Clustering(tuple(clusters), _gone(known, clusters), alone, len(free) - len(read))


def _key(need: Need) -> str:
    """Write the name of a stated cluster one way; empty where none is stated."""
    return " ".join((need.cluster or "").casefold().split())


def _stated(needs: Sequence[Need]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for row, need in enumerate(needs):
        if key := _key(need):
            groups.setdefault(key, []).append(row)
    return dict(sorted(groups.items()))


def _may_meet(families: Sequence[frozenset[str]]) -> likeness.Allowed:
    """Judge by sets of families as bits, the last bit standing for none stated."""
    names = sorted(frozenset().union(*families))
    bit = {name: 1 << at for at, name in enumerate(names)}
    bits = np.array([sum(bit[name] for name in each) or 1 << len(names) for each in families], np.int64)
    return lambda left, right: (bits[left][:, None] & bits[right][None, :]) != 0


def _ids(stated: Sequence[str], found: Sequence[Sequence[str]], earlier: Clustering) -> list[ClusterId]:
    """Name stated clusters by their names, the others by the earlier one they are, or by their first members."""
    ids = [tracking.new_id(f"stated\n{key}", ()) for key in stated]
    kept = tracking.pair(found, {one.id: one.members for one in earlier.clusters if not one.stated})
    taken = {*ids, *earlier.by_id}
    for members, known in zip(found, kept, strict=True):
        ids.append(known or tracking.new_id("\n".join(sorted(members)), taken))
        taken.add(ids[-1])
    return [ClusterId(name) for name in ids]


def _gone(earlier: Clustering, clusters: Sequence[Cluster]) -> tuple[Gone, ...]:
    known = {cluster.id for cluster in clusters}
    holder: dict[str, str] = {member: cluster.id for cluster in clusters for member in cluster.members}
    gone = [
        (one, tracking.fate(one.members, holder))
        for one in sorted(earlier.clusters, key=lambda one: one.id)
        if one.id not in known
    ]
    return tuple(
        Gone(
            one.id,
            one.label if one.public else "",
            News.MERGED if into else News.ENDED,
            ClusterId(into) if into else None,
        )
        for one, into in gone
    )


class _Maker:
    """Describes groups of needs."""

    def __init__(
        self,
        needs: Sequence[Need],
        vectors: Matrix,
        words: Vocabulary,
        earlier: Clustering,
        ids: frozenset[ClusterId],
    ) -> None:
        self._needs, self._vectors, self._words, self._earlier, self._ids = needs, vectors, words, earlier, ids
        self._holder: dict[str, str] = {member: one.id for one in earlier.clusters for member in one.members}

    def cluster(self, name: ClusterId, group: list[int], *, stated: bool) -> Cluster:
        """Describe one group, whose id is known."""
        members = [self._needs[row] for row in group]
        ids = tuple(NeedId(need.id) for need in members)
        terms = self._words.terms(ids)
        families = shared_families(members)
        found = labelling.label(terms) or ", ".join(families) or "needs that are alike"
        return Cluster(
            name,
            _as_written(members) if stated else found,
            stated,
            families,
            ids,
            sum(need.confidentiality is Confidentiality.PUBLIC for need in members),
            terms,
            round(likeness.mean_likeness(self._vectors, group), 6) if len(group) > 1 else None,
            *self._news(name, ids),
        )

    def _news(self, name: ClusterId, members: Sequence[str]) -> tuple[News, ClusterId | None, int, int]:
        earlier = self._earlier.by_id.get(name)
        if earlier is not None:
            shared = len(set(members) & set(earlier.members))
            return News.KEPT, None, len(members) - shared, len(earlier.members) - shared
        source = tracking.fate(members, self._holder)
        split = source is not None and ClusterId(source) in self._ids
        return News.SPLIT if split else News.NEW, ClusterId(source) if source and split else None, len(members), 0


def _words(need: Need) -> tuple[str, str]:
    return need.title_en or need.title, " ".join(part.text for part in sections.of_need(need))


def shared_families(members: Sequence[Need]) -> tuple[str, ...]:
    """Return the sector families that at least half of the members share, the commonest first."""
    counts = Counter(family for need in members for family in families_of(need))
    shared = (family for family, count in counts.items() if 2 * count >= len(members))
    return tuple(sorted(shared, key=lambda family: (-counts[family], family)))


def _as_written(members: Sequence[Need]) -> str:
    counts = Counter(" ".join((need.cluster or "").split()) for need in members)
    return min(counts, key=lambda name: (-counts[name], name))

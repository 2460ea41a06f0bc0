"""BM25F over sectioned texts, with the part of every term.

scikit-learn counts, PyStemmer stems, bm25s brings the function words. The weighting is ours for two reasons that no
BM25 library offers. First, the corpus-wide statistics are frozen on the sections that every text has (the first of each
item), so that adding or deleting a further section changes no statistic. Second, sections are weighted as in BM25F
(Robertson, Zaragoza and Taylor, CIKM 2004): each section's counts are normalised by that section's own length before
they are added, so that deleting a section only ever removes evidence, where plain BM25 would reward the shorter text.
With one section an item, the scores are those of BM25 with Lucene's idf (tested against bm25s).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from embeddings import wordforms
from embeddings.cognates import Cognates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scipy.sparse import csr_matrix

_ARRAYS: Final = ("vocabulary", "idf", "indptr", "rows", "values", "core_starts", "core_terms", "core_values")
K1: Final = 1.2  # better than 0.9 on nine of ten collections (SCIENCE 1)
B: Final = 0.75
WORD: Final = re.compile(r"\w+")
LONGEST: Final = 40  # characters of a word that count: pasted binary and scripts without spaces make endless ones
LANGUAGES: Final = ("english", "french", "portuguese", "russian", "spanish")
"""Languages whose function words are left out and whose words are stemmed by their own rules; others as English.
Without this a French text meets every other one: "les" and "des" are rare words where most texts are English."""


def terms(text: str) -> list[str]:
    """Return the stemmed content words of a text, in order, repeats kept."""
    return [stem for stem, _ in stems(text)]


def stems(text: str) -> list[tuple[str, str]]:
    """Return (stem, word as written) of the content words of a text in order, then its quantities and what it lacks."""
    rest, forms = wordforms.split(text)
    written = WORD.findall(rest)
    words = [word.lower() for word in written]
    language = language_of(words)
    stops = _stop_words()[language]
    stemmed = [
        (_stem(word[:LONGEST], language), shown[:LONGEST])
        for word, shown in zip(words, written, strict=True)
        if len(word) > 1 and word not in stops
    ]
    return stemmed + forms


def language_of(words: Sequence[str]) -> str:
    """Guess the language whose function words are the most frequent; English when none leads."""
    counts = {language: sum(map(stops.__contains__, words)) for language, stops in _stop_words().items()}
    return max(counts, key=lambda language: counts[language])


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    from bm25s import stopwords

    lists = (
        stopwords.STOPWORDS_EN_PLUS,
        stopwords.STOPWORDS_FRENCH,
        stopwords.STOPWORDS_PORTUGUESE,
        stopwords.STOPWORDS_RUSSIAN,
        stopwords.STOPWORDS_SPANISH,
    )
    return {language: frozenset(words) for language, words in zip(LANGUAGES, lists, strict=True)}


@lru_cache(maxsize=1 << 18)  # bounded: words come from outside
def _stem(word: str, language: str) -> str:
    return str(_stemmers()[language].stemWord(word))


@cache
def _stemmers() -> dict[str, Any]:
    import Stemmer

    return {language: Stemmer.Stemmer(language) for language in LANGUAGES}


@dataclass(frozen=True, eq=False)
class Query:
    """A text as weighted terms of one Lexical. ``norm`` makes scores comparable between queries."""

    terms: npt.NDArray[np.int64]  # positions in the vocabulary, ascending
    weights: npt.NDArray[np.float32]
    norm: float


@dataclass(frozen=True, eq=False)
class Lexical:
    """Postings of BM25F values by term. Arrays may be memory-mapped."""

    vocabulary: npt.NDArray[np.str_]  # (terms,), ascending
    idf: npt.NDArray[np.float32]  # (terms,)
    indptr: npt.NDArray[np.int64]  # (terms + 1,)
    rows: npt.NDArray[np.int32]  # (postings,), ascending within a term
    values: npt.NDArray[np.float32]  # (postings,): idf * tf / (K1 + tf)
    core_starts: npt.NDArray[np.int64]  # (items + 1,): each item's first section alone, term by term
    core_terms: npt.NDArray[np.int32]  # ascending within an item
    core_values: npt.NDArray[np.float32]
    items: int

    @classmethod
    def build(cls, items: Iterable[Sequence[str]]) -> Lexical:
        """Index items given as their sections' texts; the first section of each sets the statistics.

        1. Count terms by section. 2. Freeze idf (Lucene's) and average length on first sections.
        3. Normalise each section's counts by its length and add them by item. 4. Saturate and weigh by idf.
        """
        from scipy.sparse import csr_matrix, diags

        starts, counts, vocabulary = _count(items)
        first = counts[starts[:-1]]
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        average = float(np.asarray(first.sum(axis=1)).mean()) if first.shape[0] else 0.0
        owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        scale = 1.0 / (1 - B + B * lengths / (average or 1.0))
        gather = csr_matrix((scale, (owners, np.arange(len(owners)))), shape=(len(starts) - 1, len(owners)))
        frequencies = (gather @ counts).tocsc()
        holders = np.asarray((first > 0).sum(axis=0)).ravel()
        idf = np.log1p((first.shape[0] - holders + 0.5) / (holders + 0.5))
        frequencies.data = frequencies.data / (K1 + frequencies.data)
        weighted = (frequencies @ diags(idf)).tocsc()
        weighted.sort_indices()
        core = (diags(scale[starts[:-1]]) @ first).tocsr()
        core.data = core.data / (K1 + core.data)
        core = (core @ diags(idf)).tocsr()
        core.sort_indices()
        return cls(
            vocabulary,
            idf.astype(np.float32),
            weighted.indptr.astype(np.int64),
            weighted.indices.astype(np.int32),
            weighted.data.astype(np.float32),
            core.indptr.astype(np.int64),
            core.indices.astype(np.int32),
            core.data.astype(np.float32),
            len(starts) - 1,
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Lexical:
        """Restore what ``arrays`` returned; arrays of before first sections were kept apart have none."""
        items = int(arrays["lexical_items"][0])
        none: dict[str, Any] = {
            "lexical_core_starts": np.zeros(items + 1, dtype=np.int64),
            "lexical_core_terms": np.zeros(0, dtype=np.int32),
            "lexical_core_values": np.zeros(0, dtype=np.float32),
        }
        return cls(**{name: ({**none, **arrays})[f"lexical_{name}"] for name in _ARRAYS}, items=items)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return everything there is, as named arrays."""
        named = {f"lexical_{name}": getattr(self, name) for name in _ARRAYS}
        return {**named, "lexical_items": np.array([self.items], dtype=np.int64)}

    def users(self) -> dict[str, int]:
        """Count by term the items whose first section uses it; terms that none uses are left out."""
        counts = np.bincount(self.core_terms, minlength=len(self.vocabulary))
        used = np.flatnonzero(counts)
        return dict(zip(self.vocabulary[used].tolist(), counts[used].tolist(), strict=True))

    def query(self, text: str) -> Query:
        """Weigh a text's terms."""
        return self.query_of(terms(text))

    def query_of(self, stemmed: Iterable[str]) -> Query:
        """Weigh a text's terms by (1 + log tf) * idf^0.5, or long needs drown in their commoner words (SCIENCE 1).

        ``norm`` is twice the Euclidean length of the query's attainable values (weight * idf): by it a score of one
        query means about what it means for another, whatever their lengths.
        """
        counts = Counter(stemmed)
        words = np.array(sorted(counts), dtype=np.str_)
        weights = 1 + np.log(np.array([counts[word] for word in words.tolist()], dtype=np.float64))
        at = np.minimum(np.searchsorted(self.vocabulary, words), max(len(self.vocabulary) - 1, 0))
        known = self.vocabulary[at] == words if len(self.vocabulary) else np.zeros(len(words), dtype=np.bool_)
        unseen = np.log1p((self.items + 0.5) / 0.5)  # idf of a word that no first section has, be it known or not
        idf = np.where(known, self.idf[at] if len(self.idf) else 0.0, unseen).astype(np.float64)
        weights = weights * np.sqrt(idf)
        norm = 2 * float(np.linalg.norm(weights * idf))
        return Query(at[known].astype(np.int64), weights[known].astype(np.float32), norm or 1.0)

    @cached_property
    def cognates(self) -> Cognates:
        """The vocabulary by the letters of its words; made when a text in another language first asks for it."""
        return Cognates.of(self.vocabulary.tolist())

    def kin_query(self, stemmed: Sequence[str]) -> tuple[Query, dict[str, str]]:
        """Weigh a text's terms and what looks like them, by likeness squared; ``norm`` is of what is known alone.

        Besides the query, return the stem behind each term that the text has not itself.
        """
        own, counts = self.query_of(stemmed), Counter(stemmed)
        weights = dict(zip(own.terms.tolist(), own.weights.tolist(), strict=True))
        behind: dict[str, str] = {}
        words = sorted(counts)
        for word, found in zip(words, self.cognates.find(words), strict=True):
            for at, likeness in found:
                weight = (1 + np.log(counts[word])) * np.sqrt(float(self.idf[at])) * likeness**2
                if weight > weights.get(at, 0.0):
                    weights[at] = weight
                    behind[str(self.vocabulary[at])] = word
        terms = np.array(sorted(weights), dtype=np.int64)
        values = np.array([weights[at] for at in terms.tolist()], dtype=np.float32)
        return Query(terms, values, 2 * float(np.linalg.norm(values * self.idf[terms])) or 1.0), behind

    def scores(self, query: Query) -> npt.NDArray[np.float32]:
        """Return (items,): the summed term values divided by the query's norm; 0 where nothing is shared."""
        return np.asarray(self.best_scores([[query]])[0])

    def best_scores(self, needs: Sequence[Sequence[Query]]) -> npt.NDArray[np.float32]:
        """Return (needs, items): for each need the score of its best query, item by item."""
        from embeddings.kernels import best_views

        views = [view for need in needs for view in need]
        out = np.zeros((len(needs), self.items), dtype=np.float32)
        if views:
            best_views(
                np.concatenate([view.terms for view in views]),
                np.concatenate([view.weights / np.float32(view.norm) for view in views]),
                np.cumsum([0, *(len(view.terms) for view in views)]),
                np.cumsum([0, *map(len, needs)]),
                self.indptr,
                self.rows,
                self.values,
                out,
            )
        return out

    def core_scores(self, query: Query, items: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Return (items,): what ``scores`` would give them if they had their first sections alone."""
        from embeddings.kernels import sparse_products

        weights = query.weights / np.float32(query.norm)
        cores = (self.core_starts, self.core_terms, self.core_values)
        return np.asarray(sparse_products(query.terms, weights, *cores, items))

    def typical(self, items: npt.NDArray[np.int64], shares: npt.NDArray[np.float32], most: int) -> Query:
        """Return the terms that weigh most in some items' first sections, as a query.

        A term's weight is the mean of its values, each item counting by its share, over idf^0.5: what the weight of a
        query's own term is to its frequency. Ties go to the term that comes first.
        """
        spans = [slice(*self.core_starts[item : item + 2].tolist()) for item in items.tolist()]
        terms = np.concatenate([self.core_terms[span] for span in spans]) if spans else np.zeros(0, dtype=np.int32)
        parts = [share * self.core_values[span] for share, span in zip(shares, spans, strict=True)]
        distinct, places = np.unique(terms, return_inverse=True)
        values = np.bincount(places, np.concatenate(parts) if parts else None, len(distinct))
        kept = np.sort(np.argsort(-values, kind="stable")[:most])
        at, idf = distinct[kept].astype(np.int64), self.idf[distinct[kept]].astype(np.float64)
        weights = values[kept] / np.sqrt(idf)
        return Query(at, weights.astype(np.float32), 2 * float(np.linalg.norm(weights * idf)) or 1.0)

    def parts(self, queries: Sequence[Query], items: Sequence[int]) -> list[list[tuple[str, float]]]:
        """Return the terms each item shares with its best query, with their addends of ``best_scores([queries])``.

        The largest come first, ties by term; of queries that score alike the first is the best.
        """
        from embeddings.kernels import best_parts

        terms = np.unique(np.concatenate([query.terms for query in queries]))
        weights = np.zeros((len(queries), len(terms)), dtype=np.float32)
        for own, query in zip(weights, queries, strict=True):
            own[np.searchsorted(terms, query.terms)] = query.weights / np.float32(query.norm)
        rows = np.array(items, dtype=np.int64)
        counts, places, addends = best_parts(terms, weights, self.indptr, self.rows, self.values, rows)
        order = np.lexsort((-addends, np.repeat(np.arange(len(rows)), counts)))  # stable: ties stay by term
        words = self.vocabulary[terms[places[order]]].tolist()
        shared = [*zip(words, addends[order].tolist(), strict=True)]
        return [shared[start:end] for start, end in pairwise([0, *np.cumsum(counts).tolist()])]


def _count(items: Iterable[Sequence[str]]) -> tuple[npt.NDArray[np.int64], csr_matrix, npt.NDArray[np.str_]]:
    """Return section offsets by item, (sections, terms) counts and the sorted vocabulary."""
    from sklearn.feature_extraction.text import CountVectorizer

    starts = [0]

    def sections() -> Iterable[str]:
        for texts in items:
            starts.append(starts[-1] + len(texts))
            yield from texts

    vectorizer = CountVectorizer(analyzer=terms, dtype=np.float64)
    try:
        counts = vectorizer.fit_transform(sections()).tocsr()
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        from scipy.sparse import csr_matrix

        return np.array(starts), csr_matrix((starts[-1], 0)), np.array([], dtype=np.str_)
    return np.array(starts), counts, np.array(vectorizer.get_feature_names_out(), dtype=np.str_)

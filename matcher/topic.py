"""What two texts have in common: dense and lexical evidence on absolute scales, fused, and quoted for what is shown.

The fusion is convex (Bruch, Gai and Ingber, TOIS 2023), but over absolute scales instead of the need's own maxima: a
hopeless need then scores low, deleting a rival changes nobody's score, and the same number means about the same in
every need. Cosines below 0 and lexical values above 1 are cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from embeddings.index import SectionWeights, on_grid
from embeddings.lexical import stems
from matcher.matches import PassageEvidence, TermEvidence, TopicEvidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embeddings.encoder import Matrix
    from embeddings.lexical import Query
    from matcher.catalogue import Catalogue
    from matcher.sections import Section

DENSE_SHARE: Final = 0.43
"""Weight of the dense part: a compromise over six public collections, whose own optima lie between 0.2 and 0.7."""

SECTION_WEIGHTS: Final = SectionWeights()
QUOTE: Final = 400  # characters of a quoted passage
SHOWN_TERMS: Final = 5

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class NeedText:
    """A need's texts ready to be searched with: passages with vectors, and one lexical query for each view.

    The views are the core alone and core with gap; a pair earns the better of the two, so that stating a gap can only
    help it.
    """

    sections: tuple[Section, ...]
    passages: tuple[tuple[str, str], ...]  # (section title, passage) for each row of ``vectors``
    vectors: Matrix
    views: tuple[Query, ...]
    words: Mapping[str, str]  # stem -> the first word of the need that has it, for showing

    @classmethod
    def of(
        cls, catalogue: Catalogue, sections: tuple[Section, ...], passages: tuple[tuple[str, str], ...], vectors: Matrix
    ) -> NeedText:
        """Prepare the views against the catalogue's frozen statistics."""
        texts = (sections[0].text, " ".join(section.text for section in sections))
        views = tuple(catalogue.lexical.query(text) for text in texts[: len(sections)])
        return cls(sections, passages, on_grid(vectors), views, _words(texts[-1]))


def _words(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for stem, word in stems(text):
        found.setdefault(stem, word)
    return found


def dense_values(scores: Floats) -> Floats:
    """Bring pair scores of the index to [0, 1]."""
    return np.asarray(np.clip(scores / np.float32(SECTION_WEIGHTS.largest), 0, 1), dtype=np.float32)


def lexical_values(catalogue: Catalogue, texts: Sequence[NeedText]) -> Floats:
    """Return (needs, rows): the best view's lexical score, cut at 1."""
    best = catalogue.lexical.best_scores([text.views for text in texts])
    return np.minimum(best, 1, out=best)


def values(dense: Floats, lexical: Floats) -> Floats:
    """Topic values in [0, 1] from pair scores of the index and lexical values, of the same shape."""
    return np.float32(DENSE_SHARE) * dense_values(dense) + np.float32(1 - DENSE_SHARE) * lexical


def evidence(
    catalogue: Catalogue,
    text: NeedText,
    rows: Sequence[int],
    sections: Sequence[Sequence[Section]],
    values: Sequence[float],
) -> list[TopicEvidence]:
    """Take the topic values of some rows apart: the sections each is folded from, an addend for every shared term."""
    views = zip(*(catalogue.lexical.parts(view, rows) for view in text.views), strict=True)
    passages = _passages(catalogue, text, rows, sections)
    return [_parted(*each) for each in zip(views, passages, values, strict=True)]


def _parted(
    views: tuple[list[tuple[str, float]], ...], passages: tuple[PassageEvidence, ...], value: float
) -> TopicEvidence:
    sums = [sum([part for _, part in view]) for view in views]
    best = max(sums)
    scale = (1 - DENSE_SHARE) / max(1.0, best)
    shared = tuple([TermEvidence(term, part * scale) for term, part in views[sums.index(best)]])
    lexical_part = sum([term.value for term in shared])
    return TopicEvidence(passages, shared, dense_part=value - lexical_part, lexical_part=lexical_part)


def _passages(
    catalogue: Catalogue, text: NeedText, rows: Sequence[int], sections: Sequence[Sequence[Section]]
) -> Iterator[tuple[PassageEvidence, ...]]:
    """Quote the best passage pair of each of the (at most three) sections that a row's dense part is folded from."""
    similarities = catalogue.index.section_similarities(text.vectors, rows)
    best, queries = similarities.max(axis=0).tolist(), similarities.argmax(axis=0).tolist()
    asked = [quote(passage) for _, passage in text.passages]
    first = 0
    for row, parts in zip(rows, sections, strict=True):
        quoted = catalogue.passages(row, parts)
        found = []
        for at in sorted(range(first, first + len(parts)), key=lambda at: -best[at])[:3]:
            part, nearest = at - first, 0
            if len(quoted[part]) > 1:
                nearest = int((catalogue.index.passages_of(row, part) @ text.vectors[queries[at]]).argmax())
            title, ours, theirs = text.passages[queries[at]][0], asked[queries[at]], quote(quoted[part][nearest])
            found.append(PassageEvidence(title, ours, parts[part].title, theirs, round(best[at], 6)))
        yield tuple(found)
        first += len(parts)


def quote(passage: str) -> str:
    """Shorten a passage for showing, at a word's end."""
    return passage if len(passage) <= QUOTE else passage[:QUOTE].rsplit(" ", 1)[0] + " \u2026"


def sentence(topic: TopicEvidence, words: Mapping[str, str]) -> str:
    """Say what the texts share."""
    shared = [words.get(term.term, term.term) for term in topic.terms[:SHOWN_TERMS]]
    if shared:
        return f"both speak of {', '.join(shared)}"
    if topic.passages and topic.passages[0].similarity > SECTION_WEIGHTS.floor:
        return "related in meaning, though no word is shared"
    return "the texts have little in common"

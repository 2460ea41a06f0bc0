"""What two texts have in common: dense and lexical evidence, fused, and quoted for what is shown.

One need's evidence about an offer is a sum: the cosine of their sections, less what the offer has in common with its
like; the lexical score as a share of the best core's (a convex fusion after Bruch, Gai and Ingber, TOIS 2023); and the
likeness to the best answers. The sum means about the same in every need, since only the lexical part is relative, and
that no further than LEAST_SCALE: a hopeless need scores low. Scale and answers are set by cores alone, which no profile
can be without: deleting any other text only takes away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings import glossing
from embeddings.feedback import Feedback
from embeddings.index import SectionWeights, on_grid, top_k
from embeddings.lexical import stems
from matcher.matches import PassageEvidence, TermEvidence, TopicEvidence
from matcher.profiles import CapabilityId
from matcher.sections import cores, is_english

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from embeddings.encoder import Matrix
    from embeddings.lexical import Query
    from matcher.catalogue import Catalogue
    from matcher.sections import Section

LEXICAL: Final = 0.5  # what the best lexical score adds to a cosine
FEW: Final = 200  # capabilities among which rarity says little of a word: there words have half of their say
ENOUGH: Final = 1_000  # from here on they have all of it
HUBNESS: Final = 0.35  # how much of an offer's nearness to its own neighbours is taken off
POOL: Final = 200  # the best cores by cosine, among which answers are looked for
LEAST_SCALE: Final = 0.18  # a lexical score below is a word or two in common: it never counts as whole
WHOLE: Final = 2.75
"""The sum that counts as 1. Logistic fits of nine public collections put even odds near a sum of 1.2 (from .7 to 1.4),
which by the scorer's prior, 8 points from -3.5, is a value of .44."""

SECTION_WEIGHTS: Final = SectionWeights()
QUOTE: Final = 400  # characters of a quoted passage
SHOWN_TERMS: Final = 5

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class NeedText:
    """A need's texts ready to be searched with: passages with vectors, and one lexical query for each view.

    The views are the English where there is some, the core alone, and core with gap; of a need in another language
    those with cognates before them. A pair earns the best of them, so that stating a gap can only help it. The first,
    with its passages, stands for the need where answers are sought.
    """

    sections: tuple[Section, ...]
    passages: tuple[tuple[str, str], ...]  # (section title, passage) for each row of ``vectors``
    core: int  # how many of them are the first section's
    vectors: Matrix
    views: tuple[Query, ...]
    words: Mapping[str, str]  # stem -> the first word of the need that has it, for showing
    unread: bool = False  # in a language that the encoder does not cover

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        sections: tuple[Section, ...],
        passages: tuple[tuple[str, str], ...],
        vectors: Matrix,
        *,
        unread: bool = False,
    ) -> NeedText:
        """Prepare the views against the catalogue's frozen statistics.

        Of a need that the encoder does not read, words of other languages that look like its own lead the views.
        """
        texts = _views(sections)
        stemmed = [stems(text) for text in texts]
        views = [catalogue.lexical.query_of([stem for stem, _ in one]) for one in stemmed]
        words = _words(stemmed)
        if unread and not glossing.foreign(sections[0].text) and not is_english(sections[0]):
            kin = [catalogue.lexical.kin_query([stem for stem, _ in one]) for one in stemmed]
            views = [*(query for query, _ in kin), *views]
            words = {**{term: words[stem] for _, behind in kin for term, stem in behind.items()}, **words}
        titles = {section.title for section in sections[: cores(sections)]}
        core = sum(title in titles for title, _ in passages)
        return cls(sections, passages, core, on_grid(vectors), tuple(views), words, unread)


def _views(sections: tuple[Section, ...]) -> list[str]:
    """Return the English first and apart, for each text keeps its own language; then the core, and core with gap.

    Where there is no English and the core is in letters that few records share, numbers and Latin words come first.
    """
    own = [section.text for section in sections if not is_english(section)]
    english = [section.text for section in sections if is_english(section)] or [*filter(None, [glossing.latin(own[0])])]
    return [*english, own[0], *([" ".join(own)] if len(own) > 1 else [])]


def _words(stemmed: Iterable[Iterable[tuple[str, str]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for stem, word in (pair for text in stemmed for pair in text):
        found.setdefault(stem, word)
    return found


class Say(NamedTuple):
    """What a cosine counts, and what the best lexical score adds."""

    dense: float
    lexical: float

    @classmethod
    def of(cls, text: NeedText, capabilities: int) -> Say:
        """Weigh words against meaning: less in a small catalogue, whose frequencies say little of what is rare.

        The two add up alike, so that values keep their level. Where the encoder reads little, words keep all their say.
        """
        grown = math.log(max(capabilities, FEW) / FEW) / math.log(ENOUGH / FEW)
        ratio = LEXICAL if text.unread else LEXICAL * min(1.0, (1 + grown) / 2)
        dense = (1 + LEXICAL) / (1 + ratio)
        return cls(dense, dense * ratio)


@dataclass(frozen=True, eq=False)
class Topic:
    """The text evidence of one need about every capability of a catalogue."""

    text: NeedText
    bare: Floats  # (capabilities,) values less what likeness to the answers adds, at most 1
    scale: np.float32  # the lexical score that counts as whole
    say: Say
    feedback: Feedback

    @classmethod
    def of(
        cls, catalogue: Catalogue, text: NeedText, scores: tuple[Floats, Floats, Floats], seen: Flags | None = None
    ) -> Topic:
        """Fuse rows of scores, (capabilities,) each: dense of all sections, dense of cores, lexical. Writes in them.

        What is not ``seen`` (None: everything is) is nobody's answer and sets no scale.

        1. The best cores are the pool. 2. The best lexical score in it is the scale. 3. The best of it are the answers.
        """
        from embeddings.kernels import fuse

        whole, core, lexical = scores
        index, say = catalogue.index, Say.of(text, len(catalogue))
        pool = np.sort(top_k(core, POOL, seen).rows)
        cosines, words = core[pool], catalogue.lexical.core_scores(text.views[0], pool)
        scale = np.float32(words.max(initial=LEAST_SCALE))
        near = np.float32(say.dense) * (cosines - np.float32(HUBNESS) * index.hubness[pool])
        sums = near + np.float32(say.lexical) * (words / scale)
        feedback = Feedback.of(index, catalogue.lexical, pool, sums)
        parts = np.float32(say.lexical / say.dense), np.float32(HUBNESS), np.float32(WHOLE / say.dense)
        fuse(lexical, whole, index.hubness, scale, parts)
        return cls(text, lexical, scale, say, feedback)

    def likeness(self, rows: Rows) -> Floats:
        """Return what being like the need's best answers adds to the values of some rows."""
        return np.asarray(self.feedback.likeness(rows) / np.float32(WHOLE), dtype=np.float32)

    def values(self, rows: Rows) -> Floats:
        """Return the topic values of some rows, in [0, 1]."""
        return np.asarray(np.clip(self.bare[rows] + self.likeness(rows), 0, 1), dtype=np.float32)


def lexical_values(catalogue: Catalogue, texts: Sequence[NeedText]) -> Floats:
    """Return (needs, capabilities): the best view's lexical score."""
    return catalogue.lexical.best_scores([text.views for text in texts])


def evidence(
    catalogue: Catalogue,
    topic: Topic,
    rows: Sequence[int],
    sections: Sequence[Sequence[Section]],
    values: Sequence[float],
) -> list[TopicEvidence]:
    """Take the topic values of some rows apart: sections, an addend for every shared term, and the likest answers."""
    words = catalogue.lexical.parts(topic.text.views, rows)
    passages = _passages(catalogue, topic.text, rows, sections)
    likeness = topic.likeness(np.array(rows, dtype=np.int64)).tolist()
    answers = [(row, CapabilityId(catalogue.capabilities[row].id)) for row in topic.feedback.answers.tolist()]
    alike = (tuple([name for answer, name in answers if answer != row]) for row in rows)
    return [_parted(topic, *each) for each in zip(words, passages, likeness, alike, values, strict=True)]


def _parted(
    topic: Topic,
    words: list[tuple[str, float]],
    passages: tuple[PassageEvidence, ...],
    likeness: float,
    answers: tuple[CapabilityId, ...],
    value: float,
) -> TopicEvidence:
    scale = topic.say.lexical / WHOLE / max(float(topic.scale), sum([part for _, part in words]))
    shared = tuple([TermEvidence(term, part * scale) for term, part in words])
    lexical_part = sum([term.value for term in shared])
    dense_part = value - lexical_part - likeness
    return TopicEvidence(passages, shared, dense_part, lexical_part, likeness, answers if likeness > 0 else ())


def _passages(
    catalogue: Catalogue, text: NeedText, rows: Sequence[int], sections: Sequence[Sequence[Section]]
) -> Iterator[tuple[PassageEvidence, ...]]:
    """Quote the best passage pair of each of the (at most three) sections that a row's dense part is folded from."""
    similarities = catalogue.index.section_similarities(text.vectors, rows)
    best, queries = similarities.max(axis=0).tolist(), similarities.argmax(axis=0).tolist()
    asked = [quote(passage) for _, passage in text.passages]
    starts, first = catalogue.index.starts, 0
    for row, texts in zip(rows, sections, strict=True):
        parts = texts[: int(starts[row + 1] - starts[row])]  # an index of before the word list lacks its sections
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
    shared: dict[str, None] = {}
    for term in topic.terms:
        shared[words.get(term.term, term.term)] = None
        if len(shared) == SHOWN_TERMS:
            break
    if shared:
        return f"both speak of {', '.join(shared)}"
    if topic.passages and topic.passages[0].similarity > SECTION_WEIGHTS.floor:
        return "related in meaning, though no word is shared"
    return "the texts have little in common"

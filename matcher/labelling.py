"""What sets a group of texts apart from the others, in words as they were written: class-based TF-IDF."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from embeddings.lexical import stems

NAMED: Final = 3  # words of a label: what can be read at a glance
TERMS: Final = 12  # kept of a group
IN_TITLE: Final = 2  # further uses that a title's word counts for: titles name things, texts tell stories
OFFERED: Final = 2  # offers that use a word of the trade
UNOFFERED: Final = 0.4
"""What a word counts that fewer offers use: "steppe" and "scattered" tell of a place, "solar" and "lighting" of what is
short. Chosen by reading the labels of the sample."""

_NUMERALS: Final = """
    one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million
    deux trois quatre cinq sept huit neuf dix onze douze vingt trente quarante cinquante cent mille
    dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien mil
    dois quatro sete oito nove dez doze vinte trinta cem
"""
NUMERALS: Final = frozenset(_NUMERALS.split())  # a number names nothing, however rare it is
SHORTEST: Final = 3  # letters of a term that can name something


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a group with how distinctive it is, and how many of the group's texts use it."""

    word: str
    weight: float
    texts: int


class Vocabulary:
    """Which terms each text uses, in its title or elsewhere, and how they are written."""

    def __init__(self, texts: Mapping[str, tuple[str, str]], offered: Mapping[str, int], offers: int) -> None:
        """Read (title, whole text) by name; ``offered`` counts by stem how many of all ``offers`` use it."""
        self._written = {name: _forms(text) for name, (_, text) in texts.items()}
        self._titled = {name: {stem for stem, _ in stems(title)} for name, (title, _) in texts.items()}
        self._users = Counter(stem for used in self._written.values() for stem in used)
        self._offered, self._total = offered, len(texts) + offers

    def terms(self, group: Sequence[str], most: int = TERMS) -> tuple[Term, ...]:
        """Return the most distinctive terms of a group of texts, ties by word; texts that are not here count for none.

        Weight = uses / texts of the group * ln(1 + all / users), the class-based TF-IDF of Grootendorst (BERTopic,
        2022) with a text counted once, so that one long text does not name the group, and more where its title has the
        term. Users are counted among texts and offers; a word that hardly any offer uses counts less.
        """
        known = [name for name in group if name in self._written]
        users = Counter(stem for name in known for stem in self._written[name])
        titled = Counter(stem for name in known for stem in self._titled[name])
        found = [
            Term(
                self._word(stem, known),
                round((count + IN_TITLE * titled[stem]) / len(known) * self._rarity(stem), 6),
                count,
            )
            for stem, count in users.items()
        ]
        return tuple(sorted(found, key=lambda term: (-term.weight, term.word))[:most])

    def _rarity(self, stem: str) -> float:
        offers = self._offered.get(stem, 0)
        share = 1.0 if offers >= OFFERED else UNOFFERED
        return share * math.log1p(self._total / (self._users[stem] + offers))

    def _word(self, stem: str, group: Sequence[str]) -> str:
        """Write a term as the group mostly does, without a capital at its start; ties to the shorter form."""
        forms = Counter[str]()
        for name in group:
            for word, count in self._written[name].get(stem, {}).items():
                forms[word.lower() if word.istitle() else word] += count
        return min(forms, key=lambda word: (-forms[word], len(word), word))


def _forms(text: str) -> dict[str, Counter[str]]:
    """Count how each term is written; neither quantities nor what is read as lacking is a word."""
    used: dict[str, Counter[str]] = {}
    for stem, word in stems(text):
        if len(stem) >= SHORTEST and stem.isalpha() and word.lower() not in NUMERALS:
            used.setdefault(stem, Counter())[word] += 1
    return used


def label(terms: Sequence[Term]) -> str:
    """Name a group by its first terms; empty when it has none."""
    return ", ".join(term.word for term in terms[:NAMED])

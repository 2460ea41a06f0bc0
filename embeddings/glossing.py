"""Texts in scripts that an English model does not read, as the English words a word list knows of them.

To an English sentence encoder a Cyrillic or Arabic text is a row of letters, and no stem of it meets an English one.
The list (``glossary.csv``, written for this project: English; Russian; Arabic; Chinese) puts the commoner words of
development and technology into English, in the order of the text; numbers and Latin words stay where they stand. It is
no translation: it knows some 700 words and no grammar. A text that is mostly in Latin letters has no gloss.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LISTED: Final = frozenset({"ar", "ru", "zh"})
"""Languages of the list; others in the same letters gain what words they share with these."""

MOST_LATIN: Final = 0.5  # of a text's letters: with more, it is read as it stands
_LETTERS: Final = re.compile(r"[^\W\d_]")
_OTHER: Final = re.compile(r"[^\W\d_a-zA-Z\u00aa-\u024f\u1e00-\u1eff]")
_TOKEN: Final = re.compile(r"[\u3400-\u9fff]+|(?:(?![\u3400-\u9fff])\w)+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_MARKS: Final = re.compile(r"[\u0640\u064b-\u065f\u0670]")  # tatweel and vowel signs, which writers may leave out
_ALEFS: Final = str.maketrans("\u0623\u0625\u0622\u0671", "\u0627" * 4)
_JOINED: Final = ("\u0648", "\u0641")  # "and", "so": written as one with the word that follows
_ARTICLES: Final = ("\u0627\u0644", "\u0628\u0627\u0644", "\u0644\u0644")  # "the", "with the", "to the": likewise
_SHORT: Final = 3  # letters: of a shorter word, the first is its own


class Glossary(NamedTuple):
    """What the list says: by words, and by signs for Chinese."""

    words: Mapping[tuple[str, ...], str]  # by a key for each word of an entry
    signs: Mapping[str, str]
    longest: int  # words of an entry, at most
    longest_signs: int


def foreign(text: str) -> bool:
    """Say whether most letters of a text are of scripts other than Latin."""
    if text.isascii() or not _OTHER.search(text):  # nearly every text ends here
        return False
    return len(_OTHER.findall(text)) > len(_LETTERS.findall(text)) * MOST_LATIN


def gloss(text: str) -> str:
    """Return the English words of a text, with its numbers and Latin words; nothing if no word is known."""
    if not foreign(text):
        return ""
    tokens = _TOKEN.findall(_MARKS.sub("", unicodedata.normalize("NFKC", text)))
    english = list(_english(tokens, _glossary()))
    return " ".join(english) if any(word not in tokens for word in english) else ""


def latin(text: str) -> str:
    """Return the numbers and Latin words of a text that is mostly in other letters; nothing of any other text."""
    return " ".join(word for word in _TOKEN.findall(text) if not _OTHER.search(word)) if foreign(text) else ""


def _english(tokens: Sequence[str], known: Glossary) -> Iterator[str]:
    """Walk along the tokens, at each place the longest entry first."""
    keys = [_keys(token) for token in tokens]
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if _HAN.match(token):
            yield from _signs(token, known)
        elif not _OTHER.search(token):
            yield token
        else:
            for length in range(min(known.longest, len(tokens) - at), 0, -1):
                found = _found(keys[at : at + length], known)
                if found:
                    yield found
                    at += length - 1
                    break
        at += 1


def _found(keys: Sequence[tuple[str, ...]], known: Glossary) -> str | None:
    """Look for one word by each of its keys, for several by their last."""
    if len(keys) == 1:
        return next((known.words[key,] for key in keys[0] if (key,) in known.words), None)
    return known.words.get(tuple(each[-1] for each in keys))


def _signs(run: str, known: Glossary) -> Iterator[str]:
    at = 0
    while at < len(run):
        for length in range(min(known.longest_signs, len(run) - at), 0, -1):
            if found := known.signs.get(run[at : at + length]):
                yield found
                at += length - 1
                break
        at += 1


@lru_cache(maxsize=1 << 16)  # bounded: words come from outside
def _keys(word: str) -> tuple[str, ...]:
    """Return what a word may be known by: as written, without what is joined to it, by stem; "=" marks whole words."""
    word = word.lower()
    if not _ARABIC.search(word):
        return f"={word}", str(_stemmer("russian").stemWord(word))
    word = word.translate(_ALEFS)
    forms = [word, *([word[1:]] if word.startswith(_JOINED) and len(word) > _SHORT else [])]
    bare = [form.removeprefix(article) for form in forms for article in _ARTICLES]
    stems = [str(_stemmer("arabic").stemWord(form)) for form in forms]
    return tuple(dict.fromkeys([*(f"={form}" for form in [*forms, *bare]), *reversed(stems)]))


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(language)


@cache
def _glossary() -> Glossary:
    words: dict[tuple[str, ...], str] = {}
    signs: dict[str, str] = {}
    for row in csv.DictReader(resources.files("embeddings").joinpath("glossary.csv").read_text("utf-8").splitlines()):
        for form in f"{row['russian']};{row['arabic']}".split(";"):
            keys = [_keys(token) for token in _TOKEN.findall(form)]
            if len(keys) == 1:
                words[keys[0][0],] = row["english"]
            if keys:
                words.setdefault(tuple(each[-1] for each in keys), row["english"])
        for form in filter(None, row["chinese"].split(";")):
            signs.setdefault(form, row["english"])
    return Glossary(words, signs, max(map(len, words)), max(map(len, signs)))

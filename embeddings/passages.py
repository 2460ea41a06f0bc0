"""Long texts in passages that fit the encoder's window: at sentence ends where possible, and nothing is lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from embeddings.encoder import Encoder

CountTokens = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]  # [start, end) in characters of the text

_ABBREVIATIONS: Final = frozenset(
    {"approx", "ca", "cf", "co", "corp", "dept", "dr", "est", "etc", "gov", "inc", "incl", "jr", "ltd", "messrs", "mr"}
    | {"mrs", "ms", "mme", "mt", "prof", "resp", "sr", "sra", "st", "univ", "vs", "ing", "lic"}
)
_BEFORE_NUMBERS: Final = frozenset(
    {
        "art",
        "ch",
        "fig",
        "figs",
        "max",
        "min",
        "no",
        "nos",
        "nr",
        "num",
        "n\u00fam",
        "op",
        "p",
        "pp",
        "p\u00e1g",
        "para",
    }
    | {"ref", "sec", "tab", "tel", "vol"}
)
"""Words that a point follows without ending a sentence: always, or before a number. Lower case, several languages."""

_CLOSING: Final = "\"'\u2019\u201d\u00bb)\\]"  # quotes and brackets that still belong to the sentence they close
_END = re.compile(
    rf"(?P<point>[.!?\u2026]+)[{_CLOSING}]*\s+"  # Latin, Cyrillic, Greek
    r"|[\u3002\uff01\uff1f\uff61][\u300d\u300f\u201d\u2019\uff09]*\s*"  # Chinese, Japanese: no space need follow
    r"|[\u061f\u06d4\u0964\u0965\u1362\u104b\u17d4\u0589]\s*"  # Arabic, Urdu, Hindi, Amharic, Burmese, Khmer, Armenian
    r"|(?<!\s)\s*\n\s*(?:\n\s*|(?=[-*\u2022]))"  # a blank line, or a new point of a list
)
_CLAUSE = re.compile(r"[,;:\u2013\u2014]\s+|(?<!\s)\s+[-\u2013\u2014]\s+|[\u060c\u061b\u3001\uff0c\uff1b\uff1a]\s*|\n+")
_WORD = re.compile(r"\s+")
_JOINER: Final = "\u200d"  # holds two characters together as one sign


def split(text: str, max_tokens: int, count_tokens: CountTokens) -> tuple[str, ...]:
    """Split one text; a batch of one of ``split_many``, with the window and the counter given by hand."""
    return _split([text], max_tokens, count_tokens)[0]


def split_many(texts: Sequence[str], encoder: Encoder) -> list[tuple[str, ...]]:
    """Split each text into the fewest passages, in order and of even length, that fit the encoder's window.

    The passages joined by spaces are the text, but for white space; a blank text has none. Cuts fall at sentence ends;
    a sentence longer than the window is cut at clause marks, then between words, then between characters. A single
    character is never divided, though it exceed the window.
    """
    return _split(texts, encoder.max_tokens, encoder.count_tokens)


@dataclass(slots=True)
class _Long:
    """A text that does not fit: its pieces in order with their tokens, and the room that passages may fill."""

    place: int
    text: str
    room: int
    pieces: list[Span]
    tokens: list[int]


def _split(texts: Sequence[str], max_tokens: int, count_tokens: CountTokens) -> list[tuple[str, ...]]:
    """1. Pass what fits. 2. Cut the rest into pieces that fit. 3. Pack pieces. 4. Count again; pack tighter if need be.

    Step 4 matters to tokenizers for which two pieces together take more tokens than apart.
    """
    passages: list[tuple[str, ...]] = [(text.strip(),) if text.strip() else () for text in texts]
    around = count_tokens([""])[0]  # what the model adds to every text
    unsure = [place for place, text in enumerate(texts) if not _surely_fits(text, max_tokens - around)]
    counts = count_tokens([texts[place] for place in unsure]) if unsure else []
    long = [
        _Long(place, texts[place], max(1, max_tokens - around), [(0, len(texts[place]))], [count - around])
        for place, count in zip(unsure, counts, strict=True)
        if count > max_tokens
    ]
    _cut_all(long, around, count_tokens)
    while long:
        packed = [_pack(text) for text in long]
        counted = iter(count_tokens([passage for group in packed for passage in group]))
        still = []
        for text, group in zip(long, packed, strict=True):
            over = max(next(counted) for _ in group) - max_tokens
            passages[text.place] = group
            if over > 0 and text.room > 1:
                text.room = max(1, text.room - over)
                still.append(text)
        long = still
    return passages


def _surely_fits(text: str, room: int) -> bool:
    """Tell without counting: no tokenizer makes more tokens of ASCII than its characters and one."""
    return not text or (text.isascii() and len(text) < room)


def _cut_all(long: list[_Long], around: int, count_tokens: CountTokens) -> None:
    """Cut pieces that exceed their room ever finer, counting the new pieces of all texts together."""
    for cut in (_sentences, _clauses, _words, _characters):
        finer = [[list(cut(text.text, piece)) for piece in _excess(text)] for text in long]
        strings = [text.text[a:b] for text, cuts in zip(long, finer, strict=True) for run in cuts for a, b in run]
        counted = iter(count_tokens(strings) if strings else ())
        for text, cuts in zip(long, finer, strict=True):
            replacement = iter([(run, [next(counted) - around for _ in run]) for run in cuts])
            pieces, tokens = [], []
            for piece, count in zip(text.pieces, text.tokens, strict=True):
                run, run_tokens = next(replacement) if count > text.room else ([piece], [count])
                pieces += run
                tokens += run_tokens
            text.pieces, text.tokens = pieces, tokens


def _excess(text: _Long) -> list[Span]:
    return [piece for piece, count in zip(text.pieces, text.tokens, strict=True) if count > text.room]


def _pack(text: _Long) -> tuple[str, ...]:
    """Fill the fewest passages, then lower the limit as far as their number allows: the last is not left tiny."""
    fewest = len(_fill(text.tokens, text.room))
    low, high = 1, text.room
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(_fill(text.tokens, middle)) <= fewest else (middle + 1, high)
    runs = _fill(text.tokens, low)
    passages = (text.text[text.pieces[a][0] : text.pieces[b - 1][1]].strip() for a, b in runs)
    return tuple(passage for passage in passages if passage)


def _fill(tokens: Sequence[int], limit: int) -> list[Span]:
    """Take pieces while they fit: runs of piece numbers; a piece over the limit stands alone."""
    runs, start, total = [], 0, 0
    for number, count in enumerate(tokens):
        if number > start and total + count > limit:
            runs.append((start, number))
            start, total = number, 0
        total += count
    return [*runs, (start, len(tokens))]


def _sentences(text: str, span: Span) -> Iterator[Span]:
    return _between(span, (end.end() for end in _END.finditer(text, *span) if _ends_sentence(text, end)))


def _ends_sentence(text: str, end: re.Match[str]) -> bool:
    """Refuse a point after an abbreviation or initial ("e.g.", "Dr.", "No. 5", "J."), or before a small letter."""
    if not end["point"] or end.group().count("\n") > 1:
        return True
    following = text[end.end() : end.end() + 1]
    if end["point"] != "." or following.islower():
        return not following.islower()
    word = re.split(r"[\s(\[\"']", text[max(0, end.start() - 20) : end.start()])[-1].lower()
    short = (len(word) == 1 and word.isalpha()) or ("." in word.strip(".") and not word[-1].isdigit())
    return not (short or word in _ABBREVIATIONS or (word in _BEFORE_NUMBERS and following.isdigit()))


def _clauses(text: str, span: Span) -> Iterator[Span]:
    return _between(span, (mark.end() for mark in _CLAUSE.finditer(text, *span)))


def _words(text: str, span: Span) -> Iterator[Span]:
    return _between(span, (space.end() for space in _WORD.finditer(text, *span)))


def _characters(text: str, span: Span) -> Iterator[Span]:
    """Keep marks with the letter they sit on, and joined signs together."""
    return _between(span, (at for at in range(span[0] + 1, span[1]) if not _clings(text, at)))


def _clings(text: str, at: int) -> bool:
    return _JOINER in text[at - 1 : at + 1] or unicodedata.category(text[at]).startswith("M")


def _between(span: Span, ends: Iterator[int]) -> Iterator[Span]:
    """Make spans of the places where one ends; the last ends with the whole."""
    start, stop = span
    for end in ends:
        if start < end < stop:
            yield start, end
            start = end
    yield start, stop

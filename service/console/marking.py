"""Marking in two passages the words that both use, by the very terms the score was made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from embeddings.lexical import LONGEST, WORD, stems

if TYPE_CHECKING:
    from markupsafe import Markup

    from matcher.matches import TermEvidence


_OPEN, _CLOSE = "\ufdd0", "\ufdd1"
"""Stand for the tags while a passage is not escaped: Unicode promises that no text holds these."""

_WORDS = re.compile(rf"({WORD.pattern})")


def marked(passage: str, terms: Iterable[TermEvidence]) -> Markup:
    """Return a passage, escaped, with every word or phrase that one of the terms stands for between ``mark`` tags.

    Words with only a space between them are marked as one run.
    """
    from markupsafe import Markup, escape

    shared = {one.term for one in terms}
    written = {word for term, word in _stems(passage) if term in shared}
    words = {word for word in written if WORD.fullmatch(word)}
    pieces = _split(passage, written - words)
    for at in range(0, len(pieces), 2):
        pieces[at] = _with_marks(pieces[at], words)
    for at in range(1, len(pieces), 2):
        pieces[at] = f"{_OPEN}{pieces[at]}{_CLOSE}"
    text = str(escape("".join(pieces).replace(f"{_CLOSE} {_OPEN}", " ")))
    return Markup(text.replace(_OPEN, "<mark>").replace(_CLOSE, "</mark>"))  # noqa: S704 - escaped before


@lru_cache(maxsize=256)
def _stems(passage: str) -> tuple[tuple[str, str], ...]:
    """Remember passages: that of the need stands beside every offer of its list."""
    return tuple(stems(passage))


def _with_marks(text: str, words: Collection[str]) -> str:
    """Mark words as they are written, whole; one that is longer than counts by its start."""
    pieces = _WORDS.split(text)
    for at in range(1, len(pieces), 2):
        if pieces[at][:LONGEST] in words:
            pieces[at] = f"{_OPEN}{pieces[at]}{_CLOSE}"
    return "".join(pieces)


def _split(passage: str, phrases: Collection[str]) -> list[str]:
    """Cut a passage at phrases of several words or signs: every second piece is one."""
    passage = passage.replace(_OPEN, "").replace(_CLOSE, "")
    if not phrases:
        return [passage]
    listed = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.split(rf"(?<!\w)({listed})(?!\w)", passage)

"""Marking in two passages the words that both use, by the very terms the score was made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from embeddings.lexical import stems

if TYPE_CHECKING:
    from markupsafe import Markup

    from matcher.matches import TermEvidence


def marked(passage: str, terms: Iterable[TermEvidence]) -> Markup:
    """Return a passage, escaped, with every word or phrase that one of the terms stands for between ``mark`` tags."""
    from markupsafe import Markup, escape

    shared = {one.term for one in terms}
    words = {written for term, written in stems(passage) if term in shared}
    pieces = _pattern(words).split(passage) if words else [passage]
    return Markup("").join(
        Markup("<mark>{}</mark>").format(piece) if at % 2 else escape(piece) for at, piece in enumerate(pieces)
    )


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """Match any of the words as it is written, the longest first, whole or (where it was cut off) from its start."""
    listed = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)({listed})(?!\w)")

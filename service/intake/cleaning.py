"""Noise out of texts, and texts that say nothing: test entries, prompts of a form, a title and no more."""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any, Final

from service.intake.mapping import Clean
from service.intake.results import Problem, Severity
from service.intake.texts import states_nothing

_NOISE: Final = (  # what the text must hold for the pattern to be tried, pattern, what stays
    ("<", re.compile(r"<(?:phone|e-?mail|url|link|name|address)>", re.IGNORECASE), " "),  # masks made before us
    ("<", re.compile(r"<!--.*?-->|</?[a-z][a-z0-9]*(?:\s[^<>]{0,500})?/?>", re.DOTALL | re.IGNORECASE), " "),
    ("](", re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,500}\)"), r"\1"),  # a link of markdown: its words stay
    ("://", re.compile(r"\bhttps?://[^\s<>]*", re.IGNORECASE), " "),
    ("www.", re.compile(r"\bwww\.[^\s<>]+", re.IGNORECASE), " "),
    ("@", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]+"), " "),
    (
        "",
        re.compile(
            r"\b(?:tel|tel[e\u00e9]fono|phone|cel|celular|mobile|whatsapp|fax)\b[.:\s]*\+?\d[\d\s()/-]{5,}\d",
            re.IGNORECASE,
        ),
        " ",
    ),
)
_HOLLOW: Final = re.compile(
    r"\(\s*\)|\[\s*\]|(?<=\s)[-\u2013|/]\s+(?=[-\u2013|/]\s)|^\s*[-\u2013|,;:/.]+\s+|\s+[-\u2013|,;:/]+\s*$"
)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_SOLID_SCRIPT: Final = re.compile(r"[\u0e00-\u0e7f\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u4e00-\u9fff]")  # no spaces
_PLACEHOLDER: Final = re.compile(
    r"^\W*(?:(?:a\s+)?(?:test(?:ing|e|o)?|prueba|essai|example|sample|dummy|demo|untitled|no title|sans titre|title"
    r"|xx+|yy+|zz+|aa+|abc|asdf\w*|qwerty\w*|lorem ipsum.*|foo|bar|placeholder|delete me"
    r"|(?=\w*(?:sd|df|fg|hj|jk))[asdfghjkl]{4,}|\d+)[\s\d]*)\W*$",  # and what fingers leave on the middle row
    re.IGNORECASE | re.DOTALL,
)


def cleaned(text: str, remove: tuple[re.Pattern[str], ...]) -> str:
    """Return the text without markup, addresses, masks and the profile's own noise; spaces made single."""
    for pattern in remove:
        text = pattern.sub(" ", text)
    text = html.unescape(text)
    for sign, pattern, kept in _NOISE:
        if sign in text:
            text = pattern.sub(kept, text)
    text = re.sub(r"[^\S\n]+", " ", text.replace("\ufffd", ""))
    text = re.sub(r" *\n *", "\n", text)
    text = re.sub(r"\n{3,}", "\n\n", text)
    before = ""
    while before != text:
        before, text = text, _HOLLOW.sub(" ", text)
    return re.sub(r"[^\S\n]+", " ", text).strip()


class Cleaner:
    """Cleans the texts of one file's rows; remembers them, to refuse the second of two equal rows."""

    def __init__(self, rules: Clean) -> None:
        self._rules = rules
        self._remove = tuple(re.compile(pattern) for pattern in rules.remove)
        self._templates = tuple(re.compile(pattern) for pattern in rules.templates)
        self._seen: set[bytes] = set()

    def clean(self, values: dict[str, Any]) -> Problem | None:
        """Clean the texts in place; return why the row is debris, None where it is not."""
        before = {name: values[name] for name in self._rules.texts if isinstance(values.get(name), str)}
        for name, text in before.items():
            self._keep(values, name, cleaned(text, self._remove))
        texts = [str(values[name]) for name in self._rules.texts if isinstance(values.get(name), str)]
        if not texts:
            code = "placeholder" if before else "empty_text"
            return Problem(code, self._rules.texts[0], next(iter(before.values()), None), Severity.ROW)
        self._unrepeat_title(values)
        title = before.get(self._rules.texts[0], "")
        longest = self._rules.max_characters
        if longest is not None and len(title) > longest:
            return Problem("too_long", self._rules.texts[0], title, Severity.ROW, f"at most {longest} characters")
        if _words(texts) < self._rules.min_words:
            return Problem(
                "too_little_text",
                self._rules.texts[0],
                title,
                Severity.ROW,
                f"{self._rules.min_words} different words at least",
            )
        if self._rules.once and self._repeats(texts):
            return Problem("duplicate_text", self._rules.texts[0], title, Severity.ROW)
        return None

    def _keep(self, values: dict[str, Any], name: str, text: str) -> None:
        if states_nothing(text) or _PLACEHOLDER.match(text) or any(p.fullmatch(text) for p in self._templates):
            del values[name]
        else:
            values[name] = text

    def _unrepeat_title(self, values: dict[str, Any]) -> None:
        """Take the title off the start of the next text where more follows: the record has it already."""
        title = values.get(self._rules.texts[0])
        for name in self._rules.texts[1:]:
            text = values.get(name)
            if isinstance(title, str) and isinstance(text, str) and text.casefold().startswith(title.casefold()):
                rest = text[len(title) :].lstrip(" -\u2013:.,;\n")
                if _words([rest]) >= self._rules.min_words and (rest[:1].isupper() or rest[:1].isdigit()):
                    values[name] = rest

    def _repeats(self, texts: list[str]) -> bool:
        mark = hashlib.blake2b(
            " ".join(w for t in texts for w in _WORD.findall(t.casefold())).encode(), digest_size=12
        ).digest()
        repeated = mark in self._seen
        self._seen.add(mark)
        return repeated


def _words(texts: list[str]) -> int:
    """Count the different words of texts; in a script without spaces two letters stand for a word."""
    whole = " ".join(texts).casefold()
    return len(set(_WORD.findall(whole))) + len(_SOLID_SCRIPT.findall(whole)) // 2

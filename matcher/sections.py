"""Profile -> titled sections: what is embedded, indexed and quoted. An offer's first is made of required fields."""

from __future__ import annotations

from typing import NamedTuple

from embeddings import glossing
from matcher.profiles import Capability, CaseStory, Need
from matcher.vocabulary import Provenance


class Section(NamedTuple):
    """A titled run of text; never empty but for a first section of an empty profile."""

    title: str
    text: str


CORE = "title and summary"
ENGLISH = "title and summary in English"
BY_WORD = " in English, word by word"
"""Ends the title of what the word list knows of another section, in a script that an English model does not read."""


def _core(profile: Need | Capability | CaseStory) -> Section:
    return Section(CORE, _together(profile.title, profile.summary))


def _together(title: str, summary: str) -> str:
    """Title and summary, the title left out where the summary already begins with it."""
    title, summary = title.strip().rstrip("\u2026").rstrip("."), summary.strip()
    if not summary or summary.lower().startswith(title.lower()):
        return summary or title
    return f"{title}. {summary}" if title else summary


def in_english(profile: Need | Capability) -> tuple[Section, ...]:
    """Return the English title and summary of a profile that has them, under a title that says if nobody wrote them."""
    text = _together(profile.title_en or "", profile.summary_en or "")
    if not text:
        return ()
    known = profile.provenance or {}
    inferred = Provenance.INFERRED in {known.get("title_en"), known.get("summary_en")}
    return (Section(f"{ENGLISH} (inferred)" if inferred else ENGLISH, text),)


def _by_word(*own: Section) -> tuple[Section, ...]:
    """Return the known words of each section that has some."""
    glosses = ((section.title, glossing.gloss(section.text)) for section in own)
    return tuple([Section(title + BY_WORD, text) for title, text in glosses if text])


def is_english(section: Section) -> bool:
    """Say whether a section puts others into English."""
    return section.title.startswith(ENGLISH) or section.title.endswith(BY_WORD)


def of_capability(capability: Capability) -> tuple[Section, ...]:
    """Core, English, description, problem solved, advantages, keywords: those that are there; then all by word."""
    further = (
        ("description", capability.description),
        ("problem solved", capability.problem_solved),
        ("advantages", capability.advantages),
        ("keywords", ", ".join(capability.keywords or ())),
    )
    stated = [Section(title, text.strip()) for title, text in further if text and text.strip()]
    core = _core(capability)
    return (core, *in_english(capability), *stated, *_by_word(core, *stated))


def of_need(need: Need) -> tuple[Section, ...]:
    """English if there is one, core and gap: the problem and the capability that is missing, not the whole form.

    Without English, its place is taken by the core word by word, where that says something; the gap's words stand last.
    """
    core, gap = _core(need), (need.gap_description or "").strip()
    own = (core, *((Section("gap", gap),) if gap else ()))
    if stated := in_english(need):
        return (*stated, *own)
    first = _by_word(core)
    return (*first, *own, *(_by_word(*own[1:]) if first else ()))


def cores(sections: tuple[Section, ...]) -> int:
    """Count the sections of a need that stand for it: the first, and the own words of a core put by word."""
    return 2 if sections[0].title.endswith(BY_WORD) else 1


def first(record: Need | Capability | CaseStory) -> tuple[Section, ...]:
    """Return the section that records are compared by with their like: of needs the English where there is one."""
    return of_need(record)[:1] if isinstance(record, Need) else (_core(record),)

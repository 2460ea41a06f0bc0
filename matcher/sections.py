"""Profile -> titled sections: what is embedded, indexed and quoted. An offer's first is made of required fields."""

from __future__ import annotations

from typing import NamedTuple

from matcher.profiles import Capability, CaseStory, Need
from matcher.vocabulary import Provenance


class Section(NamedTuple):
    """A titled run of text; never empty but for a first section of an empty profile."""

    title: str
    text: str


CORE = "title and summary"
ENGLISH = "title and summary in English"


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


def of_capability(capability: Capability) -> tuple[Section, ...]:
    """Core, English, description, problem solved, advantages, keywords: those that are there."""
    further = (
        ("description", capability.description),
        ("problem solved", capability.problem_solved),
        ("advantages", capability.advantages),
        ("keywords", ", ".join(capability.keywords or ())),
    )
    stated = (Section(title, text.strip()) for title, text in further if text and text.strip())
    return (_core(capability), *in_english(capability), *stated)


def of_need(need: Need) -> tuple[Section, ...]:
    """English if there is one, core and gap: the problem and the capability that is missing, not the whole form."""
    gap = (need.gap_description or "").strip()
    return (*in_english(need), _core(need), *((Section("gap", gap),) if gap else ()))


def first(record: Need | Capability | CaseStory) -> tuple[Section, ...]:
    """Return the section that records are compared by with their like: of needs the English where there is one."""
    return of_need(record)[:1] if isinstance(record, Need) else (_core(record),)

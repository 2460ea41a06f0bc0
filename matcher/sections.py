"""Profile -> titled sections: what is embedded, indexed and quoted. The first is made of required fields only."""

from __future__ import annotations

from typing import NamedTuple

from matcher.profiles import Capability, Need


class Section(NamedTuple):
    """A titled run of text; never empty but for a first section of an empty profile."""

    title: str
    text: str


CORE = "title and summary"


def _core(profile: Need | Capability) -> Section:
    """Title and summary, the title left out where the summary already begins with it."""
    title, summary = profile.title.strip().rstrip("\u2026").rstrip("."), profile.summary.strip()
    if not summary or summary.lower().startswith(title.lower()):
        return Section(CORE, summary or title)
    return Section(CORE, f"{title}. {summary}")


def of_capability(capability: Capability) -> tuple[Section, ...]:
    """Core, description, problem solved, advantages, keywords: those that are there."""
    further = (
        ("description", capability.description),
        ("problem solved", capability.problem_solved),
        ("advantages", capability.advantages),
        ("keywords", ", ".join(capability.keywords or ())),
    )
    return (_core(capability), *(Section(title, text.strip()) for title, text in further if text and text.strip()))


def of_need(need: Need) -> tuple[Section, ...]:
    """Core and gap: the problem and the capability that is missing, not the whole form."""
    gap = (need.gap_description or "").strip()
    return (_core(need), Section("gap", gap)) if gap else (_core(need),)

"""The next step of a pair: what to ask, whom, by which channel, until when, and a draft in plain text.

The draft is made of the reasons, word by word the same each time, and never sent by anything. It speaks of a record
that is not public to nobody but its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Final

from matcher import naming
from matcher.asked import Pair
from matcher.matches import Contribution, NearMiss, NextStep, OpenQuestion
from matcher.openings import NEED_OWNER, PROVIDER
from matcher.profiles import Capability, FacilitatorProgramme, Need, Organisation, OrganisationId
from matcher.thirds import Third
from matcher.vocabulary import ActivityStatus, Confidentiality, GateName, SignalName, Urgency
from matcher.wording import SIGNAL_NAMES

DAYS: Final = {Urgency.CRITICAL: 3, Urgency.HIGH: 7, Urgency.MEDIUM: 14, Urgency.LOW: 28}
USUAL_DAYS: Final = 14  # where no urgency is stated: as for a medium one
SOON: Final = 90  # days before a start or an end within which a step is due in half the time
"""When a first step is due; our judgement of a broker's week, fortnight and month."""

_INTRODUCE: Final = "Are you ready to be introduced to each other?"
_PROVIDERS_TO_CHANGE: Final = frozenset({GateName.PLACE, GateName.ENVELOPE, GateName.LANGUAGE})
"""Gates whose fix is the provider's to make; any other is the need's owner's."""

_REASONS: Final = 3  # the largest contributions named in a draft
_EXCERPT: Final = 300  # characters of a summary that a draft quotes
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a next step is made of beside the pair itself."""

    pair: Pair
    owner: Organisation | None  # the need's
    via: Third[FacilitatorProgramme] | None  # the facilitator whose network reaches the provider
    contributions: Sequence[Contribution]
    misses: Sequence[NearMiss]
    questions: Sequence[OpenQuestion]


def next_step(found: Introduction) -> NextStep:
    """Suggest what to do next.

    1. A near miss: ask whether what stands in the way can be changed, first of all.
    2. Else put the first open question to whoever can answer it.
    3. Else propose the introduction to the provider.
    """
    asked, capability = found.pair.asked, found.pair.capability
    question = _question(found)
    to_provider = question.ask == PROVIDER
    addressee = found.pair.organisation if to_provider else found.owner
    known = capability.organisation_id if to_provider else asked.need.owner_organisation_id
    due, reason = _due(asked.as_of, asked.need.urgency, asked.need.start_by, asked.need.complete_by)
    return NextStep(
        ask=question.question,
        about=question.about,
        whom=question.ask,
        organisation_id=OrganisationId(known),
        channel=addressee.contact_channel if addressee else None,
        route=_route(addressee, known, found.via if to_provider else None),
        draft=_draft(found, addressee, question),
        due=due,
        due_reason=reason,
    )


def _question(found: Introduction) -> OpenQuestion:
    if found.misses:
        first = found.misses[0]
        whom = PROVIDER if first.gate in _PROVIDERS_TO_CHANGE else NEED_OWNER
        return OpenQuestion(first.gate.value, whom, f"Could this be changed: {first.fix}?", 0.0)
    return found.questions[0] if found.questions else OpenQuestion("", PROVIDER, _INTRODUCE, 0.0)


def _route(addressee: Organisation | None, known: str, via: Third[FacilitatorProgramme] | None) -> str:
    """Say how to reach an organisation; a person is never named."""
    dormant = addressee is not None and addressee.activity_status in {ActivityStatus.DORMANT, ActivityStatus.INACTIVE}
    through = _through(via)
    if addressee is not None and addressee.contact_channel:
        if dormant:
            quiet = f"{addressee.name} has gone quiet: reactivate it before anybody is introduced"
            return f"{quiet}, through {through}" if through else quiet
        return f"write to {addressee.contact_channel}"
    name = addressee.name if addressee else known
    if through:
        return f"no mailbox of {name} is known; it is reached through {through}"
    if addressee is not None and addressee.website:
        return f"no mailbox of {name} is known; look for a partnership desk at {addressee.website}"
    return f"no mailbox of {name} is known: find its partnership desk and enter it as the contact channel"


def _through(via: Third[FacilitatorProgramme] | None) -> str:
    if via is None:
        return ""
    channel = via.organisation.contact_channel if via.organisation else None
    return f"{via.name} ({channel})" if channel else via.name


@lru_cache(maxsize=4_096)
def _due(as_of: date, urgency: Urgency | None, start: date | None, end: date | None) -> tuple[date, str]:
    """Return the day a step is due and why: by urgency, sooner before a near start or end, never on a weekend.

    A day that falls on a weekend moves to the Friday before, but never to or before the as-of day: then to Monday.
    """
    days = USUAL_DAYS if urgency is None else DAYS[urgency]
    reason = "no urgency is stated" if urgency is None else f"urgency: {urgency.value}"
    stated = (("the start", start), ("completion", end))
    nearest = next(((name, on) for name, on in stated if on and 0 <= (on - as_of).days < SOON), None)
    if nearest:
        days = max(1, days // 2)
        reason = f"{reason}; {nearest[0]} is due on {nearest[1]}"
    return _working_day(as_of, as_of + timedelta(days)), reason


def _working_day(as_of: date, day: date) -> date:
    over = day.weekday() - _SATURDAY
    if over < 0:
        return day
    friday = day - timedelta(over + 1)
    return friday if friday > as_of else day + timedelta(2 - over)


def _draft(found: Introduction, addressee: Organisation | None, question: OpenQuestion) -> str:
    """Write to one side about the other, saying nothing of a record that is not public but to its owner."""
    need, capability = found.pair.asked.need, found.pair.capability
    to_provider = question.ask == PROVIDER
    own, other = (capability, need) if to_provider else (need, capability)
    mine, theirs = ("offer", "need") if to_provider else ("need", "offer")
    is_open = other.confidentiality is Confidentiality.PUBLIC
    hidden = f"a confidential {theirs}, of which we may say more once its owner agrees"
    beside = _described(theirs, other, found) if is_open else hidden
    parts = [
        f"Subject: {own.title}: a possible partner",
        f"To the partnership desk of {addressee.name}" if addressee else "To the partnership desk",
        f'We keep a catalogue of needs and offers of technology. Your {mine} "{own.title}" came up beside {beside}.',
        *(_because(found.contributions) if is_open else []),
        f"Our question to you: {question.question if is_open else _bare(question)}",
        "Nothing has been agreed or promised, and we introduce nobody unasked. A short answer to this mailbox will do.",
    ]
    return "\n\n".join(parts)


def _bare(question: OpenQuestion) -> str:
    """Put a question without a word that the other side's record might have lent it."""
    about = question.about.replace("_", " ")
    return f"what can you tell us about {about}?" if about else "are you ready to hear more?"


def _described(kind: str, record: Need | Capability, found: Introduction) -> str:
    countries = found.pair.asked.countries
    where = f" in {naming.countries(found.pair.asked.book, countries)}" if kind == "need" and countries else ""
    who = found.owner if kind == "need" else found.pair.organisation
    of = f" of {who.name}" if who else ""
    return f'the {kind} "{record.title}"{of}{where}: {_excerpt(record.summary)}'


@lru_cache(maxsize=1_024)  # a need stands beside all of its offers
def _excerpt(text: str) -> str:
    """Quote the beginning of a text, cut between words, without its last full stop."""
    words = " ".join(text.split())
    if len(words) <= _EXCERPT:
        return words.rstrip(".")
    return f"{words[:_EXCERPT].rpartition(' ')[0].rstrip(',;:.')} ..."


def _because(contributions: Sequence[Contribution]) -> list[str]:
    """Name the largest reasons, in the words of the explanation."""
    earned = sorted([one for one in contributions if one.points > 0], key=attrgetter("points"), reverse=True)[:_REASONS]
    lines = [f"- {_NAMES[one.signal]}: {one.evidence}" for one in earned]
    return ["\n".join(["Why we think so:", *lines])] if lines else []


_NAMES: Final = {**SIGNAL_NAMES, SignalName.TOPIC: "subject"}

"""What the pages show, prepared so that a template only places it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel

from matcher import wording
from matcher.matches import Contribution, Match, PassageEvidence
from matcher.profiles import Capability, Deployment, Located, Need, Profile
from matcher.quantities import Money, Range
from matcher.vocabulary import Confidentiality, Cooperation, GateState, Provenance, SignalName, Tier
from service.console.marking import marked
from service.console.spelling import deployed, field_said, place, plain
from service.console.words import N_

if TYPE_CHECKING:
    from service.api.shortlists import Served

STATES: Final = {GateState.PASS: N_("passes"), GateState.FAIL: N_("fails"), GateState.UNKNOWN: N_("not known")}
COLOURS: Final = {GateState.PASS: "passes", GateState.FAIL: "fails", GateState.UNKNOWN: "not-known"}
_WORST_FIRST: Final = (GateState.FAIL, GateState.UNKNOWN, GateState.PASS)
_HIDDEN_FIELDS: Final = frozenset(
    {
        *("id", "title", "name", "summary", "content_hash", "provenance", "source"),
        *("organisation_id", "owner_organisation_id", "provider_id"),  # named above what is stated
    }
)
_TAKEN_FOR_GRANTED: Final = (("confidentiality", Confidentiality.PUBLIC),)  # what is not public is not shown
_ACRONYMS: Final = {"sdg": "SDG", "crs": "CRS", "trl": "TRL", "ip": "IP", "cpc": "CPC", "y02": "Y02", "id": "id"}
_LABELS: Final = {"org_type": "kind_of_organisation", "slots_total": "partnerships_it_can_take_on"}
_WORDS: Final = {**_ACRONYMS, "en": "in English"}
NETWORKS: Final = frozenset({"network", "network_members"})
"""Fields that hold organisations, by id or by name."""

_LONG_FIELDS: Final = frozenset(
    {"summary_en", "description", "gap_description", "problem_solved", "advantages", "beneficiaries"}
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One addend of the score as a line with a bar; lengths are percent of the longest possible addend."""

    name: str
    points: float
    could_be: float  # points at most
    length: float
    possible: float  # length of what could still be earned
    known: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class MatchView:
    """One match as it is laid out; lengths and states are prepared, figures are written where they are shown."""

    match: Match
    bars: tuple[Bar, ...]  # the most points first
    quote: PassageEvidence | None
    need_passage: str  # of the quote, with the words marked that both use
    capability_passage: str
    gates: tuple[tuple[str, str, str, str], ...]  # name, state, class of its colour, detail; failed first, then unknown

    @property
    def score(self) -> int:
        """Percent."""
        return round(100 * self.match.score)

    @property
    def best(self) -> int:
        """Percent, if every unknown turned out well."""
        return round(100 * self.match.best_score)

    @property
    def coverage(self) -> int:
        """Percent."""
        return round(100 * self.match.coverage)


def tier_counts(tiers: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Count the matches of each tier."""
    counted = Counter(tiers)
    return tuple((tier.value, counted[tier.value]) for tier in Tier)


def warning(served: Served) -> str:
    """Say what must be said of a whole list before anything of it."""
    if not served.eligible:
        return N_(
            "No capability passes every hard gate for this need. What is listed below would need a change first; "
            "each line says which."
        )
    if {line.tier for line in served.lines} - {Tier.C.value} == {Tier.B.value}:
        return N_(
            "Every eligible match is tier B: none has all gates confirmed with enough evidence. The order is the best "
            "guess from what the profiles say. Ask the open questions before anybody is introduced."
        )
    return ""


def further_notes(served: Served) -> tuple[str, ...]:
    """Return the notes that the page does not say in its own words; what is kept off by decisions is noted last."""
    notes = served.notes[:-1] if served.off else served.notes
    return tuple(note for note in notes if not note.startswith((wording.NONE_ELIGIBLE, wording.ALL_TIER_B)))


def match_view(match: Match, *, quoted: bool = True) -> MatchView:
    """Lay out one match, with or without the passages that speak of the same."""
    topic = next((one.topic for one in match.contributions if one.topic), None) if quoted else None
    longest = max((one.points_if_known for one in match.contributions), default=1.0) or 1.0
    quote = topic.passages[0] if topic and topic.passages else None
    terms = topic.terms if topic else ()
    judged = [gate for state in _WORST_FIRST for gate in match.gates if gate.state is state]
    return MatchView(
        match,
        tuple([_bar(one, 100 / longest) for one in sorted(match.contributions, key=_most_first)]),
        quote,
        marked(quote.need_passage, terms) if quote else "",
        marked(quote.capability_passage, terms) if quote else "",
        tuple([(plain(gate.gate.value), STATES[gate.state], COLOURS[gate.state], gate.detail) for gate in judged]),
    )


def _most_first(one: Contribution) -> tuple[float, float, str]:
    return -one.points, -one.points_if_known, one.signal.value


def _bar(one: Contribution, scale: float) -> Bar:
    could_be = one.points_if_known
    return Bar(
        wording.SIGNAL_NAMES[one.signal],
        one.points,
        could_be,
        round(one.points * scale, 1),
        round(could_be * scale, 1),
        one.value is not None,
        one.evidence,
    )


def facts(profile: BaseModel, names: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield what a record holds, field by field, in words, what was only inferred marked so; no texts and stamps.

    ``names`` are what organisations of a network are called, by id; one that is not there stands as it was written.
    """
    for name in type(profile).model_fields:
        value = getattr(profile, name)
        if value is None or name in _HIDDEN_FIELDS or name in _LONG_FIELDS:
            continue
        if names and name in NETWORKS:
            value = tuple(names.get(one, one) for one in value)
        if (name, value) not in _TAKEN_FOR_GRANTED and (text := field_said(name, value, said)):
            yield _marked(profile, name), text


def texts(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield the long texts of a record beside its summary."""
    for name in type(profile).model_fields:
        if name in _LONG_FIELDS and getattr(profile, name):
            yield _marked(profile, name), getattr(profile, name)


def _marked(profile: BaseModel, name: str) -> str:
    """Write a field's name, and how its value came to be known where nobody simply stated it."""
    how = (getattr(profile, "provenance", None) or {}).get(name, Provenance.STATED)
    return label(name) if how is Provenance.STATED else f"{label(name)} ({how.value})"


def label(name: str) -> str:
    """Write a field's name for a person."""
    words = [_WORDS.get(word, word) for word in _LABELS.get(name, name).replace(".", "_").split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def said(value: Any) -> str:
    """Write any value of a record for a person."""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def signal_name(signal: SignalName) -> str:
    """Return what a sentence calls a signal."""
    return wording.SIGNAL_NAMES[signal]


_WRITERS: Final[tuple[tuple[Any, Callable[[Any], str]], ...]] = (  # the narrower kind first
    (bool, lambda value: "yes" if value else "no"),
    (Located, place),
    (Deployment, deployed),
    (Money, wording.money),
    (Range, lambda value: wording.condition(value).replace("degC", "°C")),
    (StrEnum, plain),
    (
        Mapping,
        lambda value: "; ".join(
            f"{key.replace('_', ' ')}: {said(item).replace('_', ' ')}" for key, item in value.items()
        ),
    ),
    ((tuple, list), lambda value: ", ".join(map(said, value)) or "none"),
    (datetime, lambda value: value.strftime("%Y-%m-%d")),
    (float, wording.number),
    (BaseModel, lambda value: "; ".join(f"{name}: {text}" for name, text in facts(value))),
)


def cooperation(kind: Cooperation) -> str:
    """Write a kind of cooperation as the field does."""
    return kind.value.replace("_", "\u2013").capitalize()


def pretty(value: Any) -> str:
    """Write an example as JSON for a person."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def web_address(text: str | None) -> str | None:
    """Return an address that may be linked: http or https with a host, or nothing."""
    try:
        parts = urlsplit(text or "")
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and parts.netloc else None


def where(profile: Need | Capability) -> str:
    """Write the places of a record in a few words."""
    places = profile.beneficiary_places if isinstance(profile, Need) else profile.places_offered
    return wording.listed(map(place, places)) if places else ("none stated" if places == () else "not stated")

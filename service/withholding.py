"""What may not be seen, taken out of matches that a release holds with it: third parties, and offers that are named."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Final

from matcher.matches import Condition, Contribution, Match, ReadinessPanel, ThirdParty
from matcher.vocabulary import Cooperation
from service.visibility import Visibility
from service.wire import match_from_json, match_json

GONE: Final = "A third party that stood here is no longer to be seen."
_KINDS: Final = ("facilitators", "mechanisms")
_ANSWERS: Final = re.compile(r'"answers":(\[(?:"(?:[^"\\]|\\.)*",?)*\])')
"""The ids of the offers that a match is likened to; inside a text of a match its quotes would be escaped."""


class Withholding:
    """Takes out of matches whatever a reader may not see, with every word about it."""

    def __init__(self, visible: Visibility) -> None:
        self._thirds = frozenset[str]().union(*(visible.hidden.get(kind, frozenset()) for kind in _KINDS))
        self._offers = visible.hidden.get("capabilities", frozenset())

    def text(self, text: str) -> str:
        """Return a match's JSON text as it may be seen; one that names nothing hidden is not parsed."""
        if any(f'"{each}"' in text for each in self._thirds):
            return match_json(self.match(match_from_json(text)))
        return _ANSWERS.sub(self._answers, text) if self._offers else text

    def match(self, match: Match) -> Match:
        """Return a match as it may be seen."""
        if self._offers:
            match = replace(match, contributions=tuple(map(self._contribution, match.contributions)))
        return without(match, self._thirds) if self._thirds else match

    def _answers(self, found: re.Match[str]) -> str:
        ids: list[str] = json.loads(found[1])
        kept = [each for each in ids if each not in self._offers]
        return found[0] if kept == ids else f'"answers":{json.dumps(kept, ensure_ascii=False, separators=(",", ":"))}'

    def _contribution(self, found: Contribution) -> Contribution:
        topic = found.topic
        if topic is None or self._offers.isdisjoint(topic.answers):
            return found
        return replace(
            found, topic=replace(topic, answers=tuple(each for each in topic.answers if each not in self._offers))
        )


def without(match: Match, hidden: Collection[str]) -> Match:
    """Take hidden third parties out of a match, with every word about them."""
    listed = {party.id: party for party in (*match.facilitators, *match.funders) if party.id in hidden}
    typed = match.cooperation is Cooperation.TRIANGULAR and any(
        party.title in match.cooperation_reason for party in listed.values()
    )
    reached = match.via in hidden
    step = match.next_step
    return replace(
        match,
        facilitators=_kept(match.facilitators, hidden),
        funders=_kept(match.funders, hidden),
        third_notes=(*match.third_notes, *((GONE,) if listed else ())),
        via=None if reached else match.via,
        cooperation=Cooperation.SOUTH_SOUTH if typed else match.cooperation,
        cooperation_reason=match.cooperation_reason.partition("; third party")[0]
        if typed
        else match.cooperation_reason,
        readiness=match.readiness and _panel(match.readiness, hidden),
        next_step=replace(step, route="the way that stood here is no longer to be seen") if reached and step else step,
        gates=tuple(
            replace(gate, detail="a facilitator bridges the languages")
            if _named(gate.detail, listed.values())
            else gate
            for gate in match.gates
        ),
    )


def _kept(parties: tuple[ThirdParty, ...], hidden: Collection[str]) -> tuple[ThirdParty, ...]:
    return tuple(party for party in parties if party.id not in hidden)


def _named(text: str, parties: Collection[ThirdParty]) -> bool:
    return any(text.startswith(f"{party.title} bridges ") for party in parties)


def _panel(panel: ReadinessPanel, hidden: Collection[str]) -> ReadinessPanel:
    return ReadinessPanel(**{each.name: _condition(getattr(panel, each.name), hidden) for each in fields(panel)})


def _condition(found: Condition, hidden: Collection[str]) -> Condition:
    left = tuple(each for each in found.offered_by if each not in hidden)
    return found if left == found.offered_by else Condition(found.state, found.detail, GONE, left)

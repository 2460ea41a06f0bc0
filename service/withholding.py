"""Third parties that may not be seen any more, taken out of matches that a release holds with them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace
from typing import Final

from matcher.matches import Condition, Match, ReadinessPanel, ThirdParty
from matcher.vocabulary import Cooperation
from service.visibility import Visibility
from service.wire import match_from_json, match_json

GONE: Final = "A third party that stood here is no longer to be seen."
_KINDS: Final = ("facilitators", "mechanisms")


def hidden_thirds(visible: Visibility) -> frozenset[str]:
    """Return the ids of the programmes and mechanisms that a reader may not see."""
    return frozenset[str]().union(*(visible.hidden.get(kind, frozenset()) for kind in _KINDS))


def seen(text: str, hidden: Collection[str]) -> str:
    """Return a match's JSON text without the hidden third parties; a text that names none is not parsed."""
    if not any(f'"{each}"' in text for each in hidden):
        return text
    return match_json(without(match_from_json(text), hidden))


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

"""Matches as cards of a page. A match of a release never changes, so its card is filled once and kept.

What depends on who looks (whether the partner's name may be seen, what was done with the pair) is no part of what is
kept: it is put into the slots of a card each time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from service.console import views
from service.console.rendering import environment
from service.wire import match_from_json

if TYPE_CHECKING:
    from markupsafe import Markup

    from service.api.shortlists import Line

PARTNER, ACTIONS = "\x00partner\x00", "\x00actions\x00"
"""What stands in a slot while a card is kept: no text can hold it, for no record of the store has a NUL."""

MOST: Final = 2_000  # cards kept: some fifteen megabytes


@dataclass(frozen=True, slots=True)
class Card:
    """One match, laid out but for its slots."""

    need_id: str
    capability_id: str
    organisation_id: str
    title: str
    rank: int
    tier: str
    score: float
    coverage: float
    near: bool
    html: str

    def filled(self, partner: str, actions: str = "") -> Markup:
        """Return the card with the partner's name, which is escaped, and the actions, which are HTML."""
        from markupsafe import Markup, escape

        return Markup(self.html.replace(PARTNER, str(escape(partner))).replace(ACTIONS, actions))  # noqa: S704 - filled from a template


class Cards:
    """Fills cards and keeps them. Safe to share among threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, bytes], Card] = OrderedDict()

    def of(self, need_id: str, lines: Sequence[Line], tag: str) -> list[Card]:
        """Return the cards of some matches of one need, in their order, in the language of a tag."""
        return [self._card(need_id, line, tag) for line in lines]

    def _card(self, need_id: str, line: Line, tag: str) -> Card:
        key = (tag, need_id, blake2b(line.text.encode(), digest_size=16).digest())
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
        made = _made(need_id, line, tag)
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


CARDS: Final = Cards()
"""Those of this process."""


def _made(need_id: str, line: Line, tag: str) -> Card:
    match = match_from_json(line.text)
    html = (
        environment(tag)
        .get_template("card.html")
        .render(view=views.match_view(match), partner=PARTNER, actions=ACTIONS)
    )
    return Card(
        need_id,
        match.capability_id,
        match.organisation_id,
        match.capability_title,
        match.rank,
        match.tier.value,
        match.score,
        match.coverage,
        bool(match.near_miss),
        html,
    )


def partner_of(card: Card, names: Mapping[str, str]) -> str:
    """Return what the partner is called; one that is not described, or not to be seen, by its id."""
    return names.get(card.organisation_id, card.organisation_id)

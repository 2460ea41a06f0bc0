"""The reverse question: which needs a capability could answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from matcher import priority
from matcher.matches import Match
from matcher.priority import Priority
from service.api.following import why_off
from service.reference import load_places
from service.wire import match_from_json
from service.withholding import Withholding

if TYPE_CHECKING:
    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release


@dataclass(frozen=True, slots=True)
class Entry:
    """One need whose shortlist holds the capability; ``rank`` is the capability's place in that list."""

    need_id: str
    need_title: str
    rank: int
    score: float
    tier: str
    near_miss: bool
    priority: Priority
    text: str

    @property
    def match(self) -> Match:
        """The match, parsed."""
        return match_from_json(self.text)

    def json(self) -> str:
        """Write the entry; the match stands in it as it was written."""
        head: dict[str, Any] = {
            "need_id": self.need_id,
            "need_title": self.need_title,
            "priority": {"points": self.priority.points, "reasons": self.priority.reasons},
        }
        return f'{json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]},"match":{self.text}}}'


@dataclass(frozen=True, slots=True)
class Reverse:
    """Entries in order, and how many needs are not shown."""

    entries: tuple[Entry, ...]
    total: int
    withheld: int
    kept_off: int  # dismissed by the asker's tenant, or kept off by its rules


def serve(context: Context, asker: Principal, release: Release, capability_id: str, limit: int) -> Reverse:
    """Return the needs of a capability: eligible before near misses, by score (two decimals), then priority, then id.

    The release orders by score; only needs that may still change places within the limit are read.
    """
    visible = context.live.visible(asker)
    listed = release.reverse(capability_id)
    why = why_off(context, asker, release)
    seen_now = [entry for entry in listed if visible.shows("needs", entry.need_id)]
    shown = [entry for entry in seen_now if why(entry.need_id, capability_id) is None]
    found: list[Entry] = []
    withholding = Withholding(visible)
    for place in shown:
        entry = _entry(release, place.need_id, place.position)
        entry = replace(entry, text=withholding.text(entry.text))
        if len(found) >= limit and _height(entry) != _height(found[-1]):
            break
        found.append(entry)
    found.sort(key=lambda entry: (*_height(entry), -entry.priority.points, entry.need_id))
    return Reverse(tuple(found[:limit]), len(shown), len(listed) - len(seen_now), len(seen_now) - len(shown))


def _height(entry: Entry) -> tuple[bool, float]:
    return entry.near_miss, -round(entry.score, 2)


def _entry(release: Release, need_id: str, position: int) -> Entry:
    names = ("rank", "score", "tier", "near_miss", "detail")
    columns = release.columns(need_id, names)
    rank, score, tier, near_miss, text = (columns[name][position] for name in names)
    need = release.needs.get(need_id)
    if need is None:  # the reverse list is made from the needs
        raise KeyError(need_id)
    urgent = priority.of_need(need, load_places(), release.manifest.as_of)
    return Entry(need_id, need.title, rank, score, tier, near_miss, urgent, text)

"""A need's shortlist as it is served: from the release, or provisional where the need changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json

from matcher.matches import Delta, Match, Shortlist
from matcher.profiles import Need
from matcher.vocabulary import Tier
from service.api.following import off_rows, why_off
from service.api.live import is_shown
from service.api.paging import Mark, gone
from service.api.problems import unknown
from service.outcomes.dismissing import Why
from service.releases.files import write_whole
from service.store import UnknownRecord, get_record
from service.unseen import Unseen
from service.wire import match_from_json, match_json, with_delta
from service.withholding import Withholding

if TYPE_CHECKING:
    from pathlib import Path

    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release


_LEFT_OUT: Final = "{count} of the matches are left out: dismissed here, or kept off by a rule that was confirmed here."


class Order(StrEnum):
    """How a need's matches stand; the matches are the same."""

    SCORE = "score"  # the list before allocation
    ALLOCATION = "allocation"  # introductions first: the list after allocation


@dataclass(frozen=True, slots=True)
class Line:
    """One match: its text as it was written, and what lists are filtered by."""

    capability_id: str
    score: float
    tier: str
    text: str
    place: int = 0  # after allocation; 0 where nothing was allocated
    at: int = 0  # place in the whole list by score, from 0
    why: Why | None = None  # why the asker's tenant keeps it off its lists; None where it does not

    def match(self) -> Match:
        """Parse the text."""
        return match_from_json(self.text)


@dataclass(frozen=True, slots=True)
class Served:
    """A shortlist ready to be sent; ``withheld`` matches are of capabilities that may not be seen (any more)."""

    need_id: str
    need_title: str
    release_id: str
    provisional: bool
    eligible: int
    considered: int
    notes: tuple[str, ...]
    withheld: int
    lines: tuple[Line, ...]
    allocated: bool = False
    off: tuple[Line, ...] = ()  # what the asker's tenant dismissed, or keeps off by its rules

    def head(self) -> dict[str, Any]:
        """Everything but the matches."""
        return {
            "need_id": self.need_id,
            "need_title": self.need_title,
            "release_id": self.release_id,
            "provisional": self.provisional,
            "allocated": self.allocated,
            "eligible": self.eligible,
            "considered": self.considered,
            "notes": list(self.notes),
            "withheld": self.withheld,
            "dismissed": sum(line.why is not None and line.why.rule is None for line in self.off),
            "ruled_out": sum(line.why is not None and line.why.rule is not None for line in self.off),
        }

    def line(self, capability_id: str) -> Line | None:
        """Return a match that the list holds, whether or not the asker's tenant keeps it off its lists."""
        return next((line for line in (*self.lines, *self.off) if line.capability_id == capability_id), None)

    def ordered(self, order: Order) -> Served:
        """Put introductions first, then the others, near misses last; or leave the order of the scores."""
        if order is Order.SCORE:
            return self
        return replace(self, lines=tuple(sorted(self.lines, key=lambda line: line.place)))

    def after(self, mark: Mark | None, order: Order) -> Served:
        """Leave out what earlier pages held."""
        if mark is None:
            return self
        return replace(self, lines=tuple(line for line in self.lines if _key(line, order) > mark.after))

    def mark(self, order: Order, version: str) -> Mark:
        """Return where a page of this list ends."""
        return Mark(self.release_id, version if self.provisional else "", _key(self.lines[-1], order))

    def narrowed(self, *, limit: int, min_score: float = 0.0, tiers: Collection[Tier] = ()) -> Served:
        """Keep the first ``limit`` matches that score at least so and are of one of the tiers (none named: any)."""
        wanted = {tier.value for tier in tiers} or {tier.value for tier in Tier}
        kept = (line for line in self.lines if line.score >= min_score and line.tier in wanted)
        return replace(self, lines=tuple(line for line, _ in zip(kept, range(limit), strict=False)))


def serve(context: Context, asker: Principal, need_id: str) -> Served:
    """Return a need's shortlist; raises Refused (404, or 503 before the first release).

    It comes from the release while the need is as it was then, and is made anew, provisional, when it is not.
    """
    now, release = context.live.standing("needs", need_id), context.release()
    row = release.needs.row_of(need_id)
    if (now is None and row is None) or (now is not None and not is_shown(now, asker)):
        raise unknown("need", need_id)
    if now is None and not context.live.visible(asker).shows("needs", need_id):
        raise unknown("need", need_id)
    if row is not None and (now is None or _hash_in(release, row) == now.content_hash):
        return published(context, asker, release, need_id)
    return provisional(context, asker, release, need_id)


def resumed(context: Context, asker: Principal, need_id: str, mark: Mark) -> Served:
    """Return the list that a page was of, from the release it came from; raises Refused (404, 410).

    A provisional list is no more once the need or the release has changed.
    """
    now = context.live.standing("needs", need_id)
    hidden = not context.live.visible(asker).shows("needs", need_id) if now is None else not is_shown(now, asker)
    if hidden:
        raise unknown("need", need_id)
    if not mark.version:
        return published(context, asker, context.release_of(mark.release_id), need_id)
    if now is None or now.content_hash != mark.version or context.release().id != mark.release_id:
        raise gone()
    return provisional(context, asker, context.release(), need_id)


def version_of(context: Context, need_id: str) -> str:
    """Return what tells a provisional list from the next one."""
    now = context.live.standing("needs", need_id)
    return now.content_hash if now else ""


def if_published(
    context: Context, asker: Principal, release: Release, need_id: str, content_hash: str
) -> Served | None:
    """Return the release's shortlist of a need if the release holds the need as it is; for lists of many needs."""
    row = release.needs.row_of(need_id)
    same = row is not None and _hash_in(release, row) == content_hash
    return published(context, asker, release, need_id) if same else None


def tiers_if_published(
    context: Context, asker: Principal, release: Release, need_id: str, content_hash: str
) -> tuple[list[str], int] | None:
    """Return the tiers of the matches that may be seen, and how many are eligible, as ``if_published`` would.

    For lists of many needs: reads two columns and no match.
    """
    row, header = release.needs.row_of(need_id), release.header(need_id)
    if row is None or header is None or _hash_in(release, row) != content_hash:
        return None
    visible, why = context.live.visible(asker), why_off(context, asker, release)
    found = release.columns(need_id, ("capability_id", "tier"))
    listed = zip(found["capability_id"], found["tier"], strict=True)
    shown = [tier for one, tier in listed if visible.shows("capabilities", one) and why(need_id, one) is None]
    return shown, header.eligible


def published(context: Context, asker: Principal, release: Release, need_id: str) -> Served:
    """Return what the release holds, less what was withdrawn since."""
    header = release.header(need_id)
    if header is None:
        raise unknown("need", need_id)
    found = release.columns(need_id, ("capability_id", "score", "tier", "detail"))
    placed = release.placed(need_id)
    places = [0] * header.rows if placed is None else [one.place for one in placed]
    lines = map(Line, found["capability_id"], found["score"], found["tier"], found["detail"], places)
    facts = (header.need_id, header.need_title, release.id, False, header.eligible, header.considered, header.notes)
    served = _shown(Served(*facts, 0, tuple(lines), placed is not None), context, asker)
    eligible, considered = context.live.unseen(asker, release).counts(need_id)
    return replace(served, eligible=served.eligible - eligible, considered=served.considered - considered)


def provisional(context: Context, asker: Principal, release: Release, need_id: str) -> Served:
    """Return the shortlist of a saved need that the release does not know as it is; made once for each version."""
    try:
        with context.store.reading() as session:
            stored = get_record(session, "needs", need_id)
    except UnknownRecord:
        raise unknown("need", need_id) from None
    if not isinstance(stored.profile, Need):  # the store keeps kinds apart
        raise unknown("need", need_id)
    owner = context.live.standing("organisations", stored.profile.owner_organisation_id)
    made_of = (stored.id, stored.content_hash, *((owner.content_hash,) if owner else ()))
    path = _kept_at(context.settings.data_dir, release.id, made_of)
    kept = _kept(path)
    if kept is None:
        shortlist = context.deciding.match(release, stored.profile, release.manifest.facts.k)
        kept = of_shortlist(shortlist, release.id)
        _keep(path, kept)
    return _counted(_shown(kept, context, asker), stored.profile, context.live.unseen(asker, release))


def adhoc(context: Context, asker: Principal, release: Release, need: Need, k: int) -> Served:
    """Match a need now."""
    hidden = context.live.unseen(asker, release).rows | off_rows(context, asker, need.id, release)
    return made(context, asker, context.deciding.match(release, need, k, hidden), release.id)


def made(context: Context, asker: Principal, shortlist: Shortlist, release_id: str) -> Served:
    """Return a shortlist that was just made, less what may not be seen."""
    return _shown(of_shortlist(shortlist, release_id), context, asker)


def of_shortlist(shortlist: Shortlist, release_id: str) -> Served:
    """Write a shortlist that was just made."""
    matches = shortlist.matches
    lines = tuple(Line(match.capability_id, match.score, match.tier.value, match_json(match)) for match in matches)
    facts = (shortlist.need_id, shortlist.need_title, release_id, True)
    return Served(*facts, shortlist.eligible, shortlist.considered, shortlist.notes, 0, lines)


def spliced(head: dict[str, Any], name: str, texts: Sequence[str]) -> bytes:
    """Write ``head`` with one more member, a list of JSON texts that are not parsed for it."""
    opening = json.dumps(head, ensure_ascii=False, separators=(",", ":"))[:-1]
    return f'{opening},"{name}":[{",".join(texts)}]}}'.encode()


def _shown(served: Served, context: Context, asker: Principal) -> Served:
    """Take out what may not be seen, set aside what the asker's tenant keeps off its lists, and say what changed."""
    visible, release = context.live.visible(asker), context.release_of(served.release_id)
    withholding, why = Withholding(visible), why_off(context, asker, release)
    deltas = {} if served.provisional else context.following.shelf.deltas(release, served.need_id, visible)
    lines = tuple(
        replace(
            line,
            text=_with_news(withholding.text(line.text), deltas.get(line.capability_id)),
            at=at,
            why=why(served.need_id, line.capability_id),
        )
        for at, line in enumerate(served.lines)
        if visible.shows("capabilities", line.capability_id)
    )
    kept = tuple(line for line in lines if line.why is None)
    off = tuple(line for line in lines if line.why is not None)
    notes = (*served.notes, *((_LEFT_OUT.format(count=len(off)),) if off else ()))
    return replace(served, lines=kept, off=off, notes=notes, withheld=len(served.lines) - len(lines))


def _with_news(text: str, delta: Delta | None) -> str:
    return text if delta is None else with_delta(text, delta)


def _key(line: Line, order: Order) -> tuple[int, int]:
    return (line.place if order is Order.ALLOCATION else 0), line.at


def _counted(served: Served, need: Need, unseen: Unseen) -> Served:
    """Count only what may be seen: how many are eligible beyond the list would tell of the others."""
    if not unseen.rows:
        return served
    eligible, considered = served.eligible - unseen.eligible(need), served.considered - len(unseen.rows)
    return replace(served, eligible=eligible, considered=considered)


def _hash_in(release: Release, row: int) -> str | None:
    found: str | None = from_json(release.needs.line(row)).get("content_hash")
    return found


def _kept_at(data_dir: Path, release_id: str, made_of: Sequence[str]) -> Path:
    name = hashlib.sha256("\n".join(made_of).encode()).hexdigest()
    return data_dir / "provisional" / release_id / f"{name}.json"


def _kept(path: Path) -> Served | None:
    try:
        found = from_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    lines = tuple(Line(*line) for line in found.pop("lines"))
    return Served(**{**found, "notes": tuple(found["notes"])}, lines=lines)


def _keep(path: Path, served: Served) -> None:
    """Keep it for every worker; lists made beside an earlier release go. Keeping is a comfort: failing costs time."""
    import shutil
    from dataclasses import asdict

    lines = [[line.capability_id, line.score, line.tier, line.text] for line in served.lines]
    try:
        write_whole(path, json.dumps({**asdict(served), "lines": lines}, ensure_ascii=False).encode())
        for folder in path.parent.parent.iterdir():
            if folder.name != path.parent.name:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return

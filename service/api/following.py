"""What follows a list: what of it was shown, what a tenant keeps off it, what changed since the release before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.accounts.roles import Permission
from service.api.methods import BODILESS
from service.outcomes.dismissing import Dismissals, Why, rows_off
from service.outcomes.news import ReleaseShelf
from service.outcomes.shown import Seen, ShownLog, Viewer
from service.store.shown import OPENED

if TYPE_CHECKING:
    from matcher.profiles import Capability
    from service.api.context import Context
    from service.api.keys import Principal
    from service.api.reverse import Entry
    from service.api.shortlists import Line, Served
    from service.releases import Release
    from service.settings import Settings
    from service.store import Store


@dataclass(frozen=True, slots=True)
class Following:
    """The log of what was shown, the tenants' dismissals, the retained releases; shared by a process's requests."""

    shown: ShownLog
    dismissals: Dismissals
    shelf: ReleaseShelf

    @classmethod
    def of(cls, store: Store, settings: Settings) -> Following:
        """Make them over a store; nothing is read yet."""
        return cls(ShownLog(store, settings.shown_days), Dismissals(store), ReleaseShelf(settings.releases_dir))


def why_off(context: Context, asker: Principal, release: Release) -> Callable[[str, str], Why | None]:
    """Return what says of a need and a capability why the asker's tenant keeps the pair off its lists."""
    audience = None if asker.may(Permission.READ_BROKER_ONLY) else asker.audience
    off = context.following.dismissals.of(asker.tenant_id, audience)

    def record(capability_id: str) -> Capability | None:
        return release.capabilities.get(capability_id)

    return lambda need_id, capability_id: off.why(need_id, capability_id, record)


def off_rows(context: Context, asker: Principal, need_id: str, release: Release) -> frozenset[int]:
    """Return the rows of a release's capabilities that the asker's tenant keeps off a need's list."""
    return rows_off(context.following.dismissals.of(asker.tenant_id), need_id, release)


def note_shown(context: Context, asker: Principal, served: Served) -> None:
    """Note that a list is being sent, its lines in the order in which they stand. Waits for nothing."""
    lines = (Seen(served.need_id, line.capability_id, line.at + 1, line.score, line.tier) for line in served.lines)
    _note(context, asker, served.release_id, lines)


def note_opened(context: Context, asker: Principal, served: Served, line: Line) -> None:
    """Note that one pair is being sent by itself: somebody looks at it, which a list does not tell."""
    seen = Seen(served.need_id, line.capability_id, line.at + 1, line.score, line.tier)
    _note(context, asker, served.release_id, (seen,), OPENED)


def note_reverse(
    context: Context, asker: Principal, release_id: str, capability_id: str, entries: Sequence[Entry]
) -> None:
    """Note that the needs of a capability are being sent."""
    lines = (Seen(entry.need_id, capability_id, entry.rank, entry.score, entry.tier) for entry in entries)
    _note(context, asker, release_id, lines)


def _note(context: Context, asker: Principal, release_id: str, lines: Iterable[Seen], first: int = 1) -> None:
    if not BODILESS.get():
        viewer = Viewer(asker.tenant_id, asker.role.value)
        context.following.shown.note(viewer, release_id, tuple(lines), first)

"""Digests: the news of a subscription since it was last told. Files of it are written; nothing is sent by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from matcher.changes import Thresholds
from service.accounts.grants import granters
from service.accounts.roles import Permission, permitted
from service.accounts.users import find_user
from service.outcomes.choosing import Choice, NeedFilter, choose
from service.outcomes.comparing import compare_need
from service.outcomes.dismissing import off_lists
from service.outcomes.news import News, made_with
from service.outcomes.pipeline import needs_by_stage
from service.store import Told, UnknownRecord, find_key, get_record, states_of_pairs
from service.visibility import Audience, visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from service.outcomes.news import Change, ReleaseShelf
    from service.releases import Release
    from service.store.subscriptions import Subscription

MOST: Final = 200
"""Changes that a digest names; the others are counted. More than anybody reads in a morning."""


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A pair that changed, with the titles of both sides."""

    need_title: str
    capability_title: str
    change: Change


@dataclass(frozen=True, slots=True)
class Digest:
    """What a subscription is told: changes from one release to another, at most ``MOST`` of them named."""

    subscription_id: str
    tenant_id: str
    since: str
    since_at: datetime  # when that release was made: what people know it by
    release_id: str
    release_at: datetime
    at: datetime
    made_with: tuple[str, ...]  # what the two runs were made with that differs
    counts: Mapping[str, Mapping[str, int]]  # by kind and cause
    total: int
    lines: tuple[DigestLine, ...]  # by need, then by rank; what is listed no more last


def audience_of(session: Session, account: str, tenant_id: str, at: datetime) -> Audience | None:
    """Return what an account may be told now; None where it is no more, or may not follow news any more."""
    kind, _, name = account.partition(":")
    if kind == "key":
        key = find_key(session, name)
        if key is None or not key.is_good(at):
            return None
        may, tenant = permitted(key.role, key.scopes), key.tenant_id
    else:
        user = find_user(session, name)
        if user is None or user.disabled_at is not None:
            return None
        may, tenant = permitted(user.role, None), user.tenant_id
    if tenant != tenant_id or Permission.RECORD_OUTCOMES not in may:
        return None
    return Audience.of(may, tenant, granters(session, tenant))


def digest(
    session: Session, subscription: Subscription, audience: Audience, before: Release, shelf: ReleaseShelf, now: Release
) -> Digest:
    """Gather a subscription's news from an earlier release to the one that is served, as an audience may see it."""
    follows, at = subscription.follows, datetime.now(UTC)
    least = Thresholds(follows.min_ranks, follows.min_change)
    visible = visibility(session, audience, now)
    if follows.need_id is not None:
        news, needs = News(compare_need(before, now, follows.need_id), least, visible), None
    else:
        news = News(shelf.compared(before, now), least, visible)
        states = states_of_pairs(session, Told(subscription.tenant_id, audience)) if "stage" in follows.needs else {}
        staged = needs_by_stage(((pair, state) for (_, pair), state in states.items()), visible.shows_pair)
        needs = NeedFilter(**follows.needs).ids(session, audience, at.date(), staged)
    off = off_lists(session, subscription.tenant_id)
    chosen = choose(news, Choice(needs, min_score=follows.min_score), off, now)
    titles = _Titles(session, before, now)
    return Digest(
        subscription_id=subscription.id,
        tenant_id=subscription.tenant_id,
        since=before.id,
        since_at=before.manifest.created_at,
        release_id=now.id,
        release_at=now.manifest.created_at,
        at=at,
        made_with=tuple(made_with(news.compared)),
        counts=chosen.counts,
        total=len(chosen.rows),
        lines=tuple(titles.line(news.at(row)) for row in chosen.rows[:MOST].tolist()),
    )


class _Titles:
    def __init__(self, session: Session, before: Release, now: Release) -> None:
        self._session, self._releases = session, (now, before)
        self._known: dict[tuple[str, str], str] = {}

    def line(self, change: Change) -> DigestLine:
        return DigestLine(
            self._title("needs", change.need_id), self._title("capabilities", change.capability_id), change
        )

    def _title(self, kind: str, record_id: str) -> str:
        if (kind, record_id) not in self._known:
            self._known[kind, record_id] = self._read(kind, record_id)
        return self._known[kind, record_id]

    def _read(self, kind: str, record_id: str) -> str:
        try:
            found: Any = get_record(self._session, kind, record_id).profile
        except UnknownRecord:
            found = next((one for release in self._releases if (one := release.records(kind).get(record_id))), None)
        return "" if found is None else str(found.title)

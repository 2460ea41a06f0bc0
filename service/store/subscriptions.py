"""Subscriptions: what somebody follows, from which change on, where the news is put, and how far it was told."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from matcher.followup import Channel
from service.store.models import is_
from service.store.outcome_models import SubscriptionRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_BYTES: Final = 8  # 64 bits of an id: nobody's is guessed or met by chance


@dataclass(frozen=True, slots=True)
class Follows:
    """What is followed: one need, or the needs of a filter (every need where it is empty); and from which change on."""

    need_id: str | None = None
    needs: Mapping[str, Any] = field(default_factory=dict)  # country, sector, sdg, q, urgency, stage
    min_score: float = 0.0
    min_change: float = 0.02
    min_ranks: int = 3
    channel: Channel = Channel.FEED
    name: str = ""  # what its owner calls it


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands. ``owner`` is an account ("user:..." or "key:...")."""

    id: str
    tenant_id: str
    owner: str
    follows: Follows
    last_release: str | None
    version: int
    created_at: datetime
    updated_at: datetime


def add_subscription(
    session: Session, follows: Follows, *, owner: str, tenant_id: str, last_release: str | None, at: datetime
) -> Subscription:
    """Write a new subscription; news is told from ``last_release`` on."""
    made = Subscription(f"sub-{secrets.token_hex(_BYTES)}", tenant_id, owner, follows, last_release, 1, at, at)
    session.execute(insert(SubscriptionRow).values(_row(made)))
    return made


def change_subscription(
    session: Session, found: Subscription, follows: Follows, *, at: datetime
) -> Subscription | None:
    """Replace what a subscription follows; None when somebody else changed it since it was read."""
    changed = replace(found, follows=follows, version=found.version + 1, updated_at=at)
    where = (SubscriptionRow.id == found.id, SubscriptionRow.version == found.version)
    written = update(SubscriptionRow).where(*where).values(_row(changed)).returning(SubscriptionRow.id)
    return changed if session.execute(written).first() is not None else None


def remove_subscription(session: Session, subscription_id: str) -> None:
    """Remove a subscription."""
    session.execute(delete(SubscriptionRow).where(is_(SubscriptionRow.id, subscription_id)))


def mark_told(session: Session, subscription_id: str, release_id: str) -> None:
    """Note up to which release a subscription was told; what it follows is not touched."""
    told = update(SubscriptionRow).where(is_(SubscriptionRow.id, subscription_id)).values(last_release=release_id)
    session.execute(told)


def get_subscription(session: Session, tenant_id: str, subscription_id: str) -> Subscription | None:
    """Return a tenant's subscription, or None."""
    where = (is_(SubscriptionRow.tenant_id, tenant_id), is_(SubscriptionRow.id, subscription_id))
    row = session.execute(select(SubscriptionRow).where(*where)).scalar_one_or_none()
    return None if row is None else _subscription(row)


def list_subscriptions(
    session: Session, *, tenant_id: str | None = None, owner: str | None = None
) -> tuple[Subscription, ...]:
    """Return subscriptions in the order they were made, then by id."""
    query = select(SubscriptionRow).order_by(SubscriptionRow.created_at, SubscriptionRow.id)
    if tenant_id is not None:
        query = query.where(is_(SubscriptionRow.tenant_id, tenant_id))
    if owner is not None:
        query = query.where(is_(SubscriptionRow.owner, owner))
    return tuple(map(_subscription, session.execute(query).scalars()))


def _row(one: Subscription) -> dict[str, Any]:
    follows = asdict(one.follows)
    facts = {name: getattr(one, name) for name in Subscription.__dataclass_fields__ if name != "follows"}
    needs = json.dumps(dict(one.follows.needs), ensure_ascii=False, sort_keys=True)
    return {**facts, **follows, "needs": needs, "channel": one.follows.channel.value, "name": one.follows.name or None}


def _subscription(row: SubscriptionRow) -> Subscription:
    follows = Follows(
        row.need_id,
        json.loads(row.needs),
        row.min_score,
        row.min_change,
        row.min_ranks,
        Channel(row.channel),
        row.name or "",
    )
    facts = (row.id, row.tenant_id, row.owner, follows, row.last_release, row.version, row.created_at, row.updated_at)
    return Subscription(*facts)

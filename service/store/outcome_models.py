"""The tables of what was shown, of rules that a tenant confirmed, and of subscriptions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models import Base, UtcDateTime, _code, _number


class ShownRow(Base):
    """A match that stood on somebody's list. Says which tenant and role saw it, never who."""

    __tablename__ = "shown"
    __table_args__ = (Index("ix_shown_at", "at"), Index("ix_shown_pair", "tenant_id", "need_id", "capability_id"))

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_code(64))
    role: Mapped[str] = mapped_column(String(20))
    release_id: Mapped[str] = mapped_column(String(200))
    need_id: Mapped[str] = mapped_column(_code(200))
    capability_id: Mapped[str] = mapped_column(_code(200))
    rank: Mapped[int] = mapped_column(Integer)  # in the need's list of the release, from 1
    position: Mapped[int] = mapped_column(Integer)  # on the list that was sent, from 1; 0: opened by itself
    score: Mapped[float] = mapped_column(Float)
    tier: Mapped[str] = mapped_column(String(1))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RuleRow(Base):
    """A hard rule that a tenant's dismissals proposed, and what a person decided."""

    __tablename__ = "hard_rules"
    __table_args__ = (UniqueConstraint("tenant_id", "scope", "value", "reason"),)

    number: Mapped[int] = mapped_column(_number(), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_code(64))
    scope: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(_code(200))
    reason: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    dismissals: Mapped[int] = mapped_column(Integer)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(210))
    note: Mapped[str] = mapped_column(Text)


class SubscriptionRow(Base):
    """Whose news is put where."""

    __tablename__ = "subscriptions"
    __table_args__ = (Index("ix_subscriptions_tenant_id_owner", "tenant_id", "owner"),)

    id: Mapped[str] = mapped_column(_code(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(_code(64))
    owner: Mapped[str] = mapped_column(_code(210))  # "user:<login>" or "key:<prefix>"
    name: Mapped[str | None] = mapped_column(String(100))  # what the owner calls it
    need_id: Mapped[str | None] = mapped_column(_code(200))
    needs: Mapped[str] = mapped_column(Text)  # JSON object: a filter of needs; {} is every need
    min_score: Mapped[float] = mapped_column(Float)
    min_change: Mapped[float] = mapped_column(Float)
    min_ranks: Mapped[int] = mapped_column(Integer)
    channel: Mapped[str] = mapped_column(String(20))
    last_release: Mapped[str | None] = mapped_column(String(200))  # that a digest was written up to
    version: Mapped[int] = mapped_column(Integer)  # from 1
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

"""Requests that are to be done once: what was asked under a key, and what was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.models import OnceRow

KEPT: Final = timedelta(hours=24)
"""How long an answer is kept: a client that tries again does so within hours."""


class Claim(StrEnum):
    """What a key that comes with a request means."""

    NEW = "new"  # do it, and keep the answer in the same transaction
    DONE = "done"  # give the kept answer
    OTHER = "other"  # the key was used for another request


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: str


def look(session: Session, owner: str, key: str, fingerprint: str, at: datetime) -> tuple[Claim, Answer | None]:
    """Ask what a key means, and change nothing."""
    wanted = (OnceRow.owner == owner, OnceRow.key == key, OnceRow.created_at >= at - KEPT)
    row = session.execute(select(OnceRow).where(*wanted)).scalar_one_or_none()
    if row is None or row.status is None:  # an earlier version noted requests before they were done
        return Claim.NEW, None
    if row.fingerprint != fingerprint:
        return Claim.OTHER, None
    return Claim.DONE, Answer(row.status, json.loads(row.headers or "{}"), row.body or "")


def claim(session: Session, owner: str, key: str, fingerprint: str, at: datetime) -> tuple[Claim, Answer | None]:
    """Ask what a key means, and take it where it is new, until the transaction ends: whoever else asks waits for that.

    A transaction that took a key and ends without an answer kept under it must be rolled back, or forget the key.
    """
    wanted = (OnceRow.owner == owner, OnceRow.key == key)
    old = or_(OnceRow.created_at < at - KEPT, and_(*wanted, OnceRow.status.is_(None)))
    session.execute(delete(OnceRow).where(old))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"owner": owner, "key": key, "fingerprint": fingerprint, "created_at": at}
    taken = session.execute(insert(OnceRow).values(row).on_conflict_do_nothing().returning(OnceRow.key))
    if taken.first() is not None:
        return Claim.NEW, None
    return look(session, owner, key, fingerprint, at)


def keep_answer(session: Session, owner: str, key: str, answer: Answer) -> None:
    """Keep what was answered, for whoever asks again."""
    kept = {"status": answer.status, "headers": json.dumps(answer.headers), "body": answer.body}
    session.execute(update(OnceRow).where(OnceRow.owner == owner, OnceRow.key == key).values(kept))


def forget(session: Session, owner: str, key: str) -> None:
    """Forget a request that changed nothing."""
    session.execute(delete(OnceRow).where(OnceRow.owner == owner, OnceRow.key == key))

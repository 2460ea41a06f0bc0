"""Requests that are to be done once: what was asked under a key, and what was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from service.store.models import OnceRow

KEPT: Final = timedelta(hours=24)
"""How long an answer is kept: a client that tries again does so within hours."""

ABANDONED: Final = timedelta(seconds=60)
"""After this a request without an answer was cut off by a stop of the server, and may be done anew."""


class Claim(StrEnum):
    """What a key that comes with a request means."""

    NEW = "new"  # do it, and keep the answer
    DONE = "done"  # give the kept answer
    BUSY = "busy"  # it is being done
    OTHER = "other"  # the key was used for another request


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: str


def claim(session: Session, owner: str, key: str, fingerprint: str, at: datetime) -> tuple[Claim, Answer | None]:
    """Ask what to do about a request, and note that it is being done where it is new."""
    session.execute(delete(OnceRow).where(OnceRow.created_at < at - KEPT))
    wanted = (OnceRow.owner == owner, OnceRow.key == key)
    row = session.execute(select(OnceRow).where(*wanted)).scalar_one_or_none()
    if row is not None and row.fingerprint != fingerprint:
        return Claim.OTHER, None
    if row is not None and row.status is not None:
        return Claim.DONE, Answer(row.status, json.loads(row.headers or "{}"), row.body or "")
    if row is not None and at - row.created_at < ABANDONED:
        return Claim.BUSY, None
    if row is not None:
        session.execute(update(OnceRow).where(*wanted).values(created_at=at))
        return Claim.NEW, None
    session.execute(insert(OnceRow).values(owner=owner, key=key, fingerprint=fingerprint, created_at=at))
    return Claim.NEW, None


def keep_answer(session: Session, owner: str, key: str, answer: Answer) -> None:
    """Keep what was answered, for whoever asks again."""
    kept = {"status": answer.status, "headers": json.dumps(answer.headers), "body": answer.body}
    session.execute(update(OnceRow).where(OnceRow.owner == owner, OnceRow.key == key).values(kept))


def forget(session: Session, owner: str, key: str) -> None:
    """Forget a request that changed nothing."""
    session.execute(delete(OnceRow).where(OnceRow.owner == owner, OnceRow.key == key))

"""What a reader of an immutable release must ask the living store of one record: whether it is still as it was."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.vocabulary import Confidentiality, ReviewState
from service.store.models import RecordRow


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it stands now, without its text."""

    content_hash: str
    review_state: ReviewState
    confidentiality: Confidentiality


def standing(session: Session, kind: str, record_id: str) -> Standing | None:
    """Return how a record stands; None when the store does not hold it."""
    row = RecordRow
    asked = select(row.content_hash, row.review_state, row.confidentiality)
    found = session.execute(asked.where(row.kind == kind, row.id == record_id)).one_or_none()
    if found is None:
        return None
    return Standing(found.content_hash, ReviewState(found.review_state), Confidentiality(found.confidentiality))

"""What the database remembers of releases. The folder is the release; this is its entry in the ledger."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from service.store.models import ReleaseRow, is_


class ReleaseState(StrEnum):
    """Where a release is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"  # its folder was removed


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """A release as the ledger has it."""

    id: str
    run_id: str
    state: ReleaseState
    created_at: datetime
    published_at: datetime | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)


def save_release(session: Session, entry: ReleaseEntry) -> None:
    """Write the entry, in place of an earlier one of the same id."""
    row = asdict(entry) | {"state": entry.state.value, "manifest": json.dumps(dict(entry.manifest), sort_keys=True)}
    changed = update(ReleaseRow).where(ReleaseRow.id == entry.id).values(row).returning(ReleaseRow.id)
    if session.execute(changed).first() is None:
        session.execute(insert(ReleaseRow).values(row))


def get_release(session: Session, release_id: str) -> ReleaseEntry | None:
    """Return the entry of that id, or None."""
    row = session.execute(select(ReleaseRow).where(is_(ReleaseRow.id, release_id))).scalar_one_or_none()
    return None if row is None else _entry(row)


def list_releases(session: Session, *, limit: int = 100) -> tuple[ReleaseEntry, ...]:
    """Return the latest entries, newest first."""
    newest = select(ReleaseRow).order_by(ReleaseRow.created_at.desc(), ReleaseRow.id.desc()).limit(limit)
    return tuple(_entry(row) for row in session.execute(newest).scalars())


def _entry(row: ReleaseRow) -> ReleaseEntry:
    state = ReleaseState(row.state)
    return ReleaseEntry(row.id, row.run_id, state, row.created_at, row.published_at, json.loads(row.manifest))

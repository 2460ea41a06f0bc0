"""Writing records: the same content twice writes once, and nothing that was ever said is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.profiles import KINDS, Profile
from matcher.vocabulary import ReviewState
from service.store.errors import UnknownRecord
from service.store.models import RecordRow, is_
from service.store.upserting import Refusal, Upsert

_CHUNK: Final = 500  # records looked up at once: far below SQLite's 32,766 variables, enough to forget the round trips
_GROWTH: Final = 4  # times the records of the last count, until PostgreSQL counts again
_WRITE_LOCK: Final = 0x72_65_63_73  # "recs": names the advisory lock on PostgreSQL


@dataclass(frozen=True, slots=True)
class UpsertCounts:
    """What became of the profiles given.

    ``refreshed`` said nothing new, but said it again at a later ``updated_at``.
    """

    created: int = 0
    updated: int = 0
    refreshed: int = 0
    unchanged: int = 0
    refusals: tuple[Refusal, ...] = ()


def upsert_records(
    session: Session,
    kind: str,
    profiles: Iterable[Profile],
    *,
    actor: str,
    at: datetime,
    tenant_id: str | None = None,
) -> UpsertCounts:
    """Write profiles of one kind inside the session's transaction, holding a few hundred at a time.

    A profile is the record with its (system, source_id) if there is one, else the record with its id. A record keeps
    the id it first got: events and shortlists speak of it. Equal content writes nothing, except that a later
    ``updated_at`` is noted without a new version. Other content becomes the next version. A withdrawn record stays
    withdrawn until a profile states another ``review_state``.
    Refused, and counted: an id that came before in ``profiles`` with other content (duplicate_id), an id that belongs
    to a record of another source (id_taken), an id the database cannot hold (bad_id).
    New records belong to ``tenant_id``, or to the default tenant. With a tenant stated, another tenant's record is
    refused (other_tenant); without one, as for the operator's imports, a record stays with the tenant it has.
    """
    expected = model_of(kind)
    hold_records(session)
    upsert = Upsert(session, kind, actor, at, tenant_id)
    numbered = enumerate(profiles)
    while chunk := list(islice(numbered, _CHUNK)):
        for _, profile in chunk:
            if not isinstance(profile, expected):
                raise BadInput("wrong_kind", expected=f"a record of {kind}", got=type(profile).__name__)
        upsert.write(chunk)
        _learn(session, upsert)
    return UpsertCounts(**upsert.tally, refusals=tuple(upsert.refusals))


def hold_records(session: Session) -> None:
    """Keep other writers of records out until the transaction ends: what is read from here on stays so.

    On SQLite a writing session does that by itself. On PostgreSQL records are found by their keys from here on:
    without statistics of a table that fills within this transaction the planner would scan it for each chunk.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _WRITE_LOCK})
    session.execute(text("SET LOCAL enable_seqscan = off"))


def _learn(session: Session, upsert: Upsert) -> None:
    """Let PostgreSQL count the table now and then while it fills within this transaction.

    It takes a table it has never counted for a small one, and looks for each chunk through all rows of a kind: 100,000
    records took nine minutes. What ANALYZE counts, rows of its own transaction among them, it plans by at once.
    """
    if upsert.tally["created"] < upsert.counted_at or session.get_bind().dialect.name != "postgresql":
        return
    session.execute(text(f"ANALYZE {RecordRow.__tablename__}"))
    upsert.counted_at = _GROWTH * upsert.tally["created"]


def withdraw(session: Session, kind: str, record_id: str, *, actor: str, at: datetime) -> int:
    """Mark a record withdrawn and return its version; withdrawing twice changes nothing. Raises UnknownRecord."""
    wanted = (RecordRow.kind == kind, is_(RecordRow.id, record_id))
    stored = session.execute(select(RecordRow.profile).where(*wanted)).scalar()
    if stored is None:
        raise UnknownRecord(kind, record_id)
    profile = model_of(kind).model_validate_json(stored)
    withdrawn = profile.model_copy(update={"review_state": ReviewState.WITHDRAWN})
    upsert_records(session, kind, [withdrawn], actor=actor, at=at)
    return session.execute(select(RecordRow.version).where(*wanted)).scalar_one()


def model_of(kind: str) -> type[Profile]:
    """Return the model of a kind; raises BadInput naming the kinds there are."""
    if kind not in KINDS:
        raise BadInput("unknown_kind", expected=f"one of {', '.join(KINDS)}", got=kind)
    return KINDS[kind]

"""What every write of a record passes: who may, whose it is, what it was when it was read; then all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from matcher.profiles import KINDS, SINGULAR, Organisation, Profile
from matcher.vocabulary import Confidentiality, ReviewState
from service.accounts.roles import Permission
from service.api.answers import etag
from service.api.live import is_shown
from service.api.problems import FieldProblem, Refused, refused_values, shortened, unknown
from service.api.validation import admitted
from service.store import StoredRecord, UnknownRecord, UpsertCounts, get_record, hold_records, upsert_records
from service.store.standing import standing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.api.context import Context
    from service.api.keys import Principal

Outcome = Literal["created", "updated", "unchanged"]
_OUTCOMES: Final[tuple[Outcome, ...]] = ("created", "updated", "unchanged")
_NOT_SEEN: Final = "An account saves only what it may see: the record is, or would be, more confidential than that."
_NOT_OURS: Final = "There is a record of this id that belongs to another tenant; save it under another id."


@dataclass(frozen=True, slots=True)
class Held:
    """What a writer is held to (RFC 9110, sections 13.1.1 and 13.1.2)."""

    if_match: str | None = None
    if_none_match: str | None = None
    new: bool = False  # there must be none yet; said as a conflict


def read(kind: str, record_id: str, values: dict[str, Any]) -> tuple[Profile, tuple[Organisation, ...]]:
    """Read a body as the record of an address; raises Refused with every value that is wrong."""
    if values.setdefault("id", record_id) != record_id:
        problem = FieldProblem(
            field="id", code="other_id", value=shortened(values["id"]), expected=f"{record_id}, as in the address"
        )
        raise refused_values([problem])
    return admitted(kind, values)


def kind_of(record: Profile) -> str:
    """Return the plural kind of a record."""
    return next(kind for kind, model in KINDS.items() if type(record) is model)


def save(
    context: Context, asker: Principal, records: tuple[Profile, *tuple[Organisation, ...]], held: Held
) -> tuple[StoredRecord, UpsertCounts]:
    """Write a record, and organisations it describes that the store does not know; raises Refused (403, 409, 412)."""
    asker.require(Permission.SAVE_RECORDS)
    with context.store.writing() as session:
        hold_records(session)
        return save_in(session, asker, records, held)


def save_in(
    session: Session, asker: Principal, records: tuple[Profile, *tuple[Organisation, ...]], held: Held
) -> tuple[StoredRecord, UpsertCounts]:
    """Write within a transaction that holds the records."""
    record, *described = records
    kind, now = kind_of(record), datetime.now(UTC)
    refuse_hidden(session, asker, record)
    refuse_changed(session, kind, record.id, held)
    for organisation in described:
        if standing(session, "organisations", organisation.id) is None:
            upsert_records(
                session, "organisations", [organisation], actor=asker.actor, at=now, tenant_id=asker.tenant_id
            )
    counts = upsert_records(session, kind, [record], actor=asker.actor, at=now, tenant_id=asker.tenant_id)
    if counts.refusals:
        raise Refused(409, counts.refusals[0].code.replace("_", "-"), counts.refusals[0].detail)
    try:
        return get_record(session, kind, record.id), counts
    except UnknownRecord:  # the source that is stated belongs to a record of another id, and that was about to change
        detail = f"The source stated belongs to a {SINGULAR[kind]} of another id; save it there, or state another."
        raise Refused(409, "source-taken", detail) from None


def outcome_of(counts: UpsertCounts) -> Outcome:
    """Say what became of one record."""
    return next((name for name in _OUTCOMES if getattr(counts, name)), "unchanged")


def own(session: Session, asker: Principal, kind: str, record_id: str) -> StoredRecord:
    """Return a record that the asker sees and may change; raises Refused (403, 404)."""
    now = standing(session, kind, record_id)
    if now is None or not is_shown(now, asker):
        raise unknown(SINGULAR[kind], record_id)
    if now.tenant_id != asker.tenant_id:
        raise Refused(403, "not-yours", "The record belongs to another tenant, which alone may change it.")
    return get_record(session, kind, record_id)


def refuse_hidden(session: Session, asker: Principal, record: Profile) -> None:
    """Refuse to write what could not be read back, or over another tenant's record."""
    before = standing(session, kind_of(record), record.id)
    if before is not None and before.tenant_id != asker.tenant_id:
        raise Refused(403, "not-yours", _NOT_OURS)
    level = getattr(record, "confidentiality", None) or Confidentiality.PUBLIC
    if not asker.audience.sees(level, asker.tenant_id):
        raise Refused(403, "not-public", _NOT_SEEN)
    if before is not None and not asker.audience.sees(before.confidentiality, before.tenant_id):
        raise Refused(403, "not-public", _NOT_SEEN)


def refuse_changed(session: Session, kind: str, record_id: str, held: Held) -> None:
    """Hold the writer to what it read. Weak tags match nothing."""
    if held == Held():
        return
    one = SINGULAR[kind]
    try:
        stored = get_record(session, kind, record_id)
    except UnknownRecord:
        if held.if_match is not None:
            detail = f"There is no such {one}: leave If-Match out to create it."
            raise Refused(412, "changed", detail) from None
        return
    if held.new:
        raise Refused(409, "id-taken", f"There is a {one} of this id: change it at its address, or take another id.")
    now = etag(stored)
    if held.if_none_match is not None and _names(held.if_none_match, now):
        raise Refused(412, "changed", f"There is such a {one} already: leave If-None-Match out to replace it.")
    if held.if_match is not None and not _names(held.if_match, now):
        detail = f"The {one} was changed since it was read: get it again, take over the change, and send its new ETag."
        raise Refused(412, "changed", detail)


def _names(tags: str, now: str) -> bool:
    return tags.strip() == "*" or now in (tag.strip() for tag in tags.split(","))


def withdrawn(record: Profile) -> Profile:
    """Return a record as it is when it is withdrawn."""
    return record.model_copy(update={"review_state": ReviewState.WITHDRAWN})

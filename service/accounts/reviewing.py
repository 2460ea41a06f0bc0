"""The review queue: what was inferred about records waits here until a person confirms or rejects it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from matcher.profiles import Profile
from matcher.vocabulary import Provenance, ReviewState
from service.store import StoredRecord
from service.store.models import FacetRow, RecordRow
from service.store.reading import columns_of_record, held, known_kind, stored_record
from service.store.seeing import seen_by

if TYPE_CHECKING:
    from service.visibility import Audience

FIELDS: Final = ("sdg_goals", "sdg_targets", "sectors", "crs_purpose", "services", "title_en", "summary_en")
"""Fields that may be inferred and wait. A language told from a text is no judgement, and does not."""

_GONE: Final = (ReviewState.WITHDRAWN.value,)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose queue: a tenant's, as far as an audience may see, and perhaps of some organisations alone."""

    tenant_id: str
    audience: Audience
    kind: str | None = None
    organisations: Collection[str] | None = None  # whose records; None for everybody's


def waiting(
    session: Session, asked: Asked, *, after: tuple[str, str] | None = None, limit: int = 50
) -> tuple[StoredRecord, ...]:
    """Return records with something inferred, in the order of (kind, id), those behind ``after``."""
    query = columns_of_record().where(*_conditions(asked)).order_by(RecordRow.kind, RecordRow.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(RecordRow.kind, RecordRow.id) > tuple_(*after))
    return tuple(stored_record(row) for row in session.execute(query))


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found = [
        RecordRow.tenant_id == asked.tenant_id,
        seen_by(asked.audience),
        RecordRow.review_state.not_in(_GONE),
        # The profile is canonical JSON: a quote inside a text would be escaped, so this is found in provenance alone.
        or_(*(RecordRow.profile.like(f'%"{field}":"{Provenance.INFERRED.value}"%') for field in FIELDS)),
    ]
    if asked.kind is not None:
        found.append(RecordRow.kind == known_kind(asked.kind))
    if asked.organisations is not None:
        stated = select(FacetRow.kind, FacetRow.id).where(
            FacetRow.facet == "organisation", FacetRow.value.in_(held(asked.organisations))
        )
        found.append(tuple_(RecordRow.kind, RecordRow.id).in_(stated))
    return found


def inferred(profile: Profile) -> tuple[str, ...]:
    """Return the fields of a record that wait, in the order of ``FIELDS``."""
    known = profile.provenance or {}
    return tuple(field for field in FIELDS if known.get(field) is Provenance.INFERRED)


def decided(profile: Profile, fields: Sequence[str], *, confirmed: bool) -> Profile:
    """Return a record with a person's decision: what is confirmed stays, what is rejected is unknown again.

    Either way its provenance is ``reviewed``, so that it is not inferred once more. No fields named means all that
    wait. Raises BadInput on a field that does not wait, and where none does.
    """
    wait = inferred(profile)
    chosen = tuple(fields) or wait
    others = [field for field in chosen if field not in wait]
    if others or not chosen:
        expected = f"one of {', '.join(wait)}" if wait else "a record with something inferred"
        raise BadInput("fields", expected=expected, got=", ".join(others) or "none", fix="see /v1/reviews")
    provenance = {**(profile.provenance or {}), **dict.fromkeys(chosen, Provenance.REVIEWED)}
    emptied = {} if confirmed else dict.fromkeys(chosen)
    return profile.model_copy(update={**emptied, "provenance": provenance})

"""Records of which it is known how something came to be known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_
from sqlalchemy.orm import Session

from matcher.profiles import Profile
from matcher.vocabulary import Provenance
from service.store.models import RecordRow
from service.store.reading import StoredRecord, columns_of_record, stored_record
from service.store.upserting import kept_ids


def marked_records(
    session: Session, kind: str, profiles: Sequence[Profile], inferred: Collection[str]
) -> list[StoredRecord | None]:
    """Return the record that each profile would replace, where something of it was stated, reviewed or inferred.

    Records are found as an upsert finds them; inferred counts for the fields named. Ask for a few hundred at a time.
    """
    # A profile is canonical JSON: a quote inside a text would be escaped, so these are found in provenance alone.
    signs = [f'":"{mark.value}"' for mark in (Provenance.REVIEWED, Provenance.STATED)]
    signs += [f'"{field}":"{Provenance.INFERRED.value}"' for field in inferred]
    kept = kept_ids(session, kind, profiles)
    wanted = (RecordRow.kind == kind, RecordRow.id.in_([one for one in kept if one is not None]))
    query = columns_of_record().where(*wanted, or_(*(RecordRow.profile.contains(sign) for sign in signs)))
    found = {row.id: stored_record(row) for row in session.execute(query)}
    return [None if one is None else found.get(one) for one in kept]

"""What people said of a record here, and a file that comes again does not: it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from matcher.profiles import Profile
from matcher.vocabulary import Provenance
from service.accounts.own_fields import OWN_FIELDS
from service.accounts.reviewing import FIELDS
from service.importing.suggesting import INSTEAD
from service.store import marked_records
from service.tagging import documents_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_CHUNK: Final = 500  # records looked up at once
_OTHER: Final = {**dict(INSTEAD), **{other: field for field, other in INSTEAD}}
"""Field -> the one that states the same in other words."""


def with_kept(session: Session, kind: str, records: Iterable[Profile], *, inferring: bool) -> Iterator[Profile]:
    """Yield the records in order, each with what ``kept`` keeps of the one the store has; ``inferring`` as there."""
    stream = iter(records)
    while chunk := list(islice(stream, _CHUNK)):
        known = marked_records(session, kind, chunk, FIELDS)
        for record, stored in zip(chunk, known, strict=True):
            yield record if stored is None else kept(kind, record, stored.profile, inferring=inferring)


def kept(kind: str, record: Profile, known: Profile, *, inferring: bool) -> Profile:
    """Return a record that comes again with what people said of it, where it says nothing of that itself.

    That is what they confirmed or rejected of what was inferred, and what an owner stated. What waits to be reviewed
    goes on waiting while the texts are the same, unless suggestions are ``inferring`` made anew. A file that carries
    an inferred value itself does not bring back one that somebody has looked at.
    """
    said, marks = dict(known.provenance or {}), dict(record.provenance or {})
    same_texts = not inferring and documents_of(known) == documents_of(record)
    found: dict[str, Any] = {}
    for field, mark in said.items():
        if not hasattr(record, field) or _stated(record, field):
            continue
        waits = mark is Provenance.INFERRED and field in FIELDS and same_texts
        owned = mark is Provenance.STATED and field in OWN_FIELDS.get(kind, ())
        if waits or owned or (mark is Provenance.REVIEWED and field in FIELDS):
            found[field], marks[field] = getattr(known, field), mark
    return record.model_copy(update={**found, "provenance": marks}) if found else record


def _stated(record: Profile, field: str) -> bool:
    """Say whether a record says something of a field itself, in this one or in its other words."""
    marks = record.provenance or {}
    named = (field, _OTHER.get(field, field))
    return any(getattr(record, one) is not None and marks.get(one) is not Provenance.INFERRED for one in named)

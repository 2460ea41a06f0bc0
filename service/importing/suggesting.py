"""Classification that nobody stated, inferred from the texts at intake: marked so, and never over a stated value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from matcher.profiles import Capability, Need, Profile
from matcher.vocabulary import Provenance
from service.tagging import documents_of

if TYPE_CHECKING:
    from matcher.tagging import Tagger, Tags

_CHUNK: Final = 256  # records whose texts are encoded together

INSTEAD: Final = (("sdg_goals", "sdg_targets"), ("sectors", "crs_purpose"))
"""Field that is inferred, and the one that would state the same: either being known, nothing is inferred."""


def suggested(records: Iterable[Profile], tagger: Tagger) -> Iterator[Profile]:
    """Yield the records in order; needs and capabilities without goals or sectors get the suggested ones.

    Null is unknown and may be filled; an empty list is stated none and stays. What was filled has provenance
    ``inferred`` until a person confirms it.
    """
    stream = iter(records)
    while chunk := list(islice(stream, _CHUNK)):
        asked = [record for record in chunk if isinstance(record, Need | Capability) and _unknown(record)]
        documents = [document for record in asked if (document := documents_of(record)) is not None]
        tags = dict(zip((record.id for record in asked), tagger.tag(documents), strict=True))
        for record in chunk:
            yield _filled(record, tags[record.id]) if record.id in tags else record


def _unknown(record: Need | Capability) -> list[str]:
    known = record.provenance or {}
    return [
        field
        for field, other in INSTEAD
        if getattr(record, field) is None
        and getattr(record, other) is None
        and known.get(field) is not Provenance.REVIEWED  # somebody looked, and said that it is not known
    ]


def _filled(record: Profile, tags: Tags) -> Profile:
    if not isinstance(record, Need | Capability):
        return record
    found: dict[str, tuple[int, ...] | tuple[str, ...]] = {
        "sdg_goals": tuple(sorted(goal.goal for goal in tags.goals if goal.suggested)),
        "sectors": tuple(sorted(sector.sector for sector in tags.sectors if sector.suggested)),
    }
    new = {field: found[field] for field in _unknown(record) if found[field]}
    if not new:
        return record
    marked = {**(record.provenance or {}), **dict.fromkeys(new, Provenance.INFERRED)}
    return record.model_copy(update={**new, "provenance": marked})

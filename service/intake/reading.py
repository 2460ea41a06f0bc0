"""Read a file into accepted records and rejects. START HERE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from matcher.places import PlaceBook
from matcher.profiles import KINDS, Capability, Need, Organisation, OrganisationId
from service.intake import jsonl
from service.intake.admission import Admission
from service.intake.results import Accepted, Limits, Problem, Reject, Severity

_T = TypeVar("_T")
_NO_LIMITS_CHANGED: Final = Limits()
SINGULAR: Final = {
    "organisation": "organisations",
    "capability": "capabilities",
    "need": "needs",
    "mechanism": "mechanisms",
    "facilitator": "facilitators",
    "case": "cases",
}


def read(
    path: Path, places: PlaceBook, *, kind: str | None = None, limits: Limits = _NO_LIMITS_CHANGED
) -> Iterator[Accepted | Reject]:
    """Yield what each row of a file gives, in the order of the file, holding one row at a time.

    Without ``kind`` each object's own "kind" says what it is, or else the file's name (``needs.jsonl``). A row whose
    required fields are good is accepted even if optional values had to be refused; each of those is a reject too.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        yield Problem("file_too_large", value=size, severity=Severity.FILE).at(path.name, "", None)
        return
    yield from _read_jsonl(path, places, kind, limits)


def _read_jsonl(path: Path, places: PlaceBook, kind: str | None, limits: Limits) -> Iterator[Accepted | Reject]:
    admission = Admission(places, path.name)
    default = kind or kind_of(path.stem)
    for row, found in jsonl.objects(path, limits):
        if isinstance(found, Problem):
            yield found.at(path.name, "", row)
            continue
        stated = str(found.pop("kind", ""))
        named = kind_of(stated) if stated else default
        if named is None or kind not in {None, named}:
            expected = kind or f"one of {', '.join(KINDS)}"
            yield Problem("unknown_kind", "kind", stated, Severity.ROW, expected).at(path.name, "", row)
            continue
        yield from admission.admit(named, found, row)


def kind_of(name: str) -> str | None:
    """Return the kind a name speaks of ("needs", "Need", "my-needs-2026"), None where it names none or several."""
    words = set(name.casefold().replace("_", " ").replace("-", " ").replace(".", " ").split())
    named = {kind for one, kind in SINGULAR.items() if one in words or kind in words}
    return named.pop() if len(named) == 1 else None


@dataclass(frozen=True, slots=True)
class Batch(Generic[_T]):
    """A whole file in memory: for files of one kind that are matched at once."""

    records: tuple[_T, ...]
    organisations: dict[OrganisationId, Organisation]
    rejects: tuple[Reject, ...]


def read_needs(path: Path, places: PlaceBook) -> Batch[Need]:
    """Read a file of needs, minimal or full, with the organisations described in it."""
    return _batch(Need, "needs", path, places)


def read_capabilities(path: Path, places: PlaceBook) -> Batch[Capability]:
    """Read a file of capabilities, minimal or full, with the organisations described in it."""
    return _batch(Capability, "capabilities", path, places)


def _batch(model: type[_T], kind: str, path: Path, places: PlaceBook) -> Batch[_T]:
    records: list[_T] = []
    organisations: dict[OrganisationId, Organisation] = {}
    rejects: list[Reject] = []
    for found in read(path, places, kind=kind):
        if isinstance(found, Reject):
            rejects.append(found)
        elif isinstance(found.profile, model):
            records.append(found.profile)
        elif isinstance(found.profile, Organisation):
            organisations[OrganisationId(found.profile.id)] = found.profile
    return Batch(tuple(records), organisations, tuple(rejects))

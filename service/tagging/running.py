"""Files in, tags out: what ``matcher tag`` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher import sections
from matcher.errors import BadInput
from matcher.languages import foreign, own
from matcher.profiles import Capability, Need
from matcher.tagging import Document
from service.intake import Refusals, Reject, nothing_in, read
from service.intake.reading import kind_of
from service.progress import track
from service.releases.files import replacing
from service.wire import to_json

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from matcher.places import PlaceBook
    from matcher.profiles import Profile
    from matcher.tagging import Tagger, Tags

_KINDS: Final = ("capabilities", "needs")


@dataclass(frozen=True, slots=True)
class TagFiles:
    """What is read as what, and where the tags go. ``kind`` None: as the file's name says, else capabilities."""

    source: Path
    out: Path
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The file's records as documents in its order, and what was refused."""

    documents: tuple[Document, ...]
    rejects: tuple[Reject, ...]
    written: Mapping[str, int]  # language -> records in it; those with a summary in English, or of none known, aside

    @property
    def refused(self) -> Refusals:
        """Count what was refused."""
        return Refusals.of(self.rejects)


@dataclass(frozen=True, slots=True)
class TagReport:
    """What ``matcher tag --json`` writes."""

    source: str
    out: str
    model: str
    records: int
    records_refused: int
    values_refused: int
    suggested_goals: Mapping[int, int]  # goal -> records it is suggested for
    suggested_sectors: Mapping[str, int]
    without_goal: int  # records for which no goal is suggested
    unread: Mapping[str, int]  # language that the text model does not cover -> records in it: look at these twice


def documents_of(profile: Profile) -> Document | None:
    """Return the texts of a need or a capability; None for other kinds, which are not tagged."""
    if isinstance(profile, Need):
        return Document(profile.id, tuple(section.text for section in sections.of_need(profile)))
    if isinstance(profile, Capability):
        return Document(profile.id, tuple(section.text for section in sections.of_capability(profile)))
    return None


def gather(files: TagFiles, places: PlaceBook) -> Gathered:
    """Read the file, be it that nothing in it can be tagged; raises BadInput for a kind that is never tagged."""
    kind = files.kind or (kind_of(files.source.stem) or _KINDS[0])
    if kind not in _KINDS:
        raise BadInput("unknown_kind", expected=f"a file of {' or '.join(_KINDS)}", got=kind, fix="say --kind")
    documents: list[Document] = []
    rejects: list[Reject] = []
    written: Counter[str] = Counter()
    for found in read(files.source, places, kind=kind):
        if isinstance(found, Reject):
            rejects.append(found)
        elif (document := documents_of(found.profile)) is not None:
            documents.append(document)
            written.update(own(found.profile) if isinstance(found.profile, Need | Capability) else ())
    return Gathered(tuple(documents), tuple(rejects), written)


def check_any(found: Gathered, files: TagFiles) -> None:
    """Refuse a file that holds nothing to tag; raises BadInput."""
    if not found.documents:
        raise nothing_in(files.source, found.rejects, code="nothing_to_tag", what="record")


def tag(found: Gathered, tagger: Tagger) -> Iterator[Tags]:
    """Yield the tags of every record, in the order of the file."""
    return track(tagger.tag(found.documents), "tagging records", len(found.documents))


def write(tagged: Iterable[Tags], out: Path) -> list[Tags]:
    """Write one line of JSON a record, the whole file or none of it; return what was written."""
    written = []
    with replacing(out) as sink:
        for tags in tagged:
            sink.write((to_json(tags) + "\n").encode())
            written.append(tags)
    return written


def report(files: TagFiles, found: Gathered, written: Iterable[Tags], encoder: Encoder) -> TagReport:
    """Count what was suggested and refused."""
    tags, reads = list(written), encoder.languages
    goals = Counter(goal.goal for one in tags for goal in one.goals if goal.suggested)
    sectors = Counter(sector.sector for one in tags for sector in one.sectors if sector.suggested)
    return TagReport(
        source=str(files.source),
        out=str(files.out),
        model=encoder.name,
        records=len(tags),
        records_refused=found.refused.records,
        values_refused=found.refused.values,
        suggested_goals=dict(sorted(goals.items())),
        suggested_sectors=dict(sorted(sectors.items())),
        without_goal=sum(not any(goal.suggested for goal in one.goals) for one in tags),
        unread={} if reads is None else dict(foreign(found.written, reads)),
    )

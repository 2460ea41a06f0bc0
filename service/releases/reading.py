"""Reading a published release. Opening maps files and reads the manifest; it needs neither torch nor the encoder."""

import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy.typing as npt
import structlog

from matcher.matches import Shortlist
from matcher.profiles import Capability, Need, NeedId, Organisation, Record
from matcher.vocabulary import Confidentiality
from service.releases.allocations import ALLOCATION, AllocationFile, Placed, flagged
from service.releases.check import damage
from service.releases.errors import BrokenRelease, NoRelease, ReleaseError
from service.releases.files import map_array
from service.releases.manifest import MANIFEST, Manifest, missing_files, read_manifest
from service.releases.parts import Part, ShortlistHeader, part_name
from service.releases.records import RecordFile, RecordMap
from service.releases.reverse import ReverseIndex
from service.wire import from_json, match_from_json

if TYPE_CHECKING:
    from matcher.catalogue import Catalogue
    from matcher.clusters import Clustering
    from matcher.places import PlaceBook
    from matcher.thirds import ThirdParties

P = TypeVar("P", bound=Record)
CURRENT, CLUSTERS, MERGES = "CURRENT", "clusters.json", "merges.json"
_CONFIDENTIAL: Final = ("needs", "capabilities", "cases")  # kinds that can be
_STATED: Final = re.compile(rb'"confidentiality":"(partners|broker_only)"')
CHECK_EVERY = 0.5
"""Seconds between two looks at CURRENT: a new release is seen within half a second, a request pays no stat."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReverseEntry:
    """One need whose shortlist holds the capability, with the place it has there."""

    need_id: NeedId
    rank: int
    position: int  # rank - 1: row in the need's shortlist


class Release:
    """One published release, read by mapping its files. Safe to use from several threads."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder, self.manifest = folder, manifest
        self._files: dict[str, RecordFile[Any]] = {}
        self._parts: dict[int, Part] = {}

    @classmethod
    def open(cls, folder: Path) -> "Release":
        """Open a folder after checking its manifest and the sizes of its files; hashes are checked by ``verify``."""
        manifest = read_manifest(folder)
        if problems := missing_files(folder, manifest):
            raise BrokenRelease(folder.name, problems)
        return cls(folder, manifest)

    @property
    def id(self) -> str:
        """The release id: every response names it."""
        return self.manifest.id

    def verify(self) -> None:
        """Read every byte and compare it with the manifest; raises BrokenRelease."""
        if problems := damage(self.folder, self.manifest):
            raise BrokenRelease(self.id, problems)

    # Records

    def records(self, kind: str) -> RecordFile[Any]:
        """Give the records of one kind (a key of ``matcher.profiles.KINDS``), parsed lazily."""
        if kind not in self._files:
            self._files[kind] = RecordFile(self.folder / "records", kind)
        return self._files[kind]

    @cached_property
    def confidential(self) -> Mapping[str, Mapping[str, Confidentiality]]:
        """Give the ids, by kind, of the records that were not public when the release was made, with their level."""
        kinds = [kind for kind in _CONFIDENTIAL if kind in self.manifest.counts]
        return {kind: dict(_confidential(self.records(kind))) for kind in kinds}

    @property
    def needs(self) -> RecordFile[Need]:
        """The needs, in id order; the row is the need's place in the parts."""
        return self.records("needs")

    @property
    def capabilities(self) -> RecordFile[Capability]:
        """The capabilities, in id order; the row is the row of every array."""
        return self.records("capabilities")

    @property
    def organisations(self) -> Mapping[str, Organisation]:
        """The organisations by id; one that was merged into another is found under both of their ids."""
        return RecordMap(self.records("organisations"), self.merges)

    @cached_property
    def merges(self) -> Mapping[str, str]:
        """Ids of organisations that are in others -> the id that is kept; empty where nothing was merged."""
        if MERGES not in self.manifest.files:
            return {}
        found: dict[str, str] = json.loads((self.folder / MERGES).read_bytes())
        return found

    # Arrays

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Map every array of the catalogue, by name."""
        names = (Path(name).stem for name in self.manifest.files if name.startswith("arrays/"))
        return {name: map_array(self.folder / "arrays" / f"{name}.npy") for name in names}

    @cached_property
    def catalogue(self) -> "Catalogue":
        """The catalogue over the mapped arrays, for matching new needs."""
        from matcher.catalogue import Catalogue

        return Catalogue.from_arrays(self.arrays(), self.capabilities, self.organisations)

    def thirds(self, places: "PlaceBook") -> "ThirdParties":
        """Give the facilitators and funders as of the release's day; none from a release older than they are."""
        from matcher.thirds import ThirdParties

        kinds = ("facilitators", "mechanisms")
        facilitators, mechanisms = (self.records(kind) if kind in self.manifest.counts else () for kind in kinds)
        return ThirdParties.of(facilitators, mechanisms, self.organisations, places, self.manifest.as_of)

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """What the night measured: tiers, coverage, exposure, needs without an eligible capability."""
        found: dict[str, Any] = json.loads((self.folder / "metrics.json").read_bytes())
        return found

    @cached_property
    def clusters(self) -> "Clustering | None":
        """The clusters of the needs; None in a release that was made before there were any. Raises BrokenRelease."""
        if CLUSTERS not in self.manifest.files:
            return None
        from matcher.clusters import Clustering

        try:
            return from_json(Clustering, (self.folder / CLUSTERS).read_bytes())
        except ValueError as error:
            raise BrokenRelease(self.id, [f"{CLUSTERS} cannot be read ({type(error).__name__})"]) from error

    # Shortlists: as the matcher made them, with what allocation made of each match

    @cached_property
    def allocation(self) -> AllocationFile | None:
        """What allocation made of the matches; None in a release that was made before there was allocation."""
        return AllocationFile(self.folder / ALLOCATION) if ALLOCATION in self.manifest.files else None

    def placed(self, need_id: str) -> list[Placed] | None:
        """Say of each match of a need, in rank order, what became of it; None where nothing was allocated."""
        row = self.needs.row_of(need_id)
        return None if self.allocation is None or row is None else self.allocation.of(row)

    def header(self, need_id: str) -> ShortlistHeader | None:
        """Give the counts and notes of a need's shortlist; None when the release has no such need."""
        found = self._place_of(need_id)
        return None if found is None else found[0].headers[found[1]]

    def match_texts(self, need_id: str, limit: int | None = None) -> list[str]:
        """Give a need's matches as JSON texts in rank order; empty when there are none or the need is not here."""
        return self.columns(need_id, ("detail",))["detail"][:limit]

    def columns(self, need_id: str, names: Sequence[str]) -> dict[str, list[Any]]:
        """Give columns of a need's shortlist in rank order (see ``parts.COLUMNS``); empty lists when it is not here."""
        found = self._place_of(need_id)
        if found is None:
            return {name: [] for name in names}
        return self._flagged(need_id, found[0].columns(found[1], names))

    def match_text(self, need_id: str, capability_id: str) -> str | None:
        """Give one pair's match as JSON text; None when the shortlist does not hold it."""
        columns = self.columns(need_id, ("capability_id", "detail"))
        texts: dict[str, str] = dict(zip(columns["capability_id"], columns["detail"], strict=True))
        return texts.get(capability_id)

    def shortlist_text(self, need_id: str, limit: int | None = None) -> str | None:
        """Give a need's shortlist as JSON text, at most ``limit`` matches of it; parses nothing."""
        header = self.header(need_id)
        return None if header is None else header.text(self.match_texts(need_id, limit))

    def shortlist(self, need_id: str) -> Shortlist | None:
        """Give a need's shortlist in rank order, parsed; None when the release has no such need."""
        header = self.header(need_id)
        if header is None:
            return None
        matches = tuple(match_from_json(text) for text in self.match_texts(need_id))
        return Shortlist(header.need_id, header.need_title, matches, header.eligible, header.considered, header.notes)

    def reverse(self, capability_id: str) -> list[ReverseEntry]:
        """List the needs whose shortlists hold a capability, by falling score, then need id."""
        row = self.capabilities.row_of(capability_id)
        if row is None:
            return []
        needs, places = self._reverse.of(row)
        ids = self.needs
        return [
            ReverseEntry(NeedId(ids.id_of(int(need))), int(place) + 1, int(place))
            for need, place in zip(needs, places, strict=True)
        ]

    def reverse_texts(self, capability_id: str, limit: int | None = None) -> list[str]:
        """Give the matches of a capability as JSON texts, in the order of ``reverse``."""
        texts = (self.match_text(entry.need_id, capability_id) for entry in self.reverse(capability_id)[:limit])
        return [text for text in texts if text is not None]

    def each_shortlist(
        self, columns: Sequence[str] = ("detail",)
    ) -> Iterator[tuple[ShortlistHeader, dict[str, list[Any]]]]:
        """Walk every shortlist in the order of the need ids with the named columns (see ``parts.COLUMNS``)."""
        for number in range(self.part_count):
            for header, found in self._part(number).each(columns):
                yield header, self._flagged(header.need_id, found)

    def _flagged(self, need_id: str, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return flagged(columns, self.placed(need_id)) if columns.keys() & {"detail", "allocated"} else columns

    @property
    def part_count(self) -> int:
        """How many parts the shortlists lie in."""
        return math.ceil(len(self.needs) / self.manifest.block)

    @cached_property
    def _reverse(self) -> ReverseIndex:
        return ReverseIndex(self.folder / "matches")

    def _place_of(self, need_id: str) -> tuple[Part, int] | None:
        """Find the part of a need and its position there."""
        row = self.needs.row_of(need_id)
        if row is None:
            return None
        number, position = divmod(row, self.manifest.block)
        return self._part(number), position

    def parts(self) -> list[Part]:
        """Give the parts of the shortlists, in order."""
        return [self._part(number) for number in range(self.part_count)]

    def _part(self, number: int) -> Part:
        if number not in self._parts:
            self._parts[number] = Part(self.folder / "matches" / part_name(number))
        return self._parts[number]


def current_id(releases_dir: Path) -> str | None:
    """Read which release is served; None before the first one."""
    try:
        return (releases_dir / CURRENT).read_text().strip() or None
    except FileNotFoundError:
        return None


def current_release(releases_dir: Path) -> Release:
    """Open the release that is served; raises NoRelease before the first one."""
    name = current_id(releases_dir)
    if name is None:
        raise NoRelease(f"expected a published release in {releases_dir}; found none; run matcher nightly first")
    return Release.open(releases_dir / name)


def published(releases_dir: Path) -> list[Manifest]:
    """List the published releases, oldest first; folders that cannot be read are left out and logged."""
    found = []
    for folder in releases_dir.glob(f"[!.]*/{MANIFEST}"):
        try:
            found.append(read_manifest(folder.parent))
        except ReleaseError as error:
            _log.warning("release cannot be read", folder=folder.parent.name, error=str(error))
    return sorted(found, key=lambda manifest: (manifest.created_at, manifest.id))


def _confidential(records: RecordFile[Any]) -> Iterator[tuple[str, Confidentiality]]:
    """Yield (id, level); a quote inside a text would be escaped, so a level is found where it is stated alone."""
    for row in range(len(records)):
        if found := _STATED.search(records.line(row)):
            yield records.id_of(row), Confidentiality(found[1].decode())


class CurrentRelease:
    """The release that is served, kept open; follows CURRENT. One object a process, shared by its threads."""

    def __init__(self, releases_dir: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._dir, self._clock = releases_dir, clock
        self._lock = threading.Lock()
        self._release: Release | None = None
        self._stamp: tuple[int, int] | None = None
        self._next_look = float("-inf")

    def get(self) -> Release:
        """Give the served release; raises NoRelease before the first one.

        Looks at CURRENT at most every half second. A new release that cannot be opened is logged and the one in hand
        stays served.
        """
        if self._clock() >= self._next_look and self._lock.acquire(blocking=self._release is None):
            try:
                self._look()
            finally:
                self._lock.release()
        release = self._release
        return current_release(self._dir) if release is None else release

    def _look(self) -> None:
        try:
            facts = (self._dir / CURRENT).stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
            if stamp != self._stamp:
                self._release, self._stamp = current_release(self._dir), stamp
                _log.info("release opened", release=self._release.id)
        except (OSError, ReleaseError) as error:
            if self._release is not None:
                _log.error("new release not opened, the old one stays", error=str(error))
        self._next_look = self._clock() + CHECK_EVERY

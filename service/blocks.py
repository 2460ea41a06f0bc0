"""What is handed out to be matched: a block of needs with all that whoever is free must know.

A worker maps the files that all the others map, or is a copy of the process that has read them, so a catalogue is in
memory once however many work on it. The texts of a block were encoded by whoever hands it out; a worker needs neither a
model nor the cache of vectors. Imports little: every worker that begins anew pays for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol, Self

import numpy as np

from matcher import catalogue as catalogues
from matcher import sections
from matcher.catalogue import Catalogue
from matcher.matches import OrganisationShortlist, Ranked, RankedOrganisation, Shortlist
from matcher.matching import Matcher
from service import trec
from service.reference import load_places
from service.releases.files import map_array
from service.releases.parts import write_part
from service.releases.records import RecordFile, RecordMap, record_text, write_records
from service.wire import shortlist_bytes

if TYPE_CHECKING:
    from datetime import date

    from embeddings.encoder import Encoder, Matrix
    from matcher.policy import GatePolicy
    from matcher.profiles import Need
    from matcher.scoring import Scorer
    from matcher.thirds import ThirdParties

Format = Literal["trec", "jsonl"]

_ROOM: Final = 1.5  # free space asked for, times what is to be written


class Ranker(Protocol):
    """What ranks capabilities, or the organisations behind them."""

    def rank_all(self, needs: Iterable[Need], k: int, near: int) -> Iterator[Sequence[Ranked | RankedOrganisation]]:
        """Yield the ranking of each need, in order: ``near`` near misses after k, more where fewer are eligible."""

    def match_all(self, needs: Iterable[Need], k: int, near: int) -> Iterator[Shortlist | OrganisationShortlist]:
        """Yield the explained shortlist of each need, in order."""


def lines_of(matcher: Ranker, needs: Sequence[Need], k: int, form: Format) -> Iterator[list[bytes]]:
    """Yield the lines of each need as they are written, at most ``k`` matches of it in all, in order."""
    if form == "trec":
        return ([line.encode() for line in trec.run_lines(each)] for each in matcher.rank_all(needs, k, near=0))
    return ([shortlist_bytes(shortlist) + b"\n"] for shortlist in matcher.match_all(needs, k, near=0))


@dataclass(frozen=True)
class Desk:
    """What a worker opens to match by itself: a folder with ``arrays`` and ``records`` of capabilities and so on."""

    folder: Path
    as_of: date
    scorer: Scorer
    policy: GatePolicy
    thirds: ThirdParties

    @classmethod
    def of(cls, folder: Path, matcher: Matcher) -> Self:
        """Say what a matcher decides by, beside what lies in the folder."""
        return cls(folder, matcher.as_of, matcher.scorer, matcher.policy, matcher.thirds)

    def matcher(self, encoder: Encoder) -> Matcher:
        """Give a matcher over the mapped files, which are opened once a process."""
        found = _opened(self.folder), encoder, load_places(), self.as_of
        return Matcher(*found, self.scorer, self.policy, self.thirds, ahead=False)


@lru_cache(maxsize=1)
def _opened(folder: Path) -> Catalogue:
    arrays = {path.stem: map_array(path) for path in (folder / "arrays").glob("*.npy")}
    records = folder / "records"
    return Catalogue.from_arrays(
        arrays, RecordFile(records, "capabilities"), RecordMap(RecordFile(records, "organisations"))
    )


class Copied:
    """What a worker works with that is a copy of the process which ``has``: all that was in memory then."""

    _had: ClassVar[Matcher]

    @classmethod
    def has(cls, matcher: Matcher) -> None:
        """Take a matcher over, once the copy is made."""
        cls._had = matcher

    def matcher(self, encoder: Encoder) -> Matcher:
        """Give the matcher, asking this encoder."""
        return replace(self._had, encoder=encoder, ahead=False)


def get_ready() -> None:
    """Do in a worker what takes a while and needs no block: load the compiled loops and the countries."""
    import embeddings.kernels
    import embeddings.selection  # noqa: F401 - the imports are what takes the while

    load_places()


def has_room(matcher: Matcher) -> bool:
    """Tell whether the temporary folder can take what ``laid_out`` writes."""
    size = sum(array.nbytes for array in matcher.catalogue.arrays().values())
    return disk_usage(gettempdir()).free >= _ROOM * size


@contextmanager
def laid_out(matcher: Matcher) -> Iterator[Desk]:
    """Write what a matcher searches to a folder that goes when the block ends."""
    catalogue = matcher.catalogue
    with TemporaryDirectory(prefix="matcher-") as name:
        folder = Path(name)
        (folder / "arrays").mkdir()
        for title, array in catalogue.arrays().items():
            np.save(folder / "arrays" / f"{title}.npy", np.ascontiguousarray(array), allow_pickle=False)
        known = {"capabilities": catalogue.capabilities, "organisations": list(catalogue.organisations.values())}
        for kind, records in known.items():
            write_records(folder / "records", kind, ((one.id, record_text(one)) for one in records))
        yield Desk.of(folder, matcher)


@dataclass(frozen=True)
class Remembered:
    """An encoder that knows what another one said of some needs, and nothing else: small enough to be sent along."""

    name: str
    dimension: int
    max_tokens: int
    languages: frozenset[str] | None
    vectors: Mapping[str, Matrix]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, needs: Sequence[Need], encoder: Encoder) -> Self:
        """Ask all that matching these needs will ask."""
        asked = _Listening(encoder)
        catalogues.encode(map(sections.of_need, needs), asked, role=lambda one, texts: one.encode_queries(texts))
        facts = encoder.name, encoder.dimension, encoder.max_tokens, encoder.languages
        return cls(*facts, asked.vectors, asked.counts)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Repeat the vectors."""
        rows = [self.vectors[text] for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)

    def encode_documents(self, texts: Sequence[str]) -> Matrix:
        """Refuse: only needs are remembered."""
        raise KeyError(f"expected no document to be encoded; got {len(texts)}")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Repeat the counts."""
        return [self.counts[text] for text in texts]


@dataclass
class _Listening:
    """Passes every question on and keeps the answers."""

    encoder: Encoder
    vectors: dict[str, Matrix] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        found = self.encoder.encode_queries(texts)
        self.vectors.update(zip(texts, found, strict=True))
        return found

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        found = self.encoder.count_tokens(texts)
        self.counts.update(zip(texts, found, strict=True))
        return found


@dataclass(frozen=True, slots=True)
class RankedBlock:
    """Needs to be ranked; gives the lines of each."""

    desk: Desk | Copied
    needs: Sequence[Need]
    encoder: Remembered
    k: int
    form: Format

    def __call__(self) -> list[list[bytes]]:
        """Rank."""
        return list(lines_of(self.desk.matcher(self.encoder), self.needs, self.k, self.form))


@dataclass(frozen=True, slots=True)
class PartBlock:
    """Needs whose shortlists are one part of a release; writes it and gives the number of needs."""

    path: Path
    desk: Desk
    needs: Sequence[Need]
    encoder: Remembered
    k: int

    def __call__(self) -> int:
        """Write."""
        write_part(self.path, self.desk.matcher(self.encoder).match_all(self.needs, self.k))
        return len(self.needs)

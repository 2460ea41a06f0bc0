"""Files in, ranking out: one straight line without a database. What ``matcher match`` does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from matcher import catalogue as catalogues
from matcher.errors import BadInput
from matcher.matching import Matcher
from matcher.profiles import Organisation
from service import trec
from service.intake import Batch, Reject, Severity, read, read_capabilities, read_needs
from service.progress import Watched, track
from service.releases.files import replacing
from service.wire import shortlist_json

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from matcher.places import PlaceBook
    from matcher.profiles import Capability, Need

Format = Literal["trec", "jsonl"]


@dataclass(frozen=True, slots=True)
class Files:
    """What is ranked for what. Organisations described beside a record are known too; a file of them wins."""

    capabilities: Path
    needs: Path
    organisations: Path | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files' records, and what was refused of them."""

    capabilities: tuple[Capability, ...]  # in the order of their ids, as a catalogue wants them
    needs: tuple[Need, ...]
    organisations: dict[str, Organisation]
    rejects: tuple[Reject, ...]

    @property
    def records_refused(self) -> int:
        """Count what gave no record; values left out of accepted records are not among them."""
        return sum(reject.severity in {Severity.ROW, Severity.FILE} for reject in self.rejects)


def gather(files: Files, places: PlaceBook) -> Gathered:
    """Read everything; raises BadInput when there is nothing to rank, or nothing to rank it for."""
    offered, wanted = read_capabilities(files.capabilities, places), read_needs(files.needs, places)
    for batch, path, what in ((offered, files.capabilities, "capability"), (wanted, files.needs, "need")):
        if not batch.records:
            raise _nothing(batch, path, what)
    described = {one.id: one for batch in (wanted, offered) for one in batch.organisations.values()}
    stated, refused = _organisations(files.organisations, places)
    return Gathered(
        capabilities=tuple(sorted(offered.records, key=lambda capability: capability.id)),
        needs=wanted.records,
        organisations={**described, **stated},
        rejects=(*offered.rejects, *wanted.rejects, *refused),
    )


def check_paths(read_from: Sequence[Path | None], written_to: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, or two results into one file; raises BadInput."""
    taken = {path.resolve() for path in read_from if path is not None}
    for path in written_to:
        if path is not None and path.resolve() in taken:
            raise BadInput("same_file", expected="a file of its own for each input and result", got=str(path))
        taken |= {path.resolve()} if path is not None else set()


def check_ids(found: Gathered) -> None:
    """Refuse ids that a TREC run cannot carry before any work is done; raises BadInput."""
    for record in (*found.needs, *found.capabilities):
        trec.word(record.id)


def make_matcher(found: Gathered, encoder: Encoder, places: PlaceBook, as_of: date) -> Matcher:
    """Build the searched side from the files' capabilities."""
    capabilities = Watched(found.capabilities, "reading and encoding capabilities")
    return Matcher(catalogues.build(capabilities, found.organisations, encoder, places, as_of), encoder, places, as_of)


def rank(found: Gathered, matcher: Matcher, k: int, form: Format) -> Iterator[list[str]]:
    """Yield the lines of each need, at most ``k`` matches of it, in the order of the file."""
    needs = len(found.needs)
    if form == "trec":
        for ranked in track(matcher.rank_all(found.needs, k), "matching needs", needs):
            yield list(trec.run_lines(ranked[:k]))
    else:
        for shortlist in track(matcher.match_all(found.needs, k), "matching needs", needs):
            yield [shortlist_json(replace(shortlist, matches=shortlist.matches[:k])) + "\n"]


def write(needs: Iterable[list[str]], out: Path | None) -> int:
    """Write each need's lines as they come, to a file or standard output; return how many lines.

    A file is there whole or not at all, however the work ends.
    """
    written = 0
    with _sink(out) as sink:
        for lines in needs:
            sink.write("".join(lines).encode())
            written += len(lines)
    return written


@contextmanager
def _sink(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with replacing(out) as sink:
            yield sink


def _organisations(path: Path | None, places: PlaceBook) -> tuple[dict[str, Organisation], list[Reject]]:
    found: dict[str, Organisation] = {}
    rejects: list[Reject] = []
    for row in read(path, places, kind="organisations") if path else ():
        if isinstance(row, Reject):
            rejects.append(row)
        elif isinstance(row.profile, Organisation):
            found[row.profile.id] = row.profile
    return found, rejects


def _nothing(batch: Batch[Capability] | Batch[Need], path: Path, what: str) -> BadInput:
    first = next(iter(batch.rejects), None)
    why = f"row {first.row}: {first.code}: expected {first.expected}; {first.fix}" if first else "the file is empty"
    return BadInput("nothing_to_match", expected=f"at least one {what} in {path}", got="none", fix=why)

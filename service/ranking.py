"""Files in, ranking out: one straight line without a database. What ``matcher match`` does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, TypeVar

from matcher import catalogue as catalogues
from matcher.errors import BadInput
from matcher.grouping import OrganisationMatcher, as_records
from matcher.matching import Matcher
from matcher.profiles import CaseStory, FacilitatorProgramme, FundingMechanism, Organisation
from matcher.thirds import ThirdParties
from service import trec
from service.blocks import (
    Copied,
    Desk,
    Format,
    RankedBlock,
    Ranker,
    Remembered,
    get_ready,
    has_room,
    laid_out,
    lines_of,
)
from service.engine import can_copy, spread, spread_over_copies
from service.intake import Refusals, Reject, nothing_in, read, read_capabilities, read_needs
from service.progress import Watched, track
from service.releases.files import replacing, require_place

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from matcher.places import PlaceBook
    from matcher.profiles import Capability, Need

BLOCK: Final = 64  # needs a worker ranks at a time: as many as fill its block of query passages (matching.PASSAGES)
Kind = TypeVar("Kind", Organisation, CaseStory, FundingMechanism, FacilitatorProgramme)


@dataclass(frozen=True, slots=True)
class Files:
    """What is ranked for what. Organisations described beside a record are known too; a file of them wins."""

    capabilities: Path
    needs: Path
    organisations: Path | None = None
    cases: Path | None = None  # evidence of their providers, where organisations are ranked
    mechanisms: Path | None = None
    facilitators: Path | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files' records, and what was refused of them."""

    capabilities: tuple[Capability, ...]  # in the order of their ids, as a catalogue wants them
    needs: tuple[Need, ...]
    organisations: dict[str, Organisation]
    rejects: tuple[Reject, ...]
    cases: tuple[CaseStory, ...] = ()
    mechanisms: tuple[FundingMechanism, ...] = ()
    facilitators: tuple[FacilitatorProgramme, ...] = ()

    @property
    def refused(self) -> Refusals:
        """Count what was refused."""
        return Refusals.of(self.rejects)


def gather(files: Files, places: PlaceBook) -> Gathered:
    """Read everything, be it that nothing can be ranked; raises OSError for a file that is not there."""
    offered, wanted = read_capabilities(files.capabilities, places), read_needs(files.needs, places)
    described = {one.id: one for batch in (wanted, offered) for one in batch.organisations.values()}
    stated, refused = _read(files.organisations, "organisations", Organisation, places)
    cases, not_cases = _read(files.cases, "cases", CaseStory, places)
    mechanisms, not_mechanisms = _read(files.mechanisms, "mechanisms", FundingMechanism, places)
    facilitators, not_facilitators = _read(files.facilitators, "facilitators", FacilitatorProgramme, places)
    return Gathered(
        capabilities=tuple(sorted(offered.records, key=lambda capability: capability.id)),
        needs=wanted.records,
        organisations={**described, **{one.id: one for one in stated}},
        rejects=(*offered.rejects, *wanted.rejects, *refused, *not_cases, *not_mechanisms, *not_facilitators),
        cases=tuple(cases),
        mechanisms=tuple(mechanisms),
        facilitators=tuple(facilitators),
    )


def check_paths(read_from: Sequence[Path | None], written_to: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, two results into one file, or where no folder is; raises BadInput."""
    taken = {path.resolve() for path in read_from if path is not None}
    for path in written_to:
        if path is not None:
            require_place(path)
        if path is not None and path.resolve() in taken:
            raise BadInput("same_file", expected="a file of its own for each input and result", got=str(path))
        taken |= {path.resolve()} if path is not None else set()


def check_any(found: Gathered, files: Files) -> None:
    """Refuse files that hold nothing to rank, or nothing to rank it for; raises BadInput."""
    for records, path, what in (
        (found.capabilities, files.capabilities, "capability"),
        (found.needs, files.needs, "need"),
    ):
        if not records:
            here = [reject for reject in found.rejects if reject.file == path.name]
            raise nothing_in(path, here, code="nothing_to_match", what=what)


def check_ids(found: Gathered, *, grouped: bool = False) -> None:
    """Refuse ids that a TREC run cannot carry before any work is done; raises BadInput."""
    ranked = (one.organisation_id if grouped else one.id for one in found.capabilities)
    for identifier in (*(need.id for need in found.needs), *ranked):
        trec.word(identifier)


def make_matcher(found: Gathered, encoder: Encoder, places: PlaceBook, as_of: date) -> Matcher:
    """Build the searched side from the files' capabilities."""
    capabilities = Watched(found.capabilities, "reading and encoding capabilities")
    catalogue = catalogues.build(capabilities, found.organisations, encoder, places, as_of)
    thirds = ThirdParties.of(found.facilitators, found.mechanisms, found.organisations, places, as_of)
    return Matcher(catalogue, encoder, places, as_of, thirds=thirds)


def make_organisation_matcher(found: Gathered, encoder: Encoder, places: PlaceBook, as_of: date) -> OrganisationMatcher:
    """Build the searched side from the files' capabilities, with the case stories of their providers."""
    records = sorted((*found.capabilities, *as_records(found.cases, as_of)), key=lambda record: record.id)
    return OrganisationMatcher(make_matcher(replace(found, capabilities=tuple(records)), encoder, places, as_of))


def rank(found: Gathered, matcher: Ranker, k: int, form: Format, processes: int = 1) -> Iterator[list[bytes]]:
    """Yield the lines of each need, at most ``k`` matches of it, in the order of the file.

    Several processes share out blocks of needs, from the moment of the call; organisations are ranked in this one.
    """
    lines = lines_of(matcher, found.needs, k, form)
    if processes > 1 and isinstance(matcher, Matcher):
        if can_copy():
            blocks = _blocks(Copied(), found.needs, matcher, k, form)
            lines = _each(spread_over_copies(blocks, processes, partial(Copied.has, matcher)))
        elif has_room(matcher):
            lines = _each(_laid_out(found.needs, matcher, k, form, processes))
    return track(lines, "matching needs", len(found.needs))


def _laid_out(
    needs: Sequence[Need], matcher: Matcher, k: int, form: Format, processes: int
) -> Iterator[list[list[bytes]]]:
    """Lay the catalogue out while the processes start, then hand out blocks of needs."""
    with ExitStack() as until_done:

        def blocks() -> Iterator[RankedBlock]:
            yield from _blocks(until_done.enter_context(laid_out(matcher)), needs, matcher, k, form)

        yield from spread(blocks(), processes, get_ready)


def _blocks(
    desk: Desk | Copied, needs: Sequence[Need], matcher: Matcher, k: int, form: Format
) -> Iterator[RankedBlock]:
    for at in range(0, len(needs), BLOCK):
        block = needs[at : at + BLOCK]
        yield RankedBlock(desk, block, Remembered.of(block, matcher.encoder), k, form)


def _each(blocks: Iterable[list[list[bytes]]]) -> Iterator[list[bytes]]:
    for lines in blocks:
        yield from lines


class Written(NamedTuple):
    """What a ranking's file holds."""

    lines: int
    bare: int  # needs without a line: nothing is eligible for them, and nothing near


def write(needs: Iterable[list[bytes]], out: Path | None) -> Written:
    """Write each need's lines as they come, to a file or standard output.

    A file is there whole or not at all, however the work ends.
    """
    written = bare = 0
    with _sink(out) as sink:
        for lines in needs:
            sink.write(b"".join(lines))
            written += len(lines)
            bare += not lines
    return Written(written, bare)


@contextmanager
def _sink(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with replacing(out) as sink:
            yield sink


def _read(path: Path | None, kind: str, model: type[Kind], places: PlaceBook) -> tuple[list[Kind], list[Reject]]:
    found: list[Kind] = []
    rejects: list[Reject] = []
    for row in read(path, places, kind=kind) if path else ():
        if isinstance(row, Reject):
            rejects.append(row)
        elif isinstance(row.profile, model):
            found.append(row.profile)
    return found, rejects

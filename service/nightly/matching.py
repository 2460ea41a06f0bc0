"""The longest step of a night: the shortlists of every block of needs, each block a part of the release."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from service.blocks import Desk, PartBlock, Remembered, get_ready
from service.engine import processes, spread
from service.progress import Counter, track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matcher.matching import Matcher
    from matcher.profiles import Need
    from service.releases import Draft, RecordFile

Blocks = list[tuple[int, range]]


def match(draft: Draft, matcher: Matcher, k: int, wanted: int) -> dict[str, int]:
    """Match the needs of every block that has no part yet, in as many processes as that is worth or as are wanted."""
    missing = [(number, block) for number, block in enumerate(draft.blocks()) if not draft.has_part(number, block)]
    needs = sum(len(block) for _, block in missing)
    count = min(processes(needs * len(matcher.catalogue), wanted), max(len(missing), 1))
    if count == 1:
        _here(draft, matcher, k, missing)
    else:
        show, done = Counter("matching needs"), 0
        for written in spread(_parts(draft, matcher, k, missing), count, get_ready):
            done += written
            show(done, needs)
    return {"parts": len(missing), "parts_found": len(draft.blocks()) - len(missing), "processes": count}


def _here(draft: Draft, matcher: Matcher, k: int, missing: Blocks) -> None:
    """Match in this process, one shortlist in memory at a time."""
    needs: RecordFile[Need] = draft.records("needs")
    shortlists = (
        (number, shortlist)
        for number, block in missing
        for shortlist in matcher.match_all((needs[row] for row in block), k)
    )
    shown = track(shortlists, "matching needs", sum(len(block) for _, block in missing))
    for number, group in groupby(shown, key=itemgetter(0)):
        draft.write_part(number, (shortlist for _, shortlist in group))


def _parts(draft: Draft, matcher: Matcher, k: int, missing: Blocks) -> Iterator[PartBlock]:
    records: RecordFile[Need] = draft.records("needs")
    desk = Desk.of(draft.folder, matcher)
    for number, block in missing:
        needs = records[block.start : block.stop]
        yield PartBlock(draft.part(number), desk, needs, Remembered.of(needs, matcher.encoder), k)

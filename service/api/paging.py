"""Cursors of lists that a release holds: pinned to it, so that pages of one list never come from two releases."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from service.api.answers import RELEASE_HEADER
from service.api.problems import FieldProblem, Refused, refused_values, shortened
from service.releases import Release, ReleaseError
from service.wire import cursor_of, place_of

LINES: Final = "application/x-ndjson"
_OPEN: Final = 4  # earlier releases kept open at once: each maps files and costs little else
_GONE: Final = "The release that this cursor belongs to is not kept any more: start again without it."

ReleaseCursor = Annotated[
    str | None,
    Query(max_length=2_000, description="The ``next`` of the page before; it belongs to the release it came from."),
]


class Mark(NamedTuple):
    """Where a page ended: in which list, after which place."""

    release_id: str
    version: str  # content hash of the need of a provisional list; empty for a list of the release
    after: tuple[int, int]


def write(mark: Mark, asked: Iterable[Any]) -> str:
    """Return the cursor of a page's end. ``asked`` is what the list was narrowed to: the same for every page."""
    return cursor_of([*mark, _digest(asked)])


def read(cursor: str, asked: Iterable[Any]) -> Mark:
    """Return where a page ended; raises Refused (422) for what is no cursor of this list."""
    try:
        release_id, version, (place, at), digest = place_of(cursor)
        mark = Mark(str(release_id), str(version), (int(place), int(at)))
    except (ValueError, TypeError):
        digest, mark = "", None
    if mark is None or digest != _digest(asked):
        expected = "the next of an earlier page of this list, with the same filters"
        raise refused_values(
            [FieldProblem(field="cursor", code="bad_cursor", value=shortened(cursor), expected=expected)]
        )
    return mark


def _digest(asked: Iterable[Any]) -> str:
    return hashlib.sha256(json.dumps(list(map(str, asked))).encode()).hexdigest()[:12]


def gone() -> Refused:
    """Say that what a cursor belongs to is no more."""
    return Refused(410, "cursor-gone", _GONE)


class Retained:
    """Earlier releases that cursors lead to, kept open. Safe to share among threads."""

    def __init__(self, releases_dir: Path) -> None:
        self._dir = releases_dir
        self._lock = Lock()
        self._known: OrderedDict[str, Release] = OrderedDict()

    def get(self, release_id: str) -> Release:
        """Return a release that is still kept; raises Refused (410)."""
        folder = self._dir / release_id
        if folder.parent != self._dir or release_id.startswith(".") or not folder.is_dir():
            raise gone()
        with self._lock:
            if release_id not in self._known:
                try:
                    self._known[release_id] = Release.open(folder)
                except (ReleaseError, OSError):
                    raise gone() from None
            self._known.move_to_end(release_id)
            while len(self._known) > _OPEN:
                self._known.popitem(last=False)
            return self._known[release_id]


async def _lines(request: Request) -> bool:
    return any(LINES in part for part in request.headers.getlist("accept"))


Lines = Annotated[bool, Depends(_lines)]
"""Whether the asker wants JSON Lines: everything that is left of the list, an item a line."""

LINES_ANSWER: Final[dict[str, Any]] = {
    "description": "Successful Response; as JSON Lines (Accept: application/x-ndjson) all that is left, an item a line",
    "content": {LINES: {"schema": {"type": "string"}}},
}


def streamed(items: Iterable[str], *, release_id: str | None = None) -> Response:
    """Send items as JSON Lines while they are made."""

    def lines() -> Iterator[bytes]:
        for item in items:
            yield f"{item}\n".encode()

    headers = {RELEASE_HEADER: release_id} if release_id else None
    return StreamingResponse(lines(), headers=headers, media_type=LINES)

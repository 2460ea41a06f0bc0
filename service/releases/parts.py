"""Shortlists in a release: Parquet parts of a fixed block of needs, one row group per need, rows in rank order.

``detail`` holds the complete Match as JSON text, so that serving joins texts and parses nothing.
The header of each shortlist (title, counts, notes) lies in the part's own metadata: a part is whole or absent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matcher.matches import Match, Shortlist
from matcher.profiles import NeedId
from matcher.vocabulary import GateState
from service.releases.files import replacing
from service.wire import match_json

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 256
"""Needs in a part. Fixed, so that any run cuts the same parts; 256 rows groups keep a part's footer small to open."""

_HEADERS = "matcher:shortlists"


@dataclass(frozen=True, slots=True)
class ShortlistHeader:
    """What is known of a need's shortlist beside its matches; ``rows`` is the number of matches."""

    need_id: NeedId
    need_title: str
    eligible: int
    considered: int
    notes: tuple[str, ...]
    rows: int
    row_group: int | None  # None when the list is empty

    def text(self, matches: Sequence[str]) -> str:
        """Join match texts to the JSON text of the Shortlist, parsing none of them."""
        start = (
            f'{{"need_id":{_text(self.need_id)},"need_title":{_text(self.need_title)},"matches":[{",".join(matches)}]'
        )
        return f'{start},"eligible":{self.eligible},"considered":{self.considered},"notes":{_text(self.notes)}}}'


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def _schema() -> pa.Schema:
    import pyarrow as pa

    text, real, whole = pa.string(), pa.float64(), pa.int32()
    return pa.schema(
        [
            ("need_id", text),
            ("capability_id", text),
            ("organisation_id", text),
            ("rank", whole),
            ("score", real),
            ("z", real),
            ("base", real),
            ("best_score", real),
            ("tier", text),
            ("coverage", real),
            ("near_miss", pa.bool_()),
            ("failed_gates", text),  # names joined by commas; empty when none fails
            ("allocated", pa.bool_()),  # null: not allocated in this format
            ("detail", text),
        ]
    )


COLUMNS = (
    "need_id",
    "capability_id",
    "organisation_id",
    "rank",
    "score",
    "z",
    "base",
    "best_score",
    "tier",
    "coverage",
    "near_miss",
    "failed_gates",
    "allocated",
    "detail",
)


def _row(match: Match) -> tuple[Any, ...]:
    failed = ",".join(gate.gate.value for gate in match.gates if gate.state is GateState.FAIL)
    facts = (match.need_id, match.capability_id, match.organisation_id, match.rank)
    numbers = (match.score, match.z, match.base, match.best_score)
    return (*facts, *numbers, match.tier.value, match.coverage, bool(match.near_miss), failed, None, match_json(match))


def write_part(path: Path, shortlists: Iterable[Shortlist]) -> int:
    """Write one part, whole or not at all, holding one shortlist at a time; returns the number of matches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    headers: list[dict[str, Any]] = []
    with replacing(path) as sink:
        # No dictionary and no statistics: on ten rows both cost more than they save.
        options = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
        with pq.ParquetWriter(sink, _schema(), **options) as writer:
            groups = 0
            for shortlist in shortlists:
                rows = [_row(match) for match in shortlist.matches]
                headers.append(_header(shortlist, groups if rows else None))
                if rows:
                    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
                    writer.write_table(pa.table(columns, schema=_schema()), row_group_size=len(rows))
                    groups += 1
            writer.add_key_value_metadata({_HEADERS: json.dumps(headers, ensure_ascii=False, separators=(",", ":"))})
    return sum(header["rows"] for header in headers)


def _header(shortlist: Shortlist, row_group: int | None) -> dict[str, Any]:
    return {
        "need_id": shortlist.need_id,
        "need_title": shortlist.need_title,
        "eligible": shortlist.eligible,
        "considered": shortlist.considered,
        "notes": list(shortlist.notes),
        "rows": len(shortlist.matches),
        "row_group": row_group,
    }


class Part:
    """One part, opened and mapped at the first question; safe to ask from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()  # one reader at a time: a ParquetFile is not made for several
        self._file: Any = None
        self._headers: tuple[ShortlistHeader, ...] = ()

    @property
    def headers(self) -> tuple[ShortlistHeader, ...]:
        """The shortlists of this part in the order of the needs."""
        with self._lock:
            self._open()
            return self._headers

    def column(self, position: int, name: str) -> list[Any]:
        """Give one column of the shortlist at ``position``, in rank order."""
        return self.columns(position, (name,))[name]

    def columns(self, position: int, names: Sequence[str]) -> dict[str, list[Any]]:
        """Give columns of the shortlist at ``position``, in rank order."""
        with self._lock:
            self._open()
            group = self._headers[position].row_group
            if group is None:
                return {name: [] for name in names}
            table = self._file.read_row_group(group, columns=list(names), use_threads=False)
        return {name: table.column(name).to_pylist() for name in names}

    def each(self, names: Sequence[str]) -> Iterator[tuple[ShortlistHeader, dict[str, list[Any]]]]:
        """Walk the part's shortlists in order with the named columns."""
        for position, header in enumerate(self.headers):
            yield header, self.columns(position, names)

    def _open(self) -> None:
        if self._file is not None:
            return
        import pyarrow.parquet as pq

        file = pq.ParquetFile(self.path, memory_map=True)
        listed = json.loads(file.metadata.metadata[_HEADERS.encode()])
        self._headers = tuple(ShortlistHeader(**{**item, "notes": tuple(item["notes"])}) for item in listed)
        self._file = file


def part_name(number: int) -> str:
    """Name the part of needs ``number * BLOCK`` to ``(number + 1) * BLOCK - 1``."""
    return f"part-{number:05d}.parquet"


def is_complete(path: Path, need_ids: Sequence[str]) -> bool:
    """Say whether a part is there, readable, and holds exactly these needs."""
    if not path.exists():
        return False
    try:
        return [header.need_id for header in Part(path).headers] == list(need_ids)
    except (OSError, ValueError, KeyError, TypeError):
        return False

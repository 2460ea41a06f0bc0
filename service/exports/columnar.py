"""Pairs and signals as Parquet: one row for each addend of each score, for analysts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

from matcher.matches import Match

if TYPE_CHECKING:
    import pyarrow as pa

MEDIA_TYPE: Final = "application/vnd.apache.parquet"
GROUP_ROWS: Final = 24_000  # some 2,000 pairs, 20 MB while they are Python objects

_TEXTS: Final = ("release_id", "need_id", "need_title", "capability_id", "capability_title", "organisation_id")
_PAIR: Final = (*_TEXTS, "rank", "tier", "near_miss", "allocated", "placing")
_NUMBERS: Final = ("score", "z", "base", "best_score", "coverage")
_POINTS: Final = ("value", "points", "need_points", "provider_points", "points_if_known")
_TOPIC: Final = ("dense_part", "lexical_part", "likeness_part")
COLUMNS: Final = (*_PAIR, *_NUMBERS, "signal", *_POINTS, *_TOPIC, "evidence")
"""z = base + the points of a pair's rows; ``value`` is null when unknown; the parts are the topic's, null elsewhere."""


@cache
def _schema() -> pa.Schema:
    import pyarrow as pa

    kinds = dict.fromkeys(COLUMNS, pa.string()) | dict.fromkeys((*_NUMBERS, *_POINTS, *_TOPIC), pa.float64())
    kinds |= {"rank": pa.int32(), "near_miss": pa.bool_(), "allocated": pa.bool_()}
    return pa.schema(list(kinds.items()))


def write(sink: IO[bytes], release_id: str, lines: Iterable[tuple[str, Match]]) -> None:
    """Write (need title, match) pairs in row groups of at most GROUP_ROWS; holds one group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = (each for title, match in lines for each in _rows(release_id, title, match))
    with pq.ParquetWriter(sink, _schema(), compression="zstd") as writer:
        while group := list(islice(rows, GROUP_ROWS)):
            columns = dict(zip(COLUMNS, map(list, zip(*group, strict=True)), strict=True))
            writer.write_table(pa.table(columns, schema=_schema()), row_group_size=GROUP_ROWS)


def _rows(release_id: str, need_title: str, match: Match) -> Iterator[tuple[Any, ...]]:
    ids = (release_id, match.need_id, need_title, match.capability_id, match.capability_title, match.organisation_id)
    placing = match.placing.value if match.placing else None
    pair = (*ids, match.rank, match.tier.value, bool(match.near_miss), match.allocated, placing)
    numbers = (match.score, match.z, match.base, match.best_score, match.coverage)
    for one in match.contributions:
        points = (one.value, one.points, one.need_points, one.provider_points, one.points_if_known)
        topic = one.topic
        parts = (topic.dense_part, topic.lexical_part, topic.likeness_part) if topic else (None, None, None)
        yield (*pair, *numbers, one.signal.value, *points, *parts, one.evidence)

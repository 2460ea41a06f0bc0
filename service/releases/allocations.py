"""What allocation made of a release's lists: one row a match, in the order of the shortlists. The lists stay as made.

``allocation.parquet`` is for analysts and for serving alike: serving reads its small columns once, when first asked.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from matcher.introductions import ASSUMED, PLACINGS, SAID
from service.releases.files import replacing
from service.wire import with_allocation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from matcher.introductions import Allocation, Pairs

ALLOCATION: Final = "allocation.parquet"
_FIGURES: Final = b"matcher:allocation"
_SENTENCES: Final = tuple(
    f"{SAID[placing]}{ASSUMED if assumed else ''}" for placing in PLACINGS for assumed in (False, True)
)


class Placed(NamedTuple):
    """What became of one match."""

    allocated: bool
    placing: str
    allocation: str  # in words
    place: int  # in the need's list after allocation, from 1


def write(path: Path, pairs: Pairs, assumed: npt.NDArray[np.bool_], made: Allocation) -> None:
    """Write rows and figures, whole or not at all. ``assumed`` is by organisation: it states no slots."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = pa.array([placing.value for placing in PLACINGS])
    table = pa.table(
        {
            "need": pa.array(pairs.needs, pa.int32()),
            "place": pa.array(made.places, pa.int32()),
            "allocated": pa.array(made.allocated),
            "placing": pa.DictionaryArray.from_arrays(pa.array(made.placings, pa.int8()), names),
            "slots_assumed": pa.array(assumed[pairs.organisations]),
        }
    )
    figures = json.dumps(asdict(made.figures), ensure_ascii=False, sort_keys=True).encode()
    with replacing(path) as sink:
        pq.write_table(table.replace_schema_metadata({_FIGURES: figures}), sink, compression="zstd")


class AllocationFile:
    """The file of one release, read when first asked and then kept: some ten bytes a match."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def figures(self) -> Mapping[str, Any]:
        """The night's allocation in figures: see ``matcher.introductions.Figures``."""
        found: dict[str, Any] = json.loads(self._file().metadata.metadata[_FIGURES])
        return found

    def of(self, need: int) -> list[Placed]:
        """Say of each match of a need's list, in rank order, what became of it; ``need`` is the need's row."""
        needs, places, allocated, placings, assumed = self._columns
        start, stop = np.searchsorted(needs, (need, need + 1))
        return [
            Placed(
                bool(allocated[row]),
                PLACINGS[placings[row]].value,
                _SENTENCES[2 * int(placings[row]) + bool(assumed[row])],
                int(places[row]),
            )
            for row in range(start, stop)
        ]

    @cached_property
    def _columns(self) -> tuple[npt.NDArray[Any], ...]:
        table = self._file().read(use_threads=False)
        codes = {placing.value: code for code, placing in enumerate(PLACINGS)}
        placings = [
            np.array([codes[name] for name in chunk.dictionary.to_pylist()], np.int8)[_numbers(chunk.indices)]
            for chunk in table["placing"].chunks
        ]
        names = ("need", "place", "allocated", "slots_assumed")
        needs, places, *flags = (_joined([_numbers(chunk) for chunk in table[name].chunks]) for name in names)
        return needs, places, flags[0], _joined(placings), flags[1]

    def _file(self) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetFile(self._path, read_dictionary=["placing"])  # read_table would load pandas


def _numbers(array: Any) -> npt.NDArray[Any]:
    """View an Arrow array of whole numbers or truths; its own conversion would load pandas."""
    import pyarrow as pa

    whole = array.cast(pa.int32())
    return np.frombuffer(whole.buffers()[1], np.int32)[whole.offset : whole.offset + len(whole)]


def _joined(chunks: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(chunks) if chunks else np.zeros(0, np.int32)


def flagged(columns: dict[str, list[Any]], placed: Sequence[Placed] | None) -> dict[str, list[Any]]:
    """Put what became of each match into a shortlist's columns ``detail`` and ``allocated``, those that are there."""
    if placed is None:
        return columns | {
            name: [with_allocation(text) for text in columns[name]] for name in ("detail",) if name in columns
        }
    texts = columns.get("detail", ("",) * len(placed))
    told: dict[str, list[Any]] = {
        "detail": [with_allocation(text, *one[:3]) for text, one in zip(texts, placed, strict=True)],
        "allocated": [one.allocated for one in placed],
    }
    return columns | {name: values for name, values in told.items() if name in columns}

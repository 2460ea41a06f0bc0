"""The reverse list: capability -> the needs whose shortlists hold it, as three arrays built once.

``reverse_starts[row]`` to ``reverse_starts[row + 1]`` bounds a capability's entries in ``reverse_needs`` (need's row)
and ``reverse_places`` (position in that need's shortlist). Entries where the capability is eligible stand before those
where it is a near miss; within each by falling z (six decimals), then need id.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from matcher.profiles import Capability
from service.releases.errors import BrokenRelease
from service.releases.files import map_array, write_array
from service.releases.parts import Part
from service.releases.records import RecordFile

NAMES = ("reverse_starts", "reverse_needs", "reverse_places")


def write_reverse(folder: Path, parts: Iterable[Part], capabilities: RecordFile[Capability]) -> None:
    """Read the parts' ids and heights, in order, and write the three arrays to ``folder``."""
    rows: list[int] = []
    needs: list[int] = []
    places: list[int] = []
    heights: list[float] = []
    misses: list[bool] = []
    shortlists = (shortlist for part in parts for shortlist in part.each(("capability_id", "z", "near_miss")))
    for need, (header, columns) in enumerate(shortlists):
        found = (capabilities.row_of(capability) for capability in columns["capability_id"])
        rows += [_known(row) for row in found]
        needs += [need] * header.rows
        places += range(header.rows)
        heights += columns["z"]
        misses += columns["near_miss"]
    capability = np.array(rows, np.int64)
    # The last key is the first to sort by; needs stand in id order already.
    order = np.lexsort((np.array(needs, np.int64), -np.round(np.array(heights), 6), np.array(misses, bool), capability))
    counts = np.bincount(capability, minlength=len(capabilities)) if len(capability) else np.zeros(len(capabilities))
    write_array(folder / "reverse_starts.npy", np.concatenate(([0], np.cumsum(counts))).astype(np.int64))
    write_array(folder / "reverse_needs.npy", np.array(needs, np.int32)[order])
    write_array(folder / "reverse_places.npy", np.array(places, np.int32)[order])


class ReverseIndex:
    """The three arrays, mapped."""

    def __init__(self, folder: Path) -> None:
        self._starts, self._needs, self._places = (map_array(folder / f"{name}.npy") for name in NAMES)

    def of(self, row: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Give (need rows, positions in their shortlists) of a capability row, best first."""
        span = slice(int(self._starts[row]), int(self._starts[row + 1]))
        return self._needs[span], self._places[span]


def _known(row: int | None) -> int:
    if row is None:
        raise BrokenRelease("draft", ["a shortlist holds a capability that is not among the records"])
    return row

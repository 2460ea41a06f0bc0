"""The side that is searched: capabilities as facts, vectors and terms, row by row in the order of their ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from embeddings.index import Index
from embeddings.lexical import Lexical
from embeddings.passages import split_many
from matcher import languages, sections
from matcher.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from embeddings.encoder import Encoder, Matrix
    from matcher.places import PlaceBook
    from matcher.profiles import Capability, Organisation
    from matcher.sections import Section

Arrays = dict[str, npt.NDArray[Any]]
BATCH: Final = 2_000  # profiles whose texts are held at once while encoding


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Capabilities by row. ``capabilities`` may parse lazily; everything that is searched lies in arrays."""

    capabilities: Sequence[Capability]
    organisations: Mapping[str, Organisation]
    columns: Columns
    index: Index
    lexical: Lexical
    ends: npt.NDArray[np.int32]  # (passages,) where each passage ends in its section's text
    languages: Mapping[str, int] = field(default_factory=dict)  # capabilities by ``matcher.languages.own``

    def __len__(self) -> int:
        return len(self.columns)

    def arrays(self) -> Arrays:
        """Return everything that is searched as named arrays; ``from_arrays`` restores it, memory-mapped or not."""
        own = {"passage_ends": self.ends, **_counted(self.languages)}
        parts = (self.columns.arrays(), self.index.arrays(), self.lexical.arrays(), own)
        return {name: value for part in parts for name, value in part.items()}

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, npt.NDArray[Any]],
        capabilities: Sequence[Capability],
        organisations: Mapping[str, Organisation],
    ) -> Catalogue:
        """Restore a catalogue whose rows are ``capabilities``."""
        found = cls(
            capabilities,
            organisations,
            Columns.from_arrays(arrays),
            Index.from_arrays(arrays),
            Lexical.from_arrays(arrays),
            arrays["passage_ends"],
            _counts(arrays),
        )
        if len(capabilities) != len(found):
            raise ValueError(f"expected {len(found)} capabilities for these arrays; got {len(capabilities)}")
        return found

    def passages(self, row: int, texts: Sequence[Section]) -> list[list[str]]:
        """Return the passages of each of a row's sections, cut where they were cut when they were encoded."""
        first = int(self.index.starts[row])
        bounds = self.index.section_starts[first : first + len(texts) + 1].tolist()
        ends = self.ends[bounds[0] : bounds[-1]].tolist()
        return [
            cut(section.text, ends[low - bounds[0] : high - bounds[0]])
            for section, (low, high) in zip(texts, pairwise(bounds), strict=True)
        ]


class Encoded(NamedTuple):
    """Encoded texts of many profiles: vectors with their place in sections, sections in profiles."""

    vectors: Matrix
    ends: npt.NDArray[np.int32]  # (passages,) where each ends in its section's text
    passages: list[int]  # of each section
    sections: list[int]  # of each profile


def encode(
    profiles: Iterable[tuple[Section, ...]], encoder: Encoder, *, role: Callable[[Encoder, Sequence[str]], Matrix]
) -> Encoded:
    """Split every section into passages of the encoder's window and encode them, a batch of profiles at a time."""
    vectors: list[Matrix] = [np.zeros((0, encoder.dimension), dtype=np.float32)]
    ends: list[int] = []
    passages: list[int] = []
    counts: list[int] = []
    for batch in _batches(profiles):
        texts = [section.text for profile in batch for section in profile]
        split = split_many(texts, encoder)
        for text, parts in zip(texts, split, strict=True):
            ends.extend(_ends(text, parts))
            passages.append(len(parts))
        counts.extend(len(profile) for profile in batch)
        vectors.append(role(encoder, [part for parts in split for part in parts]))
    return Encoded(np.concatenate(vectors), np.array(ends, dtype=np.int32), passages, counts)


def build(
    capabilities: Sequence[Capability],
    organisations: Mapping[str, Organisation],
    encoder: Encoder,
    places: PlaceBook,
    as_of: date,
) -> Catalogue:
    """Make the searched side of ``capabilities``, which must be in the order of their ids (ties go to the lower id).

    Reads the capabilities three times, a batch at a time, so that a lazily parsed sequence stays small in memory.
    """
    columns = Columns.build(capabilities, organisations, places, as_of)
    encoded = encode(
        map(sections.of_capability, capabilities), encoder, role=lambda e, texts: e.encode_documents(texts)
    )
    index = Index.build(encoded.vectors, encoded.passages, encoded.sections)
    written: Counter[str] = Counter()

    def texts() -> Iterator[list[str]]:
        for capability in capabilities:
            written.update(languages.own(capability))
            yield [part.text for part in sections.of_capability(capability)]

    lexical = Lexical.build(texts())
    return Catalogue(capabilities, organisations, columns, index, lexical, encoded.ends, written)


def _counted(languages: Mapping[str, int]) -> Arrays:
    tags = sorted(languages)
    counts = np.array([languages[tag] for tag in tags], dtype=np.int64)
    return {"language_tags": np.array(tags, dtype="S8"), "language_counts": counts}


def _counts(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, int]:
    """Read the counts back; arrays of an earlier version have none."""
    if "language_tags" not in arrays:
        return {}
    return dict(
        zip((tag.decode() for tag in arrays["language_tags"].tolist()), arrays["language_counts"].tolist(), strict=True)
    )


def _batches(profiles: Iterable[tuple[Section, ...]]) -> Iterator[list[tuple[Section, ...]]]:
    rest = iter(profiles)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _ends(text: str, parts: Sequence[str]) -> list[int]:
    """Find where each passage ends in the text it was split from."""
    ends, at = [], 0
    for part in parts:
        found = text.find(part, at)
        at = (found if found >= 0 else at) + len(part)
        ends.append(at)
    if ends:
        ends[-1] = len(text)
    return ends


def cut(text: str, ends: Sequence[int]) -> list[str]:
    """Return the passages of a text that end at ``ends``."""
    return [text[start:end].strip() for start, end in pairwise([0, *ends])]

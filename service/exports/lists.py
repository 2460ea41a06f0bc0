"""What an export is told of a shortlist and of the run behind it, whether read from a release or just served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from service.releases import Manifest

Fact = tuple[str, str | int | float]

PEOPLE_DECIDE: Final = "The system suggests; people decide. Nothing is assigned automatically."
_READING: Final[tuple[Fact, ...]] = (
    ("score", "How well the pair fits, from what both sides state. It orders a list; it is not a chance of success."),
    ("best_score", "The score if everything unknown turned out well."),
    ("coverage", "Share of the evidence that is there. The rest is unknown, not against the pair."),
    ("tier A", "Every hard gate passes and coverage is at least 60 %."),
    ("tier B", "No hard gate fails, some are not known."),
    ("tier C", "A near miss: one or two hard gates fail, each with a fix."),
    ("apostrophe", "A text that a spreadsheet would run as a formula has one put before it."),
)


class Head(Protocol):
    """What is known of a need's shortlist beside its matches."""

    @property
    def need_id(self) -> str: ...  # noqa: D102 - named as everywhere
    @property
    def need_title(self) -> str: ...  # noqa: D102
    @property
    def eligible(self) -> int: ...  # noqa: D102
    @property
    def considered(self) -> int: ...  # noqa: D102
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Run:
    """Where an export comes from: the release, and what may be seen of it at this moment."""

    manifest: Manifest
    at: datetime  # when it was asked what may be seen
    withheld: int
    provisional: bool = False  # made for a need that changed since the release

    def facts(self) -> Iterator[Fact]:
        """Yield what the reader of a file must know of the run, then how to read it."""
        facts = self.manifest.facts
        yield "release_id", self.manifest.id
        yield "made_at", self.manifest.created_at.isoformat()
        yield "judged_as_of", self.manifest.as_of.isoformat()
        yield "run_id", self.manifest.run_id
        yield "model", facts.model
        yield "scorer", facts.scored_by
        yield "code", facts.code
        yield "data_fingerprint", facts.data_fingerprint
        yield "visible_as_of", self.at.isoformat()
        yield "withheld", self.withheld
        yield "provisional", "yes" if self.provisional else "no"
        yield from (("rule", PEOPLE_DECIDE), *_READING, ("points", _of_points(facts.scorer)))


def _of_points(scorer: Mapping[str, float]) -> str:
    """Say how points become the score, with the numbers of a scorer that was calibrated."""
    slope, intercept = scorer.get("slope", 1.0), scorer.get("intercept", 0.0)
    z = (
        "z"
        if (slope, intercept) == (1.0, 0.0)
        else f"({slope:.6g} z {'+' if intercept >= 0 else '-'} {abs(intercept):.6g})"
    )
    return f"base and the points of the Reasons add up to z; the score is 1 / (1 + exp(-{z}))."


def notes_of(heads: Sequence[Head]) -> Iterator[Fact]:
    """Yield what must be said of each list as a whole."""
    for head in heads:
        yield f"{head.need_id}: eligible", f"{head.eligible} of {head.considered} capabilities fail no hard gate"
        yield from ((f"{head.need_id}: note", note) for note in head.notes)

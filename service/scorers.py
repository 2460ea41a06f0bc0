"""Learned scorers as files: what each weighs, what it was learned from, what the gate said, and which one nights take.

``ID.json`` is written once and never changed; its id is the hash of what it says. ``PROMOTED`` names the one that the
next night takes; where there is none, nights take the experts' weights. A release keeps the weights it was made with,
so that going back to it brings them back, and removing a file here changes nothing that was published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from matcher.errors import MatcherError
from matcher.learning import Step
from matcher.scoring import Scorer
from matcher.verdicts import Verdict
from service.releases.files import write_whole
from service.releases.manifest import EXPERTS
from service.releases.rules import scorer_of
from service.wire import from_json, to_json

if TYPE_CHECKING:
    from service.settings import Settings

FOLDER, PROMOTED = "scorers", "PROMOTED"
_BACK: Final = "or go back to the experts' weights with matcher learn --prior"


class ScorerError(MatcherError):
    """A learned scorer cannot be read, or may not be used as asked."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a scorer was learned from."""

    made_on: date
    last_event: int  # number of the last event that was read
    releases: tuple[str, ...]  # in which the pairs were shown
    text_model: str  # whose text values they are
    prior: str
    against: str  # the scorer that the gate compared it with: experts, or an id
    seed: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """One learned scorer."""

    id: str
    scorer: Mapping[str, Any]  # as a manifest has it
    lineage: Lineage
    verdict: Verdict

    @property
    def named(self) -> Learned:
        """The same under the id that its content has."""
        said = json.loads(to_json(self))
        del said["id"]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return replace(self, id=hashlib.sha256(text.encode()).hexdigest()[:16])


class Chosen(NamedTuple):
    """What a night scores with; ``id`` is None for the experts' weights."""

    id: str | None
    scorer: Scorer


def folder_of(settings: Settings) -> Path:
    """Return where learned scorers lie; the folder need not be there."""
    return settings.data_dir / FOLDER


def keep(folder: Path, learned: Learned) -> None:
    """Write a scorer; the same one again changes nothing."""
    write_whole(folder / f"{learned.id}.json", f"{to_json(learned, indent=1)}\n".encode())


def read(folder: Path, scorer_id: str) -> Learned:
    """Read a scorer and compare it with its id; raises ScorerError."""
    path = folder / f"{Path(scorer_id).name}.json"
    try:
        learned = from_json(Learned, path.read_bytes())
    except FileNotFoundError as error:
        known = ", ".join(one.id for one in listed(folder)) or "none yet"
        raise ScorerError(f"expected one of the learned scorers in {folder}: {known}; got {scorer_id!r}") from error
    except ValueError as error:
        raise ScorerError(f"expected a learned scorer in {path}; it cannot be read ({type(error).__name__})") from error
    if learned.named.id != scorer_id:
        raise ScorerError(f"expected the content of {scorer_id} in {path}; it was changed: put the file back")
    return learned


def listed(folder: Path) -> Iterator[Learned]:
    """Yield the scorers that can be read, the latest first."""
    found = []
    for path in folder.glob("*.json"):
        try:
            found.append(from_json(Learned, path.read_bytes()))
        except ValueError:
            continue
    yield from sorted(found, key=lambda one: (one.lineage.made_on, one.id), reverse=True)


def promoted(folder: Path) -> str | None:
    """Name the scorer that nights take; None for the experts' weights."""
    try:
        return (folder / PROMOTED).read_text().strip() or None
    except FileNotFoundError:
        return None


def promote(folder: Path, scorer_id: str) -> Learned:
    """Let nights take a scorer; raises ScorerError, naming the rows, unless its gate passed against what they take."""
    learned = read(folder, scorer_id)
    if not learned.verdict.passed:
        raise ScorerError(f"{scorer_id} is not promoted, its gate says no: {'; '.join(learned.verdict.failing)}")
    now = promoted(folder) or EXPERTS
    if now not in {learned.lineage.against, scorer_id}:
        raise ScorerError(
            f"{scorer_id} is not promoted: it was compared with {learned.lineage.against}, and nights take {now} by "
            "now: run matcher learn again"
        )
    write_whole(folder / PROMOTED, f"{scorer_id}\n".encode())
    return learned


def demote(folder: Path) -> None:
    """Let nights take the experts' weights."""
    (folder / PROMOTED).unlink(missing_ok=True)


def chosen(folder: Path, text_model: str) -> Chosen:
    """Return what a night scores with; raises ScorerError where the promoted scorer is not there, whole and fitting."""
    name = promoted(folder)
    if name is None:
        return Chosen(None, Scorer())
    try:
        learned = read(folder, name)
    except ScorerError as error:
        raise ScorerError(f"{error}. It is promoted: put it back, promote another, {_BACK}") from error
    if learned.lineage.text_model != text_model:
        raise ScorerError(
            f"expected the text model {learned.lineage.text_model}, of whose values the promoted scorer {name} was "
            f"learned; got {text_model}: set MATCHER_MODEL back, {_BACK}, and learn anew after some nights"
        )
    return Chosen(name, scorer_of(learned.scorer))

"""What a release says about itself: what it was made from, what is in it, and the hash of every file."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from service.releases.errors import BrokenRelease, NoRelease
from service.releases.files import sha256_of, write_whole

FORMAT = 1
"""Version of the folder's layout. A reader keeps reading every older format."""

MANIFEST = "manifest.json"

EXPERTS = "experts"
"""What the weights are called that nobody learned."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunFacts(_Frozen):
    """Everything a night's result depends on. Equal facts give equal shortlists, byte for byte."""

    data_fingerprint: str  # hash of the snapshot's records
    code: str  # version and hash of the deciding code and the reference data
    model: str  # encoder's name: model@revision/precision
    languages: tuple[str, ...] | None = None  # that the model covers; None where it does not say so
    allocation: dict[str, Any] | None = None  # how introductions were shared out; None: they were not
    scorer: dict[str, Any]  # weights and thresholds of the score
    learned: str | None = None  # id of the learned scorer whose weights these are; None: nobody learned them
    policy: dict[str, Any]  # how each gate is treated
    as_of: date
    k: int

    @property
    def scored_by(self) -> str:
        """Name the scorer: the id of a learned one, or the experts."""
        return self.learned or EXPERTS

    @property
    def run_id(self) -> str:
        """Hash these facts: 16 hexadecimal digits."""
        unstated = {name for name in ("languages", "allocation", "learned") if getattr(self, name) is None}
        facts = self.model_dump(mode="json", exclude=unstated)
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def release_id(self) -> str:
        """Name the release of this run; names sort by date."""
        return f"{self.as_of.isoformat()}-{self.run_id}"


class FileFacts(_Frozen):
    """One file of a release."""

    sha256: str
    bytes: int


class Manifest(_Frozen):
    """The head of a release. Only ``created_at`` and ``seconds`` differ between two runs of the same facts.

    And, where the releases before them differ, the ids of clusters of needs, which are kept from release to release.
    """

    format: int
    id: str
    run_id: str
    created_at: datetime
    facts: RunFacts
    block: int  # needs in a part of the shortlists
    counts: dict[str, int]  # rows of each kind, shortlists, matches
    tiers: dict[str, float]  # share of the matches in each tier
    versions: dict[str, str]  # libraries the run was made with
    seconds: dict[str, float]  # wall time of each step
    files: dict[str, FileFacts]

    @property
    def as_of(self) -> date:
        """The day the records were judged on."""
        return self.facts.as_of


def file_facts(folder: Path) -> dict[str, FileFacts]:
    """Hash every file below ``folder`` but the manifest itself, by relative name, sorted."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return {
        name: FileFacts(sha256=sha256_of(folder / name), bytes=(folder / name).stat().st_size)
        for name in names
        if name != MANIFEST
    }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, whole or not at all."""
    write_whole(folder / MANIFEST, (manifest.model_dump_json(indent=1) + "\n").encode())


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest, not the files it lists."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoRelease(f"expected a release in {folder}; found no {MANIFEST}; see matcher releases list") from error
    try:
        head: Mapping[str, Any] = json.loads(text)
        if head["format"] > FORMAT:
            found = f"format {head['format']}"
            raise BrokenRelease(folder.name, [f"expected format {FORMAT} or older; found {found}: update this program"])
        return Manifest.model_validate(head)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise BrokenRelease(folder.name, [f"{MANIFEST} cannot be read ({type(error).__name__})"]) from error


def missing_files(folder: Path, manifest: Manifest) -> list[str]:
    """List files that are absent or of another size: what can be seen without reading them."""
    problems = []
    for name, facts in manifest.files.items():
        try:
            size = (folder / name).stat().st_size
        except OSError:
            problems.append(f"{name} is missing")
            continue
        if size != facts.bytes:
            problems.append(f"{name} has {size} bytes, expected {facts.bytes}")
    return problems

"""Making a release: a draft folder filled piece by piece, checked whole, renamed, and CURRENT flipped last.

Who makes a release holds the night's lock, who changes what is served or removes holds the other one
(``service.nightly.lock``).
"""

import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from matcher.matches import Shortlist
from service.releases import allocations
from service.releases.check import broken_rules, damage
from service.releases.errors import BrokenRelease, NoRelease, ReleaseError
from service.releases.files import flush_folder, flush_tree, map_array, sweep_temporaries, write_array, write_whole
from service.releases.manifest import FORMAT, Manifest, RunFacts, file_facts, write_manifest
from service.releases.metrics import measure
from service.releases.parts import BLOCK, Part, is_complete, part_name, write_part
from service.releases.reading import CLUSTERS, CURRENT, Release, current_id, published
from service.releases.records import RecordFile
from service.releases.reverse import write_reverse
from service.wire import to_json

if TYPE_CHECKING:
    from matcher.clusters import Clustering
    from matcher.introductions import Allocation, Pairs

DRAFT, SNAPSHOT, BROKEN, TRASH, WITHHELD = ".draft-", ".snapshot-", ".broken-", ".trash-", "WITHHELD"


class Draft:
    """The folder of one run until it is published. Every piece is whole or absent, so that a run resumes."""

    def __init__(self, releases_dir: Path, facts: RunFacts, block: int = BLOCK) -> None:
        self.releases_dir, self.facts, self._block = releases_dir, facts, block
        self.folder = releases_dir / f"{DRAFT}{facts.run_id}"

    def adopt(self, snapshot: Path) -> None:
        """Take a folder of records as this draft's, unless the draft is there from an interrupted run.

        Equal facts mean equal records, so the ones at hand may go.
        """
        if self.folder.exists():
            sweep_temporaries(self.folder)
            shutil.rmtree(snapshot)
        else:
            flush_tree(snapshot)
            snapshot.rename(self.folder)

    def records(self, kind: str) -> RecordFile[Any]:
        """Give the draft's records of one kind."""
        return RecordFile(self.folder / "records", kind)

    def has_arrays(self) -> bool:
        """Say whether every array is written."""
        return (self.folder / "arrays.json").exists()

    def write_arrays(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Write every array, then the list that says so."""
        for name, array in arrays.items():
            write_array(self.folder / "arrays" / f"{name}.npy", array)
        shapes = {name: {"shape": list(array.shape), "dtype": array.dtype.str} for name, array in arrays.items()}
        write_whole(self.folder / "arrays.json", _json(shapes))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Map the arrays back."""
        names = json.loads((self.folder / "arrays.json").read_bytes())
        return {name: map_array(self.folder / "arrays" / f"{name}.npy") for name in names}

    def blocks(self) -> list[range]:
        """Cut the rows of the needs on the fixed grid."""
        count = len(self.records("needs"))
        return [range(start, min(start + self._block, count)) for start in range(0, count, self._block)]

    def has_part(self, number: int, block: range) -> bool:
        """Say whether a block's part is written and whole."""
        needs = self.records("needs")
        return is_complete(self.part(number), [needs.id_of(row) for row in block])

    def write_part(self, number: int, shortlists: Iterable[Shortlist]) -> int:
        """Write a block's shortlists; returns the number of matches."""
        return write_part(self.part(number), shortlists)

    def write_clusters(self, clustering: "Clustering") -> None:
        """Write the clusters of the needs; a draft without them is a release without them."""
        write_whole(self.folder / CLUSTERS, f"{to_json(clustering, indent=1)}\n".encode())

    def write_allocation(self, pairs: "Pairs", assumed: npt.NDArray[Any], made: "Allocation") -> None:
        """Write what allocation made of every match; a draft without it is a release whose matches are unallocated."""
        allocations.write(self.folder / allocations.ALLOCATION, pairs, assumed, made)

    def parts(self) -> list[Part]:
        """Give the parts of the shortlists, in order."""
        return [Part(self.part(number)) for number in range(len(self.blocks()))]

    def set_aside(self) -> Path:
        """Keep a draft that failed its check for a person to look at; the next run makes it anew."""
        return _aside(self.folder, self.facts.run_id)

    def finish(self, created_at: datetime, seconds: Mapping[str, float], hard_gates: Collection[str]) -> Release:
        """Write the reverse list, the metrics and the manifest, then check the whole; raises BrokenRelease."""
        sweep_temporaries(self.folder)
        parts = self.parts()
        for path in set((self.folder / "matches").glob("part-*")) - {part.path for part in parts}:
            path.unlink()  # of another grid
        write_reverse(self.folder / "matches", parts, self.records("capabilities"))
        bare = self._manifest(created_at, seconds)
        metrics = measure(Release(self.folder, bare))
        if (allocated := self.folder / allocations.ALLOCATION).exists():
            metrics["allocation"] = allocations.AllocationFile(allocated).figures
        write_whole(self.folder / "metrics.json", _json(metrics))
        matches = max(metrics["matches"], 1)
        manifest = bare.model_copy(
            update={
                "counts": {**bare.counts, "shortlists": metrics["shortlists"], "matches": metrics["matches"]},
                "tiers": {tier: round(count / matches, 6) for tier, count in metrics["tiers"].items()},
                "files": file_facts(self.folder),
            }
        )
        write_manifest(self.folder, manifest)
        release = Release.open(self.folder)
        if problems := damage(self.folder, manifest) or broken_rules(release, hard_gates):
            raise BrokenRelease(manifest.id, problems)
        return release

    def part(self, number: int) -> Path:
        """Name the file of a block's part."""
        return self.folder / "matches" / part_name(number)

    def _manifest(self, created_at: datetime, seconds: Mapping[str, float]) -> Manifest:
        kinds = sorted(path.name.removesuffix(".jsonl") for path in (self.folder / "records").glob("*.jsonl"))
        return Manifest(
            format=FORMAT,
            id=self.facts.release_id,
            run_id=self.facts.run_id,
            created_at=created_at,
            facts=self.facts,
            block=self._block,
            counts={kind: len(self.records(kind)) for kind in kinds},
            tiers={},
            versions=_versions(),
            seconds=dict(seconds),
            files={},
        )


def publish(draft: Draft) -> Release:
    """Give a finished draft its name; it is served only once ``serve`` points CURRENT at it."""
    flush_tree(draft.folder)
    folder = draft.releases_dir / draft.facts.release_id
    draft.folder.rename(folder)
    flush_folder(draft.releases_dir)
    return Release.open(folder)


def is_published(releases_dir: Path, release_id: str) -> bool:
    """Say whether a release is there and whole to the byte. One that is not is set aside, so that it is made anew."""
    folder = releases_dir / release_id
    if not folder.exists():
        return False
    try:
        Release.open(folder).verify()
    except ReleaseError:
        _aside(folder, release_id)
        return False
    return True


def _aside(folder: Path, name: str) -> Path:
    aside = folder.parent / f"{BROKEN}{name}"
    shutil.rmtree(aside, ignore_errors=True)
    return folder.rename(aside)


def serve(releases_dir: Path, release_id: str) -> None:
    """Point CURRENT at a release: the one step after which readers see it."""
    write_whole(releases_dir / CURRENT, f"{release_id}\n".encode())
    flush_folder(releases_dir)


def withheld(releases_dir: Path) -> frozenset[str]:
    """Name the releases that a person rolled back from: a later night of the same facts does not serve them again."""
    try:
        return frozenset((releases_dir / WITHHELD).read_text().split())
    except FileNotFoundError:
        return frozenset()


def withhold(releases_dir: Path, release_id: str, *, on: bool) -> None:
    """Set or lift the mark of a release that was rolled back from."""
    marks = withheld(releases_dir) | {release_id} if on else withheld(releases_dir) - {release_id}
    write_whole(releases_dir / WITHHELD, "".join(f"{mark}\n" for mark in sorted(marks)).encode())


def roll_back(releases_dir: Path, release_id: str | None = None) -> Release:
    """Serve the release before the current one, or the named one, after checking every byte of it.

    Going back marks the releases that are newer than the one chosen as withheld; choosing a release lifts its own mark.
    """
    served = current_id(releases_dir)
    names = [manifest.id for manifest in published(releases_dir)]
    if release_id is None:
        older = names[: names.index(served)] if served in names else names  # one that cannot be read has no place
        earlier = [name for name in older if name not in withheld(releases_dir)]
        if not earlier:
            raise NoRelease(
                f"expected a release before {served or 'the first one'}; found none; see matcher releases list"
            )
        release_id = earlier[-1]
    if release_id not in names:
        raise NoRelease(f"expected one of {', '.join(names) or 'no release'}; got {release_id!r}")
    release = Release.open(releases_dir / release_id)
    release.verify()
    for name in names[names.index(release_id) + 1 :]:
        withhold(releases_dir, name, on=True)
    if release_id in withheld(releases_dir):
        withhold(releases_dir, release_id, on=False)
    serve(releases_dir, release_id)
    return release


def keep_newest(releases_dir: Path, keep: int) -> list[str]:
    """Remove all but the ``keep`` newest releases and the one that is served; returns what was removed, oldest first.

    A folder is renamed before it is emptied, so that a kill never leaves half a release under a release's name; what
    an earlier run left to remove goes too. Readers that have a removed release open keep reading it.
    """
    if keep < 1:
        raise ReleaseError(f"expected to keep at least 1 release; got {keep}")
    served = current_id(releases_dir)
    names = [manifest.id for manifest in published(releases_dir)]
    old = [name for name in names[:-keep] if name != served]
    for name in old:
        (releases_dir / name).rename(releases_dir / f"{TRASH}{name}")
    for path in releases_dir.glob(f"{TRASH}*"):
        shutil.rmtree(path)
    return old


def sweep_drafts(releases_dir: Path, keep: str = "") -> None:
    """Remove drafts, broken ones and snapshots that no run will resume: all but the one named."""
    for start in (DRAFT, BROKEN, SNAPSHOT):
        for path in releases_dir.glob(f"{start}*"):
            if path.name != keep:
                shutil.rmtree(path)


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("numpy", "pyarrow", "pydantic")}

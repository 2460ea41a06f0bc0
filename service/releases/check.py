"""Is a release whole, and do its shortlists keep the rules? A public check, apart from the making."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from service.releases.files import sha256_of
from service.releases.manifest import Manifest, missing_files

if TYPE_CHECKING:
    from service.releases.parts import ShortlistHeader
    from service.releases.reading import Release

CHECKED_COLUMNS = ("need_id", "capability_id", "rank", "z", "tier", "near_miss", "failed_gates", "allocated")


def damage(folder: Path, manifest: Manifest) -> list[str]:
    """Read every file and list what differs from the manifest; empty for a whole release."""
    problems = missing_files(folder, manifest)
    if problems:
        return problems
    changed = [name for name, facts in manifest.files.items() if sha256_of(folder / name) != facts.sha256]
    return [f"{name} has other content than when it was published" for name in changed]


def broken_rules(release: "Release", hard_gates: Collection[str]) -> list[str]:
    """List every rule a release's shortlists break; empty for a sound one.

    1. every need has exactly one shortlist, in the order of the needs;
    2. ranks are 1..n and no capability stands twice;
    3. eligible matches come first, by falling z (six decimals), then id; near misses after them likewise;
    4. no eligible match fails a hard gate, every near miss fails at least one, and tier C is for near misses alone;
    5. no near miss is allocated.
    """
    ids = release.needs.ids()
    problems = []
    for header, columns in release.each_shortlist(CHECKED_COLUMNS):
        if header.need_id != (expected := next(ids, "no further need")):
            problems.append(f"expected the shortlist of {expected}; found that of {header.need_id}")
        problems += [f"need {header.need_id}: {what}" for what in _broken_by(header, columns, frozenset(hard_gates))]
    return problems + [f"need {need} has no shortlist" for need in ids]


def _broken_by(header: "ShortlistHeader", columns: dict[str, list[Any]], hard: frozenset[str]) -> Iterator[str]:
    if set(columns["need_id"]) - {header.need_id}:
        yield "rows of another need"
    if columns["rank"] != list(range(1, header.rows + 1)):
        yield f"ranks are not 1 to {header.rows}"
    if len(set(columns["capability_id"])) != header.rows:
        yield "a capability stands twice"
    if header.eligible > header.considered:
        yield f"{header.eligible} eligible of {header.considered} considered"
    z = (-np.round(np.array(columns["z"], np.float64), 6)).tolist()  # rounded as the matcher rounds
    keys = list(zip(columns["near_miss"], z, columns["capability_id"], strict=True))
    if keys != sorted(keys):
        yield "not in the order eligible, z, id"
    if any(
        near_miss and allocated for near_miss, allocated in zip(columns["near_miss"], columns["allocated"], strict=True)
    ):
        yield "a near miss is allocated"
    for near_miss, tier, failed in zip(columns["near_miss"], columns["tier"], columns["failed_gates"], strict=True):
        fails_hard = bool(hard & set(failed.split(",")))
        if fails_hard != near_miss:
            yield f"an eligible match fails {failed}" if fails_hard else "a near miss fails no hard gate"
        if (tier == "C") != near_miss:
            yield f"tier {tier} for a {'near miss' if near_miss else 'match that is eligible'}"

"""What the store holds at one moment, as the records of a draft."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from matcher.profiles import KINDS, SINGULAR, UNRELEASED, Need
from matcher.rules import is_shown
from service.nightly.merging import Merged
from service.releases.files import sha256_of, write_whole
from service.releases.publishing import SNAPSHOT
from service.releases.reading import MERGES
from service.releases.records import write_records
from service.store import Store, snapshot

FOLDER: Final = f"{SNAPSHOT}new"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Records on disk, not yet a draft. ``left_out`` counts what the store holds and the release will not."""

    folder: Path
    counts: Mapping[str, int]
    left_out: Mapping[str, int]  # reason -> records
    fingerprint: str  # equal for equal records, whatever the database


def take_snapshot(store: Store, releases_dir: Path, as_of: date) -> Snapshot:
    """Read every kind as of one moment and write it to a folder of its own, a record at a time.

    An organisation that a person merged into another is left out; records that refer to it refer to the one that is
    kept, so that all that follows takes the two for one. The store's own profiles stay as they are.
    Left out, too: records that are drafts, in review or withdrawn, and needs that are past their end on ``as_of``. An
    expired capability stays: the state gate judges it, and its history stays readable.
    """
    folder = releases_dir / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    counts: dict[str, int] = {}
    left_out: Counter[str] = Counter()
    with store.reading() as session:
        merged = Merged.read(session)
        for kind in KINDS:
            rows = merged.rows(kind, ((row.id, row.profile) for row in snapshot(session, kind)), left_out)
            counts[kind] = write_records(folder / "records", kind, _kept(kind, rows, as_of, left_out))
    hashes = [f"{kind} {sha256_of(folder / 'records' / f'{kind}.jsonl')}" for kind in KINDS]
    if merged.kept:
        write_whole(folder / MERGES, merged.text())
        hashes.append(f"merges {sha256_of(folder / MERGES)}")
    return Snapshot(folder, counts, dict(left_out), _digest(hashes))


def _kept(kind: str, rows: Iterator[tuple[str, str]], as_of: date, left_out: Counter[str]) -> Iterator[tuple[str, str]]:
    for record_id, text in rows:
        reason = _reason(kind, text, as_of)
        if reason:
            left_out[reason] += 1
        else:
            yield record_id, text


def _reason(kind: str, text: str, as_of: date) -> str:
    """Say why a record is left out; empty when it is not."""
    if kind == "needs" and not is_shown(need := Need.model_validate_json(text), as_of.toordinal()):
        return f"need {need.review_state}" if need.review_state in UNRELEASED else "need past its end"
    if '"review_state"' not in text:  # nearly every record; spares parsing it
        return ""
    facts: dict[str, Any] = json.loads(text)
    state = facts.get("review_state")
    return f"{SINGULAR[kind]} {state}" if state in UNRELEASED else ""


def _digest(lines: list[str]) -> str:
    import hashlib

    return hashlib.sha256("\n".join(lines).encode()).hexdigest()

"""What is known of records that were erased: their pseudonyms, by which they stay erased when a backup comes back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from matcher.profiles import KINDS
from service.accounts.audit import Action, audit
from service.releases import Release, ReleaseError, published
from service.releases.publishing import TRASH
from service.releases.reading import CURRENT, current_id
from service.store import Store
from service.store.erasing import erase_record, pseudonym
from service.store.models import AuditRow, RecordRow


def known(engine: Engine) -> frozenset[str]:
    """Return the pseudonyms of what was erased in a store, whatever its tables' revision."""
    if not inspect(engine).has_table(AuditRow.__tablename__):
        return frozenset()
    with Session(engine) as session:
        query = select(AuditRow.subject).where(AuditRow.action == Action.ERASED.value)
        return frozenset(subject.rpartition(":")[2] for subject in session.execute(query).scalars())


def erase_again(store: Store, gone: Collection[str], at: datetime) -> int:
    """Erase every record whose pseudonym is among these, and write all of them down; returns how many there were."""
    if not gone:
        return 0
    with store.writing() as session:
        for name in sorted(gone):
            audit(session, Action.ERASED, actor="matcher db", at=at, subject=f"restored:{name}")
        ids = session.execute(select(RecordRow.kind, RecordRow.id)).all()
        again = [(kind, record_id) for kind, record_id in ids if pseudonym(kind, record_id) in gone]
        for kind, record_id in again:
            erase_record(session, kind, record_id)
    return len(again)


def drop_releases(releases_dir: Path, gone: Collection[str]) -> list[str]:
    """Remove the releases that hold a record with one of these pseudonyms; returns their ids, oldest first.

    Where the one that is served goes too, none is served until the next night.
    """
    return _drop(releases_dir, [name for name in _ids(releases_dir) if _holds(releases_dir / name, gone)])


def drop_mentioning(releases_dir: Path, record_id: str, keep: str | None = None) -> list[str]:
    """Remove the releases that name an id in any record, but the one to keep; returns their ids, oldest first."""
    return _drop(
        releases_dir, [name for name in _ids(releases_dir) if name != keep and mentions(releases_dir / name, record_id)]
    )


def mentions(folder: Path, record_id: str) -> bool:
    """Say whether any record of a release, or its clusters, names an id."""
    quoted = json.dumps(record_id, ensure_ascii=False).encode()
    texts = [*(folder / "records").glob("*.jsonl"), *folder.glob("*.json")]
    return any(quoted in path.read_bytes() for path in texts)


def _ids(releases_dir: Path) -> list[str]:
    return [manifest.id for manifest in published(releases_dir)]


def _holds(folder: Path, gone: Collection[str]) -> bool:
    try:
        release = Release.open(folder)
    except ReleaseError:
        return False
    kinds = [kind for kind in KINDS if kind in release.manifest.counts]
    return any(pseudonym(kind, record_id) in gone for kind in kinds for record_id in release.records(kind).ids())


def _drop(releases_dir: Path, names: list[str]) -> list[str]:
    if current_id(releases_dir) in names:
        (releases_dir / CURRENT).unlink()
    for name in names:
        (releases_dir / name).rename(releases_dir / f"{TRASH}{name}")
        shutil.rmtree(releases_dir / f"{TRASH}{name}")
    return names

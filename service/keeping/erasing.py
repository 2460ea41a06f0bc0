"""A record vanishes everywhere: store, history, releases, caches, jobs. Read ``erase``: it is the whole, in order.

What stays: events and the audit log under a pseudonym, so that counts hold; what was exported, and backups, which are
the operator's. A backup that is restored is cleaned of what was erased here since.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher import sections
from matcher.profiles import KINDS, Capability, Need, Profile
from service.accounts.audit import Action, audit
from service.keeping.erased import drop_mentioning, mentions
from service.nightly import Night, run_night
from service.nightly.ledger import note_removed
from service.nightly.lock import night_locked, served_locked
from service.releases.publishing import sweep_drafts
from service.releases.reading import current_id, current_release
from service.store import Store, history, open_store, withdraw
from service.store.erasing import Erasure, erase_record, pseudonym

if TYPE_CHECKING:
    from service.settings import Settings

ACTOR: Final = "matcher erase"  # as the audit log has it


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out, and what is served now."""

    tables: Erasure
    releases: tuple[str, ...]  # removed
    vectors: int
    jobs: int
    served: str | None  # None until the next night, where none was made


def erase(settings: Settings, kind: str, record_id: str, now: datetime, *, night: bool = True) -> Erased:
    """Erase a record everywhere; raises UnknownRecord. Interrupted before 4, it is run again.

    1. Withdraw it: every answer leaves it out from now on.
    2. Make a release without it, so that one can be served; without ``night`` none is until the next.
    3. Remove every other release that names it.
    4. Take it out of the tables, with its history.
    5. Where the release still names it (an organisation, by its capabilities), make one that does not.
    6. Remove drafts, lists kept for changed needs, files of jobs that brought it, its vectors.
    """
    store = open_store(settings.database_url)
    try:
        texts = _texts(store, kind, record_id)
        with store.writing() as session:
            withdraw(session, kind, record_id, actor=ACTOR, at=now)
        nights = night and _released(settings, record_id)
        if nights:
            _night(settings, now)
        removed = _drop(settings, record_id, keep=current_id(settings.releases_dir) if night else None)
        with store.writing() as session:
            found = erase_record(session, kind, record_id)
            facts: dict[str, Any] = {"versions": found.versions, "events": found.events, "mentions": found.mentions}
            audit(session, Action.ERASED, actor=ACTOR, at=now, subject=f"{kind}:{pseudonym(kind, record_id)}", **facts)
        _compact(store)
        if nights and _released(settings, record_id):
            _night(settings, now)
        removed += _drop(settings, record_id)
        note_removed(store, removed)
        shutil.rmtree(settings.data_dir / "provisional", ignore_errors=True)
        vectors, jobs = _forget(settings, texts), _drop_jobs(settings.data_dir, record_id)
        return Erased(found, tuple(removed), vectors, jobs, current_id(settings.releases_dir))
    finally:
        store.close()


def _drop(settings: Settings, record_id: str, keep: str | None = None) -> list[str]:
    with night_locked(settings.releases_dir), served_locked(settings.releases_dir):
        removed = drop_mentioning(settings.releases_dir, record_id, keep)
        sweep_drafts(settings.releases_dir)
    return removed


def _released(settings: Settings, record_id: str) -> bool:
    served = current_id(settings.releases_dir)
    return served is not None and mentions(settings.releases_dir / served, record_id)


def _night(settings: Settings, now: datetime) -> None:
    """Make a night like the last one; its guard knows nothing of erasing."""
    k = current_release(settings.releases_dir).manifest.facts.k
    run_night(settings, Night(now.date(), k=k, force=True), now)


def _texts(store: Store, kind: str, record_id: str) -> list[str]:
    """Return every text that was ever embedded of a record, in all of its versions."""
    with store.reading() as session:
        texts = [version.profile for version in history(session, kind, record_id)]
    profiles: list[Profile] = [KINDS[kind].model_validate_json(text) for text in texts]
    found: list[str] = []
    for profile in profiles:
        if isinstance(profile, Capability | Need):
            of = sections.of_capability(profile) if isinstance(profile, Capability) else sections.of_need(profile)
            found += [section.text for section in of]
    return list(dict.fromkeys(found))


def _forget(settings: Settings, texts: Sequence[str]) -> int:
    """Take vectors out of the cache: of whole texts, and of the passages that the model cut them into."""
    from embeddings.cache import VectorCache
    from embeddings.passages import split_many
    from service.encoders import make_encoder

    if not texts or not settings.cache_dir.is_dir():
        return 0
    passages = split_many(texts, make_encoder(settings))
    return VectorCache(settings.cache_dir).forget([*texts, *(part for parts in passages for part in parts)])


def _drop_jobs(data_dir: Path, record_id: str) -> int:
    """Remove the files of jobs that brought the record, or refused it."""
    needle, found = json.dumps(record_id, ensure_ascii=False).encode()[1:-1], 0
    for folder in (data_dir / "jobs").glob("*/"):
        if any(needle in path.read_bytes() for path in folder.rglob("*") if path.is_file()):
            shutil.rmtree(folder)
            found += 1
    return found


def _compact(store: Store) -> None:
    """Bring what was overwritten into SQLite's file: its WAL would keep the old pages."""
    if store.engine.dialect.name != "sqlite":
        return
    raw: Any = store.engine.raw_connection()
    try:
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def require_kind(kind: str) -> str:
    """Return a kind by its name, one or several; raises BadInput naming those there are."""
    from matcher.errors import BadInput
    from matcher.profiles import SINGULAR

    several = {single: many for many, single in SINGULAR.items()}
    found = several.get(kind, kind)
    if found not in KINDS:
        raise BadInput("unknown_kind", expected=f"one of {', '.join(KINDS)}", got=kind)
    return found

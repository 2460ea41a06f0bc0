"""The demonstration: the sample catalogue, matched and published, in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.profiles import KINDS, Profile

if TYPE_CHECKING:
    from service.nightly import Outcome
    from service.settings import Settings
    from service.store import Store

FOLDER: Final = ".demo"
KEY_FILE: Final = "demo-key"


@dataclass(frozen=True, slots=True)
class Demo:
    """What is ready to be looked at."""

    settings: Settings
    records: Mapping[str, int]  # of each kind, in the store
    refused: int  # values of the sample that were not taken over
    outcome: Outcome
    key: str
    key_file: Path
    new_key: bool


def demo_settings(settings: Settings) -> Settings:
    """Return settings for a folder beside the user's own, so that nothing of theirs is touched."""
    from service.settings import load_settings

    folder = settings.data_dir / FOLDER
    return load_settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'matcher.db'}",
        releases_dir=folder / "releases",
        cache_dir=folder / "cache",
        warm=True,
    )


def prepare(settings: Settings) -> Demo:
    """Import the sample, run the night and make a key, each only where that was not done before."""
    from service.nightly import Night, run_night
    from service.store import count_records, open_store

    own = demo_settings(settings)
    store = open_store(own.database_url)
    try:
        refused = import_sample(store)
        with store.reading() as session:
            records = count_records(session)
        key, new_key = _key(store, own.data_dir / KEY_FILE)
    finally:
        store.close()
    now = datetime.now(UTC)
    outcome = run_night(own, Night(now.date()), now)
    return Demo(own, records, refused, outcome, key, own.data_dir / KEY_FILE, new_key)


def import_sample(store: Store) -> int:
    """Write the sample's records; equal content writes nothing. Returns how many values were refused."""
    from service.reference import data_folder
    from service.store import upsert_records

    refused: list[str] = []
    now = datetime.now(UTC)
    with store.writing() as session:
        for kind in KINDS:
            path = data_folder() / "sample" / f"{kind}.jsonl"
            upsert_records(session, kind, _records(path, kind, refused), actor="demo", at=now)
    return len(refused)


def _records(path: Path, kind: str, refused: list[str]) -> Iterator[Profile]:
    from service.intake import Accepted, read
    from service.reference import load_places

    for found in read(path, load_places(), kind=kind):
        if isinstance(found, Accepted) and found.kind == kind:
            yield found.profile
        elif not isinstance(found, Accepted):
            refused.append(found.code)


def _key(store: Store, path: Path) -> tuple[str, bool]:
    """Return the key that was kept, if it is still good, or a new one."""
    from service.accounts.roles import Role
    from service.store import Rights, make_key, verify_key

    now = datetime.now(UTC)
    kept = path.read_text().strip() if path.exists() else ""
    if kept:
        with store.reading() as session:
            if verify_key(session, kept, at=now):
                return kept, False
    with store.writing() as session:
        made = make_key(session, name="demo", at=now, rights=Rights(Role.ADMIN))
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as sink:
        sink.write(made + "\n")
    return made, True

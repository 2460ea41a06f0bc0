"""Putting an archive back. Everything is unpacked and checked apart first; then what is new appears in one step each.

1. Unpack into a folder beside the data, check every checksum, check the database and bring its tables up to date.
2. Copy releases that are missing here under their names: nobody reads them yet. Learned scorers are put back last.
3. Mark the folder as being restored, replace the database in one transaction, flip what is served, lift the mark.
A kill before 3 leaves everything as it was; within 3 the mark stays, and the service does not start until the restore
was run again.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service import scorers
from service.accounts.audit import Action, audit
from service.keeping import archives, databases, erased
from service.keeping.archives import Contents
from service.keeping.backing import ACTOR, CACHE, JOBS, RELEASES
from service.keeping.errors import BrokenArchive, NotRestorable
from service.keeping.mark import MARK
from service.nightly.lock import night_locked, served_locked
from service.releases import Release, ReleaseError
from service.releases.files import flush_folder, flush_tree, write_whole
from service.releases.manifest import MANIFEST
from service.releases.publishing import BROKEN, TRASH, WITHHELD
from service.releases.reading import CURRENT, current_id
from service.store import Store, connect, store_exists, upgrade
from service.store.schema import REVISIONS

if TYPE_CHECKING:
    from service.settings import Settings

_STAGING: Final = ".restore-"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    made_at: datetime
    served: str | None
    releases: int
    erased_again: int  # records that were erased here after the backup was made


def restore(settings: Settings, archive: Path, now: datetime) -> Restored:
    """Put an archive back; raises BrokenArchive or NotRestorable with everything as it was.

    What was erased here stays erased. Releases that are newer than the archive stay in their folder, not served.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for left in settings.data_dir.glob(f"{_STAGING}*"):  # of a restore that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=settings.data_dir) as temporary:
        staged = Path(temporary)
        contents = archives.unpack(archive, staged)
        return _restored(settings, archive, staged, contents, now)


def _restored(settings: Settings, archive: Path, staged: Path, contents: Contents, now: datetime) -> Restored:
    _refuse_unfit(settings, archive, staged, contents)
    copy = staged / databases.FILES[contents.database.kind]
    gone = _erased_here(settings)
    again = _finish(f"sqlite:///{copy}", gone, now) if contents.database.kind == "sqlite" else 0
    with night_locked(settings.releases_dir), served_locked(settings.releases_dir):
        releases = _put_releases(staged / RELEASES, settings.releases_dir)
        mark = settings.data_dir / MARK
        write_whole(mark, str(archive.resolve()).encode())
        engine = connect(settings.database_url)
        try:
            try:
                databases.copy_in(copy, engine)
            except BaseException:
                mark.unlink()  # the database's own transaction has undone it
                raise
            if contents.database.kind == "postgresql":
                again = _finish(settings.database_url, gone, now)
            _put_rest(settings, staged, contents)
            if gone:
                erased.drop_releases(settings.releases_dir, gone)
            with Store(engine).writing() as session:
                audit(session, Action.RESTORED, actor=ACTOR, at=now, subject=archive.name)
        finally:
            engine.dispose()
        mark.unlink()
    return Restored(contents.made_at, current_id(settings.releases_dir), releases, again)


def _refuse_unfit(settings: Settings, archive: Path, staged: Path, contents: Contents) -> None:
    kind = contents.database.kind
    engine = connect(settings.database_url)
    engine.dispose()
    if engine.dialect.name != kind:
        fix = "matcher db dump and matcher db load carry records from one kind of database to the other"
        raise NotRestorable(f"it is of {kind}, and MATCHER_DATABASE_URL names {engine.dialect.name}", fix)
    if contents.database.revision not in REVISIONS:
        fix = "install the version of this program that made it, or a newer one"
        raise NotRestorable(f"its tables are at revision {contents.database.revision}, which is newer than ours", fix)
    copy = staged / databases.FILES[kind]
    if kind == "sqlite" and (problem := databases.sqlite_problem(copy)):
        raise BrokenArchive(archive, problem)
    for folder in _releases_in(staged / RELEASES):
        try:
            Release.open(folder).verify()
        except ReleaseError as error:
            raise BrokenArchive(archive, str(error)) from error
    if contents.served and not (staged / RELEASES / contents.served / MANIFEST).exists():
        raise BrokenArchive(archive, f"the release that was served, {contents.served}, is not in it")


def _erased_here(settings: Settings) -> frozenset[str]:
    """Return the pseudonyms of what was erased in the store that is about to be replaced."""
    if not store_exists(settings.database_url):
        return frozenset()
    engine = connect(settings.database_url)
    try:
        return erased.known(engine)
    finally:
        engine.dispose()


def _finish(url: str, gone: frozenset[str], now: datetime) -> int:
    """Bring tables up to date, and take out what was erased since the backup; returns how many records."""
    engine = connect(url)
    try:
        upgrade(engine)
        again = erased.erase_again(Store(engine), gone, now)
    finally:
        engine.dispose()
    if engine.dialect.name == "sqlite":  # into one file again, without its WAL
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(str(engine.url.database))) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
    return again


def _releases_in(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))


def _put_releases(staged: Path, releases_dir: Path) -> int:
    """Copy releases that are not here, or not whole here, under their names."""
    found = _releases_in(staged)
    for folder in found:
        target = releases_dir / folder.name
        if target.exists():
            try:
                here = Release.open(target)
                here.verify()
            except ReleaseError:
                aside = releases_dir / f"{BROKEN}{folder.name}"
                shutil.rmtree(aside, ignore_errors=True)
                target.rename(aside)
            else:
                if (target / MANIFEST).read_bytes() == (folder / MANIFEST).read_bytes():
                    continue
                target.rename(releases_dir / f"{TRASH}{folder.name}")
        draft = releases_dir / f"{_STAGING}{folder.name}"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(folder, draft)
        flush_tree(draft)
        draft.rename(target)
    flush_folder(releases_dir)
    return len(found)


def _put_rest(settings: Settings, staged: Path, contents: Contents) -> None:
    """Put back what is served, jobs under way and cached vectors."""
    for name in (WITHHELD, CURRENT):
        source, target = staged / RELEASES / name, settings.releases_dir / name
        if source.exists():
            write_whole(target, source.read_bytes())
        else:
            target.unlink(missing_ok=True)
    flush_folder(settings.releases_dir)
    _put_scorers(staged / scorers.FOLDER, scorers.folder_of(settings))
    if (staged / JOBS).is_dir():
        _copy_missing(staged / JOBS, settings.data_dir / JOBS)
    if contents.cache and (staged / CACHE).is_dir():
        _copy_missing(staged / CACHE, settings.cache_dir)


def _put_scorers(source: Path, target: Path) -> None:
    """Put back learned scorers, and which one nights take; an archive that is older than they are takes none."""
    if source.is_dir():
        _copy_missing(source, target)
    name = scorers.promoted(source)
    if name is None:
        scorers.demote(target)
    else:
        write_whole(target / scorers.PROMOTED, f"{name}\n".encode())


def _copy_missing(source: Path, target: Path) -> None:
    """Copy files that are not there; what is there may be mapped by somebody, and is never written over."""
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        if path.is_file() and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            write_whole(there, path.read_bytes())

"""One archive of all an institution would miss: database, releases, learned scorers, jobs under way, cache if asked.

Not in it: the model (its name is), the secret that signs sessions (people sign in again), settings.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from service import scorers
from service.accounts.audit import Action, audit
from service.keeping import archives, databases
from service.keeping.archives import Contents, DatabaseFacts
from service.keeping.errors import NotRestorable
from service.nightly.lock import served_locked
from service.releases import published
from service.releases.publishing import WITHHELD
from service.releases.reading import CURRENT, current_id
from service.store import Store, connect
from service.store.schema import REVISIONS, revision

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from service.releases.manifest import FileFacts, Manifest
    from service.settings import Settings

ACTOR: Final = "matcher db"  # as the audit log has it
RELEASES, JOBS, CACHE = "releases", "jobs", "cache"


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What an archive holds."""

    releases: int
    files: int
    bytes: int


def back_up(settings: Settings, out: Path, now: datetime, *, cache: bool = False) -> BackedUp:
    """Write one archive; it appears under its name when it is whole. Nothing stops meanwhile but what removes releases.

    The database is copied first, as it is at one moment, then the releases it may know; neither changes afterwards.
    Raises NotRestorable on a damaged database, and on a release that is not as it was published.
    """
    from importlib.metadata import version

    engine = connect(settings.database_url)
    try:
        with served_locked(settings.releases_dir), tempfile.TemporaryDirectory(prefix="matcher-backup-") as temporary:
            _refuse_damaged_database(engine)
            with engine.connect() as connection:
                found = revision(connection)
            if found is None:
                raise NotRestorable(
                    f"{engine.url.render_as_string()} holds no tables of ours", "check MATCHER_DATA_DIR"
                )
            facts = DatabaseFacts.model_validate({"kind": engine.dialect.name, "revision": found})
            copy = Path(temporary) / "copy"
            databases.copy_out(engine, copy)
            with archives.writing(out) as archive:
                archive.add(databases.FILES[facts.kind], copy)
                manifests = published(settings.releases_dir)
                for name, path in _files(settings, manifests, cache=cache):
                    with suppress(FileNotFoundError):  # a job that ended meanwhile has no files any more
                        archive.add(name, path)
                _refuse_damaged(settings.releases_dir, manifests, archive.files)
                contents = Contents(
                    format=archives.FORMAT,
                    made_at=now,
                    program=version("partner-matcher"),
                    database=facts,
                    served=current_id(settings.releases_dir),
                    model=settings.model,
                    cache=cache,
                    files=archive.files,
                )
                archive.finish(contents)
        if found == REVISIONS[-1]:
            with Store(engine).writing() as session:
                audit(session, Action.BACKED_UP, actor=ACTOR, at=now, subject=out.name)
    finally:
        engine.dispose()
    releases = {name.split("/")[1] for name in contents.files if name.count("/") > 1 and name.startswith(RELEASES)}
    return BackedUp(len(releases), len(contents.files), sum(each.bytes for each in contents.files.values()))


def _refuse_damaged_database(engine: Engine) -> None:
    if engine.dialect.name == "sqlite" and (problem := databases.sqlite_problem(Path(str(engine.url.database)))):
        fix = "restore the backup before it; matcher db dump may still read some of the rows"
        raise NotRestorable(f"{engine.url.database} is damaged: {problem}", fix)


def _refuse_damaged(releases_dir: Path, manifests: Iterable[Manifest], taken: Mapping[str, FileFacts]) -> None:
    """Compare what was copied with what each release's manifest says."""
    for manifest in manifests:
        known = {name: taken.get(f"{RELEASES}/{manifest.id}/{name}") for name in manifest.files}
        wrong = [name for name, facts in known.items() if facts is None or facts.sha256 != manifest.files[name].sha256]
        if wrong:
            fix = f"matcher nightly makes it anew, if it is today's; else remove {releases_dir / manifest.id}"
            raise NotRestorable(
                f"release {manifest.id} is damaged: {wrong[0]} has other content than when it was published", fix
            )


def _files(settings: Settings, manifests: Iterable[Manifest], *, cache: bool) -> Iterator[tuple[str, Path]]:
    """Yield name and path of all that is copied besides the database."""
    for marker in (CURRENT, WITHHELD):
        if (path := settings.releases_dir / marker).is_file():
            yield f"{RELEASES}/{marker}", path
    for manifest in manifests:
        yield from _below(RELEASES, settings.releases_dir, settings.releases_dir / manifest.id)
    learned = scorers.folder_of(settings)
    yield from _below(scorers.FOLDER, learned, learned)
    jobs = settings.data_dir / JOBS
    yield from _below(JOBS, jobs, jobs)
    if cache:
        yield from _below(CACHE, settings.cache_dir, settings.cache_dir)


def _below(name: str, start: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "lock":
            yield f"{name}/{path.relative_to(start).as_posix()}", path

"""Is what is kept what was written? Reads every record and every release; changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from matcher.profiles import KINDS
from service.keeping.databases import sqlite_problem
from service.keeping.mark import MARK
from service.releases import Release, ReleaseError, published
from service.releases.reading import current_id
from service.store import Store, StoreError, connect, content_hash, store_exists
from service.store.facts import facts_of
from service.store.models import FacetRow, RecordRow, VersionRow

if TYPE_CHECKING:
    from service.settings import Settings

_SHOWN: Final = 20  # problems of one sort that are named; the rest is counted


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, and what is wrong with it, in words."""

    records: int
    versions: int
    releases: int
    problems: tuple[str, ...]


def check(settings: Settings) -> Checked:
    """Check the database, every record and version against its hash, what it is found by, and every release."""
    problems: list[str] = []
    records = versions = 0
    if (settings.data_dir / MARK).exists():
        problems.append("a restore was interrupted: run matcher db restore again")
    if not store_exists(settings.database_url):
        problems.append("there is no database yet: run matcher import")
    else:
        engine = connect(settings.database_url)
        store = Store(engine)
        try:
            if engine.dialect.name == "sqlite" and (found := sqlite_problem(Path(str(engine.url.database)))):
                problems.append(f"the database file is damaged: {found}; restore a backup")
            elif store.has_tables():
                with store.reading() as session:
                    records, versions = _rows(session, problems)
        except StoreError as error:
            problems.append(str(error))
        finally:
            store.close()
    releases = list(_releases(settings.releases_dir, problems))
    return Checked(records, versions, len(releases), tuple(problems))


def _rows(session: Session, problems: list[str]) -> tuple[int, int]:
    counts = [0, 0]
    wrong: list[str] = []
    tables: tuple[type[RecordRow | VersionRow], ...] = (RecordRow, VersionRow)
    for at, row in enumerate(tables):
        query = select(row.kind, row.id, row.version, row.content_hash, row.profile).execution_options(yield_per=500)
        for kind, record_id, version, digest, profile in session.execute(query):
            counts[at] += 1
            if not _holds(kind, digest, profile):
                wrong.append(f"{kind} {record_id}, version {version}: its content is not what its hash says")
    wrong += _facets(session)
    problems += wrong[:_SHOWN]
    if len(wrong) > _SHOWN:
        problems.append(f"and {len(wrong) - _SHOWN} more of this sort")
    return counts[0], counts[1]


def _holds(kind: str, digest: str, profile: str) -> bool:
    try:
        return content_hash(KINDS[kind].model_validate_json(profile)) == digest
    except (ValidationError, KeyError):
        return False


def _facets(session: Session) -> Iterator[str]:
    """Yield records that are found by other than what they say."""
    held: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for kind, record_id, facet, value in session.execute(
        select(FacetRow.kind, FacetRow.id, FacetRow.facet, FacetRow.value)
    ):
        held.setdefault((kind, record_id), set()).add((facet, value))
    for kind, record_id, profile in session.execute(select(RecordRow.kind, RecordRow.id, RecordRow.profile)):
        try:
            wanted = set(facts_of(KINDS[kind].model_validate_json(profile)).facets)
        except (ValidationError, KeyError):
            continue
        if wanted != held.pop((kind, record_id), set()):
            yield f"{kind} {record_id}: it is not found by what it says"
    yield from (f"{kind} {record_id}: filters find it, and it is not there" for kind, record_id in held)


def _releases(folder: Path, problems: list[str]) -> Iterator[str]:
    served = current_id(folder)
    ids = [manifest.id for manifest in published(folder)] if folder.is_dir() else []
    if served is not None and served not in ids:
        problems.append(f"the release that is served, {served}, is not there: run matcher releases rollback")
    for name in ids:
        try:
            Release.open(folder / name).verify()
        except ReleaseError as error:
            problems.append(str(error))
        yield name

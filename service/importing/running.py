"""The import in one straight line: read a file to disk, then write all of it in one transaction.

While a file is read nobody waits. While it is written readers see the store as it was, and other writers wait. A kill,
a full disk or Ctrl-C leaves nothing of the file being written, and everything of the files before it.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.places import PlaceBook
from matcher.profiles import KINDS, Organisation, Profile
from matcher.vocabulary import Role
from service.importing.report import FileReport, ImportReport, KindCounts, summed
from service.importing.reviewed import with_kept
from service.importing.spooling import INLINE, RejectSink, Spool, Tally
from service.importing.suggesting import suggested
from service.intake import Reject, Severity, read, reject_file
from service.progress import track
from service.releases.files import require_place
from service.store import (
    Refusal,
    Store,
    dangling_organisations,
    get_records,
    open_store,
    store_exists,
    upsert_records,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from matcher.tagging import Tagger

_CHUNK: Final = 500  # organisations looked up at once
_ACTOR: Final = 200  # characters an actor may have
_IMPORT: Final = "import "
_BESIDE: Final = "import beside records of "  # who wrote a version also tells how much it can claim to know


@dataclass(frozen=True, slots=True)
class Order:
    """What to import, and how. ``kind`` and ``profile`` as in ``service.intake.read``."""

    paths: tuple[Path, ...]
    kind: str | None = None
    profile: str | Path | None = None
    dry_run: bool = False
    rejects: Path | None = None  # CSV or XLSX, written whole when all is done
    tagger: Tagger | None = None  # infers goals and sectors where they are unknown
    sink: RejectSink | None = None  # is given every reject too
    actor: str | None = None  # who stands in the history; the file's name where nobody is stated
    tenant_id: str | None = None  # whose the records are to be; those of others are then refused
    headers: Mapping[str, str] = field(default_factory=dict)  # column -> what its author called it, for the rejects


def import_files(order: Order, url: str, at: datetime) -> ImportReport:
    """Import into the store at ``url``; a dry run into a store that does not exist yet does not make it."""
    from service.reference import load_places

    with tempfile.TemporaryDirectory(prefix="matcher-import-") as folder:
        aside = order.dry_run and not store_exists(url)
        store = open_store(f"sqlite:///{folder}/dry-run.db" if aside else url)
        try:
            return run_import(order, store, load_places(), at)
        finally:
            store.close()


def run_import(order: Order, store: Store, places: PlaceBook, at: datetime) -> ImportReport:
    """Import the files in their order, each in a transaction of its own.

    A dry run writes all of them in one transaction, reports, and takes it back.
    """
    started = time.monotonic()
    reports: list[FileReport] = []
    dangling = 0
    with _sink(order) as sink:
        for paths in [order.paths] if order.dry_run else [(path,) for path in order.paths]:
            with ExitStack() as stack:
                spools = [stack.enter_context(_spooled(path, order, places, sink)) for path in paths]
                session = stack.enter_context(store.writing())
                reports += [_write(session, spool, at, order) for spool in spools]
                dangling = dangling_organisations(session, order.tenant_id)
                if order.dry_run:
                    session.rollback()
    return summed(tuple(reports), dangling, dry_run=order.dry_run, seconds=time.monotonic() - started)


@contextmanager
def _sink(order: Order) -> Iterator[RejectSink]:
    sinks = [order.sink] if order.sink else []
    if order.rejects is None:
        yield lambda reject: _each(sinks, reject)
        return
    require_place(order.rejects)
    with reject_file(order.rejects) as file:
        sinks.append(file.write)
        yield lambda reject: _each(sinks, reject)


def _each(sinks: list[RejectSink], reject: Reject) -> None:
    for sink in sinks:
        sink(reject)


@contextmanager
def _spooled(path: Path, order: Order, places: PlaceBook, sink: RejectSink) -> Iterator[Spool]:
    spool = Spool(Tally(path.name, sink, order.headers))
    try:
        spool.fill(track(read(path, places, kind=order.kind, profile=order.profile), f"reading {path.name}"))
        yield spool
    finally:
        spool.close()


def _write(session: Session, spool: Spool, at: datetime, order: Order) -> FileReport:
    """Write a file's records, organisations first, and report it."""
    counts: dict[str, KindCounts] = {}
    for name in (INLINE, *KINDS):
        records = spool.records(name)
        if name == INLINE:
            records = _completed(session, records)
        else:
            records = with_kept(session, name, records, inferring=order.tagger is not None)
            records = suggested(records, order.tagger) if order.tagger else records
        label = f"writing {name}"
        actor = f"{_BESIDE if name == INLINE else _IMPORT}{order.actor or spool.tally.file}"[:_ACTOR]
        kind = "organisations" if name == INLINE else name
        writing = track(records, label, spool.count(name))
        found = upsert_records(session, kind, writing, actor=actor, at=at, tenant_id=order.tenant_id)
        for refusal in found.refusals:
            if name == INLINE and refusal.code == "other_tenant":
                continue  # another tenant describes that organisation; the record beside it stands
            spool.tally.add(_refused(spool, name, refusal))
        if spool.count(name):
            written = KindCounts(found.created, found.updated, found.refreshed, found.unchanged)
            counts[kind] = counts.get(kind, KindCounts()) + written
    tally = spool.tally
    codes = dict(Counter(tally.by_code).most_common())
    return FileReport(tally.file, counts, tally.records, tally.values, tally.notes, codes)


def _completed(session: Session, described: Iterable[Profile]) -> Iterator[Profile]:
    """Let an organisation described on its own stand; to one only ever described beside records, add what is new."""
    organisations = iter(described)
    while chunk := list(islice(organisations, _CHUNK)):
        known = get_records(session, "organisations", [organisation.id for organisation in chunk])
        for organisation in chunk:
            found = known.get(organisation.id)
            if found is None:
                yield organisation
            else:
                yield _merged(found.profile, organisation) if found.updated_by.startswith(_BESIDE) else found.profile


def _merged(known: Profile, described: Profile) -> Profile:
    if not isinstance(known, Organisation) or not isinstance(described, Organisation):
        return known
    new: dict[str, object] = {
        field: value
        for field, value in described
        if value is not None and getattr(known, field) is None and field not in _OF_THE_DESCRIPTION
    }
    if not set(described.roles) <= set(known.roles):
        new["roles"] = tuple(role for role in Role if role in {*known.roles, *described.roles})  # in one order, always
    return known.model_copy(update=new)


_OF_THE_DESCRIPTION: Final = frozenset({"source", "content_hash", "created_at", "updated_at", "provenance"})
"""Fields that speak of the inline description, not of the organisation."""


def _refused(spool: Spool, name: str, refusal: Refusal) -> Reject:
    expected, _, fix = refusal.detail.partition("; ")
    row = spool.row(name, refusal.position)
    return Reject(spool.tally.file, "", row, "id", refusal.id, refusal.code, expected, fix, Severity.ROW)

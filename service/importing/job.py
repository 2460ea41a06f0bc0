"""An import that was asked for over HTTP: what is kept of it as a job, and how it is done."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from matcher.errors import BadInput
from service.importing.running import Order, run_import
from service.progress import told_to
from service.wire import to_json

if TYPE_CHECKING:
    from service.jobs import Job, JobFolder
    from service.store import Store


def run(store: Store, job: Job, folder: JobFolder) -> dict[str, Any]:
    """Import what was sent into a store; doing it again writes nothing twice. Returns the report, a JSON object."""
    from service.reference import load_places

    sent = sorted(folder.uploads.glob("*"))
    if not sent:
        raise BadInput("gone", expected="the file that was sent", got="none", fix="send it again")
    with folder.rejects_written() as lines, told_to(folder.tell):
        order = Order(
            tuple(sent),
            kind=job.request["kind"],
            profile=job.request["profile"],
            dry_run=job.request["dry_run"],
            rejects=folder.csv,
            sink=lines.write,
            actor=f"{sent[0].name} by {job.actor}",
            tenant_id=job.tenant_id,
            headers=job.request.get("headers", {}),
        )
        report = run_import(order, store, load_places(), datetime.now(UTC))
    for path in sent:
        path.unlink()
    found: dict[str, Any] = json.loads(to_json(report))
    return {**found, "rejects": lines.count}

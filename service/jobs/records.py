"""Jobs in the store. States: queued -> running -> done or failed; one that was interrupted is queued again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from service.store.models import JobRow, is_

ATTEMPTS: Final = 3
"""How often a job is begun: what ends three processes would end a fourth."""

IMPORT: Final = "import"
"""The kind of a job that imports files."""

INTERRUPTED: Final = (
    f"The work was interrupted {ATTEMPTS} times, by a stop of the server each time. Send the file again."
)


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One job; ``request`` and ``report`` are JSON objects."""

    id: str
    tenant_id: str
    kind: str
    state: JobState
    actor: str
    request: dict[str, Any]
    attempts: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    report: dict[str, Any] | None
    error: str | None  # a sentence for who asked, never an exception's own


def add_job(session: Session, job: Job) -> None:
    """Write down a job that is to be done."""
    row = {
        "id": job.id,
        "tenant_id": job.tenant_id,
        "kind": job.kind,
        "state": job.state.value,
        "actor": job.actor,
        "request": json.dumps(job.request),
        "attempts": job.attempts,
        "created_at": job.created_at,
    }
    session.execute(insert(JobRow).values(row))


def get_job(session: Session, job_id: str) -> Job | None:
    """Return a job; None when there is none of that id."""
    row = session.execute(select(JobRow).where(is_(JobRow.id, job_id))).scalar_one_or_none()
    return None if row is None else _job(row)


def list_jobs(
    session: Session, *, tenant_id: str | None = None, state: JobState | None = None, limit: int = 50
) -> tuple[Job, ...]:
    """Return jobs, the newest first; of every tenant when none is named."""
    query = select(JobRow).order_by(JobRow.created_at.desc(), JobRow.id).limit(limit)
    if tenant_id is not None:
        query = query.where(is_(JobRow.tenant_id, tenant_id))
    if state is not None:
        query = query.where(JobRow.state == state.value)
    return tuple(_job(row) for row in session.execute(query).scalars())


def count_jobs(session: Session) -> dict[JobState, int]:
    """Return how many jobs are in each state that any is in."""
    counted = select(JobRow.state, func.count()).group_by(JobRow.state)
    return {JobState(state): count for state, count in session.execute(counted)}


def begin(session: Session, job_id: str, at: datetime) -> bool:
    """Take a queued job; False if another process was first."""
    changed = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.state == JobState.QUEUED.value)
        .values(state=JobState.RUNNING.value, started_at=at, attempts=JobRow.attempts + 1)
    )
    return session.execute(changed.returning(JobRow.id)).first() is not None


def finish(
    session: Session, job_id: str, at: datetime, *, report: dict[str, Any] | None = None, error: str | None = None
) -> None:
    """Write down how a job ended: failed where there is an error."""
    state = JobState.DONE if error is None else JobState.FAILED
    told = None if report is None else json.dumps(report)
    changed = update(JobRow).where(JobRow.id == job_id)
    session.execute(changed.values(state=state.value, finished_at=at, report=told, error=error))


def requeue(session: Session, job: Job, at: datetime) -> bool:
    """Queue an interrupted job again, or give it up; False if it is given up, or was ended by another since."""
    still = update(JobRow).where(JobRow.id == job.id, JobRow.state == JobState.RUNNING.value)
    if job.attempts < ATTEMPTS:
        queued = still.values(state=JobState.QUEUED.value)
        return session.execute(queued.returning(JobRow.id)).first() is not None
    session.execute(still.values(state=JobState.FAILED.value, finished_at=at, error=INTERRUPTED))
    return False


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=row.kind,
        state=JobState(row.state),
        actor=row.actor,
        request=json.loads(row.request),
        attempts=row.attempts,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        report=None if row.report is None else json.loads(row.report),
        error=row.error,
    )

"""The thread of a server process that does jobs, one at a time, and takes up what a killed process left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import structlog

from matcher.errors import BadInput
from service.jobs.folder import JobFolder
from service.jobs.records import Job, JobState, begin, finish, list_jobs, requeue
from service.store import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from service.store import Store

Work = Callable[[Job, JobFolder], dict[str, Any]]
"""Does a job and returns its report; BadInput is told to who asked, anything else is only logged."""

LOOKED_EVERY: Final = 2.0  # seconds between two looks for jobs that another process took in, or left
FAILED: Final = "The work failed on the server, and why was logged there. Nothing was changed."
_log = structlog.get_logger(__name__)


class Runner:
    """Does queued jobs in a thread of its own."""

    def __init__(self, store: Store, data_dir: Path, works: dict[str, Work]) -> None:
        self._store, self._data_dir, self._works = store, data_dir, works
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def wake(self) -> None:
        """Look for jobs now."""
        self._wake.set()

    def stop(self, patience: float = 5.0) -> None:
        """End after the job at hand, or leave it to the next process when that takes too long."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.run_waiting()
            except StoreError as error:
                _log.warning("jobs not looked for", error=str(error))
            except Exception:  # noqa: BLE001 - logged, and the thread lives on
                _log.exception("looking for jobs failed")
            self._wake.wait(LOOKED_EVERY)
            self._wake.clear()

    def run_waiting(self) -> None:
        """Do every job that waits, oldest first; jobs that nobody is at any more are taken up."""
        with self._store.reading() as session:
            running = list_jobs(session, state=JobState.RUNNING, limit=200)
            waiting = list_jobs(session, state=JobState.QUEUED, limit=200)
        left = [job for job in running if self._take_up(job)]
        for job in sorted((*left, *waiting), key=lambda one: (one.created_at, one.id)):
            if self._stopping.is_set():
                return
            self._do(job)

    def _take_up(self, job: Job) -> bool:
        with JobFolder(self._data_dir, job.id).held() as mine:
            if not mine:
                return False
            with self._store.writing() as session:
                queued = requeue(session, job, datetime.now(UTC))
            _log.warning("interrupted job taken up", job=job.id, attempts=job.attempts, queued=queued)
            return queued

    def _do(self, job: Job) -> None:
        folder = JobFolder(self._data_dir, job.id)
        with folder.held() as mine:
            if not mine:
                return
            with self._store.writing() as session:
                if not begin(session, job.id, datetime.now(UTC)):
                    return
            report, error = self._outcome(job, folder)
            with self._store.writing() as session:
                finish(session, job.id, datetime.now(UTC), report=report, error=error)
            _log.info("job ended", job=job.id, error=error)

    def _outcome(self, job: Job, folder: JobFolder) -> tuple[dict[str, Any] | None, str | None]:
        try:
            return self._works[job.kind](job, folder), None
        except BadInput as error:
            return None, str(error)
        except Exception:  # noqa: BLE001 - logged; who asked is told that it failed, not how
            _log.exception("job failed", job=job.id)
            return None, FAILED

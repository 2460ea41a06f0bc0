"""What the routes work with: made when the application starts, let go when it stops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

import structlog
from fastapi import Depends
from starlette.requests import Request

from embeddings.errors import EmbeddingError
from matcher.errors import MatcherError
from service.accounts.attempts import Attempts
from service.api.deciding import Deciding
from service.api.following import Following
from service.api.keys import KeyRing, Principal
from service.api.likeness import Resembling
from service.api.live import Live
from service.api.paging import Retained
from service.api.problems import Refused
from service.api.reporting import Reporting
from service.api.sessions import Sessions, session_secret
from service.api.twins import Suggesting
from service.jobs import IMPORT, Runner
from service.releases import CurrentRelease, Release, ReleaseError
from service.settings import Settings
from service.store import Store, open_store

if TYPE_CHECKING:
    from service.jobs import Job, JobFolder

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """The store, the release that is served, and who may ask; shared by every request of a process."""

    settings: Settings
    store: Store
    current: CurrentRelease
    keys: KeyRing
    sessions: Sessions
    attempts: Attempts
    live: Live
    deciding: Deciding
    reporting: Reporting
    following: Following
    jobs: Runner
    resembling: Resembling
    suggesting: Suggesting
    retained: Retained

    @classmethod
    def open(cls, settings: Settings) -> Context:
        """Open the store; the release is opened by the first who asks for it."""
        store = open_store(settings.database_url)
        current = CurrentRelease(settings.releases_dir)
        return cls(
            settings,
            store,
            current,
            KeyRing(store),
            Sessions(session_secret(settings.data_dir)),
            Attempts(store),
            Live(store, release=lambda: _served(current)),
            Deciding(settings, store),
            Reporting(),
            Following.of(store, settings),
            Runner(store, settings.data_dir, {IMPORT: partial(_import, store)}),
            Resembling(),
            Suggesting(),
            Retained(settings.releases_dir),
        )

    def release(self) -> Release:
        """Return the release that is served; raises Refused before the first one."""
        try:
            return self.current.get()
        except (ReleaseError, OSError):
            detail = "No release is served yet: run matcher nightly, or look at matcher doctor."
            raise Refused(503, "no-release", detail) from None

    def warm(self) -> None:
        """Load the model, where that is set; without a release, or with another model, the rest is served."""
        if not self.settings.warm:
            return
        try:
            self.deciding.warm(self.release())
        except Refused as refused:
            _log.warning("not warmed up", reason=refused.detail)
        except (MatcherError, EmbeddingError, OSError) as error:  # said again to whoever asks about a new text
            _log.warning("not warmed up", reason=str(error))

    def release_of(self, release_id: str) -> Release:
        """Return the release a cursor belongs to; raises Refused (410) where it is not kept any more."""
        now = self.release()
        return now if now.id == release_id else self.retained.get(release_id)

    def close(self) -> None:
        """Let go of the store, once the job at hand has ended or been left."""
        self.jobs.stop()
        self.keys.note_uses()
        self.following.shown.write()
        self.store.close()


def _import(store: Store, job: Job, folder: JobFolder) -> dict[str, Any]:
    from service.importing.job import run  # with all that reads files; a server that is sent none needs none of it

    return run(store, job, folder)


def _served(current: CurrentRelease) -> Release | None:
    """Return the release that is served, if there is one that can be read."""
    try:
        return current.get()
    except (ReleaseError, OSError):
        return None


async def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


async def _principal(request: Request) -> Principal:
    return cast("Principal", request.state.principal)


Here = Annotated[Context, Depends(_context)]
"""The process's context."""

Asker = Annotated[Principal, Depends(_principal)]
"""Who asks; the gate let nobody else in."""

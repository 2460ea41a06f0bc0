"""The matcher that a release was made with, for needs it does not hold. Nothing is loaded before somebody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from service.api.owners import with_owner
from service.api.problems import Refused
from service.releases.rules import policy_of, scorer_of
from service.unseen import judged

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from matcher.matches import Gate, Shortlist
    from matcher.matching import Matcher
    from matcher.profiles import Need
    from service.releases import Release
    from service.settings import Settings
    from service.store import Store

T = TypeVar("T")

WAITING: Final = 8
"""Questions that may wait for the one that is computed; further ones are told to come back."""


class Deciding:
    """Matches new needs against a release, one at a time: the work is the processor's, and so is the model."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(WAITING)
        self._encoder: Encoder | None = None
        self._ready: tuple[str, Matcher] | None = None

    def match(self, release: Release, need: Need, k: int, hidden: frozenset[int] = frozenset()) -> Shortlist:
        """Match as the night of this release would have; raises Refused when too many wait or the model is another.

        Rows of capabilities that are ``hidden`` have no part in it: they are left out before the best are taken.
        """
        return self.using(release, lambda matcher: replace(matcher, hidden=hidden).match(need, k), need)

    def using(self, release: Release, work: Callable[[Matcher], T], need: Need | None = None) -> T:
        """Do some work with the matcher of a release, in turn; raises Refused as ``match`` does.

        Where it is about a need whose owner the release does not know, the matcher knows it as the store does.
        """
        with self._turn():
            matcher = self._matcher(release)
            return work(matcher if need is None else self._knowing(matcher, need))

    def _knowing(self, matcher: Matcher, need: Need) -> Matcher:
        known = matcher.catalogue.organisations
        all_known = with_owner(known, need, self._store)
        if all_known is known:
            return matcher
        return replace(matcher, catalogue=replace(matcher.catalogue, organisations=all_known))

    def warm(self, release: Release) -> None:
        """Do ahead what the first question would wait for: load the model and the compiled loops."""
        from itertools import islice

        with self._lock:
            matcher = self._matcher(release)
            for _ in matcher.match_all(islice(release.needs, 1), 1):
                pass

    def is_ready(self, release: Release) -> bool:
        """Say whether the first question about this release would wait for nothing."""
        return self._ready is not None and self._ready[0] == release.id

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Refused(503, "busy", "Too many needs are being matched; try again in a few seconds.")
        try:
            with self._lock:
                yield
        finally:
            self._places.release()

    def _matcher(self, release: Release) -> Matcher:
        if self._ready is None or self._ready[0] != release.id:
            self._ready = (release.id, self._made(release))
        return self._ready[1]

    def _made(self, release: Release) -> Matcher:
        from matcher.matching import Matcher
        from service.encoders import make_encoder
        from service.reference import load_places

        self._encoder = self._encoder or make_encoder(self._settings)
        facts = release.manifest.facts
        if self._encoder.name != facts.model:
            detail = f"The release was made with the model {facts.model}; this server is set to another."
            raise Refused(503, "other-model", detail)
        places = load_places()
        return Matcher(
            release.catalogue,
            self._encoder,
            places,
            facts.as_of,
            scorer_of(facts.scorer),
            policy_of(facts.policy),
            release.thirds(places),
        )


def gates_of(release: Release, need: Need, row: int) -> tuple[Gate, ...]:
    """Judge one pair by the release's own rules, from its arrays: no model is needed."""
    from matcher import details
    from matcher.asked import Pair
    from matcher.classification import counted

    catalogue, policy = release.catalogue, policy_of(release.manifest.facts.policy)
    asked, table = judged(release, need)
    states = table[:, row]
    capability = release.capabilities[row]
    provider = release.organisations.get(capability.organisation_id)
    pair = Pair(asked, catalogue.columns, row, counted(capability), provider)
    return details.explain(pair, states, policy)

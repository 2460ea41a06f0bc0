"""The batch. Read ``_night``: it is the whole of it, in order."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from matcher import catalogue as catalogues
from matcher.catalogue import Catalogue
from matcher.gates import GATES, GatePolicy
from matcher.introductions import Policy
from matcher.matching import Matcher
from matcher.scoring import Scorer
from matcher.thirds import ThirdParties
from matcher.vocabulary import GateMode
from service import scorers
from service.encoders import make_encoder
from service.nightly import allocating
from service.nightly.clustering import cluster
from service.nightly.errors import NightRefused, NightStopped
from service.nightly.facts import code_fingerprint, plain
from service.nightly.ledger import note_published, note_removed
from service.nightly.lock import night_locked, served_locked, store_locked
from service.nightly.matching import match
from service.nightly.snapshot import Snapshot, take_snapshot
from service.nightly.steps import Steps
from service.progress import Watched
from service.reference import load_places
from service.releases import BrokenRelease, Draft, Release, ReleaseError, RunFacts, keep_newest, publish
from service.releases.manifest import read_manifest
from service.releases.parts import BLOCK
from service.releases.publishing import is_published, serve, sweep_drafts, withheld, withhold
from service.releases.reading import current_id
from service.releases.records import RecordMap
from service.scorers import Chosen
from service.store import Store, open_store

if TYPE_CHECKING:
    from embeddings.encoder import Encoder
    from service.settings import Settings

_log = structlog.get_logger(__name__)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is asked to do."""

    as_of: date
    k: int = 20  # eligible matches kept a need
    keep: int = 14  # releases kept: two weeks of nights to go back to
    max_drop: float = 0.5  # share of the records by which a kind may shrink: half of a catalogue does not end overnight
    force: bool = False  # publish whatever the guard says
    publish: bool = True
    block: int = BLOCK  # needs in a part; the lists do not depend on it
    scorer: Scorer | None = None  # None: the one that is promoted, or the experts' weights
    policy: GatePolicy = field(default_factory=GatePolicy)
    allocation: Policy = field(default_factory=Policy)


class State(StrEnum):
    """How a night ended."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"  # this very run was made before; nothing was done
    WITHHELD = "withheld"  # a person rolled back from this very run; it is not served again without --force
    DRAFTED = "drafted"  # made and checked, not published, as asked


@dataclass(frozen=True, slots=True)
class Outcome:
    """What ``matcher nightly --json`` writes."""

    state: State
    release_id: str
    run_id: str
    served: str | None  # the release that is served now
    counts: Mapping[str, int]
    tiers: Mapping[str, float]
    left_out: Mapping[str, int]
    seconds: Mapping[str, float]
    removed: tuple[str, ...] = ()  # releases that retention removed


def run_night(settings: Settings, night: Night, now: datetime | None = None) -> Outcome:
    """Make and publish one release; raises NightRunning, NightRefused, NightStopped, BrokenRelease or ScorerError.

    Whatever happens, and whenever, the release that was served stays served and whole, and the next run goes on from
    what this one finished.
    """
    store = open_store(settings.database_url)
    try:
        with night_locked(settings.releases_dir), store_locked(store.engine), _disk_full_explained(settings):
            return _night(settings, store, night, now or datetime.now(UTC))
    finally:
        store.close()


def _night(settings: Settings, store: Store, night: Night, now: datetime) -> Outcome:
    releases_dir, steps = settings.releases_dir, Steps()
    encoder = make_encoder(settings)
    scoring = _scoring(settings, night, encoder)
    with steps.step("snapshot") as found:
        snapshot = take_snapshot(store, releases_dir, night.as_of)
        found.update(snapshot.counts, left_out=sum(snapshot.left_out.values()), fingerprint=snapshot.fingerprint[:16])
    busy = allocating.under_way(store)
    facts = _facts(snapshot, encoder, night, busy, scoring)
    outcome = Outcome(State.DRAFTED, facts.release_id, facts.run_id, None, snapshot.counts, {}, snapshot.left_out, {})
    if is_published(releases_dir, facts.release_id):
        return _published_before(settings, store, night, outcome)
    if not night.force:
        _guard(snapshot, _served(settings), night)
    draft = Draft(releases_dir, facts, night.block)
    draft.adopt(snapshot.folder)
    sweep_drafts(releases_dir, keep=draft.folder.name)
    with steps.step("catalogue") as found:
        catalogue = _catalogue(draft, encoder, night.as_of)
        found.update(capabilities=len(catalogue))
    with steps.step("match") as found:
        thirds = _thirds(draft, night.as_of)
        matcher = Matcher(catalogue, encoder, load_places(), night.as_of, scoring.scorer, night.policy, thirds)
        found.update(match(draft, matcher, night.k, settings.processes))
    with steps.step("allocate") as found:
        found.update(allocating.allocate(draft, night.allocation, busy, night.as_of))
    with steps.step("clusters") as found:
        found.update(cluster(draft, encoder, catalogue.lexical, releases_dir))
    with steps.step("check"):
        release = _finish(draft, night, now, steps)
    made = replace(
        outcome, counts=release.manifest.counts, tiers=release.manifest.tiers, seconds=release.manifest.seconds
    )
    if not night.publish:
        return replace(made, served=current_id(releases_dir))
    with steps.step("publish") as found:
        release = publish(draft)
        removed = _serve(settings, store, release, night.keep)
        found.update(release=release.id, removed=len(removed), tiers=dict(release.manifest.tiers))
    return replace(made, state=State.PUBLISHED, served=release.id, removed=removed, seconds=dict(steps.seconds))


def _scoring(settings: Settings, night: Night, encoder: Encoder) -> Chosen:
    """Return what this night scores with."""
    if night.scorer is not None:
        return Chosen(None, night.scorer)
    return scorers.chosen(scorers.folder_of(settings), encoder.name)


def _facts(
    snapshot: Snapshot, encoder: Encoder, night: Night, busy: Collection[allocating.PairIds], scoring: Chosen
) -> RunFacts:
    return RunFacts(
        data_fingerprint=snapshot.fingerprint,
        code=code_fingerprint(),
        model=encoder.name,
        languages=None if encoder.languages is None else tuple(sorted(encoder.languages)),
        scorer=plain(scoring.scorer),
        learned=scoring.id,
        policy=plain(night.policy),
        as_of=night.as_of,
        k=night.k,
        allocation=allocating.facts(night.allocation, busy),
    )


def _published_before(settings: Settings, store: Store, night: Night, outcome: Outcome) -> Outcome:
    """Serve a release that a killed run had published, unless a person rolled back from it."""
    releases_dir = settings.releases_dir
    sweep_drafts(releases_dir)
    manifest = read_manifest(releases_dir / outcome.release_id)
    known = replace(outcome, counts=manifest.counts, tiers=manifest.tiers, seconds=manifest.seconds)
    marked = outcome.release_id in withheld(releases_dir)
    if marked and not night.force:
        return replace(known, state=State.WITHHELD, served=current_id(releases_dir))
    if current_id(releases_dir) == outcome.release_id or not night.publish:
        return replace(known, state=State.UNCHANGED, served=current_id(releases_dir))
    if marked:
        withhold(releases_dir, outcome.release_id, on=False)
    removed = _serve(settings, store, Release.open(releases_dir / outcome.release_id), night.keep)
    return replace(known, state=State.PUBLISHED, served=outcome.release_id, removed=removed)


def _served(settings: Settings) -> Mapping[str, int]:
    """Count the records of the release that is served; empty before the first, or when it was set aside."""
    try:
        return read_manifest(settings.releases_dir / (current_id(settings.releases_dir) or "none")).counts
    except ReleaseError:
        return {}


def _guard(snapshot: Snapshot, before: Mapping[str, int], night: Night) -> None:
    """Refuse what no broker should see: nothing to match, or a catalogue that lost most of itself overnight."""
    for kind in ("needs", "capabilities"):
        count, earlier = snapshot.counts[kind], before.get(kind, 0)
        if not count:
            raise NightRefused(f"expected at least one of {kind}; the store has none to match: matcher import them")
        if count < earlier * (1 - night.max_drop):
            raise NightRefused(
                f"expected at least {1 - night.max_drop:.0%} of the {earlier} {kind} that are served; the store has "
                f"{count}: import what is missing, or publish all the same with --force"
            )


def _catalogue(draft: Draft, encoder: Encoder, as_of: date) -> Catalogue:
    """Build the arrays unless they are there, and give the catalogue over the mapped ones."""
    capabilities, organisations = draft.records("capabilities"), RecordMap(draft.records("organisations"))
    if not draft.has_arrays():
        watched = Watched(capabilities, "reading and encoding capabilities")
        draft.write_arrays(catalogues.build(watched, organisations, encoder, load_places(), as_of).arrays())
    return Catalogue.from_arrays(draft.arrays(), capabilities, organisations)


def _thirds(draft: Draft, as_of: date) -> ThirdParties:
    """Resolve the facilitators and funders of the draft."""
    facilitators, mechanisms = draft.records("facilitators"), draft.records("mechanisms")
    organisations = RecordMap(draft.records("organisations"))
    return ThirdParties.of(facilitators, mechanisms, organisations, load_places(), as_of)


def _finish(draft: Draft, night: Night, now: datetime, steps: Steps) -> Release:
    hard = [GATES[row].value for row in night.policy.rows(GateMode.HARD)]
    try:
        return draft.finish(now, steps.seconds, hard)
    except BrokenRelease as error:
        _log.error("draft is not fit to be published", kept=draft.set_aside().name, problems=error.problems)
        raise


def _serve(settings: Settings, store: Store, release: Release, keep: int) -> tuple[str, ...]:
    """Flip CURRENT, then keep the ledger and the folder tidy: what fails from here on costs no reader anything."""
    with served_locked(settings.releases_dir):
        serve(settings.releases_dir, release.id)
        removed = keep_newest(settings.releases_dir, keep)
    note_published(store, release)
    note_removed(store, removed)
    return tuple(removed)


@contextmanager
def _disk_full_explained(settings: Settings) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        served = current_id(settings.releases_dir) or "no release yet"
        raise NightStopped(
            f"expected room to write in {settings.releases_dir}; the disk is full. Served: {served}, whole. Free some "
            "space and run matcher nightly again: it goes on from what is finished"
        ) from error

"""One run of ``matcher learn``: gather, split, fit, judge, keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from matcher.learning import TooFewJudged, fit
from matcher.promotion import Contender, held_out, judge
from matcher.scoring import SIGNALS, Scorer
from service import scorers
from service.encoders import make_encoder
from service.learning.gathering import Evidence, gather
from service.learning.markets import market
from service.nightly.facts import plain
from service.releases import current_release
from service.releases.manifest import EXPERTS
from service.scorers import Learned, Lineage
from service.store import open_store

if TYPE_CHECKING:
    from matcher.learning import Fitted
    from service.scorers import Chosen
    from service.settings import Settings

SEED: Final = 0  # of folds and bootstrap samples
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Weight:
    """Joint weight of one signal: its most points, as experts have it and as it was learned."""

    signal: str
    experts: float
    learned: float


@dataclass(frozen=True, slots=True)
class LearningReport:
    """What ``matcher learn --json`` writes; ``learned`` is None, with the reason in ``note``, where nothing was."""

    learned: Learned | None
    weights: tuple[Weight, ...]
    evidence: Evidence
    note: str


def learn(settings: Settings, now: datetime) -> LearningReport:
    """Learn a scorer from what is recorded by now, judge it against what nights take, and keep it in a file.

    Raises NoRelease before the first night, and ScorerError where the promoted scorer is not whole.
    """
    release, encoder = current_release(settings.releases_dir), make_encoder(settings)
    old = scorers.chosen(scorers.folder_of(settings), encoder.name)
    store = open_store(settings.database_url)
    try:
        judged, evidence = gather(store, settings.releases_dir, encoder.name, now)
    finally:
        store.close()
    _log.info("gathered", pairs=evidence.pairs, lost=evidence.lost, later=evidence.later)
    later = held_out(judged)
    try:
        fitted = fit(judged.take(~later))
    except TooFewJudged as error:
        return LearningReport(None, (), evidence, f"{error}. Later needs are held out to judge by")
    sides = (Contender(one, market(release, encoder, one)) for one in (fitted.scorer, old.scorer))
    verdict = judge(judged.take(later), judged.take(~later), *sides)
    learned = Learned("", plain(fitted.scorer), _lineage(evidence, encoder.name, old, fitted, now), verdict).named
    scorers.keep(scorers.folder_of(settings), learned)
    return LearningReport(learned, _weights(fitted.scorer), evidence, "")


def _lineage(evidence: Evidence, text_model: str, old: Chosen, fitted: Fitted, now: datetime) -> Lineage:
    return Lineage(
        made_on=now.date(),
        last_event=evidence.last_event,
        releases=evidence.releases,
        text_model=text_model,
        prior=EXPERTS,
        against=old.id or EXPERTS,
        seed=SEED,
        steps=fitted.steps,
    )


def _weights(scorer: Scorer) -> tuple[Weight, ...]:
    pairs = zip(SIGNALS, Scorer().weights().tolist(), scorer.weights().tolist(), strict=True)
    return tuple(Weight(signal.value, round(before, 6), round(after, 6)) for signal, before, after in pairs)

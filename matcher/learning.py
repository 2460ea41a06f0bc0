"""Judged pairs -> a Scorer: what brokers made of what they looked at, read with the expert weights as prior belief.

A pair that nobody looked at is no evidence of anything and never comes here (SCIENCE 4). A pair is taken up step by
step, and each step is known once the pair has taken it, or has ended or lain quiet for long without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matcher.errors import BadInput
from matcher.outcomes import CLOSED, FORWARD, PairState
from matcher.scoring import SIGNALS, Floats, Scorer
from matcher.vocabulary import ReasonCode, SignalName, Stage

Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Reached(IntEnum):
    """How far a viewed pair came. A memorandum is an intent and no agreement (DOMAIN)."""

    VIEWED = 0
    SHORTLISTED = 1
    INTRODUCED = 2  # accepted by both: one that was only asked for has introduced nobody
    AGREED = 3


STEPS: Final = (Reached.SHORTLISTED, Reached.INTRODUCED, Reached.AGREED)
_BEGINS: Final = (Stage.SHORTLISTED, Stage.INTRO_ACCEPTED, Stage.AGREEMENT_SIGNED)

PATIENCE: Final = tuple(timedelta(days=days) for days in (30, 90, 365))
"""How long a pair may lie quiet before a step counts as not taken; until then nothing is known of it. Our judgement: a
list is worked through within a month, and agreements take a year."""

SILENT: Final = frozenset(
    {
        ReasonCode.NO_CAPACITY,
        ReasonCode.TIMING,
        ReasonCode.DUPLICATE,
        ReasonCode.ALREADY_PARTNERED,  # it was done before, which speaks rather for the fit
        ReasonCode.POLITICAL,  # about a country, and nationality is never learned from (SCIENCE 9)
    }
)
"""Reasons that say nothing of the fit: with no other, the step that was not taken is not known."""

LEAST: Final = 200
"""Pairs with a known first step under which the expert weights are the better scorer (SCIENCE 2)."""

_LEAST_OF_STEP: Final = (50, 10)  # pairs, and of each kind, for a step of its own: ten a kind tell a direction at all
_FLOOR: Final = 0.02  # of the prior's weight: what weighs nothing is not explained, and its values would be lost
_SPREAD: Final = 0.5  # of the prior, as a share of its weight and at least so much in log-odds: experts err by half
_FOLDS: Final = 5
_FLATTEST: Final = 0.05  # slope of the calibration: a higher z never means a lower score


class Outcome(NamedTuple):
    """How far a pair came, and whether it is known not to have come further."""

    reached: Reached
    over: bool


@dataclass(frozen=True)
class Judged:
    """Viewed pairs, a row each."""

    values: Floats  # (pairs, signals) in the order of SIGNALS; NaN = unknown, which earns f(0) = 0
    needs: Codes  # the need's number; the pairs of a need stay together in every split
    providers: Codes
    reached: Codes
    over: Flags

    def take(self, rows: npt.NDArray[np.intp] | Flags) -> Judged:
        """Return these pairs."""
        return Judged(*(column[rows] for column in vars(self).values()))

    def step(self, step: Reached) -> tuple[Flags, Flags]:
        """Say of each pair whether it is known if it took a step from the one before, and whether it did."""
        took = self.reached >= step
        return took | ((self.reached == step - 1) & self.over), took


@dataclass(frozen=True, slots=True)
class Step:
    """What is known of one step, and whether that was enough to learn from."""

    name: str
    pairs: int
    took: int
    learned: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A scorer, and what it rests on."""

    scorer: Scorer
    steps: tuple[Step, ...]


class TooFewJudged(BadInput):
    """There is less to learn from than would beat the expert weights."""

    def __init__(self, pairs: int, took: int) -> None:
        self.pairs = pairs
        few = min(took, pairs - took)
        super().__init__(
            "too_few_judged",
            expected=f"{LEAST} viewed pairs that were shortlisted or not, {_LEAST_OF_STEP[1]} of each kind",
            got=f"{pairs}, {few} of the rarer kind",
            fix="the expert weights stay: with so little they rank better; record outcomes and learn again",
        )


def outcome(state: PairState, seen_at: datetime | None, now: datetime) -> Outcome | None:
    """Read where a pair stands; None where nobody is known to have looked at it.

    ``seen_at`` is when it was last opened, if that is known; an event beyond ``suggested`` is a look too.
    """
    stays = [stay.stage for stay in state.stays if stay.stage is not Stage.SUGGESTED]
    if not stays and seen_at is None:
        return None
    furthest = max((FORWARD.index(stage) for stage in stays if stage in FORWARD), default=-1)
    reached = Reached(sum(furthest >= FORWARD.index(begins) for begins in _BEGINS))
    if reached is Reached.AGREED:
        return Outcome(reached, over=True)
    if state.stage in CLOSED:
        return Outcome(reached, over=bool(set(state.reason_codes) - SILENT))
    moments = [moment for moment in (state.touched, seen_at) if moment is not None]
    return Outcome(reached, over=now - max(moments) > PATIENCE[reached])


def fit(judged: Judged, prior: Scorer | None = None) -> Fitted:
    """Learn a scorer from judged pairs; raises TooFewJudged under LEAST.

    1. Each step is a logistic of its own, its weights pulled towards the prior's and never below nothing.
    2. The steps' product is the probability that a pair which is looked at ends in an agreement: it gives the order.
    3. As a score must be one sum, which is its explanation, a logistic of the same form is fitted to the product.
    4. Its weights are scaled to the prior's total, so that points before and after can be compared, and go back to
       both sides in the proportion they have in the prior.
    5. The score is the probability that a broker who looks shortlists the pair, by Platt's slope and intercept over
       pairs whose weights were learned without their need. Agreements are too few, and too far off, for a page.
    """
    prior = prior or Scorer()
    known, took = judged.step(STEPS[0])
    if known.sum() < LEAST or not _enough(took[known]):
        raise TooFewJudged(int(known.sum()), int(took[known].sum()))
    slope, intercept = _platt(_crossed(judged, prior)[known], took[known])
    scorer = _with_weights(prior, _weights(judged, prior))
    return Fitted(replace(scorer, slope=slope, intercept=intercept), tuple(_steps(judged)))


def _enough(took: Flags) -> bool:
    least, of_each = _LEAST_OF_STEP
    return len(took) >= least and min(took.sum(), (~took).sum()) >= of_each


def _steps(judged: Judged) -> list[Step]:
    found = []
    for step in STEPS:
        known, took = judged.step(step)
        facts = (int(known.sum()), int(took[known].sum()))
        found.append(Step(step.name.lower(), *facts, learned=_enough(took[known])))
    return found


def _weights(judged: Judged, prior: Scorer) -> Floats:
    """Return joint weights (signals,) whose sum orders pairs by the product of the steps, in the prior's scale."""
    mean = prior.weights()
    x = np.nan_to_num(judged.values, nan=0.0)
    chance, total = np.ones(len(x)), np.zeros(len(mean))
    for step in STEPS:
        known, took = judged.step(step)
        bias, weights = prior.base, mean  # what cannot be learned yet stays as experts believe
        if _enough(took[known]):
            bias, weights = map_logistic(x[known], took[known].astype(np.float64), mean)
        chance *= _sigmoid(bias + x @ weights)
        total += weights
    least = _FLOOR * mean
    _, joint = map_logistic(x, chance, total, floor=least)  # where chances are small their logarithms add up
    joint = np.maximum(joint, least)  # a signal that no step gave any weight was left out above
    return np.asarray(joint * (mean.sum() / joint.sum()))


def map_logistic(
    x: Floats, y: Floats, mean: Floats, spread: Floats | None = None, floor: Floats | None = None
) -> tuple[float, Floats]:
    """Return bias and weights (signals,) of the logistic that y, in [0, 1], and a Gaussian belief make most probable.

    Minimises sum(log(1 + exp(eta)) - y eta) + sum(((w - mean) / spread)^2) / 2 over eta = bias + x w, w >= floor; no
    belief about the bias. L-BFGS-B: Newton's steps undamped diverge (SCIENCE 2). A weight whose mean is 0 stays 0.
    """
    from scipy.optimize import minimize

    used = mean > 0 if spread is None else spread > 0
    sd = np.maximum(_SPREAD * mean, _SPREAD)[used] if spread is None else spread[used]
    some, centre = x[:, used], mean[used]
    low = np.zeros(len(centre)) if floor is None else floor[used]

    def loss(at: Floats) -> tuple[float, Floats]:
        eta = at[0] + some @ at[1:]
        off, pull = _sigmoid(eta) - y, (at[1:] - centre) / sd
        value = float((np.logaddexp(0, eta) - y * eta).sum() + (pull**2).sum() / 2)
        return value, np.concatenate([[off.sum()], some.T @ off + pull / sd])

    start = np.concatenate([[_logit(float(y.mean())) - float((some @ centre).mean())], np.maximum(centre, low)])
    bounds = [(None, None), *((each, None) for each in low.tolist())]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 1000, "ftol": 1e-12})
    weights = np.zeros(len(mean))
    weights[used] = found.x[1:]
    return float(found.x[0]), weights


def _crossed(judged: Judged, prior: Scorer) -> Floats:
    """Return each pair's z under weights learned without its need."""
    needs = np.unique(judged.needs)
    folds = np.random.default_rng(0).permutation(len(needs)) % _FOLDS
    fold = folds[np.searchsorted(needs, judged.needs)]
    z = np.zeros(len(fold))
    for number in range(_FOLDS):
        own = fold == number
        scorer = _with_weights(prior, _weights(judged.take(~own), prior))
        z[own] = scorer.z(judged.values[own].T)
    return z


def _platt(z: Floats, took: Flags) -> tuple[float, float]:
    """Return slope and intercept of the logistic of z, its targets drawn in from 0 and 1 (Platt 1999)."""
    many, few = took.sum(), (~took).sum()
    targets = np.where(took, (many + 1) / (many + 2), 1 / (few + 2))
    vague = np.array([1e3])  # as good as no belief
    intercept, slope = map_logistic(z[:, None], targets, np.ones(1), vague, np.array([_FLATTEST]))
    return float(slope[0]), intercept


def _with_weights(prior: Scorer, joint: Floats) -> Scorer:
    """Share joint weights out to both sides as the prior does."""
    before = prior.weights()
    grown = np.divide(joint, before, out=np.ones_like(joint), where=before > 0)
    need, provider = (
        {name: float(weight * by) for (name, weight), by in zip(_ordered(side), grown, strict=True)}
        for side in (prior.need_weights, prior.provider_weights)
    )
    return replace(prior, need_weights=need, provider_weights=provider)


def _ordered(side: Mapping[SignalName, float]) -> list[tuple[SignalName, float]]:
    return [(name, side[name]) for name in SIGNALS]


def _sigmoid(eta: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(eta, -500, 500))))


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))

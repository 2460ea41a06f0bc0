"""A world where it is known what decides: pairs with values, looked at and taken up step by step by true weights.

Simulated: it proves orderings and mechanics, and says nothing of how good the matcher is.
"""

from typing import Any

import numpy as np

from matcher.learning import STEPS, Judged
from matcher.scoring import SIGNALS, Scorer

CHANCES = (-1.0, -0.5, -1.0)  # log-odds of each step for a pair of mean worth


def some_values(generator: Any, pairs: int) -> Any:
    """Values (pairs, signals) of which two in five are unknown; the topic is known of every pair."""
    values = generator.uniform(0, 1, (pairs, len(SIGNALS)))
    topic = generator.beta(4, 5, pairs)
    values[generator.uniform(size=values.shape) < 0.4] = np.nan
    values[:, 0] = topic
    return values


def true_weights(seed: int | None = None) -> Any:
    """Where experts trust texts too much, and half of the other signals too little; with a seed, off by any factor."""
    experts = Scorer().weights()
    if seed is not None:
        return experts * np.random.default_rng(seed).lognormal(0, 2, len(SIGNALS))
    return experts * np.where(np.arange(len(SIGNALS)) == 0, 0.3, np.where(np.arange(len(SIGNALS)) % 2, 6.0, 0.5))


def a_world(needs: int, seed: int = 0, weights: Any = None, per: int = 12) -> Judged:
    """Pairs that are all over; with ``weights`` of 0 what becomes of a pair is noise."""
    generator = np.random.default_rng(seed)
    values = some_values(generator, needs * per)
    worth = np.nan_to_num(values) @ (true_weights() if weights is None else weights)
    reached, alive = np.zeros(len(values), np.int64), np.ones(len(values), np.bool_)
    for step, chance in zip(STEPS, CHANCES, strict=True):
        alive = alive & (generator.uniform(size=len(values)) < 1 / (1 + np.exp(worth.mean() - worth - chance)))
        reached[alive] = step
    providers = generator.integers(0, 60, len(values))
    return Judged(values, np.repeat(np.arange(needs), per), providers, reached, np.ones(len(values), np.bool_))

"""Two-sided ranking: who should see whom first when both sides choose and attention is scarce."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.errors import BadInput

Floats = npt.NDArray[np.float64]

TOLERANCE: Final = 1e-12  # change of a and b, as a share, below which the fixed point is reached
MOST_ROUNDS: Final = (
    2_000  # dozens at beta 1; at beta .1 the last digits of those who are hardly ever alone take longer
)


def matching_shares(need_side: Floats, provider_side: Floats, beta: float = 1.0) -> Floats:
    """Return mu (needs, providers): how many matches of each pair a market in balance makes. Rank by it, both ways.

    ``need_side`` (needs, providers) and ``provider_side`` (providers, needs) hold probabilities, not logs: how likely
    each side says yes. ``beta`` is how far choices are luck: .1 to 1.

    1. K = exp((P + Q^T) / 2 beta). 2. a = b = 1. 3. a = sqrt(1 + (K b / 2)^2) - K b / 2, then b likewise from K^T a,
    until neither moves. 4. mu = a K b.
    At the fixed point a^2 + row sum of mu = 1 and b^2 + column sum of mu = 1: each participant, matched or alone, is
    there once, so a provider that everybody wants is shared out. Source: Choo and Siow, JPE 2006; the iteration is
    IPFP as in Tomita et al., RecSys 2023 (arXiv 2306.09060).
    """
    if need_side.shape != provider_side.shape[::-1]:
        expected = f"provider_side of shape {need_side.shape[::-1]}, needs across"
        raise BadInput("market", expected=expected, got=provider_side.shape)
    if not beta > 0:
        raise BadInput("beta", expected="a number above 0", got=beta, fix="0.1 to 1 are usual")
    kernel = np.exp((need_side + provider_side.T) / (2 * beta))
    a, b = np.ones(kernel.shape[0]), np.ones(kernel.shape[1])
    for _ in range(MOST_ROUNDS):
        before = a, b
        a = _balanced(kernel @ b)
        b = _balanced(kernel.T @ a)
        if np.allclose(a, before[0], rtol=TOLERANCE, atol=0) and np.allclose(b, before[1], rtol=TOLERANCE, atol=0):
            break
    return np.asarray(a[:, None] * kernel * b)


def expected_matches(rank_by: Floats, need_side: Floats, provider_side: Floats) -> float:
    """Count the matches to expect when both sides see lists ordered by ``rank_by`` (needs, providers).

    A participant looks at place r of its list with probability 1 / r (the examination model of the same paper), and a
    match takes two who look and say yes. Equal values stand in the order of the columns.
    """
    seen_by_need = need_side / _places(rank_by)
    seen_by_provider = provider_side / _places(rank_by.T)
    return float((seen_by_need * seen_by_provider.T).sum())


def _balanced(pull: Floats) -> Floats:
    """Solve x^2 + x * pull = 1 for the positive x; written so that a great pull loses no digits."""
    half = pull / 2
    return np.asarray(1 / (np.sqrt(1 + half * half) + half))


def _places(values: Floats) -> Floats:
    """Rank each row, the largest first, from 1."""
    order = np.argsort(-values, axis=1, kind="stable")
    places = np.empty(values.shape)
    np.put_along_axis(places, order, np.arange(1.0, values.shape[1] + 1)[None, :], axis=1)
    return places

"""Whether a learned scorer may take the place of the one in use: judged on later needs, criterion by criterion.

It was learned from the earlier needs, and what is judged is what is promoted: nothing is learned anew from the needs
that it was judged on. Differences carry bootstrap bounds; Wilcoxon's and sign tests are not used, for they err on such
measures (Ihemelandu and Ekstrand, SIGIR 2023).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final, NamedTuple, TypeVar

import numpy as np

from matcher.calibration import calibrate
from matcher.evaluation import MEASURES, Qrels, Run, Values, measure, only_relevant, resample
from matcher.learning import STEPS, Flags, Judged
from matcher.scoring import Scorer
from matcher.verdicts import Criterion, Verdict

T = TypeVar("T")

LEAST_NEEDS: Final = 200
LARGEST_LOSS: Final = 0.02  # of nDCG@10, at the lower bound; every bound here is SCIENCE 4's
LARGEST_ECE: Final = 0.01
LARGEST_SHIFT: Final = 0.02  # of exposure's Gini up, of coverage down
ONE_SIDED: Final = 0.05
HELD_OUT: Final = 0.3  # of the needs: enough to judge by and most left to learn from
_MAIN: Final = list(MEASURES).index("nDCG@10")


class Market(NamedTuple):
    """What lists look like under one scorer; shares are None where there is nothing to count."""

    gini: float | None  # of how often each provider stands among the ten best
    ldc_matched: float | None  # share of LDC needs with a match that is no near miss
    ldc_best: float | None  # share of them with a tier A
    violations: int  # matches listed as eligible that fail a hard gate


class Contender(NamedTuple):
    """A scorer with the lists it makes."""

    scorer: Scorer
    market: Market


def held_out(judged: Judged) -> Flags:
    """Say of each pair whether its need is among the later ones; needs are numbered in the order they were looked at.

    Three in ten of the needs that tell rankings apart, 200 if there are twice as many, and all that came meanwhile.
    """
    telling = np.unique(judged.needs[_telling(judged)])
    kept = max(round(HELD_OUT * len(telling)), min(LEAST_NEEDS, len(telling) // 2))
    if not kept:
        return np.zeros(len(judged.needs), np.bool_)
    return np.asarray(judged.needs >= telling[-kept])


def judge(held: Judged, learned_from: Judged, new: Contender, old: Contender) -> Verdict:
    """Compare two scorers on held-out pairs and by the lists they make."""
    rows = (*_ranked(held, set(learned_from.providers.tolist()), new.scorer, old.scorer), *_listed(new, old))
    needs, others = len(np.unique(held.needs)), len(np.unique(learned_from.needs))
    split = f"learned from the pairs of {others} earlier needs, judged by those of {needs} later ones"
    return Verdict(all(row.passed is not False for row in rows), split, rows)


def _telling(judged: Judged) -> Flags:
    """Say of each pair whether its need has pairs that came differently far: others cannot tell rankings apart."""
    known, _ = judged.step(STEPS[0])
    _, needs = np.unique(judged.needs, return_inverse=True)
    best, worst = np.full(needs.max(initial=-1) + 1, -1), np.full(needs.max(initial=-1) + 1, len(STEPS) + 1)
    np.maximum.at(best, needs[known], judged.reached[known])
    np.minimum.at(worst, needs[known], judged.reached[known])
    return np.asarray(known & (best > worst)[needs])


def _ranked(held: Judged, seen: Collection[int], new: Scorer, old: Scorer) -> Iterator[Criterion]:
    told = held.take(_telling(held))
    grades = _by_need(told, told.reached.tolist())
    runs = [_by_need(told, scorer.z(told.values.T).tolist()) for scorer in (new, old)]
    yield Criterion(
        "needs",
        len(grades),
        f"at least {LEAST_NEEDS}",
        len(grades) >= LEAST_NEEDS,
        f"{len(grades)} held-out needs with pairs that came differently far",
    )
    yield _compared(grades, *runs)
    known = set(np.flatnonzero(np.isin(told.providers, list(seen))).tolist())
    for name, rows in (("seen", known), ("unseen", set(range(len(told.needs))) - known)):
        kept = {_name(row) for row in rows}
        parts = [only_relevant(run, grades, kept) for run in runs]
        yield _told(f"nDCG@10, providers {name} in learning", parts[0][1], parts[0][0], parts[1][0])
    yield _calibrated(held, new, old)


def _compared(grades: Qrels, new: Run, old: Run) -> Criterion:
    name, bound = "nDCG@10", f"a lower bound above {-LARGEST_LOSS}"
    if not grades:
        return Criterion(name, None, bound, passed=False, detail="no need to compare on")
    _, low, said = _difference(grades, new, old)
    return Criterion(name, low, bound, low > -LARGEST_LOSS, said)


def _told(name: str, grades: Qrels, new: Run, old: Run) -> Criterion:
    if not grades:
        return Criterion(name, None, "told only", None, "no such need")
    value, _, said = _difference(grades, new, old)
    return Criterion(name, value, "told only", None, f"{said}, {len(grades)} needs")


def _difference(grades: Qrels, new: Run, old: Run) -> tuple[float, float, str]:
    """Return the mean difference, the lower bound of its one-sided 95 % interval, and both in words."""
    columns = [measure(run, grades)[:, _MAIN] for run in (new, old)]
    apart: Values = (columns[0] - columns[1])[:, None]
    low = float(np.quantile(resample(apart), ONE_SIDED))
    value = float(apart.mean())
    means = f"{columns[0].mean():.3f} against {columns[1].mean():.3f}"
    return value, low, f"{means}: {value:+.3f}, with 95 % confidence above {low:+.3f}"


def _calibrated(held: Judged, new: Scorer, old: Scorer) -> Criterion:
    name, bound = "ECE", f"at most {LARGEST_ECE} more"
    known, took = held.step(STEPS[0])
    pairs = held.take(known)
    grades = _by_need(pairs, took[known].astype(np.int64).tolist())
    found = [calibrate(_by_need(pairs, one.score(one.z(pairs.values.T)).tolist()), grades) for one in (new, old)]
    if found[0].ece is None or found[1].ece is None:
        return Criterion(name, None, bound, passed=False, detail="it takes pairs that were shortlisted and others")
    values = [one.ece.value for one in found if one.ece is not None]
    change = values[0] - values[1]
    detail = f"{values[0]:.3f} against {values[1]:.3f}, over {len(pairs.needs)} pairs"
    return Criterion(name, change, bound, change <= LARGEST_ECE, detail)


def _listed(new: Contender, old: Contender) -> Iterator[Criterion]:
    """Judge what the lists would be: who is shown, who is served, and that no gate is passed over."""
    shifts = (
        ("exposure (Gini)", new.market.gini, old.market.gini, 1),
        ("LDC needs with a match", new.market.ldc_matched, old.market.ldc_matched, -1),
        ("LDC needs with a tier A", new.market.ldc_best, old.market.ldc_best, -1),
    )
    for name, after, before, worse in shifts:
        bound = f"at most {LARGEST_SHIFT} {'more' if worse > 0 else 'less'}"
        if after is None or before is None:
            nobody = after is None and before is None
            yield Criterion(name, None, bound, nobody, "nothing to count" if nobody else "counted under one alone")
            continue
        change = after - before
        yield Criterion(name, change, bound, change * worse <= LARGEST_SHIFT, f"{after:.3f} against {before:.3f}")
    many = new.market.violations
    yield Criterion("gates", many, "none", many == 0, f"{many} matches listed that fail a hard gate")


def _by_need(judged: Judged, figures: list[T]) -> dict[str, dict[str, T]]:
    """Return the pairs' figures by need and pair, as measures want them."""
    found: dict[str, dict[str, T]] = {}
    for row, (need, figure) in enumerate(zip(judged.needs.tolist(), figures, strict=True)):
        found.setdefault(str(need), {})[_name(row)] = figure
    return found


def _name(row: int) -> str:
    return f"{row:09d}"

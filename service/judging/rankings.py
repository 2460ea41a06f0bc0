"""A ranking from a file: a TREC run, or shortlists as ``matcher match --format jsonl`` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from matcher.errors import BadInput
from matcher.evaluation import Run
from matcher.exposure import TOP
from matcher.vocabulary import Tier
from service.trec import numbered_lines, run_of

Lists = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """A run with what else its file says."""

    run: Run
    probabilities: Run  # empty where the scores are none
    tiers: Mapping[str, Mapping[str, Tier]] | None  # None for a TREC run

    def shown(self) -> Iterator[str]:
        """Yield the ten best of every need, the order as it is judged: by score, then by descending id."""
        for scores in self.run.values():
            yield from sorted(scores, key=lambda one: (scores[one], one), reverse=True)[:TOP]

    def matched(self) -> set[str]:
        """Return the needs with a match; a near miss is none, where tiers are known."""
        if self.tiers is None:
            return {need for need, scores in self.run.items() if scores}
        return {need for need, tiers in self.tiers.items() if any(tier is not Tier.C for tier in tiers.values())}

    def with_tier_a(self) -> set[str] | None:
        """Return the needs with a match of tier A; None where tiers are not known."""
        if self.tiers is None:
            return None
        return {need for need, tiers in self.tiers.items() if Tier.A in tiers.values()}


def read_ranking(path: Path) -> Ranking:
    """Read either form; which one the first character tells. Raises BadInput naming a line that is wrong.

    Scores of shortlists are probabilities. Those of a TREC run are taken for such where every one of them lies strictly
    between 0 and 1, as those of ``matcher match`` do.
    """
    lines = numbered_lines(path)
    first = next(lines, (1, ""))
    both = chain((first,), lines) if first[1] else lines
    if first[1].lstrip().startswith("{"):
        return _shortlists(path, both)
    run = run_of(both, path)
    proper = all(0 < score < 1 for scores in run.values() for score in scores.values())
    return Ranking(run, run if proper else {}, None)


def _shortlists(path: Path, lines: Iterable[tuple[int, str]]) -> Ranking:
    """Rank by the stated rank: near misses stand last, whatever they would score if they were mended."""
    run: Lists = {}
    probabilities: Lists = {}
    tiers: dict[str, dict[str, Tier]] = {}
    for number, line in lines:
        try:
            shortlist = json.loads(line)
            need, matches = str(shortlist["need_id"]), shortlist["matches"]
            run[_once(need, run)] = {_found(match): -float(match["rank"]) for match in matches}
            tiers[need] = {_found(match): _tier(match) for match in matches}
            probabilities[need] = {
                one: _probability(match)
                for one, match in zip(tiers[need], matches, strict=True)
                if tiers[need][one] is not Tier.C
            }
        except (ValueError, KeyError, TypeError) as error:
            why = f"no {error}" if isinstance(error, KeyError) else str(error)
            expected = "one shortlist a line and a need, as matcher match --format jsonl writes it"
            fix = f"see line {number} of {path}"
            raise BadInput("bad_line", expected=expected, got=f"{why}: {line[:150]}", fix=fix) from None
    return Ranking(run, probabilities, tiers)


def _found(match: Mapping[str, Any]) -> str:
    """Return what the match ranks: an organisation where the best of its capabilities stands inside."""
    return str(match["organisation_id" if "best" in match else "capability_id"])


def _tier(match: Mapping[str, Any]) -> Tier:
    return Tier(match.get("best", match)["tier"])


def _once(need: str, run: Lists) -> str:
    if need in run:
        raise ValueError(f"need {need} has a second line")
    return need


def _probability(match: Mapping[str, Any]) -> float:
    score = float(match["score"])
    if not 0 <= score <= 1:
        raise ValueError(f"a score of {score}")
    return score

"""What would change a decision: what would mend a failed gate, and what to ask whom about what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Final

import numpy as np

from matcher import naming
from matcher.asked import Pair
from matcher.details import standing
from matcher.encoding import Flags
from matcher.envelopes import compared, limits
from matcher.matches import Contribution, Gate, NearMiss, OpenQuestion
from matcher.openings import OPENINGS, Ask
from matcher.policy import DEFAULT, FAIL, GATES, GatePolicy, States
from matcher.rules import longest_lead
from matcher.vocabulary import GateName, GateState, SignalName
from matcher.wording import listed, members, number

MOST_FAILURES: Final = 2
MOST_QUESTIONS: Final = 3
"""DOMAIN: a near miss fails one or two hard gates; at most three open questions a pair."""

TRL_REACH: Final = 2  # levels a technology may still have to climb by itself: a stage of development, about two years
LATE_MONTHS: Final = 12.0  # how much a date is usually moved for a good partner: one budget year
BUDGET_REACH: Final = 0.1  # of the least price: below a tenth the budget is not a share of this cost
LIMIT_REACH: Final = 0.25  # of a physical limit: the next size in most product ranges
"""How far a failure may lie from passing and still count as near; our judgement."""


def near_miss_mask(table: States, policy: GatePolicy = DEFAULT) -> Flags:
    """Return which rows fail one or two hard gates, none of them the state: ``near_misses`` may still find no fix."""
    hard = policy.hard(table)
    failed = len(hard) - np.add.reduce(hard & 1, axis=0, dtype=np.int8)
    mask = (failed > 0) & (failed <= MOST_FAILURES)
    if policy.is_hard(GateName.STATE):
        mask &= table[GATES.index(GateName.STATE)] != FAIL
    return np.asarray(mask)


def near_misses(pair: Pair, failed: Sequence[Gate]) -> tuple[NearMiss, ...]:
    """Return the fix of each failed hard gate; nothing when one has none or more than two fail."""
    if not 0 < len(failed) <= MOST_FAILURES:
        return ()
    fixes = [NearMiss(gate.gate, _FIXES[gate.gate](pair)) for gate in failed]
    return tuple(fixes) if all(each.fix for each in fixes) else ()


def _no_fix(_: Pair) -> str:
    return ""


def _place(pair: Pair) -> str:
    """Offer to ask only where the provider already works next door and does not rule the country out."""
    asked, places = pair.asked, pair.columns.places
    code = int(places.codes[pair.row])
    names = pair.columns.geography.codes
    near = members(names, places.offered[:, code] & asked.nearby)
    open_to = members(names, asked.bits & ~places.excluded[:, code])
    if not near or not open_to:
        return ""
    there, here = naming.countries(asked.book, near), naming.countries(asked.book, open_to, "or")
    return f"eligible if the provider extends from {there} to {here}"


def _mode(pair: Pair) -> str:
    return f"eligible if {listed(pair.capability.transfer_modes or (), 'or')} is accepted"


def _maturity(pair: Pair) -> str:
    trl, least = pair.capability.trl or 0, pair.asked.need.trl_min or 0
    needs = f"needs TRL {least}, offer is TRL {trl}"
    if pair.asked.need.co_development_ok is None:
        return f"{needs}: eligible if co-development is accepted"
    return f"{needs}: eligible when it has matured" if least - trl <= TRL_REACH else ""


def _envelope(pair: Pair) -> str:
    """Ask for the next size where every violated condition is a span that lies near."""
    stood = {limit.attribute: limit for limit in limits(pair.capability.operating_envelope)}
    for site in pair.asked.site:
        limit = stood.get(site.attribute)
        if limit is None or compared(site, limit) is not False:
            continue
        if site.dimension is None or not compared(site, limit.widened(LIMIT_REACH)):
            return ""
    broken = [said for met, said in pair.conditions if met is False]
    return f"eligible with a variant for {'; '.join(broken)}"


def _ip(pair: Pair) -> str:
    terms = pair.capability.ip.terms if pair.capability.ip else None
    accepted = pair.asked.need.ip_requirements
    return f"eligible if {listed(terms or (), 'or')} terms are accepted, or {listed(accepted or (), 'or')} ones offered"


def _budget(pair: Pair) -> str:
    budget, price = pair.asked.need.budget, pair.capability.price
    if budget is None or price is None or budget.max is None or price.min is None:
        return ""
    if budget.currency != price.currency:
        return "eligible if funding is sought for what the budget lacks of the price"
    if budget.max < BUDGET_REACH * price.min:
        return ""
    return f"eligible if funding is sought for the missing {price.currency} {number(price.min - budget.max)}"


def _timeline(pair: Pair) -> str:
    lead, longest = pair.capability.lead_time_months, longest_lead(pair.asked)
    if lead is None or longest is None or lead - longest > LATE_MONTHS:
        return ""
    return f"eligible if completion may be {number(max(round(lead - longest, 1), 0.1))} months later"


def _language(pair: Pair) -> str:
    codes = pair.columns.spoken.members[:, int(pair.columns.spoken.codes[pair.row])]
    spoken = members(pair.columns.spoken.names, codes)
    if not spoken:
        return ""
    wanted = naming.languages(pair.asked.languages, "or")
    return f"eligible if a facilitator bridges {naming.languages(spoken)} and {wanted}"


_FIXES: Final[dict[GateName, Callable[[Pair], str]]] = {
    GateName.STATE: _no_fix,
    GateName.PLACE: _place,
    GateName.MODE: _mode,
    GateName.MATURITY: _maturity,
    GateName.ENVELOPE: _envelope,
    GateName.IP: _ip,
    GateName.BUDGET: _budget,
    GateName.TIMELINE: _timeline,
    GateName.LANGUAGE: _language,
    GateName.FINANCE: _no_fix,
}


def open_questions(
    pair: Pair, gates: Sequence[Gate], contributions: Sequence[Contribution], first: OpenQuestion | None = None
) -> tuple[OpenQuestion, ...]:
    """Return at most three questions, the one that could change the decision most first.

    ``first`` stands before all: whether the texts could be read at all. Then come unknown gates, those that one answer
    settles before those that need two; then unknown signals. Equals are ordered by the points they could still add,
    then by the order of the closed lists.
    """
    points = {one.signal: one.points_if_known - one.points for one in contributions if one.value is None}
    unknown = {gate.gate for gate in standing(gates, GateState.UNKNOWN)}
    chosen: dict[str, tuple[Ask, float]] = {}
    for ask, gain in chain(_of_gates(pair, unknown, points), _of_signals(pair, unknown, points)):
        chosen.setdefault(ask.about, (ask, gain))
        if len(chosen) == MOST_QUESTIONS:  # nobody looks for what will not be asked
            break
    found = (OpenQuestion(ask.about, ask.whom, ask.question(pair), gain) for ask, gain in chosen.values())
    return tuple(islice(chain([first] if first else [], found), MOST_QUESTIONS))


Points = dict[SignalName, float]
"""What each unknown signal could still add."""


def _of_gates(pair: Pair, unknown: set[GateName], points: Points) -> Iterator[tuple[Ask, float]]:
    """Yield what unknown gates miss: where one answer is enough first, then by points."""
    ranked = [
        (min(len(asks), 2), -(points.get(opening.signal, 0.0) if opening.signal else 0.0), asks[0])
        for opening in OPENINGS
        if opening.gate in unknown
        for asks in [opening.missing(pair)]
        if asks
    ]
    return ((ask, -lost) for _, lost, ask in sorted(ranked, key=itemgetter(0, 1)))


def _of_signals(pair: Pair, unknown: set[GateName], points: Points) -> Iterator[tuple[Ask, float]]:
    """Yield what unknown signals miss whose gate is known or none, by points."""
    apart = [(points[one.signal], one) for one in OPENINGS if one.signal in points and one.gate not in unknown]
    for gain, opening in sorted(apart, key=itemgetter(0), reverse=True):
        if asks := opening.missing(pair):
            yield asks[0], gain

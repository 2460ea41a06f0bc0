"""Each hard rule over the distinct values of its facts: what one need makes of all of them at once."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.asked import Asked
from matcher.columns import Columns
from matcher.encoding import Codes, counts, meets
from matcher.facts import ALWAYS
from matcher.policy import FAIL, PASS, UNKNOWN, GatePolicy, States
from matcher.profiles import Need
from matcher.vocabulary import FinancingState, GateName, ReviewState

DAYS_A_MONTH: Final = 30.4375  # the mean of the Gregorian calendar's four-year cycle

Judged = tuple[States, Codes]
"""States of the distinct values, and which of them each row has."""


def is_shown(need: Need, on: int) -> bool:
    """Tell whether a need counts on a day (its ordinal): published, or of no stated state, and not past its end."""
    until = int(ALWAYS) if need.valid_until is None else need.valid_until.toordinal()
    return need.review_state in {None, ReviewState.PUBLISHED} and until >= on


_NOT_JUDGED: Final[States] = np.array([UNKNOWN], np.int8)


def nothing(columns: Columns) -> Judged:
    """Judge no row: every one stays unknown."""
    return _NOT_JUDGED, columns.trl


def _state(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    """Fail what is not shown; whether a seller's need is a need stays unknown until somebody says so."""
    on = asked.as_of.toordinal()
    if not is_shown(asked.need, on):
        return np.array([FAIL, FAIL], np.int8), columns.trl
    current = UNKNOWN if asked.by_a_seller else PASS
    return np.array([FAIL, current], np.int8), (columns.shown_until >= on).view(np.uint8)


def _place(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    """Fail when nothing is offered where it is needed, or everything there is excluded; partly read places may not."""
    places = columns.places
    if not asked.countries:
        return nothing(columns)
    sure = places.stated & places.complete if asked.complete else np.zeros_like(places.stated)
    states = np.where(sure, np.int8(FAIL), np.int8(UNKNOWN))
    np.copyto(states, PASS, where=places.stated & meets(places.offered, asked.bits))
    if asked.complete:
        np.copyto(states, FAIL, where=counts(places.excluded, asked.bits) == len(asked.countries))
    return states, places.codes


def _mode(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    accepted, rejected = asked.need.accepted_modes, asked.need.rejected_modes
    if accepted is None and rejected is None:
        return nothing(columns)
    some = np.asarray(columns.modes.members.any(axis=0))
    left = meets(columns.modes.members, ~columns.modes.mask(rejected or ()))
    return np.where(some, np.where(left, PASS, FAIL), UNKNOWN).astype(np.int8), columns.modes.codes


def _maturity(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    least = asked.need.trl_min
    if least is None:
        return nothing(columns)
    levels = np.arange(10)
    enough = (levels >= least) | bool(asked.need.co_development_ok)
    return np.where(levels == 0, UNKNOWN, np.where(enough, PASS, FAIL)).astype(np.int8), columns.trl


def _envelope(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    if not asked.site:
        return nothing(columns)
    return columns.envelope.states(asked.site), columns.envelope.codes


def _ip(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    """Fail when no offered term can be accepted; a side that states no term at all clashes with nothing."""
    accepted = asked.need.ip_requirements
    if accepted is None:
        return nothing(columns)
    clash = np.asarray(columns.terms.members.any(axis=0)) & ~meets(columns.terms.members, columns.terms.mask(accepted))
    return _known(np.where(clash & bool(accepted), FAIL, PASS)), columns.terms.codes


def _budget(asked: Asked, columns: Columns, policy: GatePolicy) -> Judged:
    """Compare the budget's greatest with the price's least; an open end can only pass by its stated end."""
    budget = asked.need.budget
    if budget is None:
        return nothing(columns)
    low, high = columns.price.amounts(budget, policy.rates)
    least, most = (np.nan if end is None else end for end in (budget.min, budget.max))
    sure = least if budget.max is None else most
    enough = sure >= policy.budget_factor * np.where(np.isnan(low), high, low)
    short = most < policy.budget_factor * low
    if asked.need.financing_state is FinancingState.SOUGHT:
        enough, short = enough | short, np.zeros_like(short)
    return np.where(enough, PASS, np.where(short, FAIL, UNKNOWN)).astype(np.int8), columns.price.codes


def longest_lead(asked: Asked) -> float | None:
    """Return the months between the start (never before the as-of date) and the completion; None without an end."""
    if asked.need.complete_by is None:
        return None
    start = max(asked.as_of, asked.need.start_by or asked.as_of)
    return (asked.need.complete_by - start).days / DAYS_A_MONTH


def _timeline(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    longest = longest_lead(asked)
    if longest is None:
        return nothing(columns)
    lead = columns.lead_time
    in_time = (lead <= np.float32(longest)).view(np.uint8)
    return np.array([UNKNOWN, FAIL, PASS], np.int8), (in_time + (lead >= 0)).astype(np.uint8)


def _language(asked: Asked, columns: Columns, _: GatePolicy) -> Judged:
    if asked.need.languages_required is None:
        return nothing(columns)
    reached = meets(columns.spoken.members, columns.spoken.mask(asked.languages.union(asked.bridged)))
    return _known(np.where(reached | (not asked.languages), PASS, FAIL)), columns.spoken.codes


def _known(states: npt.NDArray[np.int64]) -> States:
    """Make what is not stated unknown."""
    states[0] = UNKNOWN
    return states.astype(np.int8)


RULES: Final = {
    GateName.STATE: _state,
    GateName.PLACE: _place,
    GateName.MODE: _mode,
    GateName.MATURITY: _maturity,
    GateName.ENVELOPE: _envelope,
    GateName.IP: _ip,
    GateName.BUDGET: _budget,
    GateName.TIMELINE: _timeline,
    GateName.LANGUAGE: _language,
}

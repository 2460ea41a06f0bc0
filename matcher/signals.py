"""Soft evidence of a need for some capabilities: each signal in [0, 1], NaN where unknown.

Every signal is built so that deleting a fact on either side never raises it, an unknown counting as 0: it is a sum
of parts or "one or the other" of them, never a ratio between facts that can be deleted one without the other.

A fact is a field, an attribute of a mapping (a site condition, a limit of an envelope), and whatever an offer, or a
need about its own means, lists in its favour. A list of demands (goals, sectors, accepted modes and languages of a
need, requirements of an offer) is one statement made whole: striking a demand from it states another, lesser one, of
which the same offer may well meet a greater share.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from matcher.asked import Asked
from matcher.classification import sectors_of_code
from matcher.columns import Columns
from matcher.encoding import Flags, Floats, ListColumn, Words, counts, meets
from matcher.evidence import evidence
from matcher.facts import ACTIVITIES, OFFER_KINDS, UNDATED
from matcher.money import Rates
from matcher.vocabulary import SECTORS, ActivityStatus, OfferKind, SignalName

__all__ = ["STRUCTURED", "evidence", "measure"]

STRUCTURED: Final = tuple(signal for signal in SignalName if signal is not SignalName.TOPIC)
"""Order of the rows that are measured here; the topic is text evidence and measured elsewhere."""

Rows = npt.NDArray[np.intp]

PRESENCE_KINDS: Final = frozenset(
    {OfferKind.SERVICE, OfferKind.TRAINING, OfferKind.PLATFORM, OfferKind.POLICY_EXPERTISE}
)
"""Offers that are delivered by people on the spot, where being in the country is evidence."""

# Shares of the parts below are our judgement, to be replaced by fitted weights of a scorer when outcomes are known.
_ENOUGH_DEPLOYMENTS: Final = 5.0  # this many recent ones in the need's own countries earn everything
_A_CONDITION: Final = 0.6  # what a first condition that is met earns, as a first accepted mode does
_HALF_LIFE_DAYS: Final = 730.0  # of news about a profile


def measure(asked: Asked, columns: Columns, rows: Rows, rates: Rates | None = None) -> Floats:
    """Return the signals of some rows: (len(STRUCTURED), len(rows)), NaN where no part of a signal is known."""
    values = {signal: rule(asked, columns, rows) for signal, rule in _RULES.items()}
    values[SignalName.BUDGET] = _budget(asked, columns, rows, rates)
    values[SignalName.INTEREST] = _interest(asked, columns, rows, rates)
    return np.vstack([values[signal] for signal in STRUCTURED])


def _unknown(rows: Rows) -> Floats:
    return np.full(len(rows), np.nan)


def _where(known: Flags, values: Floats | Flags) -> Floats:
    return np.where(known, values, np.nan)


def _sum(*parts: tuple[float, Floats]) -> Floats:
    """Add weighted parts; an unknown part adds nothing, and only all of them make the sum unknown."""
    total, known = np.zeros(len(parts[0][1])), np.full(len(parts[0][1]), np.nan)
    for weight, values in parts:
        total += weight * np.fmax(values, 0)  # fmax and fmin take the other side of a NaN
        known = np.fmax(known, values)
    return np.asarray(total + 0 * known)


def _either(one: Floats, other: Floats) -> Floats:
    """Combine two pieces of evidence for the same thing: 1 - (1 - a)(1 - b)."""
    first, second = np.fmax(one, 0), np.fmax(other, 0)
    return np.asarray(first + second - first * second + 0 * np.fmax(one, other))


def _share(members: Words, mask: Words, of: int) -> Floats:
    return counts(members, mask) / max(of, 1)


def _sdg(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Take the share of the need's goals that are served, or of its targets; a target's goal alone counts .6."""
    goals, targets = columns.sdg_goals.at(rows), columns.sdg_targets.at(rows)
    known, need = columns.sdg_goals.known(rows), asked.need
    by_goal = by_target = _unknown(rows)
    if need.sdg_goals is not None:
        wanted = {str(goal) for goal in need.sdg_goals}
        by_goal = _where(known, _share(goals, columns.sdg_goals.mask(wanted), len(wanted)))
    if need.sdg_targets is not None:
        exact = _share(targets, columns.sdg_targets.mask(need.sdg_targets), len(set(need.sdg_targets)))
        parents = [columns.sdg_goals.mask([target.partition(".")[0]]) for target in set(need.sdg_targets)]
        loose = sum((meets(goals, mask) / len(parents) for mask in parents), np.zeros(len(rows)))
        by_target = _where(known, 0.4 * exact + 0.6 * loose)
    return _either(0.85 * by_goal, 0.5 * by_target) / 0.925  # both in full: 1 - .15 * .5


def _sector(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Take the mean over the need's sectors, or its CRS codes, of the nearest thing that is offered."""
    sectors, codes = columns.sectors.at(rows), columns.crs.at(rows)
    known, need = columns.sectors.known(rows), asked.need
    by_sector = by_code = _unknown(rows)
    if need.sectors is not None:
        best = [_nearest(columns, sectors, sector) for sector in need.sectors]
        by_sector = _where(known, sum(best, np.zeros(len(rows))) / max(len(best), 1))
    if need.crs_purpose is not None:
        best = [_nearest_code(columns, (sectors, codes), code) for code in need.crs_purpose]
        by_code = _where(known, sum(best, np.zeros(len(rows))) / max(len(best), 1))
    return _either(by_sector, 0.8 * by_code)


def _nearest(columns: Columns, sectors: Words, wanted: str) -> Floats:
    """Return 1 for the same sector, .8 for a part of it, .5 for its parent or a sibling."""
    family = _family(wanted.partition(".")[0])
    inside = family[1:] if wanted == family[0] else ()
    levels = ((1.0, (wanted,)), (0.8, inside), (0.5, family))
    return _best(*((level, meets(sectors, columns.sectors.mask(names))) for level, names in levels if names))


@cache
def _family(parent: str) -> tuple[str, ...]:
    """Return a sector and its parts, itself first."""
    return (parent, *(name for name in SECTORS if name.startswith(parent + ".")))


def _best(*levels: tuple[float, Flags]) -> Floats:
    """Return the first level that holds, given from the greatest down; 0 where none does."""
    best = np.zeros(len(levels[0][1]))
    for level, holds in reversed(levels):
        best[holds] = level
    return best


def _nearest_code(columns: Columns, offered: tuple[Words, Words], wanted: str) -> Floats:
    """Return 1 for the same CRS purpose, .7 for a sector it stands for, .5 for the same category (three digits)."""
    sectors, codes = offered
    return _best(
        (1.0, meets(codes, columns.crs.mask([wanted]))),
        (0.7, meets(sectors, columns.sectors.mask(sectors_of_code(wanted)))),
        (0.5, meets(codes, columns.crs.mask([wanted[:3]]))),
    )


def _mode(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Let one accepted mode on offer earn .6 and the rest by share; offers that are not rejected earn a little."""
    modes, known, need = columns.modes.at(rows), columns.modes.known(rows), asked.need
    by_accepted = by_rejected = _unknown(rows)
    if need.accepted_modes is not None:
        share = _share(modes, columns.modes.mask(need.accepted_modes), len(set(need.accepted_modes)))
        by_accepted = _where(known, (share > 0) * (0.6 + 0.4 * share))
    if need.rejected_modes is not None:
        open_to = counts(modes, ~columns.modes.mask(need.rejected_modes))
        offered = np.bitwise_count(modes).sum(axis=0)
        by_rejected = _where(known, 0.3 * open_to / np.maximum(offered, 1))
    return _either(by_accepted, by_rejected)


def _maturity(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Let enough maturity earn .6, three levels to spare everything; co-development makes up for a gap in part."""
    least = asked.need.trl_min
    if least is None:
        return _unknown(rows)
    margin = np.arange(10.0) - least
    short = np.maximum(0.1, 0.5 + 0.1 * margin) if asked.need.co_development_ok else np.zeros(10)
    worth = np.where(margin >= 0, 0.6 + 0.4 * np.minimum(margin, 3) / 3, short)
    worth[0] = np.nan
    return np.asarray(worth[columns.trl[rows]])


def _envelope(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Let one condition that is covered earn .6, and each further one .6 of what is left.

    What counts is how many are covered, not their share: a condition that cannot be compared adds nothing, and so
    nothing is gained by leaving it out.
    """
    value = _unknown(rows)
    for limit in asked.site:
        value = _either(value, _A_CONDITION * columns.envelope.fit(limit, rows))
    return value


def _resources(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Take the share of required infrastructure and skills that is there; training included halves a gap of skills."""
    return _sum((0.5, _infrastructure(asked, columns, rows)), (0.5, _skills(asked, columns, rows)))


def _infrastructure(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    return _available(columns.infrastructure, asked.infrastructure, rows)


def _skills(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    share = _available(columns.skills, asked.skills, rows)
    return np.where(columns.training[rows], 0.5 + 0.5 * share, share)


def _available(required: ListColumn, available: frozenset[str] | None, rows: Rows) -> Floats:
    """Return the share of what is required that is there; nothing required is met whatever there is."""
    lengths = required.lengths(rows)
    share = np.where(lengths == 0, 1.0, np.nan)
    if available is not None:
        met = required.sums(required.worth(sorted(available)), rows)
        share = np.where(lengths == 0, 1.0, met / np.maximum(lengths, 1))
    return _where(required.codes[rows] != 0, share)


def _budget(asked: Asked, columns: Columns, rows: Rows, rates: Rates | None) -> Floats:
    """Let a budget that covers the greatest price earn 1, the least .7, and one half of the least nothing.

    An open end earns what its worst value would: without a greatest price nothing above .7.
    """
    budget = asked.need.budget
    if budget is None:
        return _unknown(rows)
    low, high = columns.price.amounts(budget, rates, columns.price.codes[rows])
    least, most = np.where(np.isnan(low), high, low), np.where(np.isnan(high), np.inf, high)
    money = budget.max if budget.max is not None else budget.min or 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        within = 0.7 + 0.3 * (money - least) / (most - least)
        below = 0.7 * np.clip(2 * money / least - 1, 0, 1)
    return _where(~np.isnan(least), np.where(money >= most, 1.0, np.where(money >= least, within, below)))


def _language(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Take the share of the required languages; one that only the organisation speaks counts half."""
    if asked.need.languages_required is None:
        return _unknown(rows)
    mask, known = columns.languages.mask(asked.languages), columns.spoken.known(rows)
    if not asked.languages:
        return _where(known, np.ones(len(rows)))
    supported, home = columns.languages.at(rows), columns.home_languages.at(rows)
    of = len(asked.languages)
    return _where(known, 0.5 * _share(supported, mask, of) + 0.5 * _share(supported | home, mask, of))


def _context(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Weigh earlier deployments by likeness to the need's countries, log-damped; presence adds where it matters.

    A provider from elsewhere loses nothing: its home is no evidence either way.
    """
    if not asked.countries:
        return _unknown(rows)
    alike = columns.deployments.sums(asked.likeness, rows)
    damped = np.minimum(1, np.log1p(alike) / np.log1p(_ENOUGH_DEPLOYMENTS))
    worked = _where(columns.deployments.codes[rows] != 0, damped)
    present = _ON_THE_SPOT[columns.offer_kind[rows]] & _at_home(asked, columns, rows)
    return _either(worked, np.where(present, 0.4, np.nan))


_ON_THE_SPOT: Final = np.array([False, *(kind in PRESENCE_KINDS for kind in OFFER_KINDS)])


def _at_home(asked: Asked, columns: Columns, rows: Rows) -> Flags:
    home = columns.organisation.country[columns.organisation.codes[rows]].astype(np.int64)
    word = asked.bits[np.maximum(home, 0) >> 6]
    return np.asarray(
        (home >= 0) & ((word >> (np.maximum(home, 0) & 63).astype(np.uint64)) & np.uint64(1)).astype(np.bool_)
    )


def _freshness(asked: Asked, columns: Columns, rows: Rows) -> Floats:
    """Add recency of the profile, the organisation being active, and recency of the last contact."""
    owner = columns.organisation.codes[rows]
    worth = np.array([np.nan, *(_ACTIVITY_WORTH[status] for status in ACTIVITIES)])
    return _sum(
        (0.5, _recency(columns.updated[rows], asked)),
        (0.3, worth[columns.organisation.activity[owner]]),
        (0.2, _recency(columns.organisation.contact[owner], asked)),
    )


_ACTIVITY_WORTH: Final = {ActivityStatus.ACTIVE: 1.0, ActivityStatus.DORMANT: 0.3, ActivityStatus.INACTIVE: 0.0}


def _recency(days: npt.NDArray[np.int32], asked: Asked) -> Floats:
    dated = days != UNDATED
    age = np.where(dated, np.maximum(asked.as_of.toordinal() - days.astype(np.float64), 0), np.nan)
    return np.asarray(0.5 ** (age / _HALF_LIFE_DAYS))


def _interest(asked: Asked, columns: Columns, rows: Rows, rates: Rates | None) -> Floats:
    """Add what the provider seeks and this need is: its places, its owner's type, a ticket its budget meets."""
    by_place = by_type = by_ticket = _unknown(rows)
    if asked.countries:
        sought = _share(columns.sought_places.at(rows), asked.bits, len(asked.countries))
        by_place = _where(columns.sought_places.known(rows), sought)
    if asked.organisation and asked.organisation.org_type:
        sort = columns.sought_types.mask([asked.organisation.org_type])
        by_type = _where(columns.sought_types.known(rows), meets(columns.sought_types.at(rows), sort))
    if budget := asked.need.budget:
        low, high = columns.ticket.amounts(budget, rates, columns.ticket.codes[rows])
        stated = [end for end in (budget.min, budget.max) if end is not None]
        enough, not_too_much = max(stated) >= low, min(stated) <= high  # an end that is not stated earns nothing
        by_ticket = _where(~(np.isnan(low) & np.isnan(high)), 0.5 * enough + 0.5 * not_too_much)
    return _sum((0.4, by_place), (0.3, by_type), (0.3, by_ticket))


_RULES: Final = {
    SignalName.SDG: _sdg,
    SignalName.SECTOR: _sector,
    SignalName.MODE: _mode,
    SignalName.MATURITY: _maturity,
    SignalName.ENVELOPE: _envelope,
    SignalName.RESOURCES: _resources,
    SignalName.LANGUAGE: _language,
    SignalName.CONTEXT: _context,
    SignalName.FRESHNESS: _freshness,
}

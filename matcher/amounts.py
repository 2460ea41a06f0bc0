"""Levers of fields that are numbers: prices, budgets, months, physical limits. Any share of the way is a step.

Numbers are rounded to three digits toward the greater change, so that what is suggested is what was tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import ceil, floor, inf, isfinite, log10
from typing import Final

from matcher.asked import Pair
from matcher.envelopes import Limit, limits
from matcher.levers import Lever
from matcher.money import Rates, factor
from matcher.openings import NEED_OWNER, PROVIDER
from matcher.profiles import Capability, Condition, Need
from matcher.quantities import Money, Range, from_base
from matcher.rules import DAYS_A_MONTH, longest_lead
from matcher.wording import condition, money, number

DIGITS: Final = 3  # significant ones of a suggested number: a negotiation knows no more
_FUZZ: Final = 1e-9  # of a digit, against the noise of floating point


def of_offer(pair: Pair, rates: Rates | None) -> Iterator[Lever[Capability]]:
    """Yield what the provider could lower or widen for this need."""
    yield from _envelope(pair)
    yield from _price(pair, rates)
    yield from _lead_time(pair)


def of_need(pair: Pair, rates: Rates | None) -> Iterator[Lever[Need]]:
    """Yield what the need's owner could raise or put off for this offer."""
    yield from _budget(pair, rates)
    yield from _deadline(pair)


def outward(value: float, *, up: bool) -> float:
    """Round to three significant digits, up or down."""
    if not value:
        return 0.0
    step = 10.0 ** (floor(log10(abs(value))) + 1 - DIGITS)
    count = ceil(value / step - _FUZZ) if up else floor(value / step + _FUZZ)
    return float(f"{count * step:.12g}")


def _toward(start: float, end: float, share: float) -> float:
    """Return the number a share of the way, rounded outward; the end itself at 1."""
    return end if share >= 1 or start == end else outward(start + share * (end - start), up=end > start)


# Money


def _price(pair: Pair, rates: Rates | None) -> Iterator[Lever[Capability]]:
    """Lower the price until the budget covers it; where it is open or not stated, state one."""
    offer, budget = pair.capability, pair.asked.need.budget
    if budget is None:
        return
    price = offer.price
    into = 1.0 if price is None else factor(budget.currency, price.currency, rates)
    enough = (budget.max if budget.max is not None else budget.min or 0.0) * into
    if not isfinite(enough) or enough <= 0 or (price and price.max is not None and price.max <= enough):
        return
    if price is None:
        first = Money(min=2 * enough, max=2 * enough, currency=budget.currency, basis=budget.basis)
    else:
        low = price.min if price.min is not None else price.max or 0.0
        first = price if price.max is not None else price.model_copy(update={"max": 2 * max(low, enough)})
    verb = "ask for" if offer.price else "state the price, if it is:"
    yield Lever(
        PROVIDER,
        "price",
        partial(_cheaper, offer, first, enough),
        lambda made: f"{verb} {money(made.price)}" if made.price else "",
        None,
    )


def _cheaper(offer: Capability, price: Money, enough: float, share: float) -> Capability:
    ends = {
        name: None if end is None else _toward(end, min(end, enough), share)
        for name, end in (("min", price.min), ("max", price.max))
    }
    return offer.model_copy(update={"price": price.model_copy(update=ends)})


def _budget(pair: Pair, rates: Rates | None) -> Iterator[Lever[Need]]:
    """Raise the greatest budget until it covers the price; where none is stated, state one from half the price."""
    need, price = pair.asked.need, pair.capability.price
    if price is None:
        return
    budget = need.budget or Money(max=0.0, currency=price.currency, price_year=price.price_year, basis=price.basis)
    into = factor(price.currency, budget.currency, rates)
    low, high = ((inf if end is None else end * into) for end in (price.min, price.max))
    least, most = (high if low == inf else low), (low if high == inf else high)
    have = budget.max if budget.max is not None else budget.min or 0.0
    start = have if need.budget else least / 2
    if not isfinite(most) or have >= most:
        return
    verb = "raise the budget to" if need.budget else "state a budget, if it is there:"
    yield Lever(
        NEED_OWNER,
        "budget",
        lambda share: need.model_copy(
            update={"budget": budget.model_copy(update={"max": _toward(start, most, share)})}
        ),
        lambda made: f"{verb} {money(made.budget)}" if made.budget else "",
        None,
    )


# Time


def _lead_time(pair: Pair) -> Iterator[Lever[Capability]]:
    offer, longest = pair.capability, longest_lead(pair.asked)
    lead = offer.lead_time_months
    if lead is None or longest is None or not 0 < longest < lead:
        return
    yield Lever(
        PROVIDER,
        "lead_time_months",
        lambda share: offer.model_copy(update={"lead_time_months": outward(lead + share * (longest - lead), up=False)}),
        lambda made: f"be done in {number(made.lead_time_months or 0.0)} months",
        None,
    )


def _deadline(pair: Pair) -> Iterator[Lever[Need]]:
    """Put the completion off until the offer can be at work, a day at least."""
    need, lead, longest = pair.asked.need, pair.capability.lead_time_months, longest_lead(pair.asked)
    if need.complete_by is None or lead is None or longest is None or lead <= longest:
        return
    end, late = need.complete_by, ceil((lead - longest) * DAYS_A_MONTH)
    yield Lever(
        NEED_OWNER,
        "complete_by",
        lambda share: need.model_copy(update={"complete_by": end + timedelta(days=ceil(share * late))}),
        lambda made: f"put completion off to {made.complete_by}",
        None,
    )


# Physical limits


@dataclass(frozen=True)
class _Wider:
    """An offer whose envelope is widened in one attribute toward what the site asks for."""

    offer: Capability
    name: str  # as the offer spells it
    site: Limit
    stood: Limit

    def at(self, share: float) -> Capability:
        envelope = {**(self.offer.operating_envelope or {}), self.name: self._condition(share)}
        return self.offer.model_copy(update={"operating_envelope": envelope})

    def _condition(self, share: float) -> Condition:
        stated = self.stood.stated
        if not isinstance(stated, Range):
            wanted = self.site.stated if not isinstance(self.site.stated, Range) else ()
            return (*stated, *(value for value in wanted if value not in stated))
        part = floor(share) if self.opens else share
        low = self._end(stated.min, min(self.stood.low, self.site.low), part)
        high = self._end(stated.max, max(self.stood.high, self.site.high), part)
        return Range(min=low, max=high, unit=stated.unit)

    def _end(self, stated: float | None, wanted: float, share: float) -> float | None:
        """Move one stated end toward a wanted one in base units; one that is to be open is open at any share."""
        if stated is None or not isfinite(wanted) or not isinstance(self.stood.stated, Range):
            return None
        return _toward(stated, from_base(wanted, self.stood.stated.unit), share) if share else stated

    @property
    def opens(self) -> bool:
        """Tell whether an end is to be opened: there is no half of that."""
        sides = ((self.site.low, self.stood.low), (self.site.high, self.stood.high))
        return any(not isfinite(wanted) and isfinite(end) for wanted, end in sides)

    @property
    def steps(self) -> int | None:
        """Count: where an end opens, that comes first and the other end moves after it; where only values do, one."""
        if self.site.dimension is None:
            return 1
        return (1 if self.at(0.5) == self.at(1.0) else 2) if self.opens else None


def _envelope(pair: Pair) -> Iterator[Lever[Capability]]:
    """Stand what the site asks for, one attribute a lever; where nothing is said of an attribute, state it."""
    offer = pair.capability
    stood = {limit.attribute: limit for limit in limits(offer.operating_envelope)}
    spelled = {limit.attribute: name for name in offer.operating_envelope or {} for limit in _read(offer, name)}
    for site in pair.asked.site:
        have = stood.get(site.attribute)
        if have is None:
            yield _stated(offer, site)
        elif have.dimension == site.dimension and _lacks(site, have) and not _everything(site, have):
            yield _widened(_Wider(offer, spelled[site.attribute], site, have))


def _read(offer: Capability, name: str) -> tuple[Limit, ...]:
    return limits({name: (offer.operating_envelope or {})[name]})


def _lacks(site: Limit, stood: Limit) -> bool:
    if site.dimension is None:
        return not site.values <= stood.values
    return site.low < stood.low or site.high > stood.high


def _everything(site: Limit, stood: Limit) -> bool:
    """Tell whether nothing short of any value at all would do: that is no variant anybody could make."""
    return min(site.low, stood.low) == -inf and max(site.high, stood.high) == inf


def _stated(offer: Capability, site: Limit) -> Lever[Capability]:
    envelope = {**(offer.operating_envelope or {}), site.attribute: site.stated}
    made = offer.model_copy(update={"operating_envelope": envelope})
    words = f"state that it works at {site.attribute.replace('_', ' ')} {condition(site.stated)}, if it does"
    return Lever(PROVIDER, f"operating_envelope.{site.attribute}", lambda _: made, lambda _: words, 1)


def _widened(wider: _Wider) -> Lever[Capability]:
    def says(made: Capability) -> str:
        now = (made.operating_envelope or {})[wider.name]
        return f"make a variant for {wider.site.attribute.replace('_', ' ')} {condition(now)}"

    return Lever(PROVIDER, f"operating_envelope.{wider.name}", wider.at, says, wider.steps)

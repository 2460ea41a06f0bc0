"""The rules of a funding mechanism beside a need and a provider: pass, fail or unknown, and what would mend a failure.

Null is unknown and never passes; an empty list is stated none and fails. So deleting a fact of a mechanism may make
a failure unknown, never a pass.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from matcher import naming
from matcher.asked import Asked, Pair
from matcher.classification import sectors_of
from matcher.encoding import plain
from matcher.matches import Check
from matcher.money import Rates, factor, same_basis
from matcher.places import PlaceBook
from matcher.profiles import FundingMechanism
from matcher.quantities import Money
from matcher.thirds import Area, Third
from matcher.vocabulary import GateState, OrganisationType, ThirdRule, TiedStatus
from matcher.wording import listed, money, number, percent

Mechanism = Third[FundingMechanism]

TICKET_REACH: Final = 0.1  # of a ticket's start: a project smaller than a tenth of it is not joined to others in time
_PRIVATE: Final = frozenset(
    {
        OrganisationType.PROVIDER_COUNTRY_PRIVATE,
        OrganisationType.RECIPIENT_COUNTRY_PRIVATE,
        OrganisationType.THIRD_COUNTRY_PRIVATE,
    }
)
"""Kinds of PRIVATE_SECTOR; who is called only that may or may not be one of them."""

_MONTHS: Final = dict(
    enumerate(("January", "February", "March", "April", "May", "June", "July", "August", "September"), start=1)
) | {10: "October", 11: "November", 12: "December"}  # the locale of the machine must not decide


def of_need(asked: Asked, third: Mechanism, rates: Rates | None) -> tuple[Check, ...]:
    """Judge what depends on the need alone; a budget that is not stated leaves the ticket to the price."""
    return (
        place(asked, third.area),
        sector(asked, third.sectors),
        _organisation_type(asked, third.record),
        _window(asked.as_of, third.record),
        _endorsement(asked, third.record),
        _ticket(asked.need.budget, third.record, rates),
    )


def of_pair(pair: Pair, home: str | None, third: Mechanism) -> tuple[Check, ...]:
    """Judge what depends on the provider, who sits in ``home``, and on its offer."""
    return (_tied(home, third, pair.asked.book), offer_sector(pair, third.sectors))


def by_price(pair: Pair, third: Mechanism, rates: Rates | None) -> Check:
    """Judge the ticket by the price where there is no budget: it may fail, but what fits is not known to be wanted."""
    price = pair.capability.price
    found = _ticket(price, third.record, rates, "price")
    if price is None or found.state is not GateState.PASS:
        return found
    return _unknown(ThirdRule.TICKET, f"{found.detail}; the need states no budget")


def fix(check: Check, asked: Asked, third: Mechanism, rates: Rates | None) -> str:
    """Say what would mend a failure; empty when nothing that is known would."""
    record = third.record
    match check.rule:
        case ThirdRule.WINDOW if record.opens and record.opens > asked.as_of:
            return f"opens on {written(record.opens)}"
        case ThirdRule.ENDORSEMENT:
            return f"needs a letter of a {listed(record.endorsement_types or (), 'or')}"
        case ThirdRule.ORGANISATION_TYPE if record.eligible_org_types:
            return f"needs an applicant that is {listed(record.eligible_org_types, 'or')}"
        case ThirdRule.TICKET if record.ticket and record.ticket.min and asked.need.budget:
            budget, least = asked.need.budget, record.ticket.min
            share = (budget.max or 0.0) * factor(budget.currency, record.ticket.currency, rates) / least
            starts = f"ticket starts at {record.ticket.currency} {number(least)}"
            return f"{starts}: join the need with like ones" if share >= TICKET_REACH else ""
        case _:
            return ""


def place(asked: Asked, area: Area | None) -> Check:
    """Pass when one of the need's countries is served; partly read places may not fail."""
    if area is None or not asked.countries:
        silent = "it does not say where it works" if area is None else "the need does not say where it is"
        return Check(ThirdRule.PLACE, GateState.UNKNOWN, silent)
    met = asked.countries & area.countries
    if met:
        some = "" if len(met) == len(asked.countries) else f", {len(met)} of {len(asked.countries)} countries"
        return Check(ThirdRule.PLACE, GateState.PASS, f"works in {naming.countries(asked.book, met)}{some}")
    if not (asked.complete and area.complete):
        return Check(ThirdRule.PLACE, GateState.UNKNOWN, "some places could not be read")
    return Check(
        ThirdRule.PLACE, GateState.FAIL, f"does not work in {naming.countries(asked.book, asked.countries, 'or')}"
    )


def sector(asked: Asked, served: frozenset[str] | None) -> Check:
    """Pass when a sector of the need lies within one that is served; a wider need may or may not."""
    need = asked.need
    if served is None or (need.sectors is None and need.crs_purpose is None):
        silent = "it does not say for which sectors" if served is None else "the need does not say its sector"
        return Check(ThirdRule.SECTOR, GateState.UNKNOWN, silent)
    wanted = sectors_of(need.sectors, need.crs_purpose)
    met = sorted(code for code in wanted if within(code, served))
    if met:
        return Check(ThirdRule.SECTOR, GateState.PASS, f"is for {_sectors(met)}")
    wider = sorted(code for code in served if within(code, wanted))
    if wider:
        return Check(ThirdRule.SECTOR, GateState.UNKNOWN, f"is for {_sectors(wider)}, a part of what is needed")
    return Check(ThirdRule.SECTOR, GateState.FAIL, f"is for {_sectors(sorted(served))} only")


def offer_sector(pair: Pair, served: frozenset[str] | None) -> Check:
    """Pass when the offer lies in a served sector; never fails, for an offer may serve another sector than its own."""
    stated = sectors_of(pair.capability.sectors, pair.capability.crs_purpose)
    met = sorted(code for code in stated if within(code, served or frozenset()))
    if met:
        return Check(ThirdRule.OFFER_SECTOR, GateState.PASS, f"the offer is of {_sectors(met)}")
    return Check(ThirdRule.OFFER_SECTOR, GateState.UNKNOWN, "the offer is not known to be of its sectors")


def within(code: str, wider: frozenset[str]) -> bool:
    """Tell whether a sector is one of these or lies under one of them."""
    return code in wider or code.partition(".")[0] in wider


def _sectors(codes: list[str]) -> str:
    return listed(naming.sector(code) for code in codes)


def _organisation_type(asked: Asked, record: FundingMechanism) -> Check:
    allowed, owner = record.eligible_org_types, asked.organisation
    kind = owner.org_type if owner else None
    if allowed is None or kind is None:
        silent = "it does not say who may apply" if allowed is None else "the need's owner is of no stated kind"
        return _unknown(ThirdRule.ORGANISATION_TYPE, silent)
    if kind in allowed or (kind in _PRIVATE and OrganisationType.PRIVATE_SECTOR in allowed):
        return Check(ThirdRule.ORGANISATION_TYPE, GateState.PASS, f"the need's owner, {_kind(kind)}, may apply")
    if kind is OrganisationType.PRIVATE_SECTOR and _PRIVATE & set(allowed):
        return _unknown(ThirdRule.ORGANISATION_TYPE, f"asks for {listed(allowed, 'or')}")
    return Check(ThirdRule.ORGANISATION_TYPE, GateState.FAIL, f"not for {_kind(kind)}: {listed(allowed, 'or')} only")


def _kind(kind: OrganisationType) -> str:
    return kind.value.replace("_", " ")


def _window(as_of: date, record: FundingMechanism) -> Check:
    """Judge the day against the stated dates; what says both "at any time" and a date that is not on is unknown."""
    opens, closes, rule = record.opens, record.closes, ThirdRule.WINDOW
    if (opens and opens > as_of) or (closes and closes < as_of):
        said = f"opens on {written(opens)}" if opens and opens > as_of else f"closed on {written(closes or as_of)}"
        if record.rolling:
            return _unknown(rule, f"{said}, and takes applications at any time: it cannot be both")
        return Check(rule, GateState.FAIL, said)
    if record.rolling:
        return Check(rule, GateState.PASS, "takes applications at any time")
    if opens and closes:
        return Check(rule, GateState.PASS, f"open until {written(closes)}")
    return _unknown(rule, "it does not say from when to when it is open")


def _endorsement(asked: Asked, record: FundingMechanism) -> Check:
    rule, wanted, given = ThirdRule.ENDORSEMENT, record.endorsement_types, asked.need.endorsement
    if wanted is None:
        return _unknown(rule, "it does not say whose letter it asks for")
    if not wanted:
        return Check(rule, GateState.PASS, "asks for no letter")
    if given is None or given.type is None:
        return _unknown(rule, f"needs a letter of a {listed(wanted, 'or')}; the need states none")
    if plain(given.type) in set(map(plain, wanted)):
        return Check(rule, GateState.PASS, f"endorsed by {given.body}, as it asks")
    return Check(rule, GateState.FAIL, f"endorsed by {given.body}, but it asks for a {listed(wanted, 'or')}")


def _tied(home: str | None, third: Mechanism, book: PlaceBook) -> Check:
    rule, status, tied = ThirdRule.TIED, third.record.tied_status, third.tied
    if status is TiedStatus.UNTIED:
        return Check(rule, GateState.PASS, "untied: suppliers of any country")
    if tied is None or not tied.countries:
        return _unknown(
            rule, "it does not say whether its money is tied" if status is None else "tied, not said to whom"
        )
    named = naming.countries(book, tied.countries)
    if home is None:
        return _unknown(rule, f"tied to {named}; the provider's country is unknown")
    where = naming.country(book, home)
    if home in tied.countries:
        return Check(rule, GateState.PASS, f"pays suppliers of {where}")
    if status is TiedStatus.TIED and tied.complete:
        return Check(rule, GateState.FAIL, f"tied to {named}; the provider is in {where}")
    partly = "partly tied" if status is TiedStatus.PARTIALLY_TIED else "may be tied"
    return _unknown(rule, f"{partly} to {named}; the provider is in {where}")


def _ticket(asked: Money | None, record: FundingMechanism, rates: Rates | None, named: str = "budget") -> Check:
    """Compare the whole sum with the ticket; an end that is not stated never passes.

    A sum above the ticket does not fail: others may pay the rest. It is unknown whether they do.
    """
    rule, ticket = ThirdRule.TICKET, record.ticket
    if ticket is None or asked is None:
        return _unknown(rule, "it does not say how much it pays" if ticket is None else f"no {named} is stated")
    others = f", others bring at least {percent(record.cofinance_min)}" if record.cofinance_min else ""
    sums = f"{named} {money(asked)}, ticket {money(ticket)}{others}"
    rate = factor(asked.currency, ticket.currency, rates)
    if not rate > 0:
        return _unknown(rule, f"{sums}: no rate between the currencies")
    if not same_basis(asked.basis, None):
        return _unknown(rule, f"{sums}: not for the whole")
    state, said = _span(asked, ticket, rate)
    return Check(rule, state, f"{sums}{said}")


def _span(asked: Money, ticket: Money, rate: float) -> tuple[GateState, str]:
    """Compare two spans, the first times ``rate``: whether any sum of it lies within the second."""
    low, high = ((None if end is None else end * rate) for end in (asked.min, asked.max))
    most, least = low if high is None else high, high if low is None else low
    if high is not None and ticket.min is not None and high < ticket.min:
        return GateState.FAIL, ": too small for it"
    if ticket.min is None or most is None or most < ticket.min:
        return GateState.UNKNOWN, ""
    if ticket.max is None or least is None or least > ticket.max:
        return GateState.UNKNOWN, ": it may pay a part only"
    return GateState.PASS, ""


def _unknown(rule: ThirdRule, detail: str) -> Check:
    return Check(rule, GateState.UNKNOWN, detail)


def written(day: date) -> str:
    """Write a day as "1 March 2027", the same on every machine."""
    return f"{day.day} {_MONTHS[day.month]} {day.year}"

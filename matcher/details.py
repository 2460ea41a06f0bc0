"""The sentence of each gate for one pair that is shown; its state comes from the judged table, never from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from matcher import naming
from matcher.asked import Asked, Pair, Reads, by_code
from matcher.matches import Gate
from matcher.money import factor, same_basis
from matcher.policy import GATES, STATES, GatePolicy, States
from matcher.profiles import Record
from matcher.rules import longest_lead
from matcher.vocabulary import FinancingState, GateMode, GateName, GateState, ReviewState
from matcher.wording import listed, many, members, money, number, percent, unstated

Said = dict[tuple[object, ...], Gate]
"""Gates that were explained, by name, state and what the sentence reads of the offer's side."""


def explain(pair: Pair, states: States, policy: GatePolicy) -> tuple[Gate, ...]:
    """Return every judged gate of one pair with its reason; gates that are off are left out.

    ``states`` is the pair's column of the judged table.
    """
    return explain_all([pair], states[:, None], policy, {})[0]


def explain_all(pairs: Sequence[Pair], states: States, policy: GatePolicy, said: Said) -> list[tuple[Gate, ...]]:
    """Do so for pairs of one need over the same columns; ``states`` is (gates, pairs).

    ``said`` remembers what was made of each distinct value: give the same one for all pairs of a need.
    """
    judged = [
        (gate, row.tolist()) for gate, row in zip(GATES, states, strict=True) if policy.mode(gate) is not GateMode.OFF
    ]
    by_gate = [_of_gate(gate, pairs, row, policy, said) for gate, row in judged]
    return [*zip(*by_gate, strict=True)] if by_gate else [() for _ in pairs]


def _of_gate(gate: GateName, pairs: Sequence[Pair], states: list[int], policy: GatePolicy, said: Said) -> list[Gate]:
    detail, reads = _DETAILS[gate]
    found = []
    for pair, state, read in zip(pairs, states, reads(pairs), strict=True):
        key = gate, state, read
        judged = said.get(key)
        if judged is None:
            judged = said[key] = Gate(gate, STATES[state], detail(pair, STATES[state], policy))
        found.append(judged)
    return found


def standing(judged: Sequence[Gate], state: GateState) -> list[Gate]:
    """Return the gates that are in a state, in order."""
    return [gate for gate in judged if gate.state is state]


def _state(pair: Pair, state: GateState, _: GatePolicy) -> str:
    if state is GateState.PASS:
        return "both are published and current"
    asked = pair.asked
    if state is GateState.UNKNOWN:
        return f"{asked.asker}, which asks, is recorded only as a provider: is it not an offer?"
    if asked.owner >= 0 and asked.need.owner_organisation_id == pair.capability.organisation_id:
        return f"need and offer belong to the same organisation, {asked.asker}"
    sides: tuple[tuple[str, Record | None], ...] = (
        ("need", asked.need),
        ("offer", pair.capability),
        ("provider", pair.organisation),
    )
    for side, record in sides:
        if record is not None and (reason := kept_back(record, asked)):
            return f"the {side} {reason}"
    return "a record is withdrawn or expired"


def kept_back(record: Record, asked: Asked) -> str:
    """Say what keeps a record from being matched: its review state, or the day it ended; empty where nothing does."""
    if record.review_state not in {None, ReviewState.PUBLISHED}:
        return f"is {listed([record.review_state])}"
    ended = record.valid_until is not None and record.valid_until < asked.as_of
    return f"was valid until {record.valid_until}" if ended else ""


def _place(pair: Pair, state: GateState, _: GatePolicy) -> str:
    asked, places = pair.asked, pair.columns.places
    code = int(places.codes[pair.row])
    if state is GateState.UNKNOWN:
        if asked.countries and places.stated[code]:
            return "some places could not be read, and none of the others meet"
        return unstated(
            need=None if asked.countries else "where it is",
            offer=None if places.stated[code] else "where it is offered",
        )
    wanted, names = len(asked.countries), pair.columns.geography.codes
    if state is GateState.PASS:
        met = members(names, places.offered[:, code] & asked.bits)
        share = f"covers {len(met)} of {many(wanted, 'country', 'countries')} ({percent(len(met) / wanted)})"
        return share if len(met) == wanted else f"{share}: {naming.countries(asked.book, met)}"
    barred = members(names, places.excluded[:, code] & asked.bits)
    if len(barred) == wanted:
        return f"the offer excludes {naming.countries(asked.book, barred)}, all that the need is about"
    return f"not offered in {naming.countries(asked.book, asked.countries, 'or')}"


def _mode(pair: Pair, state: GateState, _: GatePolicy) -> str:
    need, offered = pair.asked.need, pair.capability.transfer_modes
    if state is GateState.UNKNOWN:
        silent = need.accepted_modes is None and need.rejected_modes is None
        if offered is not None and not offered:
            return "the offer states no mode of transfer"
        return unstated(need="which modes it accepts" if silent else None, offer=None if offered else "its modes")
    if state is GateState.FAIL:
        return f"offers {listed(offered or ())} only, which the need rejects"
    welcome = [mode for mode in offered or () if mode in (need.accepted_modes or ())]
    if welcome:
        return f"offers {listed(welcome)}, which the need accepts"
    left = [mode for mode in offered or () if mode not in (need.rejected_modes or ())]
    named = "; the need names other modes as accepted" if need.accepted_modes else ""
    return f"offers {listed(left)}, which the need does not reject{named}"


def _maturity(pair: Pair, state: GateState, _: GatePolicy) -> str:
    trl, least = pair.capability.trl, pair.asked.need.trl_min
    if state is GateState.UNKNOWN:
        return unstated(
            need="which TRL it asks for" if least is None else None, offer="its TRL" if trl is None else None
        )
    together = ", but co-development is welcome" if state is GateState.PASS and (trl or 0) < (least or 0) else ""
    return f"offer is TRL {trl}, need asks for {least}{together}"


def _envelope(pair: Pair, state: GateState, _: GatePolicy) -> str:
    site, stood = pair.asked.need.site_conditions, pair.capability.operating_envelope
    if state is GateState.UNKNOWN and not (site and stood):
        return unstated(need=None if site else "its site conditions", offer=None if stood else "what it stands")
    judged = pair.conditions
    broken = [said for met, said in judged if met is False]
    met = [said for met, said in judged if met]
    return "; ".join(broken or met or [said for _, said in judged]) or "no condition is stated by both"


def _ip(pair: Pair, state: GateState, _: GatePolicy) -> str:
    accepted, terms = pair.asked.need.ip_requirements, pair.capability.ip.terms if pair.capability.ip else None
    if state is GateState.UNKNOWN:
        return unstated(
            need="which terms it accepts" if accepted is None else None,
            offer="on which terms its rights are offered" if terms is None else None,
        )
    if state is GateState.FAIL:
        return f"rights are offered as {listed(terms or (), 'or')} only, need accepts {listed(accepted or (), 'or')}"
    common = [term for term in terms or () if term in (accepted or ())]
    return f"rights are offered as {listed(common, 'or')}, which the need accepts" if common else "no clash of terms"


def _budget(pair: Pair, state: GateState, policy: GatePolicy) -> str:
    budget, price = pair.asked.need.budget, pair.capability.price
    if budget is None or price is None:
        return unstated(need=None if budget else "its budget", offer=None if price else "its price")
    sums = f"budget {money(budget)}, price {money(price)}"
    if state is GateState.UNKNOWN:
        if not same_basis(budget.basis, price.basis):
            return f"{sums}: not for the same thing"
        known = factor(price.currency, budget.currency, policy.rates) > 0
        return f"{sums}: {'the ends that are stated decide nothing' if known else 'no rate between the currencies'}"
    notes = _money_notes(pair, policy)
    if state is GateState.FAIL:
        return f"{sums}: less than {percent(policy.budget_factor)} of the least price, and no funding is sought{notes}"
    sought = "; funding is sought" if pair.asked.need.financing_state is FinancingState.SOUGHT else ""
    return f"{sums}{sought}{notes}"


def _money_notes(pair: Pair, policy: GatePolicy) -> str:
    budget, price, notes = pair.asked.need.budget, pair.capability.price, ""
    if budget and price and budget.currency != price.currency and policy.rates:
        rate = factor(price.currency, budget.currency, policy.rates)
        notes += f"; at {price.currency} 1 = {budget.currency} {rate:.4g} of {policy.rates.as_of}"
    if budget and price and budget.price_year and price.price_year and budget.price_year != price.price_year:
        notes += "; price years differ and are compared as stated"
    return notes


def _timeline(pair: Pair, state: GateState, _: GatePolicy) -> str:
    lead, longest = pair.capability.lead_time_months, longest_lead(pair.asked)
    if state is GateState.UNKNOWN or longest is None or lead is None:
        return unstated(
            need="when it must be complete" if longest is None else None,
            offer="its lead time" if lead is None else None,
        )
    room = f"{number(max(round(longest, 1), 0))} are left until {pair.asked.need.complete_by}"
    return f"takes {number(lead)} {'month' if lead == 1 else 'months'}, {room}"


def _language(pair: Pair, state: GateState, _: GatePolicy) -> str:
    asked, supported = pair.asked, pair.capability.languages_supported
    own = pair.organisation.languages if pair.organisation else None
    spoken, source = (own, "the provider speaks") if supported is None else (supported, "the offer supports")
    if state is GateState.UNKNOWN:
        return unstated(
            need="which languages it requires" if asked.need.languages_required is None else None,
            offer="which languages it supports" if spoken is None else None,
        )
    codes = pair.columns.spoken.members[:, int(pair.columns.spoken.codes[pair.row])]
    have = set(members(pair.columns.spoken.names, codes))
    if not asked.languages:
        return "the need requires no language"
    if state is GateState.FAIL:
        return f"{source} {naming.languages(have)}, need requires {naming.languages(asked.languages, 'or')}"
    common = sorted(have & asked.languages)
    if common:
        return f"{source} {naming.languages(common)}"
    return asked.bridged[min(have & asked.bridged.keys())].said


_DETAILS: Final[dict[GateName, tuple[Callable[[Pair, GateState, GatePolicy], str], Reads]]] = {
    GateName.STATE: (_state, lambda pairs: [pair.row for pair in pairs]),
    GateName.PLACE: (_place, by_code(lambda columns: columns.places.codes)),
    GateName.MODE: (_mode, by_code(lambda columns: columns.modes.codes)),
    GateName.MATURITY: (_maturity, by_code(lambda columns: columns.trl)),
    GateName.ENVELOPE: (_envelope, by_code(lambda columns: columns.envelope.codes)),
    GateName.IP: (_ip, by_code(lambda columns: columns.terms.codes)),
    GateName.BUDGET: (_budget, by_code(lambda columns: columns.price.codes)),
    GateName.TIMELINE: (_timeline, lambda pairs: [pair.capability.lead_time_months for pair in pairs]),
    GateName.LANGUAGE: (
        _language,
        by_code(lambda columns: columns.spoken.codes, lambda columns: columns.languages.codes),
    ),
}
"""The sentence of a gate, and all that it reads of the offer's side."""

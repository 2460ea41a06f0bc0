"""The facts a decision may hang on: which field of which side, and how to ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from matcher import naming
from matcher.asked import Pair
from matcher.money import same_basis
from matcher.profiles import PartnerSought
from matcher.vocabulary import GateName, SignalName

PROVIDER: Final = "provider"
NEED_OWNER: Final = "need_owner"


@dataclass(frozen=True, slots=True)
class Ask:
    """One field that may be missing: whom to ask and in which words."""

    about: str  # the field to fill in
    whom: str
    words: str  # "{title}" is the offer, "{where}" the need's countries, "{currency}" and "{basis}" its budget's
    stated: Callable[[Pair], Any]  # None when the field is unknown

    def question(self, pair: Pair) -> str:
        """Put the question for a pair."""
        asked, budget = pair.asked, pair.asked.need.budget
        where = naming.countries(asked.book, asked.countries, "or") if asked.countries else "the country in need"
        currency = budget.currency if budget else ""
        basis = (budget.basis if budget else None) or "in all"
        return self.words.format(title=pair.capability.title, where=where, currency=currency, basis=basis)


@dataclass(frozen=True, slots=True)
class Opening:
    """A gate and a signal that rest on the same facts of both sides."""

    gate: GateName | None
    signal: SignalName | None
    asks: tuple[Ask, ...]

    def missing(self, pair: Pair) -> list[Ask]:
        """Return what is not stated, the provider's part first."""
        return [ask for ask in self.asks if ask.stated(pair) is None]


def _offer(about: str, words: str) -> Ask:
    return Ask(about, PROVIDER, words, lambda pair: getattr(pair.capability, about))


def _need(about: str, words: str) -> Ask:
    return Ask(about, NEED_OWNER, words, lambda pair: getattr(pair.asked.need, about))


def _terms(pair: Pair) -> object:
    return pair.capability.ip.terms if pair.capability.ip else None


def _spoken(pair: Pair) -> object:
    own = pair.organisation.languages if pair.organisation else None
    return own if pair.capability.languages_supported is None else pair.capability.languages_supported


def _one_currency(pair: Pair) -> bool | None:
    budget, price = pair.asked.need.budget, pair.capability.price
    return None if budget and price and budget.currency != price.currency else True


def _one_basis(pair: Pair) -> bool | None:
    """Ask only where the currency is not asked for already."""
    budget, price = pair.asked.need.budget, pair.capability.price
    if budget is None or price is None or budget.currency != price.currency:
        return True
    return same_basis(budget.basis, price.basis) or None


def _sought(pair: Pair) -> object:
    sought = pair.capability.partner_sought or PartnerSought()
    return sought.places or sought.org_types or sought.ticket


def _classified(about: str, *others: str) -> tuple[Callable[[Pair], object], Callable[[Pair], object]]:
    """Return whether offer and need state a field or one that stands for it."""

    def first(record: object) -> object:
        return next((value for name in (about, *others) if (value := getattr(record, name)) is not None), None)

    return (lambda pair: first(pair.capability)), (lambda pair: first(pair.asked.need))


_SDG = _classified("sdg_goals", "sdg_targets")
_SECTOR = _classified("sectors", "crs_purpose")

OPENINGS: Final = (
    Opening(
        GateName.STATE,
        None,
        (
            Ask(
                "roles",
                NEED_OWNER,
                "Does the owner ask for this, or offer it? If it asks, record it as a need owner too.",
                lambda pair: None if pair.asked.by_a_seller else False,
            ),
        ),
    ),
    Opening(
        GateName.PLACE,
        None,
        (
            _offer("places_offered", 'Is "{title}" offered in {where}?'),
            _need("beneficiary_places", "In which countries or places is this needed?"),
        ),
    ),
    Opening(
        GateName.MODE,
        SignalName.MODE,
        (
            _offer(
                "transfer_modes", 'In which ways can "{title}" be transferred: licence, sale, training, joint work?'
            ),
            _need("accepted_modes", "Which modes of transfer are accepted, and which are ruled out?"),
        ),
    ),
    Opening(
        GateName.MATURITY,
        SignalName.MATURITY,
        (
            _offer("trl", 'What is the technology readiness level (1-9) of "{title}"?'),
            _need("trl_min", "What is the least technology readiness level (1-9) that would do?"),
        ),
    ),
    Opening(
        GateName.ENVELOPE,
        SignalName.ENVELOPE,
        (
            _offer("operating_envelope", 'Under which physical conditions does "{title}" work?'),
            _need("site_conditions", "What are the conditions of the site: power, water, altitude, temperature, grid?"),
        ),
    ),
    Opening(
        GateName.IP,
        None,
        (
            Ask(
                "ip",
                PROVIDER,
                'On which terms are the rights in "{title}" offered: open, nonexclusive, exclusive?',
                _terms,
            ),
            _need("ip_requirements", "Which terms of rights can be accepted: open, nonexclusive, exclusive?"),
        ),
    ),
    Opening(
        GateName.BUDGET,
        SignalName.BUDGET,
        (
            _offer("price", 'What does "{title}" cost, in which currency and of which year?'),
            _need("budget", "What budget is there, in which currency and of which year?"),
            Ask("price", PROVIDER, 'What does "{title}" cost in {currency}?', _one_currency),
            Ask("price", PROVIDER, 'What does "{title}" cost {basis}, in {currency}?', _one_basis),
        ),
    ),
    Opening(
        GateName.TIMELINE,
        None,
        (
            _offer("lead_time_months", 'How many months from agreement until "{title}" is at work?'),
            _need("complete_by", "By when must it be complete?"),
        ),
    ),
    Opening(
        GateName.LANGUAGE,
        SignalName.LANGUAGE,
        (
            Ask("languages_supported", PROVIDER, 'In which languages is "{title}" supported?', _spoken),
            _need("languages_required", "Which languages must be supported?"),
        ),
    ),
    Opening(
        None,
        SignalName.SDG,
        (
            Ask("sdg_goals", PROVIDER, 'Which Sustainable Development Goals does "{title}" serve?', _SDG[0]),
            Ask("sdg_goals", NEED_OWNER, "Which Sustainable Development Goals does this need serve?", _SDG[1]),
        ),
    ),
    Opening(
        None,
        SignalName.SECTOR,
        (
            Ask("sectors", PROVIDER, 'Which sector is "{title}" for?', _SECTOR[0]),
            Ask("sectors", NEED_OWNER, "Which sector does this need belong to?", _SECTOR[1]),
        ),
    ),
    Opening(
        None,
        SignalName.RESOURCES,
        (
            _offer("infrastructure_required", 'Which infrastructure does "{title}" require on the spot?'),
            _need("infrastructure_available", "Which infrastructure is there already?"),
            _offer("skills_required", 'Which skills does "{title}" require on the spot?'),
            _need("skills_available", "Which skills are there already?"),
        ),
    ),
    Opening(
        None,
        SignalName.CONTEXT,
        (_offer("deployed_in", 'Where has "{title}" been put to work before, and when?'),),
    ),
    Opening(
        None,
        SignalName.INTEREST,
        (
            Ask(
                "partner_sought",
                PROVIDER,
                'What partners are sought for "{title}": where, of which kind, which size?',
                _sought,
            ),
        ),
    ),
)
"""In the order of the gates, then of the signals; a signal of freshness is nobody's question."""

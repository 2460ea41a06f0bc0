"""Joining third parties to a pair: rules first, then the score of the triple; and why none fits where none does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple

from matcher import facilitation, funding
from matcher.asked import Asked, Pair
from matcher.facilitation import Programme
from matcher.funding import Mechanism
from matcher.matches import Check, ThirdParty
from matcher.money import Rates
from matcher.places import PlaceBook
from matcher.profiles import FundingMechanism, OrganisationId
from matcher.thirds import R, Third, ThirdParties, home_of
from matcher.vocabulary import HARD_THIRD_RULES, FacilitatorService, GateState, Provenance, ThirdRule
from matcher.wording import money

SHOWN: Final = 2  # third parties of a kind that fit, shown beside a pair
NEAR: Final = 1  # near misses shown after them
MOST_FAILURES: Final = 2  # rules a near miss may fail, as for gates (DOMAIN)
DIGITS: Final = 6  # of a published score
KEPT: Final = 200_000  # third parties beside offers that are remembered; some hundred bytes each

_KINDS: Final = "facilitator", "funder"
_NO_CONTRIBUTION: Final = frozenset({FacilitatorService.MATCHMAKING})
"""Services that bring two together and add nothing of their own to what they do."""

_IN_THE_WAY: Final = {
    ThirdRule.PLACE: "elsewhere",
    ThirdRule.SECTOR: "for other sectors",
    ThirdRule.ORGANISATION_TYPE: "for applicants of another kind",
    ThirdRule.TICKET: "for larger sums",
    ThirdRule.WINDOW: "not open",
    ThirdRule.ENDORSEMENT: "in want of another letter",
    ThirdRule.TIED: "tied to suppliers of other countries",
    ThirdRule.LANGUAGE: "in other languages",
    None: "of which too little is known",
}
"""Rule -> how a note counts those that fail it first."""


class Joined(NamedTuple):
    """The third parties beside one pair, best first, near misses after those that fit."""

    facilitators: tuple[ThirdParty, ...] = ()
    funders: tuple[ThirdParty, ...] = ()
    notes: tuple[str, ...] = ()  # why none fits
    via: str | None = None  # the facilitator whose network reaches the provider
    contribution: str = ""  # what a multilateral or one of the North would add, and who it is


class _Side(NamedTuple):
    """What was judged of a third party on one side."""

    checks: tuple[Check, ...]
    passed: frozenset[ThirdRule]
    failed: tuple[Check, ...]
    in_doubt: bool  # whether a hard rule is unknown


class _Judged(NamedTuple, Generic[R]):
    """One third party judged for one pair."""

    third: Third[R]
    need: _Side
    provider: _Side
    special: bool = False  # shown even where others fit better

    @property
    def fits(self) -> bool:
        """Nothing rules it out, and something speaks for it."""
        return self.speaks and not (self.need.failed or self.provider.failed)

    @property
    def speaks(self) -> bool:
        """On each side something speaks for it: of whom nothing is known nothing is suggested."""
        return bool(self.need.passed and self.provider.passed)

    @property
    def order(self) -> tuple[int, str]:
        """Sort by the score, which within a kind is by the product of the passes; then by id."""
        return -len(self.need.passed) * len(self.provider.passed), self.third.record.id


Sides = dict[tuple[object, ...], _Side]
"""By the id of the third party and what is read of the offer."""

Counts = Counter[ThirdRule | None]
"""Third parties by the first rule they fail; None = too little is known of them."""


@dataclass(frozen=True, eq=False)
class Joint:
    """One need with the third parties that may stand beside its pairs, judged as far as the need alone decides."""

    asked: Asked
    rates: Rates | None
    facilitators: tuple[tuple[Programme, _Side], ...]
    funders: tuple[tuple[Mechanism, _Side], ...]
    barred: tuple[Counts, Counts]  # facilitators and funders that no pair of the need can have, by what they fail
    seen: Sides  # what was made of each offer, whatever the need
    _priced: dict[tuple[str, object], _Side] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Asked, thirds: ThirdParties, rates: Rates | None, seen: Sides | None = None) -> Joint:
        """Judge once what holds for every pair of the need.

        ``seen`` remembers what was made of each offer: give the same one for all needs of one catalogue.
        """
        programmes = [(each, _side(facilitation.of_need(asked, each))) for each in thirds.facilitators.near(asked)]
        mechanisms = [(each, _side(funding.of_need(asked, each, rates))) for each in thirds.funders.near(asked)]
        open_to = [each for each in programmes if _mendable(each, asked, rates)]
        payable = [each for each in mechanisms if _mendable(each, asked, rates)]
        barred = (
            _counts(programmes, open_to, len(thirds.facilitators.thirds)),
            _counts(mechanisms, payable, len(thirds.funders.thirds)),
        )
        return cls(asked, rates, tuple(open_to), tuple(payable), barred, {} if seen is None else seen)

    @cached_property
    def nobody(self) -> Joined:
        """What is said beside every pair where the need alone leaves nobody open."""
        notes = (note for kind, counts in zip(_KINDS, self.barred, strict=True) for note in _note(kind, (), counts))
        return Joined(notes=tuple(notes))

    def programme(self, pair: Pair, third: Programme) -> _Side:
        """Judge a facilitator's side of the provider; it does not depend on the need."""
        key = third.record.id, *_read(pair)
        if key not in self.seen:
            _keep(self.seen, key, _side(facilitation.of_pair(pair, third)))
        return self.seen[key]

    def mechanism(self, pair: Pair, third: Mechanism, home: str | None) -> _Side:
        """Judge a funder's side of the provider, who sits in ``home``; it does not depend on the need."""
        key = third.record.id, *_read(pair)
        if key not in self.seen:
            _keep(self.seen, key, _side(funding.of_pair(pair, home, third)))
        return self.seen[key]

    def priced(self, pair: Pair, third: Mechanism, side: _Side) -> _Side:
        """Let the price judge the ticket where there is no budget; the ticket's check is the last one."""
        price = pair.capability.price
        if self.asked.need.budget is not None or price is None:
            return side
        key = third.record.id, price
        if key not in self._priced:
            checks = (*side.checks[:-1], funding.by_price(pair, third, self.rates))
            self._priced[key] = _side(checks)
        return self._priced[key]


def _read(pair: Pair) -> tuple[object, ...]:
    """Return what of an offer its side of a third party reads; a changed offer keeps its id."""
    offer = pair.capability
    return offer.id, offer.sectors, offer.crs_purpose, offer.languages_supported


def _keep(seen: Sides, key: tuple[object, ...], side: _Side) -> None:
    if len(seen) >= KEPT:
        seen.clear()
    seen[key] = side


def join(joint: Joint, pair: Pair, score: float, places: PlaceBook) -> Joined:
    """Find the best facilitators and funders of a pair.

    1. Rules first: what fails one is no candidate, nor is one of whom nothing is known on either side; one or two
       failures, each with a stated fix, are a near miss.
    2. Then the score of the triple, (pair x need_fit x provider_fit)^(1/3), falling, ties by id. Source: SCIENCE 6.
    3. Who reaches the provider, bridges its language, or makes the cooperation triangular, is shown even where others
       fit better.
    4. Where none fits, the rules that stood in the way are counted.
    """
    if not joint.facilitators and not joint.funders:
        return joint.nobody
    home, bridges = home_of(pair.organisation, places), facilitation.bridges(pair)
    programmes = [
        _Judged(third, side, joint.programme(pair, third), third.record.id in bridges)
        for third, side in joint.facilitators
        if _other(third, pair)
    ]
    mechanisms = [
        _Judged(third, joint.priced(pair, third, side), joint.mechanism(pair, third, home))
        for third, side in joint.funders
        if _other(third, pair)
    ]
    programmes.sort(key=attrgetter("order"))
    mechanisms.sort(key=attrgetter("order"))
    return Joined(
        tuple(_party(each, score, fixes) for each, fixes in _shown(joint, programmes)),
        tuple(_party(each, score, fixes) for each, fixes in _shown(joint, mechanisms)),
        (*_note(_KINDS[0], programmes, joint.barred[0]), *_note(_KINDS[1], mechanisms, joint.barred[1])),
        next((each.third.record.id for each in programmes if each.fits and _reaches(each)), None),
        next((said for ranked in (mechanisms, programmes) for each in ranked if (said := _contribution(each))), ""),
    )


def _other(third: Programme | Mechanism, pair: Pair) -> bool:
    """Tell whether a third party is neither of the two."""
    two = pair.capability.organisation_id, pair.asked.need.owner_organisation_id
    return third.record.organisation_id not in two


def _side(checks: tuple[Check, ...]) -> _Side:
    return _Side(
        checks,
        frozenset(check.rule for check in checks if check.state is GateState.PASS),
        tuple(check for check in checks if check.state is GateState.FAIL),
        any(check.state is GateState.UNKNOWN and check.rule in HARD_THIRD_RULES for check in checks),
    )


def _contribution(judged: _Judged[Any]) -> str:
    """Say what a third party of triangular cooperation would add; empty when it is none, or adds nothing we know of.

    Every hard rule must pass with evidence, and an inferred service is no contribution that anybody stated.
    """
    third, record = judged.third, judged.third.record
    if not third.origin or not judged.fits or judged.need.in_doubt or judged.provider.in_doubt:
        return ""
    if isinstance(record, FundingMechanism):
        paid = f" {money(record.ticket)}" if record.ticket else ""
        return f"{third.name} ({third.origin}) may pay{paid}"
    inferred = (record.provenance or {}).get("services") is Provenance.INFERRED
    services = [each for each in record.services or () if each not in _NO_CONTRIBUTION and not inferred]
    return f"{third.name} ({third.origin}) offers {facilitation.named(services)}" if services else ""


def _fixes(joint: Joint, judged: _Judged[Any]) -> tuple[str, ...]:
    """Return the fix of every failure; nothing when one has none or more than two fail."""
    failed = (*judged.need.failed, *judged.provider.failed)
    if not 0 < len(failed) <= MOST_FAILURES:
        return ()
    fixes = [_fix(check, judged.third, joint.asked, joint.rates) for check in failed]
    return tuple(fixes) if all(fixes) else ()


def _fix(check: Check, third: Third[Any], asked: Asked, rates: Rates | None) -> str:
    if isinstance(third.record, FundingMechanism):
        return funding.fix(check, asked, third, rates)
    return facilitation.fix(check, asked, third)


def _mendable(judged: tuple[Third[Any], _Side], asked: Asked, rates: Rates | None) -> bool:
    """Tell whether the need alone leaves a third party open: nothing fails, or little that could be mended."""
    third, side = judged
    return len(side.failed) <= MOST_FAILURES and all(_fix(check, third, asked, rates) for check in side.failed)


def _counts(near: Sequence[tuple[Third[Any], _Side]], kept: Sequence[tuple[Third[Any], _Side]], known: int) -> Counts:
    """Count those that are out for every pair by the first rule they fail; who is not near works elsewhere."""
    left = {third.record.id for third, _ in kept}
    counted = Counter(_first_failure(side.failed) for third, side in near if third.record.id not in left)
    counted[ThirdRule.PLACE] += known - len(near)
    return counted


def _party(judged: _Judged[Any], score: float, fixes: tuple[str, ...]) -> ThirdParty:
    """Write one third party down."""
    third, need, provider = judged.third, judged.need, judged.provider
    need_fit, provider_fit = len(need.passed) / len(need.checks), len(provider.passed) / len(provider.checks)
    state = GateState.UNKNOWN if need.in_doubt or provider.in_doubt else GateState.PASS
    return ThirdParty(
        id=third.record.id,
        organisation_id=OrganisationId(third.record.organisation_id),
        title=third.name,
        state=GateState.FAIL if need.failed or provider.failed else state,
        score=round((score * need_fit * provider_fit) ** (1 / 3), DIGITS),
        need_fit=round(need_fit, DIGITS),
        provider_fit=round(provider_fit, DIGITS),
        checks=(*need.checks, *provider.checks),
        fixes=fixes,
    )


def _shown(joint: Joint, ranked: Sequence[_Judged[R]]) -> Iterator[tuple[_Judged[R], tuple[str, ...]]]:
    """Choose what is shown: the best that fit with those of a special part, then the best near miss."""
    fitting: list[_Judged[R]] = [each for each in ranked if each.fits]
    parts: tuple[Callable[[_Judged[R]], object], ...] = (_reaches, _contribution, attrgetter("special"))
    kept = {each.third.record.id for each in fitting[:SHOWN]}
    kept |= {each.third.record.id for part in parts for each in islice(filter(part, fitting), 1)}
    yield from ((each, ()) for each in fitting if each.third.record.id in kept)
    mended = ((each, fixes) for each in ranked if each.speaks and (fixes := _fixes(joint, each)))
    yield from islice(mended, NEAR)


def _reaches(judged: _Judged[Any]) -> bool:
    return ThirdRule.NETWORK in judged.provider.passed


def _note(kind: str, ranked: Sequence[_Judged[Any]], barred: Counts) -> Iterator[str]:
    """Say why none fits; nothing when one does, or when there is none of the kind to choose from."""
    if any(each.fits for each in ranked) or not (ranked or barred.total()):
        return
    counted = barred + Counter(_first_failure((*each.need.failed, *each.provider.failed)) for each in ranked)
    said = [f"{counted[rule]} {words}" for rule, words in _IN_THE_WAY.items() if counted[rule]]
    yield f"No {kind} of the catalogue is known to fit: {', '.join(said)}."


def _first_failure(checks: Sequence[Check]) -> ThirdRule | None:
    failed = {check.rule for check in checks}
    return next((rule for rule in _IN_THE_WAY if rule in failed), None)

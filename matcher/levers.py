"""What each side could change, field by field, in growing steps: an offer's are its provider's.

A lever is a fact somebody can decide, deliver or state; texts, classifications that are stated and the site itself are
not. A step is a share of the way, in (0, 1], from what is stated to what would earn most from the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from matcher import naming
from matcher.asked import Pair
from matcher.classification import goals_of
from matcher.encoding import plain, primary
from matcher.openings import NEED_OWNER, PROVIDER
from matcher.profiles import Capability, Deployment, Ip, Need, PartnerSought
from matcher.vocabulary import FinancingState
from matcher.wording import listed, members

Item = TypeVar("Item")
R = TypeVar("R", Capability, Need)

DEPLOYMENTS: Final = 5  # further ones that are looked at: as many as earn the context signal everything
SPARE_LEVELS: Final = 3  # TRL above the least that earn the maturity signal everything


@dataclass(frozen=True)
class Lever(Generic[R]):
    """One field of one side. ``at(share)`` is the record with the field changed by a share of the way."""

    side: str  # PROVIDER or NEED_OWNER
    field: str  # with a dot where it lies deeper
    at: Callable[[float], R]
    says: Callable[[R], str]  # what to do, of a changed record
    steps: int | None  # how many there are; None = any share


def of_offer(pair: Pair) -> Iterator[Lever[Capability]]:
    """Yield what the provider could change for this need, in the order of the gates, then of the signals."""
    yield from _places(pair)
    offer, need = pair.capability, pair.asked.need
    yield from _growing(offer, "transfer_modes", need.accepted_modes, "offer {} too")
    yield from _maturity(pair)
    yield from _terms(pair)
    yield from _languages(pair)
    yield from _classified(pair)
    yield from _required(pair)
    yield from _experience(pair)
    yield from _interest(pair)


def of_need(pair: Pair) -> Iterator[Lever[Need]]:
    """Yield what the need's owner could change for this offer, in the order of the gates, then of the signals."""
    need, offer = pair.asked.need, pair.capability
    yield from _growing(need, "accepted_modes", offer.transfer_modes, "accept {}")
    yield from _shrinking(need, "rejected_modes", offer.transfer_modes, "no longer reject {}")
    yield from _least_level(pair)
    terms = offer.ip.terms if offer.ip else None
    yield from _growing(need, "ip_requirements", terms if need.ip_requirements is not None else None, "accept {} terms")
    if need.budget and offer.price and need.financing_state is not FinancingState.SOUGHT:
        yield _once(need, "financing_state", FinancingState.SOUGHT, "seek funding for what the budget lacks")
    spoken = {primary(tag) for tag in offer.languages_supported or ()}
    unmet = [tag for tag in need.languages_required or () if primary(tag) not in spoken]
    yield from _shrinking(need, "languages_required", unmet, "do without {}", naming.language)
    for kind in ("infrastructure", "skills"):
        wanted = getattr(offer, f"{kind}_required")
        yield from _growing(need, f"{kind}_available", wanted, f"see to the {kind} required: {{}}")


# How a field grows


def _set(record: R, name: str, values: Sequence[Any], share: float) -> R:
    """Return the record with the value of this step."""
    return record.model_copy(update={name: values[max(round(share * len(values)), 1) - 1]})


def _ladder(record: R, name: str, values: Sequence[Any], says: Callable[[R], str]) -> Lever[R]:
    """Make a lever of the values a field would take, the smallest change first."""
    side = PROVIDER if isinstance(record, Capability) else NEED_OWNER
    return Lever(side, name, partial(_set, record, name, values), says, len(values))


def _once(record: R, name: str, value: Any, words: str) -> Lever[R]:
    return _ladder(record, name, [value], lambda _: words)


def _growing(
    record: R, name: str, wanted: Iterable[Any] | None, words: str, key: Callable[[Any], Any] = plain
) -> Iterator[Lever[R]]:
    """Add what the other side wants and is not there, one item a step; ``key`` tells which items are the same."""
    yield from _adding(record, name, _missing(getattr(record, name) or (), wanted or (), key), words, str)


def _adding(
    record: R, name: str, missing: Sequence[Any], words: str, called: Callable[[Any], str]
) -> Iterator[Lever[R]]:
    """Add items, one a step; ``called`` writes one of them in the sentence."""
    have: tuple[Any, ...] = tuple(getattr(record, name) or ())
    if missing:
        values = [have + tuple(some) for some in _firsts(missing)]
        yield _ladder(
            record, name, values, lambda made: words.format(listed(map(called, getattr(made, name)[len(have) :])))
        )


def _shrinking(
    record: R, name: str, unwanted: Iterable[Any] | None, words: str, called: Callable[[Any], str] = str
) -> Iterator[Lever[R]]:
    """Take away what keeps the other side out, one item a step; ``called`` writes one of them in the sentence."""
    have: tuple[Any, ...] = tuple(getattr(record, name) or ())
    gone = [item for item in have if item in set(unwanted or ())]
    if gone:
        values = [tuple(item for item in have if item not in some) for some in _firsts(gone)]
        yield _ladder(
            record,
            name,
            values,
            lambda made: words.format(listed([called(item) for item in have if item not in getattr(made, name)])),
        )


def _firsts(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Return the first item, the first two, and so on."""
    return [items[: at + 1] for at in range(len(items))]


def _missing(have: Iterable[Any], wanted: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
    known = {key(item) for item in have}
    return list({key(item): item for item in wanted if key(item) not in known}.values())


# The provider's


def _places(pair: Pair) -> Iterator[Lever[Capability]]:
    """Offer it where the need is, one of its places a step, where it is not yet; and lift exclusions of them."""
    offer, places, wanted = pair.capability, pair.columns.places, pair.asked.need.beneficiary_places or ()
    called = partial(naming.place, pair.asked.book)
    served = members(pair.columns.geography.codes, places.offered[:, int(places.codes[pair.row])])
    if pair.asked.countries.isdisjoint(served):
        missing = _missing(offer.places_offered or (), wanted, str)
        yield from _adding(offer, "places_offered", missing, "offer it in {}", called)
    barred = {*wanted, *pair.asked.countries}
    yield from _shrinking(offer, "places_excluded", barred, "no longer exclude {}", called)


def _maturity(pair: Pair) -> Iterator[Lever[Capability]]:
    offer, least = pair.capability, pair.asked.need.trl_min
    if least is None:
        return
    levels = range(least if offer.trl is None else offer.trl + 1, min(least + SPARE_LEVELS, 9) + 1)
    if levels:
        words = "state a TRL of {0}, if it is" if offer.trl is None else "bring it to TRL {0}"
        yield _ladder(offer, "trl", levels, lambda made: words.format(made.trl))


def _terms(pair: Pair) -> Iterator[Lever[Capability]]:
    offer = pair.capability
    ip = offer.ip or Ip()
    missing = _missing(ip.terms or (), pair.asked.need.ip_requirements or (), str)
    if missing:
        made = ip.model_copy(update={"terms": (*(ip.terms or ()), missing[0])})
        yield _once(offer, "ip", made, f"offer the rights on {listed(missing[:1])} terms too")


def _languages(pair: Pair) -> Iterator[Lever[Capability]]:
    """Support the required languages, one more a step; where none is stated, those of the organisation count on."""
    offer, own = pair.capability, pair.organisation.languages if pair.organisation else None
    missing = _missing(offer.languages_supported or (), pair.asked.need.languages_required or (), primary)
    if not missing:
        return
    have = offer.languages_supported if offer.languages_supported is not None else own or ()
    values = [tuple(dict.fromkeys((*have, *some))) for some in _firsts(missing)]
    say = {value: listed(map(naming.language, some)) for value, some in zip(values, _firsts(missing), strict=True)}
    yield _ladder(offer, "languages_supported", values, lambda made: f"support {say[made.languages_supported or ()]}")


def _classified(pair: Pair) -> Iterator[Lever[Capability]]:
    """State what it is about, only where nothing is stated: what is stated is not to be bent to a need."""
    offer, need = pair.capability, pair.asked.need
    if goals_of(offer) is None:
        yield from _growing(offer, "sdg_goals", map(int, goals_of(need) or ()), "state SDG {}, if so", str)
    if offer.sectors is None and offer.crs_purpose is None:
        yield from _growing(offer, "sectors", need.sectors, "state the sector {}, if so", str)


def _required(pair: Pair) -> Iterator[Lever[Capability]]:
    """Bring what is missing on the spot along, one item a step; and include training."""
    offer, asked = pair.capability, pair.asked
    for kind, there in (("infrastructure", asked.infrastructure), ("skills", asked.skills)):
        required = getattr(offer, f"{kind}_required")
        if required is None:
            yield _once(offer, f"{kind}_required", (), f"state that it requires no {kind}, if so")
        missing = [label for label in required or () if plain(label) not in (there or ())]
        yield from _shrinking(offer, f"{kind}_required", missing, f"bring the {kind} along: {{}}")
    if not offer.training_included:
        yield _once(offer, "training_included", True, "include training")  # noqa: FBT003 - the field's value


def _experience(pair: Pair) -> Iterator[Lever[Capability]]:
    """Put it to work in the need's country, once a step."""
    if not pair.asked.countries:
        return
    offer, home = pair.capability, min(pair.asked.countries)
    where = naming.country(pair.asked.book, home)
    have, new = offer.deployed_in or (), Deployment(country=home, year=pair.asked.as_of.year)
    values = [(*have, *[new] * count) for count in range(1, DEPLOYMENTS + 1)]
    yield _ladder(
        offer, "deployed_in", values, lambda made: _put_to_work(len(made.deployed_in or ()) - len(have), where)
    )


def _put_to_work(times: int, country: str) -> str:
    return f"put it to work in {country}" + (f" {times} times" if times > 1 else "")


def _interest(pair: Pair) -> Iterator[Lever[Capability]]:
    """Say that partners are sought where the need is, then also of its owner's kind."""
    offer, asked = pair.capability, pair.asked
    sought = offer.partner_sought or PartnerSought()
    countries = _missing(sought.places or (), asked.need.beneficiary_places or (), str)
    kind = asked.organisation.org_type if asked.organisation else None
    values, words = [], []
    if countries:
        sought = sought.model_copy(update={"places": (*(sought.places or ()), *countries)})
        values.append(sought)
        words.append(f"in {listed(naming.place(asked.book, where) for where in countries)}")
    if kind and kind not in (sought.org_types or ()):
        values.append(sought.model_copy(update={"org_types": (*(sought.org_types or ()), kind)}))
        words.append(f"of the kind {listed([kind])}")
    if values:
        say = {made: listed(words[: at + 1]) for at, made in enumerate(values)}
        yield _ladder(
            offer, "partner_sought", values, lambda made: f"seek partners {say[made.partner_sought or sought]}"
        )


# The need owner's


def _least_level(pair: Pair) -> Iterator[Lever[Need]]:
    need, trl = pair.asked.need, pair.capability.trl
    if need.trl_min is None or trl is None:
        return
    levels = range(need.trl_min - 1, max(trl - SPARE_LEVELS, 1) - 1, -1)
    if levels:
        yield _ladder(need, "trl_min", levels, lambda made: f"ask for TRL {made.trl_min} at least")
    if trl < need.trl_min and not need.co_development_ok:
        yield _once(need, "co_development_ok", True, "accept co-development")  # noqa: FBT003 - the field's value

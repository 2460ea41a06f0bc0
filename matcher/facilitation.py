"""The rules of a facilitator's programme beside a need and a provider, and the languages it bridges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from matcher import naming
from matcher.asked import Asked, Bridge, Pair
from matcher.encoding import primary
from matcher.funding import offer_sector, place, sector
from matcher.matches import Check
from matcher.profiles import FacilitatorProgramme
from matcher.thirds import Roll, Third, names_of
from matcher.vocabulary import FacilitatorService, GateState, Readiness, ThirdRule
from matcher.wording import listed, members

Programme = Third[FacilitatorProgramme]

REMEDIES: Final = {
    "policy": (FacilitatorService.LEGAL_IP, FacilitatorService.NEEDS_ASSESSMENT),
    "finance": (FacilitatorService.COFINANCE,),
    "incentives": (FacilitatorService.DEMONSTRATION, FacilitatorService.COFINANCE),
    "capacity": (FacilitatorService.TRAINING, FacilitatorService.DEMONSTRATION),
}
"""Enabling condition -> services that close a gap in it, the most direct first; our reading of the services' names."""

_SERVICES: Final = {FacilitatorService.LEGAL_IP: "legal and IP advice", FacilitatorService.COFINANCE: "co-finance"}
"""How sentences call a service whose code does not read as words."""

_GAPS: Final = frozenset({Readiness.PARTIAL, Readiness.MISSING})


def of_need(asked: Asked, third: Programme) -> tuple[Check, ...]:
    """Judge what depends on the need alone."""
    return (
        place(asked, third.area),
        sector(asked, third.sectors),
        _language(asked, third.languages),
        _services(asked, third.record.services),
    )


def of_pair(pair: Pair, third: Programme) -> tuple[Check, ...]:
    """Judge what depends on the provider and its offer; none of it is hard."""
    return (_network(pair, third), offer_sector(pair, third.sectors), _offer_language(pair, third.languages))


def fix(check: Check, asked: Asked, third: Programme) -> str:
    """Say what would mend a failure; empty when nothing that is known would."""
    if check.rule is ThirdRule.LANGUAGE:
        return f"needs an interpreter between {naming.languages(third.languages or ())} and {_wanted(asked)}"
    return ""


def reaches(pair: Pair, third: Programme) -> bool:
    """Tell whether the provider is in a facilitator's network, by id, name or alias."""
    provider = pair.organisation
    known = names_of(provider) if provider else frozenset({pair.capability.organisation_id})
    return bool(third.network and known & third.network)


def bridged(asked: Asked, roll: Roll[FacilitatorProgramme]) -> Asked:
    """Return the need with the languages that facilitators bridge to those it requires, each with who bridges it.

    Only a programme that is known to work in the need's place and sector and speaks a required language bridges: what
    is unknown passes no gate. The first by id is named.
    """
    found: dict[str, Bridge] = {}
    for third in roll.near(asked) if asked.languages else ():
        spoken = third.languages or frozenset()
        sure = (place(asked, third.area), sector(asked, third.sectors))
        common = sorted(spoken & asked.languages)
        if common and all(check.state is GateState.PASS for check in sure):
            for language in sorted(spoken - asked.languages):
                said = f"{third.name} bridges {naming.language(language)} and {naming.languages(common)}"
                found.setdefault(language, Bridge(third.record.id, said))
    return replace(asked, bridged=found) if found else asked


def bridges(pair: Pair) -> frozenset[str]:
    """Name the facilitators without whom a pair would have no language in common."""
    if not pair.asked.bridged:
        return frozenset()
    codes = pair.columns.spoken.members[:, int(pair.columns.spoken.codes[pair.row])]
    spoken = set(members(pair.columns.spoken.names, codes))
    if spoken & pair.asked.languages:
        return frozenset()
    return frozenset(pair.asked.bridged[each].facilitator_id for each in spoken & pair.asked.bridged.keys())


def gaps(asked: Asked) -> list[str]:
    """Name the enabling conditions that the need states as partial or missing."""
    stated = asked.need.enabling
    return [name for name in REMEDIES if stated and getattr(stated, name) in _GAPS]


def remedies(condition: str, services: Sequence[FacilitatorService] | None) -> list[FacilitatorService]:
    """Return which of the services close a gap in a condition."""
    return [service for service in REMEDIES[condition] if service in (services or ())]


def named(services: Sequence[FacilitatorService], joint: str = "and") -> str:
    """Write services as words."""
    return listed((_SERVICES.get(service, service.value) for service in services), joint)


def _language(asked: Asked, spoken: frozenset[str] | None) -> Check:
    rule = ThirdRule.LANGUAGE
    if asked.need.languages_required is None or spoken is None:
        silent = (
            "it does not say which languages it speaks" if spoken is None else "the need requires no stated language"
        )
        return Check(rule, GateState.UNKNOWN, silent)
    if not asked.languages:
        return Check(rule, GateState.PASS, "the need requires no language")
    common = sorted(spoken & asked.languages)
    if common:
        return Check(rule, GateState.PASS, f"speaks {naming.languages(common)} with the need")
    return Check(rule, GateState.FAIL, f"speaks {naming.languages(spoken)}, the need requires {_wanted(asked)}")


def _wanted(asked: Asked) -> str:
    return naming.languages(asked.languages, "or")


def _services(asked: Asked, services: Sequence[FacilitatorService] | None) -> Check:
    rule = ThirdRule.SERVICES
    if services is None:
        return Check(rule, GateState.UNKNOWN, "it does not say what it does")
    closed = [name for name in gaps(asked) if remedies(name, services)]
    if closed:
        return Check(rule, GateState.PASS, f"offers {named(services)}, for the gap in {listed(closed)}")
    return Check(rule, GateState.UNKNOWN, f"offers {named(services)}" if services else "states no service")


def _network(pair: Pair, third: Programme) -> Check:
    if reaches(pair, third):
        return Check(ThirdRule.NETWORK, GateState.PASS, "the provider is in its network")
    return Check(ThirdRule.NETWORK, GateState.UNKNOWN, "its network is not known to hold the provider")


def _offer_language(pair: Pair, spoken: frozenset[str] | None) -> Check:
    rule, stated = ThirdRule.OFFER_LANGUAGE, pair.capability.languages_supported
    own = pair.organisation.languages if pair.organisation else None
    offered = own if stated is None else stated
    common = sorted((spoken or frozenset()) & frozenset(map(primary, offered or ())))
    if common:
        return Check(rule, GateState.PASS, f"speaks {naming.languages(common)} with the provider")
    return Check(rule, GateState.UNKNOWN, "not known to share a language with the provider")

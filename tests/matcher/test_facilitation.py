"""A facilitator beside a pair: its rules, the languages it bridges, the partners its network reaches."""

from typing import Any

import pytest

from matcher import facilitation, gates
from matcher.gates import GATES
from matcher.matches import Check
from matcher.policy import FAIL as FAILED
from matcher.policy import PASS as PASSED
from matcher.policy import UNKNOWN as OPEN
from matcher.vocabulary import GateName, GateState, ThirdRule
from tests.builders import an_organisation
from tests.matcher.thirds_world import World, a_desk

PASS, FAIL, UNKNOWN = GateState.PASS, GateState.FAIL, GateState.UNKNOWN


def judged(world: World) -> dict[ThirdRule, Check]:
    third = world.thirds.facilitators.thirds[0]
    checks = (*facilitation.of_need(world.asked, third), *facilitation.of_pair(world.pair, third))
    return {check.rule: check for check in checks}


def test_a_programme_that_states_everything_and_suits_passes_every_rule() -> None:
    assert {check.state for check in judged(World(programmes=[a_desk()])).values()} == {PASS}


@pytest.mark.parametrize(
    ("rule", "facts", "state"),
    [
        ("place", {"places": ["UGA"]}, FAIL),
        ("place", {"places": None}, UNKNOWN),
        ("sector", {"sectors": ["water"]}, FAIL),
        ("sector", {"sectors": None}, UNKNOWN),
        ("language", {"languages": ["fr"]}, FAIL),
        ("language", {"languages": None}, UNKNOWN),
        ("services", {"services": ["training"]}, PASS),
        ("services", {"services": ["monitoring"]}, UNKNOWN),
        ("services", {"services": None}, UNKNOWN),
        ("network", {"network": ["somebody else"]}, UNKNOWN),
        ("offer_sector", {"sectors": None}, UNKNOWN),
        ("offer_language", {"languages": ["sw"]}, UNKNOWN),
    ],
)
def test_each_rule_reads_its_own_facts(rule: str, facts: dict[str, Any], state: GateState) -> None:
    assert judged(World(programmes=[a_desk(**facts)]))[ThirdRule(rule)].state is state


@pytest.mark.parametrize("called", ["provider", "Hydro Works", "hydro-works", "HW Ltd"])
def test_a_network_reaches_a_partner_by_id_name_or_alias(called: str) -> None:
    world = World(provider={"name": "Hydro Works", "aliases": ["HW Ltd"]}, programmes=[a_desk(network=[called])])
    assert judged(world)[ThirdRule.NETWORK].state is PASS


def test_the_members_of_the_facilitator_s_organisation_are_its_network_too() -> None:
    hub = an_organisation("hub", network_members=["provider"])
    world = World(programmes=[a_desk(network=None)], others=[hub])
    assert judged(world)[ThirdRule.NETWORK].state is PASS


def test_languages_of_the_organisation_stand_in_where_the_programme_states_none() -> None:
    hub = an_organisation("hub", languages=["en"])
    assert judged(World(programmes=[a_desk(languages=None)], others=[hub]))[ThirdRule.LANGUAGE].state is PASS


def test_only_the_language_has_a_fix() -> None:
    world = World(programmes=[a_desk(languages=["fr"], places=["UGA"])])
    third, found = world.thirds.facilitators.thirds[0], judged(world)
    assert (
        facilitation.fix(found[ThirdRule.LANGUAGE], world.asked, third)
        == "needs an interpreter between French and English"
    )
    assert not facilitation.fix(found[ThirdRule.PLACE], world.asked, third)


# -- bridging a language ------------------------------------------------------------------------------------------

FRENCH_OFFER: dict[str, Any] = {"languages_supported": ["fr"]}


def language_gate(world: World) -> tuple[int, str]:
    table = gates.judge(world.asked, world.pair.columns)
    gate = next(one for one in gates.explain(world.pair, table[:, 0], gates.DEFAULT) if one.gate is GateName.LANGUAGE)
    return int(table[GATES.index(GateName.LANGUAGE), 0]), gate.detail


def test_without_a_bridge_two_languages_fail() -> None:
    assert language_gate(World(offer=FRENCH_OFFER))[0] == FAILED


def test_a_facilitator_that_speaks_both_lets_the_gate_pass_and_is_named() -> None:
    world = World(offer=FRENCH_OFFER, programmes=[a_desk(languages=["en", "fr"])])
    assert language_gate(world) == (PASSED, "The desk bridges French and English")


@pytest.mark.parametrize(
    "facts",
    [
        {"languages": ["en"]},
        {"languages": ["fr"]},
        {"languages": None},
        {"places": ["UGA"]},
        {"places": None},
        {"sectors": ["water"]},
        {"sectors": None},
    ],
)
def test_nothing_is_bridged_by_whom_it_is_not_known_to_work_here_in_both_languages(facts: dict[str, Any]) -> None:
    """Unknown passes no gate: so deleting a fact of a facilitator never lets a pair through."""
    world = World(offer=FRENCH_OFFER, programmes=[a_desk(**{"languages": ["en", "fr"], **facts})])
    assert language_gate(world)[0] == FAILED


def test_an_expired_facilitator_bridges_nothing() -> None:
    world = World(offer=FRENCH_OFFER, programmes=[a_desk(languages=["en", "fr"], review_state="expired")])
    assert language_gate(world)[0] == FAILED


def test_an_offer_of_unknown_languages_stays_unknown() -> None:
    world = World(offer={"languages_supported": None}, programmes=[a_desk(languages=["en", "fr"])])
    assert language_gate(world)[0] == OPEN


def test_who_bridges_is_shown_even_where_others_fit_better() -> None:
    better = [a_desk(f"a-{n}", organisation_id=f"hub-{n}", languages=["en", "sw"]) for n in range(3)]
    bridge = a_desk("z-bridge", organisation_id="far", languages=["en", "fr"], network=None, services=None)
    shown = [party.id for party in World(offer=FRENCH_OFFER, programmes=[*better, bridge]).joined().facilitators]
    assert shown == ["a-0", "a-1", "z-bridge"]

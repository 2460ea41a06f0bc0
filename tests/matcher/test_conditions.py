"""The readiness panel: what is stated, what would close a gap and who offers it; nothing is made ready by wishing."""

from datetime import date
from typing import Any

import pytest

from matcher.conditions import Conditions
from matcher.matches import Condition, ReadinessPanel
from matcher.vocabulary import Readiness
from tests.matcher.thirds_world import World, a_desk, a_fund

READY, PARTIAL, MISSING, UNKNOWN = Readiness.READY, Readiness.PARTIAL, Readiness.MISSING, Readiness.UNKNOWN


def panel(world: World) -> ReadinessPanel:
    return Conditions(world.joint).panel(world.pair, world.joined())


def enabled(**states: str) -> dict[str, Any]:
    return {"enabling": states}


def test_the_states_are_the_need_s_own() -> None:
    found = panel(World())
    states = [one.state for one in (found.policy, found.finance, found.incentives, found.capacity)]
    assert states == [READY, MISSING, UNKNOWN, PARTIAL]


def test_what_is_ready_leaves_nothing_to_do() -> None:
    assert panel(World(programmes=[a_desk()])).policy == Condition(READY, "the need states it", "")


def test_unknown_stays_unknown_with_the_question_to_ask_whoever_could_help() -> None:
    """A facilitator that trains makes nobody able, and a funder that fits is not yet money."""
    found = panel(World({"enabling": None}, funds=[a_fund()], programmes=[a_desk()]))
    assert {one.state for one in (found.policy, found.finance, found.incentives, found.capacity)} == {UNKNOWN}
    assert found.policy.action.startswith("Ask the need's owner: Do the rules, permits")


def test_a_gap_names_who_offers_what_would_close_it() -> None:
    found = panel(World(programmes=[a_desk()])).capacity
    assert (found.action, found.offered_by) == ("Ask The desk for training.", ("desk-1",))


@pytest.mark.parametrize(
    ("condition", "service"),
    [("policy", "legal_ip"), ("incentives", "demonstration"), ("capacity", "training"), ("finance", "cofinance")],
)
def test_each_gap_is_closed_by_its_own_service(condition: str, service: str) -> None:
    world = World(enabled(**{condition: "missing"}), programmes=[a_desk(services=[service])])
    assert getattr(panel(world), condition).offered_by == ("desk-1",)
    other = World(enabled(**{condition: "missing"}), programmes=[a_desk(services=["monitoring"])])
    assert getattr(panel(other), condition).offered_by == ()


def test_where_nobody_offers_it_the_panel_says_so() -> None:
    found = panel(World(programmes=[a_desk(services=["monitoring"])])).capacity
    assert found.action == "No facilitator of the catalogue offers training or demonstration here: find one."


@pytest.mark.parametrize(
    "facts", [{"places": ["UGA"]}, {"places": None}, {"languages": ["fr"]}, {"sectors": ["water"]}]
)
def test_who_is_not_known_to_work_here_is_not_named(facts: dict[str, Any]) -> None:
    assert panel(World(programmes=[a_desk(**facts)])).capacity.offered_by == ()


@pytest.mark.parametrize(
    ("financing", "state"),
    [("committed", READY), ("identified", PARTIAL), ("sought", MISSING), ("none", MISSING), (None, UNKNOWN)],
)
def test_the_state_of_financing_speaks_where_the_condition_does_not(financing: Any, state: Readiness) -> None:
    assert panel(World({"enabling": None, "financing_state": financing})).finance.state is state


def test_a_stated_condition_goes_before_the_state_of_financing() -> None:
    assert panel(World({"financing_state": "committed"})).finance.state is MISSING


def test_a_funder_that_fits_is_where_to_apply() -> None:
    found = panel(World(funds=[a_fund()])).finance
    assert (found.state, found.action, found.offered_by) == (MISSING, "Apply to The window.", ("fund-1",))


def test_a_funder_of_which_something_is_unknown_is_asked() -> None:
    found = panel(World(funds=[a_fund(endorsement_types=None)])).finance
    assert found.action == "Ask The window whether it would pay; not known: endorsement."


def test_a_near_miss_of_a_funder_says_what_is_in_the_way() -> None:
    found = panel(World(funds=[a_fund(opens=date(2027, 3, 1))])).finance
    assert found.action == "The window: opens on 1 March 2027."


def test_training_in_the_offer_comes_before_training_elsewhere() -> None:
    world = World(offer={"training_included": True}, programmes=[a_desk()])
    found = panel(world).capacity
    assert found.state is PARTIAL
    assert found.action == "Training is included in the offer. Ask The desk for training."
    assert found.offered_by == (world.offer.id, "desk-1")


@pytest.mark.parametrize("stated", ["ready", "unknown"])
def test_a_skill_the_offer_asks_for_and_the_need_lacks_is_a_gap(stated: str) -> None:
    need = {"skills_available": ["welding"], **enabled(capacity=stated)}
    found = panel(World(need, {"skills_required": ["Welding", "turbine repair"]})).capacity
    assert found.state is PARTIAL
    assert "asks for turbine repair, which the need does not have" in found.detail


def test_skills_that_are_all_there_make_nothing_ready() -> None:
    need = {"skills_available": ["welding"], **enabled(capacity="unknown")}
    assert panel(World(need, {"skills_required": ["welding"]})).capacity.state is UNKNOWN


def test_a_need_that_does_not_state_its_skills_lacks_none() -> None:
    assert panel(World(enabled(capacity="ready"), {"skills_required": ["welding"]})).capacity.state is READY

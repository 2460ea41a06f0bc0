"""Every rule of a funding mechanism, worked by hand; what is deleted never turns a failure into a pass."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher import funding
from matcher.matches import Check
from matcher.money import Rates
from matcher.profiles import FundingMechanism
from matcher.thirds import home_of
from matcher.vocabulary import GateState, ThirdRule
from tests.matcher.thirds_world import BOOK, FUND, World, a_fund

PASS, FAIL, UNKNOWN = GateState.PASS, GateState.FAIL, GateState.UNKNOWN


def judged(world: World, rates: Rates | None = None) -> dict[ThirdRule, Check]:
    """Every check of the world's only mechanism, however hopeless it is."""
    third = world.thirds.funders.thirds[0]
    home = home_of(world.pair.organisation, BOOK)
    checks = (*funding.of_need(world.asked, third, rates), *funding.of_pair(world.pair, home, third))
    return {check.rule: check for check in checks}


def fix(world: World, rule: ThirdRule) -> str:
    third = world.thirds.funders.thirds[0]
    return funding.fix(judged(world)[rule], world.asked, third, None)


def a_check(rule: str, need: dict[str, Any] | None = None, /, **fund: Any) -> tuple[GateState, str]:
    found = judged(World(need, funds=[a_fund(**fund)]))[ThirdRule(rule)]
    return found.state, found.detail


def test_a_mechanism_that_states_everything_and_suits_passes_every_rule() -> None:
    assert {check.state for check in judged(World(funds=[a_fund()])).values()} == {PASS}


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["KEN"], (PASS, "works in Kenya")),
        (["Sub-Saharan Africa"], (PASS, "works in Kenya")),
        (["UGA", "NPL"], (FAIL, "does not work in Kenya")),
        ([], (FAIL, "does not work in Kenya")),
        (None, (UNKNOWN, "it does not say where it works")),
        (["UGA", "Atlantis"], (UNKNOWN, "some places could not be read")),
    ],
)
def test_the_place_decides_as_of_the_date(places: list[str] | None, expected: tuple[GateState, str]) -> None:
    assert a_check("place", eligible_places=places) == expected


def test_a_group_counts_as_it_stood_on_the_day() -> None:
    """Nepal is among the least developed until 24 November 2026; the world is judged on the first."""
    assert a_check("place", {"beneficiary_places": ["NPL"]}, eligible_places=["LDC"])[0] is PASS
    assert a_check("place", {"beneficiary_places": ["KEN"]}, eligible_places=["LDC"])[0] is FAIL


@pytest.mark.parametrize(
    ("sectors", "state"),
    [
        (["energy"], PASS),
        (["energy.hydropower"], PASS),
        (["energy.solar"], FAIL),
        (["water"], FAIL),
        ([], FAIL),
        (None, UNKNOWN),
    ],
)
def test_the_sector_of_the_need_lies_within_one_that_is_paid_for(sectors: list[str] | None, state: GateState) -> None:
    assert a_check("sector", sectors=sectors)[0] is state


def test_a_need_wider_than_the_window_is_not_known_to_fit() -> None:
    found = a_check("sector", {"sectors": ["energy"]}, sectors=["energy.solar"])
    assert found == (UNKNOWN, "is for energy (solar), a part of what is needed")


@pytest.mark.parametrize(
    ("kind", "allowed", "state"),
    [
        ("local_government", ["government", "local_government"], PASS),
        ("national_ngo", ["government", "local_government"], FAIL),
        ("recipient_country_private", ["private_sector"], PASS),
        ("private_sector", ["recipient_country_private"], UNKNOWN),
        ("government", [], FAIL),
        ("government", None, UNKNOWN),
        (None, ["government"], UNKNOWN),
    ],
)
def test_the_need_s_owner_is_of_a_kind_that_may_apply(kind: str | None, allowed: Any, state: GateState) -> None:
    world = World(owner={"org_type": kind}, funds=[a_fund(eligible_org_types=allowed)])
    assert judged(world)[ThirdRule.ORGANISATION_TYPE].state is state


def test_another_applicant_would_mend_the_kind() -> None:
    world = World(owner={"org_type": "national_ngo"}, funds=[a_fund()])
    assert fix(world, ThirdRule.ORGANISATION_TYPE) == "needs an applicant that is local government or government"


@pytest.mark.parametrize(
    ("budget", "ticket", "state", "words"),
    [
        ("USD 100k-200k", "USD 50k-1m", PASS, "budget USD 100,000-200,000, ticket USD 50,000-1,000,000"),
        ("USD 100k-200k", "USD 150k-1m", PASS, "ticket USD 150,000"),
        ("USD 100k-200k", "USD 300k-1m", FAIL, "too small for it"),
        ("USD 100k-200k", "USD 10k-50k", UNKNOWN, "it may pay a part only"),
        ("USD 100k-200k", {"min": 50_000, "currency": "USD"}, UNKNOWN, "it may pay a part only"),
        ("USD 100k-200k", {"max": 900_000, "currency": "USD"}, UNKNOWN, "at most 900,000"),
        ("EUR 100k-200k", "USD 50k-1m", UNKNOWN, "no rate between the currencies"),
        ("USD 100k-200k per plant", "USD 50k-1m", UNKNOWN, "not for the whole"),
        ("USD 100k-200k", None, UNKNOWN, "it does not say how much it pays"),
    ],
)
def test_the_ticket_is_compared_with_the_budget(budget: str, ticket: Any, state: GateState, words: str) -> None:
    found = a_check("ticket", {"budget": budget}, ticket=ticket)
    assert found[0] is state
    assert words in found[1]


def test_a_dated_rate_makes_tickets_comparable() -> None:
    world = World({"budget": "EUR 100k-200k"}, funds=[a_fund()])
    assert judged(world, Rates(date(2026, 11, 1), {"EUR": 1.1, "USD": 1.0}))[ThirdRule.TICKET].state is PASS


def test_a_ticket_within_reach_is_mended_by_joining_like_needs() -> None:
    assert (
        fix(World(funds=[a_fund(ticket="USD 1m-5m")]), ThirdRule.TICKET)
        == "ticket starts at USD 1,000,000: join the need with like ones"
    )


def test_a_ticket_ten_times_too_large_has_no_fix() -> None:
    assert not fix(World(funds=[a_fund(ticket="USD 3m-5m")]), ThirdRule.TICKET)


@pytest.mark.parametrize(("price", "state"), [("USD 60k-80k", UNKNOWN), ("USD 1k-2k", FAIL), (None, UNKNOWN)])
def test_without_a_budget_the_price_may_rule_a_ticket_out_and_never_in(price: str | None, state: GateState) -> None:
    """So deleting the budget never turns a failure into a pass."""
    world = World({"budget": None}, {"price": price}, funds=[a_fund()])
    assert funding.by_price(world.pair, world.thirds.funders.thirds[0], None).state is state


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({}, (PASS, "open until 31 December 2027")),
        ({"rolling": True, "opens": None, "closes": None}, (PASS, "takes applications at any time")),
        ({"opens": date(2027, 3, 1)}, (FAIL, "opens on 1 March 2027")),
        ({"closes": date(2026, 6, 30)}, (FAIL, "closed on 30 June 2026")),
        ({"opens": None}, (UNKNOWN, "it does not say from when to when it is open")),
        ({"closes": None}, (UNKNOWN, "it does not say from when to when it is open")),
        (
            {"closes": date(2026, 6, 30), "rolling": True},
            (UNKNOWN, "closed on 30 June 2026, and takes applications at any time: it cannot be both"),
        ),
    ],
)
def test_the_window_is_open_on_the_day(dates: dict[str, Any], expected: tuple[GateState, str]) -> None:
    assert a_check("window", **dates) == expected


def test_a_window_is_open_on_its_first_and_on_its_last_day() -> None:
    assert a_check("window", opens=date(2026, 11, 1), closes=date(2026, 11, 1))[0] is PASS


def test_a_window_that_is_not_yet_open_says_when_and_a_closed_one_has_no_fix() -> None:
    assert fix(World(funds=[a_fund(opens=date(2027, 3, 1))]), ThirdRule.WINDOW) == "opens on 1 March 2027"
    assert not fix(World(funds=[a_fund(closes=date(2026, 6, 30))]), ThirdRule.WINDOW)


@pytest.mark.parametrize(
    ("wanted", "given", "state"),
    [
        (["ministry"], {"body": "B", "type": "Ministry"}, PASS),
        ([], None, PASS),
        (["ministry"], {"body": "B", "type": "city council"}, FAIL),
        (["ministry"], {"body": "B"}, UNKNOWN),
        (["ministry"], None, UNKNOWN),
        (None, {"body": "B", "type": "ministry"}, UNKNOWN),
    ],
)
def test_the_letter_it_asks_for_is_there(wanted: Any, given: Any, state: GateState) -> None:
    assert a_check("endorsement", {"endorsement": given}, endorsement_types=wanted)[0] is state


def test_a_letter_of_another_body_is_mended_by_the_right_one() -> None:
    world = World({"endorsement": {"body": "The council", "type": "council"}}, funds=[a_fund()])
    assert fix(world, ThirdRule.ENDORSEMENT) == "needs a letter of a ministry"


@pytest.mark.parametrize(
    ("status", "tied", "country", "state"),
    [
        ("untied", None, "IND", PASS),
        ("tied", ["IND"], "IND", PASS),
        ("tied", ["DEU"], "IND", FAIL),
        ("tied", ["DEU", "Atlantis"], "IND", UNKNOWN),
        ("tied", None, "IND", UNKNOWN),
        ("tied", ["DEU"], None, UNKNOWN),
        ("partially_tied", ["IND"], "IND", PASS),
        ("partially_tied", ["DEU"], "IND", UNKNOWN),
        (None, ["DEU"], "IND", UNKNOWN),
        (None, None, "IND", UNKNOWN),
    ],
)
def test_tied_money_pays_only_suppliers_of_its_countries(
    status: Any, tied: Any, country: Any, state: GateState
) -> None:
    world = World(provider={"country": country}, funds=[a_fund(tied_status=status, tied_to=tied)])
    assert judged(world)[ThirdRule.TIED].state is state


def test_tied_money_that_lacks_the_provider_s_country_has_no_fix() -> None:
    assert not fix(World(funds=[a_fund(tied_status="tied", tied_to=["DEU"])]), ThirdRule.TIED)


_CLASHES: list[dict[str, Any]] = [
    {"eligible_places": ["UGA"]},
    {"sectors": ["water"]},
    {"eligible_org_types": ["government"]},
    {"ticket": "USD 900k-2m"},
    {"opens": date(2027, 3, 1)},
    {"closes": date(2026, 3, 1)},
    {"endorsement_types": ["council"]},
    {"tied_status": "tied", "tied_to": ["DEU"]},
    {"rolling": False},
    {"cofinance_min": 0.3},
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(_CLASHES), max_size=3),
    st.sampled_from([name for name in FundingMechanism.model_fields if name not in {"id", "organisation_id", "title"}]),
)
def test_deleting_a_fact_of_a_mechanism_never_turns_a_failure_into_a_pass(
    clashes: list[dict[str, Any]], deleted: str
) -> None:
    facts = {**FUND, **{name: value for clash in clashes for name, value in clash.items()}}
    before = judged(World(funds=[a_fund(**facts)]))
    after = judged(World(funds=[a_fund(**{**facts, deleted: None})]))
    for rule, check in after.items():
        assert not (check.state is PASS and before[rule].state is not PASS), (rule, deleted)

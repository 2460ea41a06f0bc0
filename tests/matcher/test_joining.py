"""Joining third parties to a pair: rules before scores, near misses with their fix, and why none fits."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.cooperation import Typed, classify, with_third
from matcher.joining import NEAR, SHOWN
from matcher.vocabulary import Cooperation, GateState, ThirdRule
from tests.builders import a_mechanism, an_organisation
from tests.matcher.thirds_world import BOOK, World, a_desk, a_fund, check_of

MULTILATERAL = {"org_type": "multilateral"}


def test_the_score_of_a_triple_is_the_geometric_mean_of_its_three_sides() -> None:
    """0.5 for the pair, 5 of 6 rules about the need pass, 1 of 2 about the provider: (0.5 x 5/6 x 1/2)^(1/3)."""
    fund = World({"endorsement": None}, {"sectors": ["water"]}, funds=[a_fund()]).joined(0.5).funders[0]
    assert (fund.need_fit, fund.provider_fit) == (round(5 / 6, 6), 0.5)
    assert fund.score == pytest.approx((0.5 * 5 / 6 * 0.5) ** (1 / 3), abs=1e-6)
    assert fund.state is GateState.UNKNOWN
    assert fund.not_known == ("endorsement",)


def test_what_fails_a_rule_without_a_fix_is_not_listed() -> None:
    assert World(funds=[a_fund(tied_status="tied", tied_to=["DEU"])]).joined().funders == ()


def test_a_near_miss_stands_after_those_that_fit_and_says_what_would_mend_it() -> None:
    funds = [a_fund("opening", opens=date(2027, 3, 1)), a_fund("thin", endorsement_types=None, ticket=None)]
    found = World(funds=funds).joined().funders
    assert [party.id for party in found] == ["thin", "opening"]
    assert found[1].state is GateState.FAIL
    assert found[1].fixes == ("opens on 1 March 2027",)


def test_three_failures_are_no_near_miss_even_if_each_has_a_fix() -> None:
    fund = a_fund(opens=date(2027, 3, 1), ticket="USD 1m-5m", endorsement_types=["council"])
    found = World(funds=[fund]).joined()
    assert found.funders == ()
    assert found.notes == ("No funder of the catalogue is known to fit: 1 for larger sums.",)


def test_a_third_party_is_somebody_else() -> None:
    """Neither the provider's own fund nor the need owner's is a third."""
    funds = [a_fund("a", organisation_id="provider"), a_fund("b", organisation_id="owner")]
    assert World(funds=funds).joined().funders == ()


def test_at_most_a_handful_is_shown_best_first_ties_by_id() -> None:
    funds = [a_fund(f"fund-{n}") for n in (3, 1, 2)] + [a_fund(f"late-{n}", opens=date(2027, 1, n)) for n in (2, 3)]
    shown = [party.id for party in World(funds=funds).joined().funders]
    assert shown == ["fund-1", "fund-2", "late-2"]
    assert len(shown) == SHOWN + NEAR


def test_of_whom_nothing_is_known_nothing_is_suggested() -> None:
    found = World(funds=[a_mechanism()]).joined()
    assert found.funders == ()
    assert found.notes == ("No funder of the catalogue is known to fit: 1 of which too little is known.",)


def test_where_none_fits_the_rules_that_stood_in_the_way_are_counted() -> None:
    funds = [
        a_fund("a", eligible_places=["UGA"]),
        a_fund("b", eligible_places=["NPL"]),
        a_fund("c", sectors=["water"]),
        a_fund("d", closes=date(2026, 6, 30)),
        a_fund("e", tied_status="tied", tied_to=["DEU"]),
        a_fund("f", review_state="expired"),
    ]
    (note,) = World(funds=funds).joined().notes
    counted = "2 elsewhere, 1 for other sectors, 1 not open, 1 tied to suppliers of other countries"
    assert note == f"No funder of the catalogue is known to fit: {counted}."


def test_a_catalogue_without_third_parties_says_nothing() -> None:
    assert World().joined() == ((), (), (), None, "")


# -- reach ---------------------------------------------------------------------------------------------------------


def test_the_partner_is_found_via_the_facilitator_whose_network_holds_it() -> None:
    assert World(programmes=[a_desk()]).joined().via == "desk-1"


def test_a_network_without_the_partner_reaches_nobody() -> None:
    assert World(programmes=[a_desk(network=["other"])]).joined().via is None


def test_a_facilitator_that_works_elsewhere_is_no_way_there() -> None:
    assert World(programmes=[a_desk(places=["UGA"])]).joined().via is None


def test_who_reaches_the_partner_is_shown_even_where_others_fit_better() -> None:
    others = [a_desk(f"a-{n}", organisation_id=f"hub-{n}", network=None) for n in range(3)]
    reach = a_desk("z", organisation_id="far", languages=None, services=None, sectors=None)
    found = World(programmes=[*others, reach]).joined()
    assert [party.id for party in found.facilitators] == ["a-0", "a-1", "z"]
    assert found.via == "z"


# -- triangular cooperation ----------------------------------------------------------------------------------------


def typed(world: World) -> Typed:
    return with_third(classify(world.asked, world.pair, BOOK), world.joined().contribution)


@pytest.mark.parametrize(
    ("provider", "third", "expected"),
    [
        ({"country": "IND"}, MULTILATERAL, Cooperation.TRIANGULAR),
        ({"country": "IND"}, {"country": "DEU", "org_type": "government"}, Cooperation.TRIANGULAR),
        ({"country": "IND"}, {"country": "CHN", "org_type": "government"}, Cooperation.SOUTH_SOUTH),
        ({"country": "IND"}, {"org_type": "government"}, Cooperation.SOUTH_SOUTH),
        ({"country": "DEU"}, MULTILATERAL, Cooperation.NORTH_SOUTH),
        ({"country": "IND", **MULTILATERAL}, MULTILATERAL, Cooperation.NORTH_SOUTH),
        ({"country": "KEN"}, MULTILATERAL, None),
        ({}, MULTILATERAL, None),
    ],
)
def test_two_of_the_south_and_a_contributing_third_are_triangular(
    provider: dict[str, Any], third: dict[str, Any], expected: Cooperation | None
) -> None:
    """A developed country or a multilateral as the third; beside a provider of the North nothing changes."""
    facts = {"country": None, **provider}
    world = World(provider=facts, funds=[a_fund()], others=[an_organisation("funder", **third)])
    assert typed(world).kind is expected


def test_the_rule_that_fired_names_the_third_party_and_what_it_adds() -> None:
    world = World(funds=[a_fund()], others=[an_organisation("funder", country="DEU", org_type="government")])
    assert typed(world).reason == (
        "need in Kenya (South), provider in India (South); third party: The window (in Germany (North)) may pay "
        "USD 50,000-1,000,000"
    )


def test_a_facilitator_contributes_by_its_services() -> None:
    world = World(programmes=[a_desk()], others=[an_organisation("hub", **MULTILATERAL)])
    assert typed(world).reason.endswith("third party: The desk (multilateral) offers training")


@pytest.mark.parametrize(
    "facts",
    [
        {"services": ["matchmaking"]},
        {"services": None},
        {"services": []},
        {"provenance": {"services": "inferred"}},
        {"places": None},
        {"sectors": None},
        {"languages": None},
        {"sectors": ["water"]},
    ],
)
def test_without_a_contribution_that_is_stated_and_fits_it_stays_south_south(facts: dict[str, Any]) -> None:
    """Bringing two together is no contribution of its own, nor is what nobody stated."""
    world = World(programmes=[a_desk(**facts)], others=[an_organisation("hub", **MULTILATERAL)])
    assert typed(world).kind is Cooperation.SOUTH_SOUTH


def test_who_makes_it_triangular_is_shown_even_where_others_fit_better() -> None:
    others = [a_fund(f"a-{n}", organisation_id=f"fund-{n}") for n in range(3)]
    third = a_fund("z", sectors=["energy.hydropower"])
    world = World(funds=[*others, third], others=[an_organisation("funder", **MULTILATERAL)])
    assert [party.id for party in world.joined().funders] == ["a-0", "a-1", "z"]


# -- properties ----------------------------------------------------------------------------------------------------

_FACTS = st.fixed_dictionaries(
    {},
    optional={
        "eligible_places": st.sampled_from([None, ["KEN"], ["UGA"]]),
        "sectors": st.sampled_from([None, ["energy"], ["water"]]),
        "eligible_org_types": st.sampled_from([None, ["government"], ["local_government"]]),
        "ticket": st.sampled_from([None, "USD 10k-50k", "USD 1m-5m", "USD 50k-1m"]),
        "opens": st.sampled_from([None, date(2027, 3, 1), date(2026, 1, 1)]),
        "tied_status": st.sampled_from([None, "untied", "tied", "partially_tied"]),
        "tied_to": st.sampled_from([None, ["IND"], ["DEU"]]),
        "endorsement_types": st.sampled_from([None, [], ["council"]]),
    },
)


def best(funds: list[dict[str, Any]]) -> float:
    """Return the score of the best triple that nothing rules out."""
    found = World(funds=[a_fund(f"fund-{n}", **facts) for n, facts in enumerate(funds)]).joined().funders
    return max((party.score for party in found if party.state is not GateState.FAIL), default=0.0)


@settings(max_examples=120, deadline=None)
@given(st.lists(_FACTS, min_size=1, max_size=5), st.data())
def test_removing_a_funder_never_raises_a_triple(funds: list[dict[str, Any]], data: st.DataObject) -> None:
    gone = data.draw(st.integers(0, len(funds) - 1))
    assert best([facts for at, facts in enumerate(funds) if at != gone]) <= best(funds)


@settings(max_examples=120, deadline=None)
@given(_FACTS)
def test_every_third_party_that_is_listed_with_a_failure_has_a_fix_for_each(facts: dict[str, Any]) -> None:
    for party in World(funds=[a_fund(**facts)]).joined().funders:
        failed = [check for check in party.checks if check.state is GateState.FAIL]
        assert len(party.fixes) == len(failed)
        assert all(party.fixes)
        assert check_of(party, ThirdRule.TIED).state is not GateState.FAIL

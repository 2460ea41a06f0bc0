"""A need's list under conditions: what is asked acts before the cut or on the order, never on a score."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from matcher.arranging import Grouping
from matcher.catalogue import build
from matcher.matching import Matcher
from matcher.narrowing import Criteria
from matcher.profiles import Capability
from matcher.searching import Found, Wish, search
from matcher.vocabulary import GateName, GateState
from tests.builders import a_capability, a_need
from tests.matcher.small_world import AS_OF, a_full_need, a_place_book, some_capabilities, some_organisations

PLACES = a_place_book()
ENCODER = HashingEncoder()


def a_matcher(*capabilities: Capability, organisations: Any = None) -> Matcher:
    ordered = sorted(capabilities, key=lambda one: one.id)
    return Matcher(build(ordered, organisations or {}, ENCODER, PLACES, AS_OF), ENCODER, PLACES, AS_OF)


MANY = a_matcher(*some_capabilities(60), organisations=some_organisations(20))
NEED = a_need(**a_full_need(accepted_modes=None, rejected_modes=None, site_conditions=None, budget=None, trl_min=2))
OPEN = a_need(beneficiary_places=["KEN"])


def ids(found: Found) -> list[str]:
    return [match.capability_id for match in found.shortlist.matches]


def eligible(found: Found) -> list[str]:
    return [match.capability_id for match in found.shortlist.matches if not match.near_miss]


def row(matcher: Matcher, capability: str) -> int:
    return next(at for at, one in enumerate(matcher.catalogue.capabilities) if one.id == capability)


@pytest.mark.parametrize("need", [NEED, OPEN])
@pytest.mark.parametrize("k", [1, 10, 100])
def test_nothing_asked_is_the_list_of_a_night(need: Any, k: int) -> None:
    assert search(MANY, need, Wish(k)).shortlist == MANY.match(need, k)


CRITERIA = st.builds(
    Criteria,
    countries=st.sampled_from([frozenset(), frozenset({"KEN"}), frozenset({"BRA", "NPL"})]),
    sectors=st.sampled_from([frozenset(), frozenset({"energy"}), frozenset({"digital"})]),
    transfer_modes=st.sampled_from([frozenset(), frozenset({"training"}), frozenset({"sale", "fdi"})]),
    trl_min=st.sampled_from([None, 3, 7]),
)


@settings(max_examples=40)
@given(must=CRITERIA, must_not=CRITERIA, should=CRITERIA, diversity=st.sampled_from([0.0, 0.4, 1.0]))
def test_conditions_never_change_a_score_nor_let_in_what_fails_them(
    must: Criteria, must_not: Criteria, should: Criteria, diversity: float
) -> None:
    scores = {match.capability_id: match.score for match in MANY.match(OPEN, 60).matches}
    found = search(MANY, OPEN, Wish(20, must, must_not, should, diversity=diversity))
    columns = MANY.catalogue.columns
    for match in found.shortlist.matches:
        assert match.score == scores.get(match.capability_id, match.score)
        at = row(MANY, match.capability_id)
        assert all(flags[at] for flags in must.judge(columns).values())
        assert not any(flags[at] for flags in must_not.judge(columns).values())
    assert len(found.placings) == len(found.shortlist.matches)


def test_what_is_not_stated_meets_no_criterion_and_breaks_no_ban() -> None:
    matcher = a_matcher(a_capability("silent"), a_capability("ready", trl=9), a_capability("young", trl=3))
    assert ids(search(matcher, OPEN, Wish(must=Criteria(trl_min=5)))) == ["ready"]
    assert set(ids(search(matcher, OPEN, Wish(must_not=Criteria(trl_min=5))))) == {"silent", "young"}
    assert ids(search(matcher, OPEN, Wish(must=Criteria(trl_max=5)))) == ["young"]


def test_a_parent_sector_finds_its_children_and_a_home_is_the_providers() -> None:
    matcher = a_matcher(
        a_capability("sun", sectors=["energy.solar"], organisation_id="org-1"),
        a_capability("net", sectors=["digital"], organisation_id="org-2"),
        organisations=some_organisations(5),
    )
    assert ids(search(matcher, OPEN, Wish(must=Criteria(sectors=frozenset({"energy"}))))) == ["sun"]
    home = some_organisations(5)["org-2"].country
    other = some_organisations(5)["org-1"].country
    if home and home != other:
        assert ids(search(matcher, OPEN, Wish(must=Criteria(provider_countries=frozenset({home}))))) == ["net"]


def test_preferences_lift_a_place_but_no_score() -> None:
    matcher = a_matcher(a_capability("a"), a_capability("b", offer_kind="training"))
    wish = Wish(should=Criteria(offer_kinds=frozenset({"training"})))
    found = search(matcher, OPEN, wish)
    assert ids(matcher_found := search(matcher, OPEN, Wish())) == ["a", "b"]
    assert ids(found) == ["b", "a"]
    assert {m.capability_id: m.score for m in found.shortlist.matches} == {
        m.capability_id: m.score for m in matcher_found.shortlist.matches
    }
    assert found.placings[0].rank_by_score == 2
    assert found.placings[0].preferences == ("offer_kinds",)


def test_a_preference_is_found_far_below_the_best_by_text() -> None:
    """It is scored although hundreds have better texts."""
    crowd = [a_capability(f"c{n:03}", title="Electricity for a hill village", summary=f"n{n}") for n in range(300)]
    matcher = a_matcher(*crowd, a_capability("odd", title="Accounting", summary="Ledgers", offer_kind="training"))
    found = search(matcher, OPEN, Wish(500, should=Criteria(offer_kinds=frozenset({"training"}))))
    assert "odd" in ids(found)


def test_a_pin_stands_first_but_lifts_no_gate() -> None:
    matcher = a_matcher(
        a_capability("best", summary=OPEN.summary),
        a_capability("poor", title="Ledgers", summary="Accounting"),
        a_capability("far", places_offered=["BRA"]),
    )
    wish = Wish(pinned=(row(matcher, "far"), row(matcher, "poor")), min_score=0.9)
    found = search(matcher, OPEN, wish)
    assert eligible(found)[0] == "poor", "a pin is not asked for its score"
    assert found.placings[0].pinned
    assert [gate.gate for gate in found.not_pinned[row(matcher, "far")]] == [GateName.PLACE]


def test_what_is_excluded_or_hidden_is_nowhere() -> None:
    first = ids(search(MANY, OPEN, Wish(60)))
    gone = frozenset({row(MANY, first[0])})
    for wish in (Wish(60, excluded=gone), Wish(60, hidden=gone), Wish(60, excluded=gone, min_score=1.0)):
        found = search(MANY, OPEN, wish)
        assert first[0] not in ids(found)
        assert found.nearest is None or found.nearest.match.capability_id != first[0]


def test_variety_brings_another_organisation_up() -> None:
    matcher = a_matcher(
        *(a_capability(f"a{n}", organisation_id="one", summary=OPEN.summary) for n in range(3)),
        a_capability("z", organisation_id="two", summary="Turbines for a river"),
    )
    assert ids(search(matcher, OPEN, Wish()))[-1] == "z"
    assert ids(search(matcher, OPEN, Wish(diversity=0.7)))[1] == "z"


def test_groups_hold_the_best_of_each_in_the_order_of_the_list() -> None:
    found = search(MANY, OPEN, Wish(3, group_by=Grouping.ORGANISATION, per_group=2))
    assert len(found.groups) == 3
    shown = [MANY.catalogue.capabilities[at].id for group in found.groups for at in group.shown]
    assert eligible(found) == shown
    by_score = eligible(search(MANY, OPEN, Wish(60)))
    assert [by_score.index(MANY.catalogue.capabilities[group.shown[0]].id) for group in found.groups] == sorted(
        by_score.index(MANY.catalogue.capabilities[group.shown[0]].id) for group in found.groups
    )
    countries = search(MANY, OPEN, Wish(10, group_by=Grouping.COUNTRY, per_group=1)).groups
    assert len({group.key for group in countries}) == len(countries)


def test_examples_move_the_topic_towards_what_is_meant_and_away_from_what_is_not() -> None:
    water = [a_capability(f"w{n}", title="Arsenic filters", summary="Filters for village wells") for n in range(2)]
    matcher = a_matcher(*water, a_capability("t", title="Turbines", summary="A turbine for a small river"))
    plain = {str(m.capability_id): m.score for m in search(matcher, OPEN, Wish()).shortlist.matches}
    liked = search(matcher, OPEN, Wish(like=(row(matcher, "w0"),)))
    scores = {str(m.capability_id): m.score for m in liked.shortlist.matches}
    assert scores["w1"] > plain["w1"]
    unlike = {
        str(m.capability_id): m.score
        for m in search(matcher, OPEN, Wish(unlike=(row(matcher, "w0"),))).shortlist.matches
    }
    assert unlike["w1"] < scores["w1"]
    for match in liked.shortlist.matches:
        topic = match.contributions[0].topic
        assert topic is not None
        parts = topic.dense_part + topic.lexical_part + topic.likeness_part
        assert parts == pytest.approx(match.contributions[0].value), "the score is still its explanation"


def test_nobody_adequate_names_the_nearest_and_the_gate() -> None:
    matcher = a_matcher(a_capability("far", places_offered=["BRA"]), a_capability("farther", places_offered=["CHN"]))
    found = search(matcher, OPEN, Wish())
    assert found.nearest is not None
    assert [gate.gate for gate in found.nearest.gates] == [GateName.PLACE]
    assert found.nearest.gates[0].state is GateState.FAIL
    assert found.failing == {GateName.PLACE: 2}


def test_nobody_adequate_for_the_conditions_or_the_score_says_which() -> None:
    found = search(MANY, OPEN, Wish(must=Criteria(organisations=frozenset({"nobody"}))))
    assert found.nearest is not None
    assert found.nearest.criteria == ("must.organisations",)
    low = search(MANY, OPEN, Wish(min_score=1.0))
    assert not low.shortlist.matches
    assert low.nearest is not None
    assert low.nearest.below_min_score
    assert search(a_matcher(), OPEN, Wish()).nearest is None

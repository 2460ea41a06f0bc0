"""From needs to shortlists: the promises a broker relies on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from matcher.catalogue import Catalogue, build
from matcher.evidence import evidence
from matcher.gates import GatePolicy, explain, judge
from matcher.matches import Match, Shortlist
from matcher.matching import Matcher
from matcher.profiles import Capability, Need, Organisation
from matcher.scoring import Scorer
from matcher.vocabulary import GateMode, GateName, GateState, SignalName, Tier
from tests.builders import a_capability, a_need, an_organisation
from tests.matcher.small_world import AS_OF, a_place_book
from tests.matcher.strategies import capabilities, needs, organisations

PLACES = a_place_book()
ENCODER = HashingEncoder()

RICH_NEED: dict[str, Any] = {
    "title": "Electricity for a hill village",
    "summary": "A village of 400 families needs power from a small river; there is no grid.",
    "gap_description": "A turbine of 5 kW for a head of 8 m, with training of local operators.",
    "beneficiary_places": ["NPL", "RWA"],
    "sdg_goals": [7, 13],
    "sdg_targets": ["7.1"],
    "sectors": ["energy.hydropower"],
    "accepted_modes": ["sale", "training"],
    "rejected_modes": ["fdi"],
    "trl_min": 7,
    "site_conditions": {"power": "5 kW", "head": "8 m", "altitude": "1200 m"},
    "infrastructure_available": ["road"],
    "skills_available": ["welding"],
    "ip_requirements": ["nonexclusive", "open"],
    "budget": "USD 80000",
    "complete_by": date(2028, 12, 31),
    "languages_required": ["en"],
}
RICH_OFFER: dict[str, Any] = {
    "title": "Crossflow turbines",
    "summary": "Small river turbines for village power without a grid.",
    "description": "Crossflow turbine sets of 3 to 20 kW, built in local workshops.",
    "problem_solved": "No electricity in hill villages.",
    "advantages": "Operators are trained on site.",
    "keywords": ["hydropower", "mini-grid"],
    "sdg_goals": [7],
    "sectors": ["energy.hydropower"],
    "trl": 9,
    "transfer_modes": ["sale", "training"],
    "ip": {"status": "patented", "terms": ["nonexclusive"]},
    "places_offered": ["NPL", "KEN"],
    "deployed_in": [{"country": "NPL", "year": 2024}],
    "operating_envelope": {"power": "3-20 kW", "head": "3-30 m", "altitude": "0-3000 m"},
    "infrastructure_required": ["road"],
    "skills_required": ["welding"],
    "price": "USD 50000",
    "lead_time_months": 8,
    "languages_supported": ["en"],
    "partner_sought": {"places": ["NPL"], "org_types": ["local_government"], "ticket": "USD 20000-100000"},
    "updated_at": date(2026, 6, 1),
}
OTHERS = [
    a_capability("cap-2", title="Solar pumps", summary="Solar water pumps for farms.", places_offered=["KEN"]),
    a_capability("cap-3", title="Telemedicine", summary="Video visits for rural clinics."),
    a_capability(
        "cap-4", title="Wind turbines", summary="Turbines of 2 MW for the grid.", places_offered=["NPL"], trl=9
    ),
]
ORGANISATIONS = {
    "maker": an_organisation("maker", country="IND", languages=["en"], activity_status="active"),
    "town": an_organisation("town", country="NPL", org_type="local_government", roles=["need_owner"]),
}


def a_matcher(
    capabilities: list[Capability], organisations: dict[str, Organisation] | None = None, **facts: Any
) -> Matcher:
    ordered = sorted(capabilities, key=lambda one: one.id)
    known = ORGANISATIONS if organisations is None else organisations
    return Matcher(build(ordered, known, ENCODER, PLACES, AS_OF), ENCODER, PLACES, AS_OF, **facts)


def a_rich_need(**changes: Any) -> Need:
    return a_need(**{"id": "n", "owner_organisation_id": "town", **RICH_NEED, **changes})


def a_rich_offer(**changes: Any) -> Capability:
    return a_capability(**{"id": "cap-1", "organisation_id": "maker", **RICH_OFFER, **changes})


def found(shortlist: Shortlist, capability: str = "cap-1") -> Match:
    return next(match for match in shortlist.matches if match.capability_id == capability)


def test_the_right_offer_is_first_with_every_gate_passed() -> None:
    """A well described pair is tier A, above offers that only share words."""
    shortlist = a_matcher([a_rich_offer(), *OTHERS]).match(a_rich_need())
    best = shortlist.matches[0]
    assert (best.capability_id, best.tier, best.rank) == ("cap-1", Tier.A, 1)
    assert {gate.state for gate in best.gates} == {GateState.PASS}


def test_contributions_and_base_are_the_score() -> None:
    """The explanation is the score: addends and base make z within 1e-9, and topic parts make the topic's value."""
    for match in a_matcher([a_rich_offer(), *OTHERS]).match(a_rich_need()).matches:
        assert match.base + sum(one.points for one in match.contributions) == pytest.approx(match.z, abs=1e-9)
        for one in match.contributions:
            assert one.points == pytest.approx((one.need_points + one.provider_points) / 2, abs=1e-12)
            if one.topic:
                parts = one.topic.dense_part + sum(term.value for term in one.topic.terms) + one.topic.likeness_part
                assert parts == pytest.approx(one.value, abs=1e-9)
                assert one.topic.passages


def test_what_resembles_the_best_answers_rises_and_names_them() -> None:
    """Of two offers that share the same words with a need, the one that is like its best answers stands higher."""
    need = a_need(title="Cold storage for fish", summary="Cold storage for fish at the landing site.")
    best = [
        a_capability(f"best-{at}", title="Cold storage for fish", summary=f"Solar ice maker for landing site {at}.")
        for at in "abcde"
    ]
    alike = a_capability("z-alike", title="Fish boxes", summary="Solar ice maker for boxes.")
    unlike = a_capability("a-unlike", title="Fish ponds", summary="Carp hatchery for ponds.")
    fillers = [a_capability(f"m-{at}", title=f"Office {at}", summary="Tax forms by post.") for at in range(20)]
    matches = a_matcher([*best, alike, unlike, *fillers], {}).match(need, k=30)
    high, low = found(matches, "z-alike"), found(matches, "a-unlike")
    assert high.rank < low.rank
    topic = next(one.topic for one in high.contributions if one.topic)
    assert topic.likeness_part > 0
    assert set(topic.answers) == {f"best-{at}" for at in "abcde"}


def test_a_batch_and_an_ad_hoc_answer_are_identical() -> None:
    """match(need) is match_all([need]), whoever shares the batch."""
    matcher = a_matcher([a_rich_offer(), *OTHERS])
    needs = [a_rich_need(id=f"n{at}", summary=f"{RICH_NEED['summary']} {'Clinic. ' * at}") for at in range(40)]
    assert list(matcher.match_all(needs)) == [matcher.match(need) for need in needs]


def test_scoring_texts_a_block_ahead_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of several processes, which has no core to spare for it, answers as one process alone does."""
    monkeypatch.setattr("matcher.matching.BLOCK", 2)
    matcher, needs = a_matcher([a_rich_offer(), *OTHERS]), [a_rich_need(id=f"n{at}") for at in range(5)]
    assert [*replace(matcher, ahead=False).match_all(needs)] == [*matcher.match_all(needs)]


@settings(max_examples=60, deadline=None)
@given(needs(), st.lists(capabilities(), min_size=2, max_size=8), organisations())
def test_what_is_said_of_a_pair_in_a_list_is_what_is_said_of_it_alone(
    need: Need, offers: list[Capability], known: dict[str, Organisation]
) -> None:
    """A sentence is remembered for other pairs of a list only where it would be the same."""
    numbered = [offer.model_copy(update={"id": f"c{at}"}) for at, offer in enumerate(offers)]
    matcher = Matcher(build(numbered, known, ENCODER, PLACES, AS_OF), ENCODER, PLACES, AS_OF)
    asked = matcher.asked(need, matcher.catalogue.columns)
    states = judge(asked, matcher.catalogue.columns)
    for match in matcher.match(need, len(offers)).matches:
        row = int(match.capability_id[1:])
        pair = matcher.explainer.pair(asked, row)
        assert match.gates == explain(pair, states[:, row], matcher.policy)
        for one in match.contributions:
            assert one.topic is not None or one.evidence == evidence(one.signal, pair, one.value)


def test_ranks_run_from_one_and_near_misses_come_last() -> None:
    """Eligible pairs stand above near misses, whatever the scores."""
    near = a_rich_offer(id="cap-9", trl=6)
    shortlist = a_matcher([*OTHERS, near]).match(a_rich_need())
    assert [match.rank for match in shortlist.matches] == list(range(1, len(shortlist.matches) + 1))
    tiers = [match.tier is Tier.C for match in shortlist.matches]
    assert tiers == sorted(tiers)
    last = found(shortlist, "cap-9")
    assert last.tier is Tier.C
    assert last.near_miss[0].gate is GateName.MATURITY


def test_a_filter_acts_before_the_cut() -> None:
    """With one eligible capability among hundreds that fail, a shortlist of one holds it."""
    barred = [a_capability(f"x{at:03}", **{**RICH_OFFER, "places_offered": ["BRA"]}) for at in range(300)]
    poor = a_capability("only", title="Something else", summary="Nothing alike.", places_offered=["NPL"])
    shortlist = a_matcher([*barred, poor], {}).match(a_rich_need(), k=1)
    assert shortlist.matches[0].capability_id == "only"
    assert shortlist.eligible == 1


OPTIONAL_OFFER = sorted(set(RICH_OFFER) - {"title", "summary"})
OPTIONAL_NEED = sorted(set(RICH_NEED) - {"title", "summary"})


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.sampled_from(OPTIONAL_OFFER), min_size=1), st.sets(st.sampled_from(OPTIONAL_NEED)))
def test_deleting_evidence_never_raises_a_score(offered: set[str], asked: set[str]) -> None:
    """Any structured fields and whole sections, of either side or both: z never rises."""
    whole = a_matcher([a_rich_offer(), *OTHERS], policy=EVERYTHING_SHOWN).match(a_rich_need(), k=50)
    less = a_matcher([a_rich_offer(**dict.fromkeys(offered)), *OTHERS], policy=EVERYTHING_SHOWN)
    after = less.match(a_rich_need(**dict.fromkeys(asked)), k=50)
    assert found(after).z <= found(whole).z + 1e-9


EVERYTHING_SHOWN = GatePolicy(modes={gate: GateMode.SOFT for gate in GateName if gate is not GateName.STATE})


def test_a_gate_that_turned_unknown_never_stands_above_the_same_gate_passed() -> None:
    """Deleting the TRL of one of two twins puts it below the twin that states it."""
    twin, silent = a_rich_offer(id="cap-b"), a_rich_offer(id="cap-a", trl=None)
    shortlist = a_matcher([twin, silent]).match(a_rich_need())
    assert [match.capability_id for match in shortlist.matches] == ["cap-b", "cap-a"]
    assert [match.tier for match in shortlist.matches] == [Tier.A, Tier.B]


def test_identical_offers_stand_in_the_order_of_their_ids() -> None:
    """Equal scores order the same everywhere."""
    twins = [a_rich_offer(id=name) for name in ("cap-c", "cap-a", "cap-b")]
    shortlist = a_matcher(twins).match(a_rich_need())
    assert [match.capability_id for match in shortlist.matches] == ["cap-a", "cap-b", "cap-c"]


def test_the_order_of_the_files_does_not_matter() -> None:
    """A catalogue read backwards answers alike."""
    offers = [a_rich_offer(), *OTHERS]
    assert a_matcher(offers).match(a_rich_need()) == a_matcher(offers[::-1]).match(a_rich_need())


def test_an_unrelated_offer_changes_nobody_elses_score_by_much() -> None:
    """Scores are absolute: a rival that joins or leaves moves only the word statistics."""
    few = found(a_matcher([a_rich_offer(), *OTHERS]).match(a_rich_need()))
    more = found(a_matcher([a_rich_offer(), *OTHERS, a_rich_offer(id="cap-8")]).match(a_rich_need()))
    assert more.score == pytest.approx(few.score, abs=0.1)


def test_a_need_with_no_adequate_partner_says_so() -> None:
    """An empty or hopeless list is an answer, with a note."""
    shortlist = a_matcher([a_rich_offer(places_offered=["BRA"], trl=1, price="USD 9000000")]).match(a_rich_need())
    assert shortlist.eligible == 0
    assert "No capability passes" in shortlist.notes[0]


def test_soft_gates_show_and_do_not_remove() -> None:
    """A run may ask to see a gate without obeying it."""
    policy = GatePolicy(modes={GateName.MATURITY: GateMode.SOFT})
    match = found(a_matcher([a_rich_offer(trl=3)], policy=policy).match(a_rich_need()))
    state = {gate.gate: gate.state for gate in match.gates}
    assert state[GateName.MATURITY] is GateState.FAIL
    assert match.tier is not Tier.C


def test_at_most_three_open_questions_by_what_they_could_change() -> None:
    """A thin offer asks for what would matter most, worded for whoever can answer."""
    thin = a_capability("thin", title="Crossflow turbines", summary="Turbines for villages.")
    match = found(a_matcher([thin, *OTHERS]).match(a_rich_need()), "thin")
    assert 1 <= len(match.open_questions) <= 3
    assert match.best_score > match.score
    assert {ask.ask for ask in match.open_questions} <= {"provider", "need_owner"}


def test_an_empty_catalogue_and_no_needs_are_answers() -> None:
    """Nothing to match is not an error."""
    matcher = a_matcher([])
    assert matcher.match(a_rich_need()).matches == ()
    assert list(matcher.match_all([])) == []


def test_arrays_restore_the_same_answers() -> None:
    """A release holds arrays; what it answers is what the night answered."""
    matcher = a_matcher([a_rich_offer(), *OTHERS])
    searched = matcher.catalogue
    restored = Catalogue.from_arrays(searched.arrays(), searched.capabilities, searched.organisations)
    again = Matcher(restored, ENCODER, PLACES, AS_OF)
    assert again.match(a_rich_need()) == matcher.match(a_rich_need())


def test_other_weights_give_other_points() -> None:
    """The scorer is a value that is passed in, not a global."""
    heavy = dict.fromkeys(SignalName, 1.0)
    match = found(a_matcher([a_rich_offer()], scorer=Scorer(heavy, heavy, 0.0, 0.0)).match(a_rich_need()))
    assert match.base == 0
    assert {round(one.points - (one.value or 0), 12) for one in match.contributions} == {0.0}


@pytest.mark.parametrize("k", [1, 3, 50])
def test_asking_for_no_near_misses_changes_nothing_of_the_first_k(k: int) -> None:
    """Near misses still fill the room that k leaves."""
    missed = [a_rich_offer(id=f"cap-{at}", trl=6) for at in range(3)]
    matcher = a_matcher([a_rich_offer(), *OTHERS, *missed])
    needs = [a_rich_need(), a_rich_need(id="m", summary="A clinic.")]
    for whole, bare in zip(matcher.match_all(needs, k), matcher.match_all(needs, k, near=0), strict=True):
        assert bare.matches == whole.matches[:k]
        assert bare.eligible == whole.eligible


def test_ranking_without_reasons_ranks_alike() -> None:
    """rank_all gives the ids, ranks and scores of match_all."""
    near, hopeless = a_rich_offer(id="cap-9", trl=6), a_rich_offer(id="cap-7", trl=1)
    matcher = a_matcher([a_rich_offer(), *OTHERS, near, hopeless])
    needs = [a_rich_need(), a_rich_need(id="m", summary="A clinic.")]
    explained = [[(m.capability_id, m.rank, m.score) for m in s.matches] for s in matcher.match_all(needs)]
    assert [[(m.capability_id, m.rank, m.score) for m in ranked] for ranked in matcher.rank_all(needs)] == explained

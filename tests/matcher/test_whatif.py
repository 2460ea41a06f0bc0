"""What a list would be if: gates that remove nothing, needs that ask for less, and what moved each match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder, Matrix
from matcher.catalogue import build
from matcher.matching import Matcher
from matcher.policy import GatePolicy
from matcher.profiles import Capability
from matcher.vocabulary import GateMode, GateName, GateState, Tier
from matcher.whatif import CauseKind, Move, Moved, WhatIf, explore
from tests.builders import a_capability, a_need
from tests.matcher.small_world import AS_OF, a_full_need, a_place_book, some_capabilities, some_organisations

PLACES = a_place_book()


def a_matcher(*capabilities: Capability, encoder: Any = None, organisations: Any = None, **facts: Any) -> Matcher:
    encoder = encoder or HashingEncoder()
    ordered = sorted(capabilities, key=lambda one: one.id)
    return Matcher(build(ordered, organisations or {}, encoder, PLACES, AS_OF), encoder, PLACES, AS_OF, **facts)


READY = a_capability("ready", trl=9)
YOUNG = a_capability("young", trl=5, languages_supported=["en"])
FAR = a_capability("far", trl=9, places_offered=["BRA"])
ASKED = a_need(trl_min=8, beneficiary_places=["KEN"], languages_required=["en"])


def of(found: WhatIf, capability: str) -> Moved:
    return next(one for one in (*found.moved, *found.gone) if one.match.capability_id == capability)


def listed(found: WhatIf) -> list[str]:
    return [one.match.capability_id for one in found.moved]


def test_asking_for_trl_5_lets_the_near_miss_in() -> None:
    """It was on the list as a near miss, behind what is ready; for the language it speaks it now stands first."""
    found = explore(a_matcher(READY, YOUNG), ASKED, ASKED.model_copy(update={"trl_min": 5}), {}, 10)
    young = of(found, "young")
    assert (young.rank_before, young.rank_after, young.move) == (2, 1, Move.UP)
    assert young.match.tier is Tier.B
    assert [(cause.kind, cause.name, cause.before, cause.after) for cause in young.causes][:1] == [
        (CauseKind.GATE, "maturity", GateState.FAIL, GateState.PASS)
    ]
    assert (
        "failed (offer is TRL 5, need asks for 8), passes now (offer is TRL 5, need asks for 5)" in young.causes[0].text
    )
    assert young.causes[1].name == "maturity"
    assert young.causes[1].points == pytest.approx(0.2 * 0.6), "as asked earns .6 of a joint weight of .2"


def test_the_list_is_the_one_the_changed_need_would_have() -> None:
    changed = ASKED.model_copy(update={"trl_min": 5})
    matcher = a_matcher(READY, YOUNG, FAR)
    assert explore(matcher, ASKED, changed, {}, 10).shortlist == matcher.match(changed, 10)


def test_a_soft_gate_shows_its_failure_and_removes_nothing() -> None:
    found = explore(a_matcher(READY, FAR), ASKED, ASKED, {GateName.PLACE: GateMode.SOFT}, 10)
    far = of(found, "far")
    assert (far.rank_before, far.move) == (None, Move.NEW)
    assert [gate.state for gate in far.match.gates if gate.gate is GateName.PLACE] == [GateState.FAIL]
    assert far.match.tier is Tier.B
    assert far.causes[0].text.endswith("but is soft, which removes nothing")


def test_a_gate_that_is_off_is_not_judged() -> None:
    found = explore(a_matcher(READY, FAR), ASKED, ASKED, {GateName.PLACE: GateMode.OFF}, 10)
    far = of(found, "far")
    assert GateName.PLACE not in {gate.gate for gate in far.match.gates}
    assert (far.causes[0].before, far.causes[0].after) == (GateState.FAIL, None)
    assert far.causes[0].text.endswith("is not judged now")


def test_a_gate_can_be_made_hard_again_and_what_it_removes_is_told() -> None:
    """The list as it is follows the policy of the matcher; a match that is lost keeps its place of before."""
    matcher = a_matcher(READY, FAR, policy=GatePolicy({GateName.PLACE: GateMode.SOFT}))
    found = explore(matcher, ASKED, ASKED, {GateName.PLACE: GateMode.HARD}, 10)
    assert (listed(found), [one.match.capability_id for one in found.gone]) == (["ready"], ["far"])
    far = of(found, "far")
    assert (far.move, far.rank_after) == (Move.GONE, None)
    assert far.match.rank == far.rank_before
    assert far.causes[0].kind is CauseKind.GATE


def test_a_match_that_only_others_moved_says_so() -> None:
    found = explore(a_matcher(READY, YOUNG), ASKED, ASKED.model_copy(update={"trl_min": None}), {}, 10)
    ready = of(found, "ready")
    assert {cause.kind for cause in ready.causes} == {CauseKind.GATE, CauseKind.SIGNAL}, "its own points"
    soft = explore(a_matcher(READY, YOUNG), ASKED, ASKED, {GateName.MATURITY: GateMode.SOFT}, 10)
    moved = of(soft, "ready")
    assert (moved.rank_before, moved.rank_after, moved.move) == (1, 2, Move.DOWN)
    assert [(cause.kind, cause.text) for cause in moved.causes] == [
        (CauseKind.OTHERS, "unchanged itself: 1 more stands above it")
    ]


def test_nothing_asked_for_moves_nothing() -> None:
    found = explore(a_matcher(READY, YOUNG, FAR), ASKED, ASKED, {}, 10)
    assert {one.move for one in found.moved} == {Move.SAME}
    assert not [one for one in found.moved if one.causes]
    assert found.gone == ()


class _Counting(HashingEncoder):
    """Counts the texts that it is asked to encode as queries."""

    asked = 0

    def encode_queries(self, texts: Any) -> Matrix:
        self.asked += len(texts)
        return super().encode_queries(texts)


def test_texts_are_encoded_again_only_where_they_changed() -> None:
    encoder = _Counting()
    matcher = a_matcher(READY, YOUNG, encoder=encoder)
    explore(matcher, ASKED, ASKED.model_copy(update={"trl_min": 5}), {GateName.PLACE: GateMode.OFF}, 10)
    assert encoder.asked == 1, "the need as it is, once"
    found = explore(matcher, ASKED, ASKED.model_copy(update={"summary": "Drinking water from wells."}), {}, 10)
    assert encoder.asked == 3
    assert {cause.name for one in found.moved for cause in one.causes if cause.kind is CauseKind.SIGNAL} == {"topic"}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    modes=st.dictionaries(
        st.sampled_from([gate for gate in GateName if gate is not GateName.FINANCE]), st.sampled_from(GateMode)
    ),
    trl=st.none() | st.integers(1, 9),
)
def test_a_move_is_explained_and_the_points_told_are_the_difference_of_the_scores(
    seed: int, modes: dict[GateName, GateMode], trl: int | None
) -> None:
    """Each capability of either list appears once; what moved has a cause; the changes of points add up."""
    matcher = a_matcher(*some_capabilities(15, seed), organisations=some_organisations(5, seed))
    need = a_need(**a_full_need())
    changed = need.model_copy(update={"trl_min": trl})
    found = explore(matcher, need, changed, modes, 5)
    before = {match.capability_id: match for match in matcher.match(need, 5).matches}
    names = [one.match.capability_id for one in (*found.moved, *found.gone)]
    assert len(names) == len(set(names))
    assert set(before) <= set(names)
    for one in (*found.moved, *found.gone):
        was = before.get(one.match.capability_id)
        assert one.rank_before == (was.rank if was else None)
        assert one.causes or one.move is Move.SAME
        if was and one.move is not Move.GONE:
            assert sum(cause.points for cause in one.causes) == pytest.approx(one.match.z - was.z, abs=1e-8)

"""Near misses have a stated fix each, and at most three questions are asked, the weightiest first."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from matcher.asked import Asked, Pair
from matcher.columns import Columns
from matcher.gates import DEFAULT, GATES, GatePolicy, explain, judge
from matcher.matches import Contribution, Gate, NearMiss, OpenQuestion
from matcher.profiles import Capability, Need, Organisation
from matcher.questions import near_miss_mask, near_misses, open_questions
from matcher.signals import STRUCTURED
from matcher.vocabulary import GateMode, GateName, GateState, SignalName
from tests.builders import a_capability, a_need
from tests.matcher.small_world import AS_OF, a_place_book
from tests.matcher.strategies import capabilities, needs, organisations

BOOK = a_place_book()


def paired(
    need: Need, offer: Capability, known: dict[str, Organisation] | None = None
) -> tuple[Pair, tuple[Gate, ...]]:
    by_id = known or {}
    columns = Columns.build([offer], by_id, BOOK, AS_OF)
    asked = Asked.of(need, by_id, columns, BOOK)
    pair = Pair(asked, columns, 0, offer, by_id.get(offer.organisation_id))
    return pair, explain(pair, judge(asked, columns)[:, 0], DEFAULT)


def fixes(need: dict[str, Any], offer: dict[str, Any]) -> list[str]:
    pair, gates = paired(a_need(**need), a_capability(**offer))
    return [miss.fix for miss in near_misses(pair, [gate for gate in gates if gate.state is GateState.FAIL])]


def unknown(**points: float) -> list[Contribution]:
    return [Contribution(SignalName(name), None, 0.0, 0.0, 0.0, worth, "") for name, worth in points.items()]


@pytest.mark.parametrize(
    ("need", "offer", "fix"),
    [
        ({"rejected_modes": ["training"]}, {"transfer_modes": ["training"]}, "eligible if training is accepted"),
        ({"trl_min": 6}, {"trl": 5}, "needs TRL 6, offer is TRL 5: eligible if co-development is accepted"),
        (
            {"beneficiary_places": ["KEN"]},
            {"places_offered": ["UGA", "DEU"]},
            "eligible if the provider extends from Uganda to Kenya",
        ),
        (
            {"site_conditions": {"altitude": "2200 m"}},
            {"operating_envelope": {"altitude": "<= 2000 m"}},
            "eligible with a variant for altitude: site 2,200 m, offer at most 2,000 m, not contained",
        ),
        (
            {"ip_requirements": ["open"]},
            {"ip": {"terms": ["exclusive"]}},
            "eligible if exclusive terms are accepted, or open ones offered",
        ),
        ({"budget": "USD 10k"}, {"price": "USD 50k"}, "eligible if funding is sought for the missing USD 40,000"),
        (
            {"complete_by": date(2027, 5, 1)},
            {"lead_time_months": 8},
            "eligible if completion may be 2.1 months later",
        ),
        (
            {"languages_required": ["en"]},
            {"languages_supported": ["fr"]},
            "eligible if a facilitator bridges French and English",
        ),
    ],
)
def test_each_near_failure_states_its_fix(need: dict[str, Any], offer: dict[str, Any], fix: str) -> None:
    """One hard gate fails and what would mend it is said."""
    assert fixes(need, offer) == [fix]


@pytest.mark.parametrize(
    ("need", "offer"),
    [
        ({}, {"review_state": "withdrawn"}),
        ({"beneficiary_places": ["KEN"]}, {"places_offered": ["DEU"]}),
        ({"beneficiary_places": ["KEN"]}, {"places_offered": ["World"], "places_excluded": ["KEN"]}),
        ({"trl_min": 9, "co_development_ok": False}, {"trl": 2}),
        ({"site_conditions": {"power": "5 kW"}}, {"operating_envelope": {"power": "5 MW"}}),
        ({"site_conditions": {"grid": ["off_grid"]}}, {"operating_envelope": {"grid": ["grid"]}}),
        ({"budget": "USD 1k"}, {"price": "USD 50k"}),
        ({"complete_by": date(2027, 1, 1)}, {"lead_time_months": 60}),
        ({"languages_required": ["en"]}, {"languages_supported": []}),
    ],
)
def test_what_lies_far_away_is_no_near_miss(need: dict[str, Any], offer: dict[str, Any]) -> None:
    """5 MW for 5 kW, a continent away, years late: nothing would mend it."""
    assert fixes(need, offer) == []


def test_three_failures_are_no_near_miss() -> None:
    """One or two."""
    need = {"trl_min": 6, "ip_requirements": ["open"]}
    offer = {"trl": 5, "ip": {"terms": ["exclusive"]}}
    assert len(fixes(need, offer)) == 2
    assert fixes({**need, "languages_required": ["en"]}, {**offer, "languages_supported": ["fr"]}) == []


def test_the_mask_finds_one_or_two_hard_failures() -> None:
    """Soft and unjudged gates do not count; a failed state never is near."""
    table = np.ones((len(GATES), 5), np.int8)
    maturity, budget, mode, state = (
        GATES.index(name) for name in (GateName.MATURITY, GateName.BUDGET, GateName.MODE, GateName.STATE)
    )
    table[maturity, 1:] = 0
    table[budget, 2] = -1
    table[[budget, mode], 3] = 0
    table[state, 4] = 0
    assert near_miss_mask(table).tolist() == [False, True, True, False, False]
    soft = GatePolicy({GateName.MATURITY: GateMode.SOFT})
    assert near_miss_mask(table, soft).tolist() == [False, False, False, True, False]


@settings(max_examples=40, deadline=None)
@given(needs(), capabilities(), organisations())
def test_near_misses_name_exactly_the_failed_gates(
    need: Need, offer: Capability, known: dict[str, Organisation]
) -> None:
    """Either every failed gate has a fix, or there are none; never more than the mask would show."""
    pair, gates = paired(need, offer, known)
    failed = [gate for gate in gates if gate.state is GateState.FAIL]
    misses = near_misses(pair, failed)
    assert misses in {(), tuple(NearMiss(gate.gate, miss.fix) for gate, miss in zip(failed, misses, strict=False))}
    if misses:
        assert len(misses) == len(failed)
        assert near_miss_mask(judge(pair.asked, pair.columns))[0]
        assert all(miss.fix for miss in misses)


# -- questions -------------------------------------------------------------------------------------------------------


def test_unknown_gates_come_first_by_the_points_of_their_signal() -> None:
    """Maturity is worth more than language here, and both more than a signal without a gate."""
    need = a_need(trl_min=6, languages_required=["en"])
    pair, gates = paired(need, a_capability())
    asked = open_questions(pair, gates, unknown(language=0.2, maturity=0.4, sdg=0.9))
    assert [(question.about, question.ask, question.points) for question in asked] == [
        ("trl", "provider", 0.4),
        ("languages_supported", "provider", 0.2),
        ("places_offered", "provider", 0.0),
    ]
    assert asked[0].question == 'What is the technology readiness level (1-9) of "Small hydropower turbines"?'


def test_the_side_that_is_silent_is_asked() -> None:
    """The need's owner is asked for what only the need lacks."""
    pair, gates = paired(a_need(), a_capability(trl=7))
    (first, *_) = open_questions(pair, gates, unknown(maturity=0.4))
    assert first == OpenQuestion(
        "trl_min", "need_owner", "What is the least technology readiness level (1-9) that would do?", 0.4
    )


def test_a_price_in_another_currency_is_asked_for_again() -> None:
    """Both sides have spoken, and still nothing can be compared."""
    pair, gates = paired(a_need(budget="EUR 5k"), a_capability(price="USD 5k"))
    (first, *_) = open_questions(pair, gates, unknown(budget=0.4))
    assert (first.about, first.ask) == ("price", "provider")
    assert first.question == 'What does "Small hydropower turbines" cost in EUR?'


@settings(max_examples=40, deadline=None)
@given(needs(), capabilities(), organisations())
def test_at_most_three_questions_each_about_another_field(
    need: Need, offer: Capability, known: dict[str, Organisation]
) -> None:
    """Whatever is unknown."""
    pair, gates = paired(need, offer, known)
    asked = open_questions(pair, gates, unknown(**{signal.value: 0.5 for signal in STRUCTURED}))
    assert len(asked) <= 3
    assert len({question.about for question in asked}) == len(asked)
    assert all(question.ask in {"provider", "need_owner"} and question.question for question in asked)


def test_nothing_is_asked_when_all_is_known() -> None:
    """No unknown, no question."""
    pair, gates = paired(a_need(), a_capability())
    assert open_questions(pair, [gate for gate in gates if gate.state is GateState.PASS], []) == ()

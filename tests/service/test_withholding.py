"""What is said of a third party that may not be seen any more leaves a match with it, word by word."""

from dataclasses import replace

import pytest

from matcher.matches import Condition, Gate, Match, ReadinessPanel, ThirdParty
from matcher.profiles import OrganisationId
from matcher.vocabulary import Cooperation, GateName, GateState, Readiness
from service.visibility import Visibility
from service.wire import match_json
from service.withholding import GONE, hidden_thirds, seen, without
from tests.service.test_wire import a_match


def a_party(name: str) -> ThirdParty:
    return ThirdParty(name, OrganisationId(f"org-{name}"), f"The {name}", GateState.PASS, 0.7, 1.0, 0.5, (), ())


def joined() -> Match:
    ready = Condition(Readiness.READY, "the need states it", "")
    gap = Condition(Readiness.MISSING, "the need states it", "Ask The desk for training.", ("desk",))
    money = Condition(Readiness.MISSING, "the need states it", "Apply to The fund.", ("fund",))
    return replace(
        a_match(),
        gates=(Gate(GateName.LANGUAGE, GateState.PASS, "The desk bridges fr and en"),),
        facilitators=(a_party("desk"),),
        funders=(a_party("fund"),),
        via="desk",
        cooperation=Cooperation.TRIANGULAR,
        cooperation_reason="need and provider are South; third party: The desk (multilateral) offers training",
        readiness=ReadinessPanel(policy=ready, finance=money, incentives=ready, capacity=gap),
    )


def test_every_word_about_a_hidden_facilitator_goes() -> None:
    found = without(joined(), {"desk"})
    assert "desk" not in match_json(found)
    assert (found.facilitators, found.via) == ((), None)
    assert (found.cooperation, found.cooperation_reason) == (Cooperation.SOUTH_SOUTH, "need and provider are South")
    assert found.readiness is not None
    assert found.readiness.capacity == Condition(Readiness.MISSING, "the need states it", GONE, ())


def test_what_is_not_hidden_stays_as_it_was() -> None:
    before, found = joined(), without(joined(), {"desk"})
    assert found.funders == before.funders
    assert found.readiness
    assert before.readiness
    assert found.readiness.finance == before.readiness.finance
    kept = without(joined(), {"fund"})
    assert (kept.cooperation, kept.via, kept.gates) == (Cooperation.TRIANGULAR, "desk", before.gates)


@pytest.mark.parametrize("hidden", [set(), {"somebody else"}])
def test_a_match_that_names_none_of_the_hidden_is_left_untouched(hidden: set[str]) -> None:
    text = match_json(joined())
    assert seen(text, hidden) is text


def test_programmes_and_mechanisms_are_what_can_be_hidden() -> None:
    visible = Visibility({"needs": frozenset({"n"}), "mechanisms": frozenset({"f"}), "facilitators": frozenset({"d"})})
    assert hidden_thirds(visible) == {"f", "d"}

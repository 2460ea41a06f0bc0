"""What is said of a third party that may not be seen any more leaves a match with it, word by word."""

from dataclasses import replace

import pytest

from matcher.matches import Condition, Gate, Match, ReadinessPanel, ThirdParty, TopicEvidence
from matcher.profiles import CapabilityId, OrganisationId
from matcher.vocabulary import Cooperation, GateName, GateState, Readiness
from service.visibility import Visibility
from service.wire import match_from_json, match_json
from service.withholding import GONE, Withholding, without
from tests.service.test_wire import a_match


def a_party(name: str) -> ThirdParty:
    return ThirdParty(name, OrganisationId(f"org-{name}"), f"The {name}", GateState.PASS, 0.7, 1.0, 0.5, (), ())


def joined() -> Match:
    ready = Condition(Readiness.READY, "the need states it", "")
    gap = Condition(Readiness.MISSING, "the need states it", "Ask The desk for training.", ("desk",))
    money = Condition(Readiness.MISSING, "the need states it", "Apply to The fund.", ("fund",))
    return replace(
        a_match(),
        gates=(Gate(GateName.LANGUAGE, GateState.PASS, "The desk bridges French and English"),),
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


@pytest.mark.parametrize(
    "hidden", [{}, {"facilitators": frozenset({"somebody else"}), "capabilities": frozenset({"c"})}]
)
def test_a_match_that_names_none_of_the_hidden_is_left_untouched(hidden: dict[str, frozenset[str]]) -> None:
    text = match_json(joined())
    assert Withholding(Visibility(hidden)).text(text) == text


def test_programmes_and_mechanisms_leave_with_every_word() -> None:
    visible = Visibility({"mechanisms": frozenset({"fund"}), "facilitators": frozenset({"desk"})})
    text = Withholding(visible).text(match_json(joined()))
    assert "desk" not in text
    assert "fund" not in text.replace("funders", "")


def test_an_offer_that_a_match_is_likened_to_leaves_with_its_id_whatever_the_id_looks_like() -> None:
    odd, kept = 'c"],"x":["\\', "c-kept"
    topic = TopicEvidence((), (), 0.1, 0.0, 0.2, (CapabilityId(odd), CapabilityId(kept)))
    match = a_match()
    first, *others = match.contributions
    match = replace(match, contributions=(replace(first, topic=topic), *others))
    withholding = Withholding(Visibility({"capabilities": frozenset({odd})}))
    found = match_from_json(withholding.text(match_json(match)))
    assert found == withholding.match(match)
    assert found.contributions[0].topic == replace(topic, answers=(CapabilityId(kept),))
    assert withholding.text(match_json(found)) == match_json(found)

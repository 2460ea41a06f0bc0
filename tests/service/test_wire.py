"""One way of writing results: fast and slow say the same, and it fits the published schema."""

import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest

from matcher.matches import (
    Contribution,
    Gate,
    Match,
    NearMiss,
    OpenQuestion,
    PassageEvidence,
    Shortlist,
    TermEvidence,
    TopicEvidence,
)
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import Cooperation, GateName, GateState, SignalName, Tier
from service.wire import json_line, match_json, shortlist_json

SCHEMA = Path(__file__).parents[2] / "data" / "schema" / "shortlist.json"


def a_match(capability: str = "c1", rank: int = 1, score: float = 0.75) -> Match:
    topic = TopicEvidence(
        passages=(PassageEvidence("title", "Pompe à eau", "summary", "Water pumps", 0.8),),
        terms=(TermEvidence("water", 0.1),),
        dense_part=0.6,
        lexical_part=0.1,
    )
    return Match(
        need_id=NeedId("n1"),
        capability_id=CapabilityId(capability),
        organisation_id=OrganisationId("o1"),
        capability_title="Water pumps",
        rank=rank,
        score=score,
        z=1.1,
        base=-1.0,
        best_score=0.9,
        tier=Tier.C,
        coverage=0.4,
        gates=(Gate(GateName.PLACE, GateState.UNKNOWN, "no place stated"),),
        contributions=(
            Contribution(SignalName.TOPIC, 0.7, 2.1, 1.1, 1.0, 3.0, "Both speak of water.", topic),
            Contribution(SignalName.SDG, None, 0.0, 0.0, 0.0, 0.5, "The need states no goal."),
        ),
        near_miss=(NearMiss(GateName.MODE, "eligible if training is accepted"),),
        open_questions=(OpenQuestion("trl", "provider", "How mature is it?", 0.4),),
        cooperation=Cooperation.SOUTH_SOUTH,
        cooperation_reason="both are developing countries",
        summary="Both speak of water.",
    )


def a_shortlist(*matches: Match) -> Shortlist:
    return Shortlist(NeedId("n1"), "Water", matches or (a_match(),), eligible=1, considered=2, notes=("one tier only",))


def test_a_line_and_the_dictionary_say_the_same() -> None:
    shortlist = a_shortlist(a_match(), a_match("c2", 2, 0.5))
    assert json.loads(json_line(shortlist)) == json.loads(json.dumps(shortlist_json(shortlist)))


def test_a_shortlist_fits_its_schema() -> None:
    jsonschema.validate(json.loads(json_line(a_shortlist())), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_shortlist_without_matches_fits_its_schema() -> None:
    empty = Shortlist(NeedId("n1"), "Water", (), eligible=0, considered=0)
    jsonschema.validate(json.loads(json_line(empty)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_keys_of_a_match_are_the_fields_of_the_dataclass_in_order() -> None:
    assert list(match_json(a_match())) == [field.name for field in fields(Match)]


def test_unknown_stays_null_and_letters_stay_letters() -> None:
    line = json_line(a_shortlist())
    assert '"value":null' in line
    assert "Pompe à eau" in line


def test_a_line_holds_no_line_break_but_its_last_character() -> None:
    line = json_line(a_shortlist())
    assert line.count("\n") == 1
    assert line.endswith("\n")


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_line(a_shortlist(a_match(score=float("nan"))))


def test_something_that_is_no_result_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a dataclass"):
        json_line(a_shortlist(object()))  # type: ignore[arg-type]  # what this test is about

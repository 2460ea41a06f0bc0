"""One way of writing results: fast and slow say the same, and it fits the published schema."""

import json
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from matcher.matches import (
    Contribution,
    Gate,
    Match,
    NearMiss,
    NextStep,
    OpenQuestion,
    PassageEvidence,
    Shortlist,
    TermEvidence,
    TopicEvidence,
)
from matcher.profiles import CapabilityId, NeedId, OrganisationId
from matcher.vocabulary import Cooperation, GateName, GateState, Placing, SignalName, Tier
from service.wire import match_from_json, match_json, shortlist_json, with_allocation

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


def test_a_shortlist_fits_its_schema() -> None:
    jsonschema.validate(json.loads(shortlist_json(a_shortlist())), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_shortlist_without_matches_fits_its_schema() -> None:
    empty = Shortlist(NeedId("n1"), "Water", (), eligible=0, considered=0)
    jsonschema.validate(json.loads(shortlist_json(empty)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_keys_of_a_match_are_the_fields_of_the_dataclass_in_order() -> None:
    assert list(json.loads(match_json(a_match()))) == [field.name for field in fields(Match)]


def test_a_match_in_a_shortlist_is_written_as_the_match_alone() -> None:
    assert json.loads(shortlist_json(a_shortlist()))["matches"] == [json.loads(match_json(a_match()))]


def test_a_match_survives_the_way_there_and_back() -> None:
    assert match_from_json(match_json(a_match())) == a_match()


def test_unknown_stays_null_and_letters_stay_letters() -> None:
    line = shortlist_json(a_shortlist())
    assert '"value":null' in line
    assert "Pompe à eau" in line


def test_a_line_is_one_line() -> None:
    assert "\n" not in shortlist_json(a_shortlist(a_match("two\nlines")))


STEP = NextStep("Ask.", "", "provider", OrganisationId("o1"), None, "", "Dear...", date(2026, 12, 1), "soon")


@pytest.mark.parametrize("step", [None, STEP], ids=["null", "object"])
def test_allocation_is_put_into_a_text_as_the_match_would_write_it(step: NextStep | None) -> None:
    """Whatever field stands before: texts are joined, not parsed."""
    match = replace(a_match(), next_step=step)
    told = replace(match, allocated=True, placing=Placing.RAISED, allocation="why")
    assert with_allocation(match_json(match), True, "raised", "why") == match_json(told)  # noqa: FBT003 - as written
    assert with_allocation(match_json(match)) == match_json(match)


def test_a_text_from_before_there_was_allocation_gets_its_fields() -> None:
    facts = json.loads(match_json(a_match()))
    old = {name: value for name, value in facts.items() if name not in {"allocated", "placing", "allocation"}}
    assert json.loads(with_allocation(json.dumps(old))) == facts

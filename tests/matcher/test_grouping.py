"""Organisations ranked by all their records: who carries them, what adds, what never does."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from embeddings.encoder import HashingEncoder
from matcher import catalogue
from matcher.grouping import OrganisationMatcher, as_records
from matcher.matches import OrganisationMatch, OrganisationShortlist
from matcher.matching import Matcher
from matcher.pooling import Pooling
from matcher.profiles import Capability, CaseStory, Need
from matcher.scoring import SIGNALS
from matcher.vocabulary import RecordKind, ReviewState, SignalName, Tier
from tests.builders import a_capability, a_case, a_need, an_organisation
from tests.matcher.small_world import AS_OF, a_place_book

TOPIC_WEIGHT = 8.0
TEXTS = {
    "turbine": ("Village turbines", "Turbines for a small river that light a hill village."),
    "river": ("River power", "Electricity for a village from a small river, without a grid."),
    "pump": ("Solar pumps", "Pumps that lift water for vegetables."),
    "bread": ("Ovens", "Bread ovens for bakers in town."),
}


def capability(id_: str, owner: str, text: str, **facts: Any) -> Capability:
    title, summary = TEXTS[text]
    return a_capability(id_, organisation_id=owner, title=title, summary=summary, **facts)


def changed(record: Capability, **facts: Any) -> Capability:
    return Capability.model_validate({**record.model_dump(exclude_unset=True), **facts})


RECORDS = (
    capability("a1", "many", "turbine"),
    capability("a2", "many", "river"),
    capability("a3", "many", "bread"),
    capability("b1", "one", "turbine"),
    capability("c1", "other", "bread"),
    capability("c2", "other", "bread"),
    capability("c3", "other", "pump"),
)
NEED = a_need("village")


def matcher_of(records: tuple[Capability, ...], cases: tuple[CaseStory, ...] = ()) -> OrganisationMatcher:
    rows = sorted((*records, *as_records(cases, AS_OF)), key=lambda record: record.id)
    encoder, places = HashingEncoder(), a_place_book()
    known = {"many": an_organisation("many", name="Many Hands")}
    return OrganisationMatcher(Matcher(catalogue.build(rows, known, encoder, places, AS_OF), encoder, places, AS_OF))


def shortlist(
    records: tuple[Capability, ...] = RECORDS, cases: tuple[CaseStory, ...] = (), need: Need = NEED, k: int = 10
) -> OrganisationShortlist:
    return next(matcher_of(records, cases).match_all([need], k))


def match_of(found: OrganisationShortlist, owner: str) -> OrganisationMatch:
    return next(match for match in found.matches if match.organisation_id == owner)


def test_every_organisation_stands_once_and_more_evidence_ranks_higher() -> None:
    """The same best record and a second on the subject beat it alone; bakers come last."""
    found = shortlist()
    assert [match.organisation_id for match in found.matches] == ["many", "one", "other"]
    assert [match.rank for match in found.matches] == [1, 2, 3]
    assert (found.eligible, found.considered) == (3, 3)


def test_the_explanation_is_the_score() -> None:
    """z of the capability that carries + the points of further records = z, and the score is its sigmoid."""
    for match in shortlist().matches:
        assert match.best.z + sum(record.points for record in match.pooled) == pytest.approx(match.z, abs=1e-9)
        assert match.score == pytest.approx(1 / (1 + np.exp(-match.z)), abs=1e-6)


def test_points_are_the_documented_function_of_the_topic_values() -> None:
    """The carrier's topic value and the pooled records' fold to the p-norm, in units of the topic's weight."""
    match = match_of(shortlist(), "many")
    topic = next(one.value for one in match.best.contributions if one.signal is SignalName.TOPIC)
    assert topic
    power = Pooling().power
    values = [topic, *(min(record.value, topic) for record in match.pooled)]
    norm = sum(value**power for value in values) ** (1 / power)
    assert sum(record.points for record in match.pooled) == pytest.approx(TOPIC_WEIGHT * (norm - topic), abs=1e-6)


def test_the_explanation_names_the_records_that_carry() -> None:
    match = match_of(shortlist(), "many")
    assert match.organisation_name == "Many Hands"
    assert {match.best.capability_id, match.pooled[0].record_id} == {"a1", "a2"}
    assert match.pooled[0].kind is RecordKind.CAPABILITY
    assert match.pooled[0].passage
    assert match.pooled[0].title in match.summary
    assert match.records == 3


def test_ranking_and_explaining_agree() -> None:
    ranked = next(matcher_of(RECORDS).rank_all([NEED], 10))
    shown = [(match.organisation_id, match.rank, match.score) for match in shortlist().matches]
    assert [(one.organisation_id, one.rank, one.score) for one in ranked] == shown


def test_one_need_and_many_give_the_same() -> None:
    needs = [NEED, a_need("bread", title="Ovens", summary="Bread ovens.")]
    assert next(matcher_of(RECORDS).match_all(needs, 10)) == shortlist()


@pytest.mark.parametrize("gone", [record.id for record in RECORDS])
def test_a_record_that_is_withdrawn_never_raises_its_organisation(gone: str) -> None:
    """Whichever record goes, with whatever structured facts: its organisation scores no more, the others as before."""
    facts: dict[str, Any] = {"sdg_goals": [7], "sectors": ["energy.hydropower"], "places_offered": ["NPL"]}
    need = a_need("village", sdg_goals=[7], sectors=["energy.hydropower"], beneficiary_places=["NPL"])
    rich = tuple(changed(record, **facts) if record.id in {"a3", "c3"} else record for record in RECORDS)
    left = tuple(
        changed(record, review_state=ReviewState.WITHDRAWN) if record.id == gone else record for record in rich
    )
    before = {str(match.organisation_id): match.z for match in shortlist(rich, need=need).matches}
    after = {str(match.organisation_id): match.z for match in shortlist(left, need=need).matches}
    owner = next(record.organisation_id for record in rich if record.id == gone)
    assert after.get(owner, -np.inf) <= before[owner] + 1e-9
    assert {name: z for name, z in after.items() if name != owner} == {n: z for n, z in before.items() if n != owner}


def test_random_organisations_never_gain_by_losing_a_record() -> None:
    """The fold itself, over random topics and structured points: for every record that may go."""
    draw = np.random.default_rng(5)
    for _ in range(200):
        topics, rest = draw.random(6), draw.random(6) * 3
        assert all(
            _carried(np.delete(topics, n), np.delete(rest, n)) <= _carried(topics, rest) + 1e-12 for n in range(6)
        )


def _carried(topics: Any, rest: Any) -> float:
    """Score one organisation as grouping does: the best over its records of own z and what others add."""
    best = -np.inf
    for lead in range(len(topics)):
        further = np.sort(np.delete(topics, lead))[::-1][None]
        added = Pooling().addends(topics[[lead]], further).sum()
        best = max(best, rest[lead] + TOPIC_WEIGHT * (topics[lead] + added))
    return float(best)


def test_gates_stay_with_the_record() -> None:
    """An organisation is eligible by its best eligible capability; what fails a gate adds nothing."""
    need = a_need("village", trl_min=7, beneficiary_places=["NPL"])
    early = tuple(changed(record, trl=3) if record.id == "a1" else record for record in RECORDS)
    match = match_of(shortlist(early, need=need), "many")
    assert match.best.capability_id == "a2"
    assert "a1" not in {record.record_id for record in match.pooled}
    assert match.records == 2


def test_near_misses_stand_after_everything_eligible() -> None:
    early = tuple(changed(record, trl=5) if record.organisation_id in {"many", "one"} else record for record in RECORDS)
    found = shortlist(early, need=a_need("village", trl_min=7))
    assert [match.organisation_id for match in found.matches] == ["other", "many", "one"]
    assert [match.best.tier for match in found.matches] == [Tier.B, Tier.C, Tier.C]
    assert match_of(found, "many").pooled == ()
    assert found.eligible == 1


def test_a_case_counts_for_its_provider_and_is_never_offered() -> None:
    """It adds to an organisation that offers something, and alone makes nobody eligible."""
    title, summary = TEXTS["river"]
    cases = tuple(
        a_case(f"story-{owner}", title=title, summary=summary, provider_id=owner, outcome="It runs.")
        for owner in ("one", "unknown")
    )
    # The same catalogue without the stories counting, so that the statistics of terms are the same.
    idle = tuple(case.model_copy(update={"provider_id": "unknown"}) for case in cases)
    told, silent = match_of(shortlist(cases=cases), "one"), match_of(shortlist(cases=idle), "one")
    assert told.z > silent.z
    assert [(record.record_id, record.kind) for record in told.pooled] == [("story-one", RecordKind.CASE)]
    found = shortlist(cases=cases)
    assert "unknown" not in {match.organisation_id for match in found.matches}
    assert found.considered == 3


@pytest.mark.parametrize(
    "facts", [{"provider_id": None}, {"review_state": ReviewState.WITHDRAWN}, {"valid_until": "2020-01-01"}]
)
def test_a_case_that_does_not_stand_is_left_out(facts: dict[str, Any]) -> None:
    assert list(as_records([a_case(**{"provider_id": "one", **facts})], AS_OF)) == []


def test_the_owner_of_the_need_is_not_ranked_for_it() -> None:
    need = a_need("village", owner_organisation_id="many")
    assert "many" not in {match.organisation_id for match in shortlist(need=need).matches}


def test_nothing_eligible_gives_an_empty_list_that_says_so() -> None:
    gone = tuple(changed(record, review_state=ReviewState.WITHDRAWN) for record in RECORDS)
    found = shortlist(gone)
    assert found.matches == ()
    assert found.notes


def test_k_cuts_after_pooling() -> None:
    assert [match.organisation_id for match in shortlist(k=1).matches][:1] == ["many"]


def test_the_topic_weight_of_these_tests_is_the_scorers() -> None:
    weights = matcher_of(RECORDS).matcher.scorer.weights()
    assert weights[SIGNALS.index(SignalName.TOPIC)] == TOPIC_WEIGHT
    assert replace(Pooling(), power=2).power == 2

"""Suggestions: full rankings, fixed ties, bounded scores; a text alone and in company is judged alike."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from matcher.tagging import GOALS, SUGGESTED, Described, Document, Learned, Tagger, Tags
from matcher.vocabulary import SECTORS
from service.reference import data_folder
from service.tagging.fitting import fingerprint, own_texts
from service.tagging.loading import LEARNED, read_descriptions, read_examples, read_learned

FOLDER = data_folder() / "reference"
WORDS = [
    *("water", "school", "farmer", "turbine", "women", "forest", "court", "carbon", "fish"),
    *("road", "tax", "doctor", "city", "waste", "job", "migrant", "poor"),
]


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    learned = read_learned(FOLDER / "sdg" / LEARNED)
    return Tagger(HashingEncoder(), learned, *read_descriptions(FOLDER))


def _one(tagger: Tagger, *texts: str) -> Tags:
    return next(tagger.tag([Document("a", texts)]))


def test_every_goal_target_and_sector_is_described() -> None:
    goals, targets, sectors = read_descriptions(FOLDER)
    assert {int(one.code) for one in goals} == set(GOALS)
    assert len({one.code for one in targets}) == len(targets) == 169
    assert {one.code for one in sectors} == set(SECTORS)


def test_no_two_descriptions_are_alike() -> None:
    goals, targets, sectors = read_descriptions(FOLDER)
    texts = [*(one.text for one in (*goals, *targets)), *(one.text for one in read_examples(FOLDER))]
    assert len(set(texts)) == len(texts)
    assert len({one.text for one in sectors}) == len(sectors)


def test_every_goal_has_examples_enough_to_learn_from() -> None:
    counts = Counter(example.goals[0] for example in read_examples(FOLDER))
    assert set(counts) == set(GOALS)
    assert min(counts.values()) >= 50


def test_the_coefficients_were_fitted_on_the_texts_that_lie_beside_them() -> None:
    with np.load(FOLDER / "sdg" / LEARNED, allow_pickle=False) as arrays:
        facts = json.loads(str(arrays["facts"]))
    assert facts["descriptions"] == fingerprint(own_texts(FOLDER)), "run python -m service.tagging.fitting again"


@given(words=st.lists(st.sampled_from(WORDS), max_size=30))
def test_a_ranking_is_full_sorted_and_within_bounds(tagger: Tagger, words: list[str]) -> None:
    tags = _one(tagger, " ".join(words))
    assert sorted(goal.goal for goal in tags.goals) == list(GOALS)
    assert len({target.target for target in tags.targets}) == 169
    assert {sector.sector for sector in tags.sectors} == set(SECTORS)
    for ranking in (tags.goals, tags.targets, tags.sectors):
        scores = [one.score for one in ranking]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
    assert [(-goal.score, goal.goal) for goal in tags.goals] == sorted((-g.score, g.goal) for g in tags.goals)


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=30))
def test_only_the_best_two_are_suggested(tagger: Tagger, words: list[str]) -> None:
    tags = _one(tagger, " ".join(words))
    assert not any(goal.suggested for goal in tags.goals[SUGGESTED:])
    assert not any(sector.suggested for sector in tags.sectors[SUGGESTED:])
    marked = [goal.suggested for goal in tags.goals[:SUGGESTED]]
    assert marked == sorted(marked, reverse=True), "a better goal is not passed over"


def test_each_goal_names_a_target_of_its_own_and_a_passage_of_the_text(tagger: Tagger) -> None:
    tags = _one(tagger, "Solar pumps lift water.", "Women run the water committee.")
    for goal in tags.goals:
        assert goal.target.startswith(f"{goal.goal}.")
        assert goal.passage in {"Solar pumps lift water.", "Women run the water committee."}


def test_a_goals_targets_share_its_probability(tagger: Tagger) -> None:
    tags = _one(tagger, "Toilets and hygiene in schools")
    for goal in tags.goals:
        shares = sum(t.score for t in tags.targets if t.target.startswith(f"{goal.goal}."))
        assert shares == pytest.approx(goal.score, abs=2e-5)


@pytest.mark.parametrize("texts", [(), ("",), ("  ", "\n")])
def test_a_blank_text_suggests_nothing_and_still_ranks_everything(tagger: Tagger, texts: tuple[str, ...]) -> None:
    tags = _one(tagger, *texts)
    assert [goal.goal for goal in tags.goals] == list(GOALS)
    assert not any(goal.suggested or goal.score for goal in tags.goals)
    assert not any(sector.suggested or sector.score for sector in tags.sectors)
    assert len(tags.targets) == 169


def test_company_changes_nothing(tagger: Tagger) -> None:
    documents = [Document(word, (f"More {word} for the village",)) for word in WORDS]
    together = list(tagger.tag(documents))
    assert [tags.id for tags in together] == WORDS
    assert together == [next(tagger.tag([document])) for document in documents]


def test_equal_goals_stand_in_their_order() -> None:
    """With coefficients that say nothing and descriptions that are alike, nothing but the number decides."""
    nothing = Learned("none", 1.0, np.zeros((17, 256)), np.zeros(17), (), np.zeros(0), np.zeros((0, 17)), 0.0, 1.0, 0.0)
    goals = [Described(str(goal), "the same") for goal in GOALS]
    targets = [Described(f"{goal}.1", "the same") for goal in GOALS]
    sectors = [Described(name, "the same") for name in sorted(SECTORS)]
    tags = _one(Tagger(HashingEncoder(), nothing, goals, targets, sectors), "anything")
    assert [goal.goal for goal in tags.goals] == list(GOALS)
    assert [sector.sector for sector in tags.sectors] == sorted(SECTORS)
    assert {goal.score for goal in tags.goals} == {round(1 / 17, 6)}


def test_the_words_part_is_the_normalised_tf_idf_times_the_weights() -> None:
    """By hand: "water water pump" has 1 + log 2 and 1, idf 1 and 2; the unit vector times the weights of goal 6."""
    weights = np.zeros((2, 17))
    weights[:, 5] = [3.0, 4.0]  # pump, water
    learned = Learned("none", 1.0, np.empty(0), np.empty(0), ("pump", "water"), np.array([2.0, 1.0]), weights, 0, 1, 0)
    pump, water = 2.0, 1 + np.log(2)
    assert learned.terms_part("Water, water, pump!")[5] == pytest.approx((3 * pump + 4 * water) / np.hypot(pump, water))
    assert not learned.terms_part("nothing known").any()

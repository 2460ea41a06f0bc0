"""Suggestions: full rankings, fixed ties, bounded scores; a text alone and in company is judged alike."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from matcher.tagging import GOALS, SUGGESTED, TEMPERATURE, Described, Document, Learned, Tagger, Tags
from matcher.vocabulary import SECTORS
from service.reference import data_folder
from service.tagging.fitting import fingerprint, own_texts, write
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


def _learned(**changed: Any) -> Learned:
    """Return coefficients for 256 dimensions that say nothing, but for what is changed."""
    nothing: dict[str, Any] = {
        "encoder": "none",
        "vectors": np.empty((0, 256), dtype=np.float32),
        "shares": np.empty((0, 17)),
        "dense_scale": 1.0,
        "weights": np.zeros((17, 256)),
        "bias": np.zeros(17),
        "vocabulary": (),
        "idf": np.zeros(0),
        "term_weights": np.zeros((0, 17)),
        "goal_threshold": 0.0,
        "sector_scale": 1.0,
        "sector_threshold": 0.0,
    }
    return Learned(**nothing | changed)


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
    assert min(counts.values()) >= 100


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


@pytest.mark.parametrize("texts", [(), ("",), ("  ", "\n"), ("123 456", "...", "\U0001f6b0")])
def test_a_text_without_a_letter_suggests_nothing_and_still_ranks_everything(
    tagger: Tagger, texts: tuple[str, ...]
) -> None:
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
    nothing = _learned()
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
    learned = _learned(vocabulary=("pump", "water"), idf=np.array([2.0, 1.0]), term_weights=weights)
    pump, water = 2.0, 1 + np.log(2)
    assert learned.terms_part("Water, water, pump!")[5] == pytest.approx((3 * pump + 4 * water) / np.hypot(pump, water))
    assert not learned.terms_part("nothing known").any()


def test_with_the_encoder_that_was_fitted_our_own_texts_are_near_by_their_shares() -> None:
    """By hand: a text like one of goal 7's and like a text of goals 7 and 2 has log-mean-exp of 1 and 1, of 1 for 2."""
    encoder = HashingEncoder()
    texts = ["solar pumps", "solar pumps", *(f"nothing alike {goal}" for goal in GOALS)]
    shares = np.zeros((len(texts), 17))
    shares[0, 6] = 1.0
    shares[1, [1, 6]] = 0.5
    shares[range(2, len(texts)), range(17)] = 1.0
    vectors = encoder.encode_documents(texts)
    vectors[2:] = 0  # cosine 0 with every text
    learned = _learned(encoder=encoder.name, vectors=vectors, shares=shares)
    described = read_descriptions(FOLDER)
    found = Tagger(encoder, learned, *described).evidence("", encoder.encode_documents(["solar pumps"]))
    like, unlike = np.exp(1 / TEMPERATURE), 1.0
    assert found[6] == pytest.approx(TEMPERATURE * np.log((1.5 * like + unlike) / 2.5))
    assert found[1] == pytest.approx(TEMPERATURE * np.log((0.5 * like + unlike) / 1.5))
    assert found[0] == pytest.approx(0)


def test_an_example_of_two_goals_speaks_for_both() -> None:
    learned = read_learned(FOLDER / "sdg" / LEARNED)
    own = own_texts(FOLDER)
    assert len(own) == len(learned.shares) == len(learned.vectors)
    assert np.allclose(learned.shares.sum(axis=1), 1)
    for one, row in zip(own, learned.shares, strict=True):
        assert {GOALS[at] for at in np.flatnonzero(row)} == set(one.goals)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    """Vectors come back to half a step of a byte; everything else as it was."""
    vectors = HashingEncoder().encode_documents(["solar pumps lift water", "women lead the council"])
    learned = _learned(vectors=vectors, shares=np.eye(17)[[6, 4]])
    write(learned, {}, tmp_path / "learned.npz")
    found = read_learned(tmp_path / "learned.npz")
    assert np.abs(found.vectors - vectors).max() <= np.abs(vectors).max() / 127 / 2 + 1e-6
    assert np.array_equal(found.shares, learned.shares)
    assert np.array_equal(found.weights, learned.weights)
    assert found.encoder == "none"

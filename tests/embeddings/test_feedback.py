"""Feedback: what is like the best answers earns more, and nothing an item may lack has a say in it."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from embeddings.feedback import ANSWERS, DENSE, LEXICAL, Feedback
from embeddings.index import Index
from embeddings.lexical import Lexical

Floats = npt.NDArray[np.float32]
ENCODER = HashingEncoder()
WORDS = ("solar", "pump", "river", "turbine", "clinic", "seed", "school", "filter", "grid", "battery")
items = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join), min_size=1, max_size=12)


def searched(profiles: list[list[str]]) -> tuple[Index, Lexical]:
    """Index profiles given as their sections' texts, one passage a section."""
    texts = [text for profile in profiles for text in profile]
    vectors = ENCODER.encode_documents(texts)
    return Index.build(vectors, [1] * len(texts), [len(profile) for profile in profiles]), Lexical.build(profiles)


def feedback(profiles: list[list[str]], scores: list[float]) -> Feedback:
    index, lexical = searched(profiles)
    return Feedback.of(index, lexical, np.arange(len(profiles)), np.array(scores, dtype=np.float32))


FILLERS = [[f"{word} office"] for word in ("tax", "visa", "post", "land", "court")]


def test_what_is_like_the_best_answers_earns_more_than_what_is_not() -> None:
    """With turbines on top, a further turbine gains and an office does not."""
    profiles = [["river turbine village"], ["river turbine hill"], *FILLERS, ["river turbine mill"], ["tax form"]]
    earned = feedback(profiles, [1.0, 0.9, 0, 0, 0, 0, 0, 0, 0]).likeness(np.arange(len(profiles)))
    assert earned[7] > 0.3
    assert earned[8] < earned[7] / 4


def test_an_answer_earns_no_more_than_the_likest_other() -> None:
    """An answer is like itself; that is no evidence."""
    profiles = [["river turbine village"], *FILLERS, ["river turbine mill"], ["tax form"]]
    earned = feedback(profiles, [1.0, 0, 0, 0, 0, 0, 0, 0]).likeness(np.arange(len(profiles)))
    assert earned[0] == earned[6] == earned.max()


def test_likeness_by_hand() -> None:
    """One answer with all of the weight: DENSE times its cosine plus LEXICAL times the score of its own terms."""
    profiles = [["river turbine"], *FILLERS, ["river mill"]]
    found = feedback(profiles, [10.0, 0, 0, 0, 0, 0, 0])
    index, lexical = searched(profiles)
    cosine = float(index.cores(np.array([0]))[0] @ index.cores(np.array([6]))[0])
    words = float(lexical.core_scores(lexical.typical(np.array([0]), np.ones(1, np.float32), 50), np.array([6]))[0])
    assert found.likeness(np.array([6]))[0] == pytest.approx(DENSE * cosine + LEXICAL * words, abs=2e-3)


@given(items)
def test_a_pool_that_holds_nothing_but_answers_gives_no_feedback(texts: list[str]) -> None:
    """Among a handful there is nothing to learn from."""
    profiles = [[text] for text in texts[:ANSWERS]]
    found = feedback(profiles, [1.0] * len(profiles))
    assert found.likeness(np.arange(len(profiles))).tolist() == [0.0] * len(profiles)


@given(items, st.sampled_from(WORDS))
def test_further_sections_have_no_say(texts: list[str], word: str) -> None:
    """With or without descriptions, every item earns the same by likeness."""
    scores = np.random.default_rng(len(texts)).random(len(texts)).tolist()
    bare = feedback([[text] for text in texts], scores)
    full = feedback([[text, f"{word} {text} {word}"] for text in texts], scores)
    rows = np.arange(len(texts))
    # idf and average length are frozen on first sections, so only the vocabulary may be larger
    assert full.likeness(rows) == pytest.approx(bare.likeness(rows), abs=1e-6)


def test_an_empty_pool_is_an_answer() -> None:
    """Nothing found, nothing alike."""
    index, lexical = searched([["solar pump"]])
    none = np.zeros(0, dtype=np.int64)
    assert Feedback.of(index, lexical, none, none.astype(np.float32)).likeness(np.array([0])).tolist() == [0.0]

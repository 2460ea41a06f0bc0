"""BM25F against a peer, by hand, and as properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.lexical import K1, B, Lexical, language_of, terms

WORDS = ["solar", "pump", "water", "farm", "wind", "turbine", "river", "village", "clinic", "school"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
catalogues = st.lists(st.lists(texts, min_size=1, max_size=3), min_size=2, max_size=8)


def test_one_section_an_item_is_bm25_with_lucene_idf() -> None:
    """With a single section the values are those of bm25s, an independent implementation."""
    import bm25s

    corpus = ["solar pump water", "wind farm wind turbine river village", "water clinic", "school solar farm"]
    ours = Lexical.build([[text] for text in corpus])
    peer = bm25s.BM25(k1=K1, b=B, method="lucene")
    peer.index([text.split() for text in corpus], show_progress=False)
    for word in WORDS:
        query = ours.query(word)
        mine = ours.scores(query) * query.norm / query.weights[0] if len(query.terms) else np.zeros(len(corpus))
        stemless = peer.get_scores([word]) if word in peer.vocab_dict else np.zeros(len(corpus))
        assert mine == pytest.approx(stemless, abs=1e-5), word


def test_worked_by_hand() -> None:
    """Two items of one term each: idf = ln(1 + (2 - 1 + .5) / (1 + .5)), tf saturates at average length."""
    lexical = Lexical.build([["solar"], ["wind"]])
    query = lexical.query("solar")
    idf = np.log(1 + 1.5 / 1.5)
    expected = np.sqrt(idf) * idf * (1 / (1 + K1)) / (2 * np.sqrt(idf) * idf)
    assert lexical.scores(query) == pytest.approx([expected, 0.0], rel=1e-5)


def test_words_are_stemmed_and_stop_words_left_out() -> None:
    """Inflections meet; words without content do not count."""
    assert terms("The pumps were pumping") == terms("pumped pump")


@given(catalogues, texts, texts)
def test_parts_add_up_to_the_best_score(items: list[list[str]], text: str, other: str) -> None:
    """The lexical part of an explanation is an exact sum over terms of whichever view of a need says most."""
    lexical = Lexical.build(items)
    views = [lexical.query(text), lexical.query(other)]
    rows = list(range(len(items)))
    sums = [sum(part for _, part in parts) for parts in lexical.parts(views, rows)]
    assert sums == pytest.approx(lexical.best_scores([views])[0].tolist(), abs=1e-5)


@given(catalogues, texts)
def test_deleting_a_further_section_never_raises_a_score(items: list[list[str]], text: str) -> None:
    """Statistics are frozen on first sections, and a section's counts only ever add."""
    before = Lexical.build(items)
    after = Lexical.build([sections[:1] for sections in items])
    assert (after.scores(after.query(text)) <= before.scores(before.query(text)) + 1e-6).all()


@given(catalogues, texts)
def test_arrays_restore_the_same_scores(items: list[list[str]], text: str) -> None:
    """A release keeps arrays and gets the same searcher back."""
    built = Lexical.build(items)
    restored = Lexical.from_arrays(built.arrays())
    assert (restored.scores(restored.query(text)) == built.scores(built.query(text))).all()


def test_an_empty_catalogue_and_unknown_words_score_nothing() -> None:
    """Nothing to search, or nothing known to search for, is an answer of zeros."""
    assert Lexical.build([]).scores(Lexical.build([]).query("solar")).shape == (0,)
    assert Lexical.build([[""]]).scores(Lexical.build([[""]]).query("solar")).tolist() == [0.0]
    lexical = Lexical.build([["solar"]])
    assert lexical.scores(lexical.query("unheard of")).tolist() == [0.0]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Pumps for the farms of the region", "english"),
        ("Les pompes de la r\u00e9gion des savanes", "french"),
        ("Agua potable para las comunidades de la sierra", "spanish"),
        ("\u00c1gua para as escolas da cidade", "portuguese"),
        ("solar pumps", "english"),
        ("", "english"),
    ],
)
def test_the_language_is_guessed_by_its_function_words(text: str, language: str) -> None:
    """A handful of languages, English where nothing speaks for another."""
    assert language_of(text.lower().split()) == language


def test_two_french_texts_do_not_meet_in_their_articles() -> None:
    """Function words of a rarer language are as empty as English ones."""
    lexical = Lexical.build([["Les pompes de la r\u00e9gion"], ["The wells of the district"], ["Farms in the hills"]])
    assert lexical.scores(lexical.query("Les routes de la ville")).tolist() == [0.0, 0.0, 0.0]


def test_one_rare_word_of_a_description_is_not_a_topic() -> None:
    """A word that only a further section has weighs in the query's norm like any other rare word."""
    others = [[f"farm {word} school"] for word in ("wind", "river", "village", "clinic") * 12]
    offers = [["solar water pump"], ["accounting software for shops", "our office moved from kathmandu"], *others]
    lexical = Lexical.build(offers)
    scores = lexical.scores(lexical.query("solar water pump for kathmandu"))
    assert scores[0] > scores[1]
    assert lexical.scores(lexical.query("kathmandu"))[1] < 0.5


def test_an_endless_word_is_cut() -> None:
    """Pasted binary does not widen the vocabulary for everybody."""
    lexical = Lexical.build([["pump " + "x" * 100_000], ["well"]])
    assert lexical.vocabulary.dtype.itemsize <= 4 * 40


@given(catalogues, texts)
def test_core_scores_are_those_of_first_sections_alone(items: list[list[str]], text: str) -> None:
    """Statistics are frozen on first sections, so a catalogue without any others scores the same."""
    lexical, bare = Lexical.build(items), Lexical.build([item[:1] for item in items])
    query, rows = lexical.query(text), np.arange(len(items))
    assert lexical.core_scores(query, rows) == pytest.approx(bare.scores(bare.query(text)), abs=1e-6)


def test_typical_terms_are_the_heaviest_of_the_items_by_share() -> None:
    """By hand: each value times its item's share, over the square root of idf; the most are kept, in order."""
    lexical = Lexical.build([["solar pump"], ["solar lamp"], ["grid"]])
    found = lexical.typical(np.array([0, 1]), np.array([0.75, 0.25], dtype=np.float32), 2)
    names = lexical.vocabulary[found.terms].tolist()
    assert names == ["pump", "solar"]
    idf = dict(zip(lexical.vocabulary.tolist(), lexical.idf.tolist(), strict=True))
    half = 1 / (1 + 1.2 * (0.25 + 0.75 * 2 / (5 / 3)))  # saturated count of one word in two, average length 5/3
    assert found.weights.tolist() == pytest.approx([0.75 * half * idf["pump"] ** 0.5, half * idf["solar"] ** 0.5])


def test_arrays_of_before_first_sections_were_kept_apart_load() -> None:
    """An old release has no cores: they score nothing."""
    built = Lexical.build([["solar pump"]])
    old = {name: value for name, value in built.arrays().items() if "core" not in name}
    assert Lexical.from_arrays(old).core_scores(built.query("solar"), np.array([0])).tolist() == [0.0]

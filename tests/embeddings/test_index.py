"""Exact search: by hand, against brute force, and the same bytes alone or in a batch."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings import products
from embeddings.index import GRID, Index, Queries, SectionWeights, on_grid, top_k

Floats = npt.NDArray[np.float32]


def pair_scores(index: Index, vectors: Floats, starts: npt.NDArray[np.int64], weights: SectionWeights) -> Floats:
    return index.pair_scores(Queries(vectors, starts, starts[1:]), weights).whole


def unit(rows: int, dimension: int, seed: int) -> Floats:
    drawn = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return on_grid(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))


def a_random_index(seed: int = 0, items: int = 40, dimension: int = 16) -> Index:
    random = np.random.default_rng(seed)
    sections = random.integers(0, 5, items)
    passages = random.integers(1, 4, int(sections.sum()))
    return Index.build(unit(int(passages.sum()), dimension, seed), passages.tolist(), sections.tolist())


def brute_force(index: Index, queries: Floats, weights: SectionWeights) -> list[float]:
    scores = []
    for item in range(len(index)):
        means = []
        for section in range(index.starts[item], index.starts[item + 1]):
            mean = index.vectors[index.section_starts[section] : index.section_starts[section + 1]].sum(axis=0)
            means.append(float((queries @ (mean / np.linalg.norm(mean))).max()))
        best = sorted(means, reverse=True) + [0.0, 0.0, 0.0][len(means) :]
        extra = weights.second * max(0.0, best[1] - weights.floor) + weights.third * max(0.0, best[2] - weights.floor)
        scores.append(best[0] + extra)
    return scores


def test_a_pair_is_scored_by_its_best_section_and_bonuses_for_two_more() -> None:
    """SCIENCE 1, by hand: cosines 1, .6 and .5 with bonuses .2 over a floor of .2 make 1 + .2 * .4 + .2 * .3."""
    vectors = np.array([[1, 0], [0.6, 0.8], [0.5, np.sqrt(0.75)]], dtype=np.float32)
    index = Index.build(vectors, [1, 1, 1], [3])
    score = pair_scores(index, np.array([[1, 0]], dtype=np.float32), np.array([0, 1]), SectionWeights(0.2, 0.2, 0.2))
    assert score[0, 0] == pytest.approx(1 + 0.2 * 0.4 + 0.2 * 0.3, abs=1e-4)


def test_a_need_or_an_item_without_any_text_scores_nothing() -> None:
    index = Index.build(unit(3, 4, 1), [1, 2], [1, 0, 1])
    queries = Queries(index.vectors[:2], np.array([0, 0, 2, 2]), np.array([0, 0, 2]))
    whole, core = index.pair_scores(queries, SectionWeights())
    assert (whole[[0, 2]] == 0).all()
    assert (core == 0).all(), "no passage of the second need is its core's"
    assert whole[1].tolist() == [pytest.approx(1, abs=1e-3), 0, whole[1, 2]]
    none = Queries(index.vectors[:0], np.array([0, 0]), np.array([0]))
    assert not index.pair_scores(none, SectionWeights()).whole.any()


@given(st.integers(1, 40), st.integers(16, 40), st.integers(0, 1000))
def test_cores_of_some_items_are_multiplied_as_those_of_all(items: int, dimension: int, seed: int) -> None:
    """One by one in any order, or all at once for the core scores: the same cosines to the last bit."""
    index, query = a_random_index(seed, items, dimension), unit(1, dimension, seed + 1)
    rows = np.random.default_rng(seed).permutation(items)
    all_at_once = index.pair_scores(Queries(query, np.array([0, 1]), np.array([1])), SectionWeights()).core[0]
    assert (index.core_cosines(query[0], rows) == all_at_once[rows]).all()


@given(st.integers(1, 70), st.integers(1, 40), st.integers(1, 9), st.integers(0, 1000))
def test_products_in_whole_numbers_are_those_of_numbers_with_fractions(
    queries: int, passages: int, dimension: int, seed: int
) -> None:
    """In any number and of any length, odd ones included: every cosine on the grid to the last bit."""
    asked, stood = unit(queries, dimension, seed), unit(passages, dimension, seed + 1)
    panels = products.panels(asked)
    found = np.empty((passages + products.GROUP, len(panels) * products.PANEL), dtype=np.float32)
    products.cosines(panels, stood, found)
    assert (found[:passages, :queries] == stood.astype(np.float64) @ asked.T.astype(np.float64)).all()
    assert not found[:passages, queries:].any()


@given(st.integers(0, 1000))
def test_pair_scores_equal_brute_force(seed: int) -> None:
    """The blocked kernel computes what the definition says, items without sections included."""
    index, queries = a_random_index(seed), unit(5, 16, seed + 1)
    starts, weights = np.array([0, 2, 3, 5]), SectionWeights(0.2, 0.1, 0.2)
    scores = pair_scores(index, queries, starts, weights)
    for need in range(3):
        expected = brute_force(index, queries[starts[need] : starts[need + 1]], weights)
        assert scores[need] == pytest.approx(expected, abs=2e-3)


def test_alone_and_in_a_batch_give_the_same_bytes() -> None:
    """A need's scores do not depend on who shares its block, wherever in the block it stands."""
    index = Index.build(unit(5000, 384, 1), [1] * 5000, [1] * 5000)
    queries = unit(150, 384, 2)
    together = pair_scores(index, queries, np.arange(151), SectionWeights())
    for at in (0, 1, 17, 63, 64, 100, 149):
        alone = pair_scores(index, queries[at : at + 1], np.array([0, 1]), SectionWeights())
        assert alone.tobytes() == together[at].tobytes()


def test_cosines_on_the_grid_are_exact() -> None:
    """Whatever the order of summation, float32 gives the sum that float64 gives."""
    left, right = unit(40, 384, 6), unit(300, 384, 7)
    assert (left @ right.T == left.astype(np.float64) @ right.T.astype(np.float64)).all()
    assert np.abs(left / GRID - np.round(left / GRID)).max() == 0


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the index is cut into chunks changes nothing."""
    index, queries = a_random_index(3, items=200), unit(4, 16, 9)
    whole = pair_scores(index, queries, np.arange(5), SectionWeights())
    monkeypatch.setattr("embeddings.index.CHUNK", 7)
    assert (pair_scores(index, queries, np.arange(5), SectionWeights()) == whole).all()


@given(
    st.lists(st.integers(0, 6).map(float), min_size=1, max_size=60),
    st.integers(0, 70),
    st.integers(0, 1000),
)
def test_top_k_is_a_stable_sort_of_the_allowed(scores: list[float], k: int, seed: int) -> None:
    """Equal scores keep their order; what the mask forbids never takes a place."""
    values = np.array(scores, dtype=np.float32)
    allowed = np.random.default_rng(seed).random(len(scores)) < 0.7
    expected = [row for row in np.argsort(-values, kind="stable") if allowed[row]][:k]
    assert top_k(values, k, allowed).rows.tolist() == expected


@given(st.integers(0, 3000), st.integers(0, 900), st.integers(1, 4000), st.sampled_from([0.0, 0.02, 0.5, 1.0]))
def test_top_k_of_many_is_the_same_stable_sort(count: int, k: int, levels: int, share: float) -> None:
    """Scores that are passed over by the block leave nothing out: however often one is met, whatever the mask hides."""
    rng = np.random.default_rng(count)
    values, allowed = rng.integers(-levels, levels, count).astype(np.float32), rng.random(count) < share
    expected = [row for row in np.argsort(-values, kind="stable").tolist() if allowed[row]][:k]
    assert top_k(values, k, allowed).rows.tolist() == expected


def test_search_masks_before_the_cut() -> None:
    """A filter never leaves fewer than k results while k are allowed."""
    index = Index.build(unit(50, 8, 4), [1] * 50, [1] * 50)
    allowed = np.zeros(50, dtype=np.bool_)
    allowed[[3, 30, 41]] = True
    hits = index.search(unit(1, 8, 5), 3, allowed=allowed)[0]
    assert sorted(hits.rows.tolist()) == [3, 30, 41]


def test_a_wrong_dimension_names_both_numbers() -> None:
    """The error says what was expected and what came."""
    with pytest.raises(ValueError, match="expected queries of dimension 16; got 3"):
        a_random_index().search(np.zeros((1, 3), dtype=np.float32), 1)


def test_section_similarities_are_what_is_folded() -> None:
    """The explanation's cosines rebuild the score."""
    index, queries = a_random_index(7), unit(2, 16, 8)
    scores = pair_scores(index, queries, np.array([0, 2]), SectionWeights(0, 0, 0))[0]
    for item in range(len(index)):
        found = index.section_similarities(queries, [item])
        assert (found.max() if found.size else 0.0) == pytest.approx(float(scores[item]), abs=1e-5)


@given(st.integers(0, 1000))
def test_core_scores_are_those_of_first_sections_with_the_cores_passages(seed: int) -> None:
    """What only a further section, or a passage past the need's core, says does not count in the core's score."""
    index, queries = a_random_index(seed), unit(5, 16, seed + 1)
    starts, stops = np.array([0, 2, 3, 5]), np.array([1, 3, 4])
    core = index.pair_scores(Queries(queries, starts, stops), SectionWeights()).core
    for need in range(3):
        cosines = queries[starts[need] : stops[need]] @ index.cores(np.arange(len(index))).T
        assert core[need] == pytest.approx(cosines.max(axis=0), abs=2e-3)


def test_hubness_by_hand() -> None:
    """The mean over ten neighbours, those that are missing and those that point away counting as 0."""
    vectors = np.array([[1, 0], [0.6, 0.8], [-1, 0]], dtype=np.float32)
    index = Index.build(vectors, [1, 1, 1], [1, 1, 1])
    assert index.hubness == pytest.approx([0.06, 0.06, 0.0], abs=1e-4)


def test_hubness_looks_at_a_sample_and_leaves_the_item_itself_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many items there are, each is compared with as many others; in a sample of all, the figure is exact."""
    vectors = unit(60, 16, 3)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, 0)
    expected = np.maximum(np.sort(cosines, axis=1)[:, -10:], 0).sum(axis=1) / 10
    assert Index.build(vectors, [1] * 60, [1] * 60).hubness == pytest.approx(expected, abs=1e-5)
    monkeypatch.setattr("embeddings.index.REFERENCE", 30)
    sampled = Index.build(vectors, [1] * 60, [1] * 60).hubness
    assert (sampled <= expected + 1e-5).all()
    assert sampled.min() > 0


def test_arrays_of_before_hubness_load_without_any() -> None:
    """An old release answers as it did: nothing is taken off."""
    index = a_random_index(2)
    arrays = {name: value for name, value in index.arrays().items() if name != "index_hubness"}
    assert not Index.from_arrays(arrays).hubness.any()
    assert len(Index.from_arrays(arrays).hubness) == len(index)

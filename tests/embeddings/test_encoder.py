import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoder import Encoder, HashingEncoder

TEXTS = st.lists(st.text(max_size=60), max_size=8)


def test_rows_are_float32_of_unit_length_and_a_blank_text_is_a_row_of_zeros() -> None:
    rows = HashingEncoder(64).encode_documents(["Solar pumps for farms", "", "  \n", "水泵"])
    assert rows.dtype == np.float32
    assert rows.shape == (4, 64)
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1, 0, 0, 1], abs=1e-6)


def test_no_texts_give_no_rows_of_the_right_width() -> None:
    assert HashingEncoder(64).encode_queries([]).shape == (0, 64)


@settings(deadline=None)  # the machine may be busy
@given(TEXTS, st.integers(0, 7))
def test_a_text_has_the_same_bytes_alone_and_in_company(texts: list[str], place: int) -> None:
    encoder = HashingEncoder()
    if place < len(texts):
        together = encoder.encode_documents(texts)[place]
        assert together.tobytes() == encoder.encode_documents([texts[place]])[0].tobytes()


def test_shared_words_and_shared_stems_bring_texts_nearer() -> None:
    need, same_words, same_stems, other = HashingEncoder().encode_documents(
        ["solar water pumps", "a pump for water, run by solar power", "pumping", "tax law reform"]
    )
    assert need @ same_words > need @ same_stems > need @ other


def test_accents_and_case_do_not_part_words() -> None:
    plain, accented = HashingEncoder().encode_documents(["cote d'ivoire energie", "CÔTE D'IVOIRE Énergie"])
    assert plain @ accented == pytest.approx(1, abs=1e-6)


def test_queries_and_documents_look_alike() -> None:
    encoder = HashingEncoder()
    assert np.array_equal(encoder.encode_queries(["biogas"]), encoder.encode_documents(["biogas"]))


def test_the_name_tells_dimensions_apart() -> None:
    assert HashingEncoder(64).name != HashingEncoder(128).name
    assert HashingEncoder(64).dimension == 64


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=80))
def test_ascii_never_counts_more_tokens_than_characters(text: str) -> None:
    """Promised by the protocol: passages skip counting by it."""
    encoder: Encoder = HashingEncoder()
    nothing, count = encoder.count_tokens(["", text])
    assert count - nothing <= len(text) + 1

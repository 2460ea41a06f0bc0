from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from embeddings.passages import CountTokens, _clings, split, split_many

WORDS = HashingEncoder().count_tokens


def greedy_counter(texts: Sequence[str]) -> list[int]:
    """A tokenizer as awkward as they come: bytes in threes, so tokens do not add up, and three more for every text."""
    return [3 + -(-len(text.strip().encode()) // 3) for text in texts]


def bare(text: str) -> str:
    return "".join(text.split())


def one_sign(text: str) -> bool:
    """A letter with its marks is never parted, so it alone may exceed the window."""
    return all(_clings(text, at) for at in range(1, len(text)))


PROSE = st.lists(
    st.sampled_from(
        ["Water", "is", "scarce", ".", " ", "! ", "? ", ", ", "; ", "\n", "\n\n- ", "3.5", "e.g.", "水", "。", "é"]
    ),
    max_size=60,
).map("".join)


@settings(deadline=None)  # the machine may be busy
@given(st.one_of(PROSE, st.text(max_size=200)), st.integers(8, 40), st.sampled_from([WORDS, greedy_counter]))
def test_nothing_is_lost_and_every_passage_fits(text: str, window: int, counter: CountTokens) -> None:
    passages = split(text, window, counter)
    assert bare(" ".join(passages)) == bare(text)
    assert all(passages)
    counts = counter(passages)
    assert all(count <= window or one_sign(passage) for passage, count in zip(passages, counts, strict=True))


def test_a_text_that_fits_is_one_passage_and_a_blank_one_has_none() -> None:
    assert split("  One small text.\n", 10, WORDS) == ("One small text.",)
    assert split(" \n", 10, WORDS) == ()


def test_passages_end_where_sentences_end() -> None:
    text = "Wells run dry. Pumps need diesel! Who pays? Nobody knows."
    assert split(text, 9, WORDS) == ("Wells run dry. Pumps need diesel!", "Who pays? Nobody knows.")


@pytest.mark.parametrize(
    "text",
    [
        "Ask Dr. Mensah about the pumps that run",
        "It uses 3.5 kW of power at the site",
        "See No. 5 and Fig. 3 of the annex here",
        "Fuels, e.g. Diesel, are dear in the hills",
        "Signed by J. Doe and by the other party",
        "Power is scarce ... and dear in the hills",
    ],
)
def test_points_that_end_no_sentence_do_not_part_it(text: str) -> None:
    """With a second sentence the cut falls between the two, although an earlier point would be nearer the middle."""
    whole = f"{text}. Then came rain."
    room = WORDS([f"{text}."])[0]
    assert split(whole, room, WORDS) == (f"{text}.", "Then came rain.")


@pytest.mark.parametrize(
    ("text", "passages"),
    [
        ("我们需要水泵。灌溉面积很大。", ("我们需要水泵。", "灌溉面积很大。")),
        ("हमें पानी चाहिए। बिजली नहीं है।", ("हमें पानी चाहिए।", "बिजली नहीं है।")),
        ("هل نحتاج الماء؟ نعم نحتاج إليه", ("هل نحتاج الماء؟", "نعم نحتاج إليه")),
    ],
)
def test_sentences_of_other_scripts_are_known(text: str, passages: tuple[str, ...]) -> None:
    def letters(texts: Sequence[str]) -> list[int]:
        return [len(one.strip()) for one in texts]

    assert split(text, max(map(len, passages)), letters) == passages


def test_a_sentence_longer_than_the_window_is_cut_at_clauses_then_words_then_characters() -> None:
    assert split("wells run dry in March, pumps need diesel in April", 6, WORDS) == (
        "wells run dry in March,",
        "pumps need diesel in April",
    )
    assert split("one two three four five six", 3, WORDS) == ("one two three", "four five six")
    assert split("水" * 6, 3, lambda texts: [len(text) for text in texts]) == ("水水水", "水水水")


def test_a_letter_keeps_its_marks() -> None:
    passages = split("e\u0301" * 6, 5, lambda texts: [len(text) for text in texts])
    assert all(not passage.startswith("\u0301") for passage in passages)


def test_lengths_are_even_so_that_no_last_passage_is_tiny() -> None:
    sentences = [f"Sentence number {number} says this." for number in range(11)]  # 6 tokens each, with the point
    lengths = WORDS(split(" ".join(sentences), 60, WORDS))
    assert lengths == [36, 30]


def test_the_tokens_a_model_adds_leave_less_room() -> None:
    def with_five_added(texts: Sequence[str]) -> list[int]:
        return [count + 5 for count in WORDS(texts)]

    assert split("one two three four", 7, with_five_added) == ("one two", "three four")


def test_texts_that_surely_fit_are_not_counted() -> None:
    asked: list[str] = []

    def watched(texts: Sequence[str]) -> list[int]:
        asked.extend(texts)
        return WORDS(texts)

    assert split("A short text.", 256, watched) == ("A short text.",)
    assert asked == [""]


def test_many_are_split_as_each_alone() -> None:
    encoder = HashingEncoder()
    texts = ["", "Short.", "A long text goes on. " * 120, "长文。" * 400]
    assert split_many(texts, encoder) == [split(text, encoder.max_tokens, encoder.count_tokens) for text in texts]
    assert split_many([], encoder) == []


def test_an_endless_run_of_blanks_or_letters_costs_no_quadratic_time() -> None:
    """Kept as a case: patterns that start anew inside a run of white space took minutes on such a text."""
    text = "word " * 300 + " " * 100_000 + "\n" + " " * 100_000 + "x, " * 300 + "y" * 1000
    assert bare("".join(split(text, 256, WORDS))) == bare(text)

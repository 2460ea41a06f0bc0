"""Words of one vocabulary that look like a word of another language."""

import pytest

from embeddings.cognates import LEAST, Cognates

VOCABULARY = sorted(
    ["2030", "agricultur", "energi", "fish", "nation", "nationwid", "oil", "project", "ration", "solar"]
)


def found(word: str) -> list[str]:
    return [VOCABULARY[at] for at, _ in Cognates.of(VOCABULARY).find([word])[0]]


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("nacional", None),
        ("national", "nation"),
        ("agricultura", "agricultur"),
        ("\u00e9nergie", "energi"),
        ("energ\u00eda", "energi"),
    ],
)
def test_a_word_meets_what_shares_most_of_its_letters(word: str, first: str | None) -> None:
    """Accents do not count; a word that shares too little meets nothing."""
    assert found(word)[:1] == ([first] if first else [])


def test_the_likest_come_first_and_a_word_is_its_own_cognate() -> None:
    assert found("nation") == ["nation", "nationwid", "ration"]
    assert Cognates.of(VOCABULARY).find(["nation"])[0][0] == (VOCABULARY.index("nation"), 1.0)


@pytest.mark.parametrize("word", ["oil", "2030", "2031", "", "zzzz", "насосы"])
def test_short_words_numbers_and_other_letters_have_none(word: str) -> None:
    assert found(word) == []


def test_many_words_are_answered_as_each_alone() -> None:
    """Nothing less like than LEAST is ever given, and no company changes an answer."""
    cognates, words = Cognates.of(VOCABULARY), ["projet", "solaire", "oil", "fisheries", "nations"]
    together = cognates.find(words)
    assert together == [cognates.find([word])[0] for word in words]
    assert all(LEAST <= likeness <= 1 for one in together for _, likeness in one)


def test_an_empty_vocabulary_has_no_cognates() -> None:
    assert Cognates.of([]).find(["nation", "oil"]) == [[], []]

"""Labels: words of the trade that set a group apart, as somebody wrote them."""

from matcher.labelling import Vocabulary, label

TEXTS = {
    "a": ("Solar pumps for rice", "Solar pumps for rice. The farmers of the plain want solar pumping by 5 kW sets."),
    "b": ("Pumping by the sun", "Pumping by the sun. The farmers want solar panels."),
    "c": ("Telemedicine kits", "Telemedicine kits. The nurses want advice."),
    "d": ("A radio for nurses", "A radio for nurses. They want advice by GPS and radio."),
}
OFFERED = {"solar": 4, "pump": 3, "nurs": 2, "telemedicin": 2, "advic": 2, "radio": 5, "want": 50, "farmer": 9}


def _words(*group: str) -> list[str]:
    return [term.word for term in Vocabulary(TEXTS, OFFERED, 60).terms(group)]


def test_a_label_is_made_of_words_of_titles_that_others_do_not_use() -> None:
    """pump is in both texts and titles: 6 / 2 * ln(1 + 64 / 5); solar in one title: 4 / 2 * ln(1 + 64 / 6)."""
    terms = Vocabulary(TEXTS, OFFERED, 60).terms(["a", "b"])
    assert [(term.word, term.weight, term.texts) for term in terms[:2]] == [
        ("pumping", 7.874006, 2),
        ("solar", 4.913472, 2),
    ]
    assert label(terms) == f"pumping, solar, {terms[2].word}"


def test_what_every_text_says_stands_behind_and_quantities_name_nothing() -> None:
    words = _words("a", "b")
    assert words.index("want") > words.index("solar")
    assert not [word for word in words if any(letter.isdigit() for letter in word)]


def test_a_number_names_nothing_however_rare_it_is() -> None:
    texts = {"a": ("Light for forty thousand houses", "Light for forty thousand houses")}
    assert {term.word for term in Vocabulary(texts, {}, 9).terms(["a"])} == {"houses", "light"}


def test_a_word_that_no_offer_uses_counts_less() -> None:
    words = _words("a")
    assert words.index("pumps") < words.index("rice")


def test_words_are_written_as_they_were_and_capitals_of_names_stay() -> None:
    assert "GPS" in _words("d")
    assert "telemedicine" in _words("c")


def test_a_group_of_which_nothing_is_known_has_no_label() -> None:
    """A confidential need lends no words."""
    assert label(Vocabulary(TEXTS, OFFERED, 60).terms(["hidden"])) == ""
    assert _words("a", "hidden") == _words("a")

"""What a list of words knows of texts in scripts that an English model does not read."""

import csv
from importlib import resources

import pytest

from embeddings import glossing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Солнечные насосы для орошения на 5 га", "solar pump irrigation 5"),  # noqa: RUF001 - Cyrillic is meant
        ("بمضخات المياه والطاقة الشمسية في القرى", "pump water energy solar village"),
        ("为农村提供太阳能水泵和饮用水", "rural provide solar water pump drinking water"),
    ],
)
def test_known_words_are_put_into_english_in_their_order(text: str, said: str) -> None:
    """Whatever their endings and prefixes, or where no spaces divide them."""
    assert glossing.gloss(text) == said


def test_numbers_and_latin_words_stay_where_they_stand() -> None:
    text = "К 2030 году: фильтры ZeoPure против мышьяка"  # noqa: RUF001 - Cyrillic is meant
    assert glossing.gloss(text) == "2030 year filter ZeoPure arsenic"


def test_several_words_of_one_entry_go_before_each_of_them() -> None:
    assert glossing.gloss("планирование семьи") == "family planning"
    assert glossing.gloss("семья и планирование") == "family plan"


@pytest.mark.parametrize("signs", ["مِضَخَّات", "مضخـــات", "مضخات"])
def test_vowel_signs_and_stretching_change_no_arabic_word(signs: str) -> None:
    assert glossing.gloss(signs) == "pump"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2030",
        "Pumps for farms",
        "Petites turbines \u00e9lectriques \u2013 \u00ab l'\u00e9t\u00e9 \u00bb",
        "A project with the Институт воды in Bishkek",
    ],
)
def test_a_text_mostly_in_latin_letters_is_read_as_it_stands(text: str) -> None:
    assert not glossing.foreign(text)
    assert glossing.gloss(text) == glossing.latin(text) == ""


def test_a_text_without_a_known_word_has_no_gloss_but_keeps_its_numbers() -> None:
    """Numbers alone mean nothing to a sentence encoder; they are words to the lexical part."""
    text = "सौर ऊर्जा 2030 UNDP"
    assert glossing.foreign(text)
    assert glossing.gloss(text) == ""
    assert glossing.latin(text) == "2030 UNDP"


def test_every_form_of_the_list_is_found_under_its_own_row() -> None:
    """No form is told twice, and none is hidden behind an earlier one of the same stem, but for those of one word."""
    rows = list(csv.DictReader(resources.files("embeddings").joinpath("glossary.csv").read_text("utf-8").splitlines()))
    assert len({row["english"] for row in rows}) == len(rows)
    for column in ("russian", "arabic", "chinese"):
        forms = [form for row in rows for form in row[column].split(";") if form]
        assert len(set(forms)) == len(forms)
        found = [glossing.gloss(form) for form in forms]
        assert all(found), [form for form, english in zip(forms, found, strict=True) if not english]
        meant = [row["english"] for row in rows for form in row[column].split(";") if form]
        hidden = [form for form, english, own in zip(forms, found, meant, strict=True) if english != own]
        assert hidden == [], f"{len(hidden)} forms are read as another row's"

"""What of a profile is embedded and quoted."""

from matcher import sections
from tests.builders import a_capability, a_need


def test_the_first_section_is_made_of_required_fields_only() -> None:
    """Deleting any optional field leaves it as it is, so that nothing frozen on it can move."""
    bare = a_capability(title="Pumps", summary="Solar pumps for farms.")
    rich = a_capability(title="Pumps", summary="Solar pumps for farms.", description="Long.", keywords=["solar"])
    assert (
        sections.of_capability(rich)[0]
        == sections.of_capability(bare)[0]
        == ("title and summary", "Pumps. Solar pumps for farms.")
    )


def test_every_text_of_a_capability_is_a_section_of_its_own() -> None:
    """Nothing that was written is left out; blank fields make no section."""
    found = sections.of_capability(
        a_capability(description="How.", problem_solved="What.", advantages=" ", keywords=["a", "b"])
    )
    assert [part.title for part in found] == ["title and summary", "description", "problem solved", "keywords"]


def test_a_title_that_only_repeats_the_summary_is_not_said_twice() -> None:
    """Shortened titles, with an ellipsis or a full stop, count as repetition."""
    need = a_need(title="Clean water for\u2026", summary="Clean water for the hill villages.")
    assert sections.of_need(need)[0].text == "Clean water for the hill villages."


def test_a_need_is_its_problem_and_its_gap() -> None:
    """Beneficiaries and the rest of the form are not searched with."""
    need = a_need(gap_description="A turbine.", beneficiaries="400 families")
    assert [part.title for part in sections.of_need(need)] == ["title and summary", "gap"]


def test_a_need_in_other_letters_is_led_by_what_the_word_list_knows_of_it() -> None:
    """Its own words stand for it too, so that a model that reads them loses nothing."""
    need = a_need(title="Солнечные насосы", summary="Для орошения.", gap_description="Обучение фермеров")
    found = sections.of_need(need)
    assert [(part.title, part.text) for part in found if sections.is_english(part)] == [
        ("title and summary in English, word by word", "solar pump irrigation"),
        ("gap in English, word by word", "learning farmer"),
    ]
    assert [part.title for part in found][1:3] == ["title and summary", "gap"]
    assert sections.cores(found) == 2


def test_english_that_somebody_wrote_takes_the_place_of_the_word_list() -> None:
    found = sections.of_need(a_need(title="Солнечные насосы", title_en="Solar pumps", summary_en="For irrigation."))
    assert [part.title for part in found] == ["title and summary in English", "title and summary"]
    assert sections.cores(found) == 1


def test_each_text_of_an_offer_in_other_letters_is_told_word_by_word_after_all_others() -> None:
    """Own sections keep their places, and a text that is deleted takes its words with it."""
    offer = a_capability(title="Солнечные насосы", summary="Насосы.", description="Для орошения.", keywords=["pump"])
    titles = [part.title for part in sections.of_capability(offer)]
    assert titles == [
        *("title and summary", "description", "keywords"),
        *("title and summary in English, word by word", "description in English, word by word"),
    ]
    short = offer.model_copy(update={"description": None})
    assert [part.title for part in sections.of_capability(short)] == [titles[0], *titles[2:4]]


def test_a_text_in_latin_letters_has_no_words_of_the_list() -> None:
    """What was ranked before there was a list is ranked as before."""
    offer, need = a_capability(title="Turbinas peque\u00f1as"), a_need(title="Turbinas peque\u00f1as")
    assert len(sections.of_capability(offer)) == len(sections.of_need(need)) == 1

"""Where the text model does not cover a language the list says so, and asks for English once."""

from datetime import date

import numpy as np
import pytest

from embeddings.encoder import HashingEncoder
from matcher import languages
from matcher.catalogue import Catalogue, build
from matcher.matches import Match, Shortlist
from matcher.matching import Matcher
from matcher.profiles import Capability, Need
from matcher.vocabulary import SignalName
from tests.builders import a_capability, a_need
from tests.matcher.small_world import a_place_book

AS_OF = date(2026, 11, 1)
FRENCH = {"language": "fr", "title": "Petites turbines", "summary": "Turbines de basse chute pour les villages."}
ENGLISH = {"title_en": "Small turbines", "summary_en": "Low-head turbines for villages."}


class Covering(HashingEncoder):
    """The light encoder, said to cover some languages."""

    def __init__(self, *tags: str) -> None:
        super().__init__()
        self._tags = frozenset(tags)

    @property
    def languages(self) -> frozenset[str] | None:
        return self._tags


def matched(need: Need, *offers: Capability, covers: tuple[str, ...] | None = ("en",)) -> Shortlist:
    encoder, places = Covering(*covers) if covers is not None else HashingEncoder(), a_place_book()
    catalogue = build(sorted(offers, key=lambda one: one.id), {}, encoder, places, AS_OF)
    return Matcher(catalogue, encoder, places, AS_OF).match(need)


def topic_sentence(match: Match) -> str:
    return next(one.evidence for one in match.contributions if one.signal is SignalName.TOPIC)


def test_a_need_in_a_language_not_covered_is_told_with_its_list() -> None:
    """On top of the list, beside the topic of each pair, and as the first question, to the owner of the need."""
    found = matched(a_need(**FRENCH), a_capability("c", language="en"))
    assert any(note.startswith("The need is written in French, which the text model does not") for note in found.notes)
    assert "the need is written in French" in topic_sentence(found.matches[0])
    first = found.matches[0].open_questions[0]
    assert (first.about, first.ask) == ("summary_en", "need_owner")
    assert "French" in first.question
    assert first.points > 0


def test_an_offer_in_a_language_not_covered_is_told_and_counted() -> None:
    """The provider is asked first; the list says how many of the catalogue may be missing, English need or not."""
    offers = [a_capability("c", **FRENCH), a_capability("d", language="es-MX"), a_capability("e", language="en")]
    found = matched(a_need(language="en"), *offers)
    assert any("2 capabilities" in note and "Spanish 1 and French 1" in note for note in found.notes)
    by_id = {match.capability_id: match for match in found.matches}
    assert by_id["c"].open_questions[0].ask == "provider"  # type: ignore[index]  # ids are their text
    assert "the offer is written in French" in topic_sentence(by_id["c"])  # type: ignore[index]
    assert "summary_en" not in {one.about for one in by_id["e"].open_questions}  # type: ignore[index]
    assert "written in" not in topic_sentence(by_id["e"])  # type: ignore[index]


@pytest.mark.parametrize("covers", [None, ("en", "fr"), ("fr",)])
def test_nothing_is_said_where_the_model_covers_it_or_does_not_say(covers: tuple[str, ...] | None) -> None:
    found = matched(a_need(**FRENCH), a_capability("c", **FRENCH), covers=covers)
    assert not [note for note in found.notes if "written in" in note or "language" in note]
    assert "written in" not in topic_sentence(found.matches[0])
    assert "summary_en" not in {one.about for one in found.matches[0].open_questions}


def test_english_beside_the_text_settles_it() -> None:
    found = matched(a_need(language="en"), a_capability("c", **FRENCH, **ENGLISH))
    assert "written in" not in topic_sentence(found.matches[0])
    assert not [note for note in found.notes if "French" in note]


def test_an_unknown_language_is_not_taken_for_a_foreign_one() -> None:
    assert languages.unread(a_need(), frozenset({"en"})) is None


def test_no_english_is_asked_for_that_the_model_could_not_use() -> None:
    """A model of French alone cannot be helped by English: the weakness is told, the question is not put."""
    found = matched(a_need(language="en"), a_capability("c", language="en"), covers=("fr",))
    assert "English, which the text model does not cover" in topic_sentence(found.matches[0])
    assert "summary_en" not in {one.about for one in found.matches[0].open_questions}


def test_at_most_three_questions_are_asked_with_this_one() -> None:
    assert len(matched(a_need(**FRENCH), a_capability("c")).matches[0].open_questions) == 3


def test_a_french_offer_with_an_english_summary_is_found_by_an_english_need_and_quoted_so() -> None:
    """The English section stands beside the others: it can only add, and the quote says whose words they are."""
    need = a_need(title="Turbines for villages", summary="Low-head turbines", language="en")
    bare = a_capability("bare", **FRENCH)
    told = a_capability("told", **FRENCH, **ENGLISH, provenance={"summary_en": "inferred"})
    found = matched(need, bare, told)
    assert [match.capability_id for match in found.matches] == ["told", "bare"]
    topic = next(one.topic for one in found.matches[0].contributions if one.topic)
    assert topic.passages[0].capability_section == "title and summary in English (inferred)"
    assert topic.passages[0].capability_passage == "Small turbines. Low-head turbines for villages."


def test_a_french_need_with_an_english_summary_finds_english_offers() -> None:
    offer = a_capability("c", language="en", title="Low-head turbines", summary="For villages on small rivers.")
    bare, told = (matched(a_need(**FRENCH, **more), offer).matches[0] for more in ({}, ENGLISH))
    assert told.score > bare.score
    topic = next(one.topic for one in told.contributions if one.topic)
    assert topic.passages[0].need_section == "title and summary in English"


def test_the_count_by_language_is_kept_with_the_arrays() -> None:
    """A release restores it; arrays of a release from before have none, and nothing is said of them."""
    offers = [a_capability("c", **FRENCH), a_capability("d", language="fr-CI"), a_capability("e", **FRENCH, **ENGLISH)]
    built = build(offers, {}, HashingEncoder(), a_place_book(), AS_OF)
    assert built.languages == {"fr": 2}
    assert Catalogue.from_arrays(built.arrays(), offers, {}).languages == {"fr": 2}
    older = {name: array for name, array in built.arrays().items() if not name.startswith("language_")}
    assert Catalogue.from_arrays(older, offers, {}).languages == {}
    empty = build([], {}, HashingEncoder(), a_place_book(), AS_OF).arrays()["language_tags"]
    assert np.array_equal(empty, np.array([], dtype="S8"))


RUSSIAN = {"language": "ru", "title": "Солнечные насосы", "summary": "Насосы для орошения полей в горных селах."}


def test_a_russian_need_finds_an_english_offer_by_the_words_that_a_list_knows() -> None:
    """The list says that it did, the quote that nobody wrote these words, and English is asked for all the same."""
    offers = [
        a_capability("a", language="en"),
        a_capability("b", language="en", title="Solar pump", summary="For irrigation."),
    ]
    found = matched(a_need(**RUSSIAN), *offers)
    assert [match.capability_id for match in found.matches] == ["b", "a"]
    topic = next(one.topic for one in found.matches[0].contributions if one.topic)
    assert topic.passages[0].need_section == "title and summary in English, word by word"
    assert {"solar", "pump", "irrig"} <= {term.term for term in topic.terms}
    assert any("the words that a list knows were put into English" in note for note in found.notes)
    assert found.matches[0].open_questions[0].about == "summary_en"


def test_an_english_need_finds_a_russian_offer() -> None:
    need = a_need(title="Irrigation with solar pumps", summary="Mountain villages lack water.", language="en")
    offers = [a_capability("a", language="en"), a_capability("b", **RUSSIAN)]
    found = matched(need, *offers)
    assert [match.capability_id for match in found.matches] == ["b", "a"]


@pytest.mark.parametrize("field", ["description", "problem_solved", "keywords", "summary_en"])
def test_deleting_a_russian_text_never_raises_the_score(field: str) -> None:
    """Its words of the list go with it; what is left stays as it was."""
    told = {
        "description": "Насосы с панелями, ремонт на месте.",  # noqa: RUF001 - Cyrillic is meant
        "problem_solved": "Нехватка воды для полей.",
        "keywords": ["орошение", "насос"],
        "summary_en": "Solar pumps.",
    }
    need = a_need(title="Solar pumps", summary="Water for fields and repair.", gap_description="Irrigation")
    whole = matched(need, a_capability("c", **RUSSIAN, **told), a_capability("d")).matches
    less = matched(need, a_capability("c", **RUSSIAN, **{**told, field: None}), a_capability("d")).matches
    scores = [next(match.score for match in found if match.capability_id == "c") for found in (whole, less)]
    assert scores[1] <= scores[0]


def test_a_need_in_letters_that_no_list_covers_is_ranked_by_its_numbers_and_latin_words() -> None:
    offers = [a_capability("a", summary="By 2030."), a_capability("b", summary="ZeoPure by 2027.")]
    found = matched(a_need(title="सौर ऊर्जा", summary="गाँव के लिए ZeoPure 2027", language="hi"), *offers)
    assert found.matches[0].capability_id == "b"
    topic = next(one.topic for one in found.matches[0].contributions if one.topic)
    assert {term.term for term in topic.terms} == {"zeopur", "2027"}


def test_arrays_of_before_the_word_list_are_explained_by_what_they_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release keeps its arrays for good."""
    offers = [a_capability("a", **RUSSIAN), a_capability("b")]
    with monkeypatch.context() as before:
        before.setattr("matcher.sections.glossing.gloss", lambda _: "")
        arrays = build(offers, {}, HashingEncoder(), a_place_book(), AS_OF).arrays()
    catalogue = Catalogue.from_arrays(arrays, offers, {})
    found = Matcher(catalogue, HashingEncoder(), a_place_book(), AS_OF).match(a_need())
    assert {match.capability_id for match in found.matches} == {"a", "b"}


def test_a_spanish_need_finds_an_english_offer_by_words_that_look_alike() -> None:
    """And tells its own word for what it found."""
    need = a_need(
        title="Irrigaci\u00f3n con energ\u00eda solar", summary="Para la agricultura de monta\u00f1a.", language="es"
    )
    offers = [a_capability("a", language="en"), a_capability("b", title="Solar irrigation", summary="For agriculture.")]
    found = matched(need, *offers).matches
    assert [match.capability_id for match in found] == ["b", "a"]
    topic = next(one.topic for one in found[0].contributions if one.topic)
    assert {"irrig", "agricultur"} <= {term.term for term in topic.terms}
    assert "Irrigaci\u00f3n" in topic_sentence(found[0])


@pytest.mark.parametrize("facts", [{"language": "en"}, {}, {"language": "es", **ENGLISH}])
def test_only_a_need_that_the_model_does_not_read_is_searched_by_cognates(facts: dict[str, str]) -> None:
    """An English need, one whose language is not known, and one with an English summary are ranked by their words."""
    offers = [a_capability("a", title="Agriculturist", summary="One agriculturist."), a_capability("b")]
    found = matched(a_need(title="Agriculture", summary="Agriculture.", **facts), *offers)
    terms = {t.term for match in found.matches for one in match.contributions if one.topic for t in one.topic.terms}
    assert "agriculturist" not in terms


def test_a_batch_of_languages_is_answered_as_each_need_alone() -> None:
    encoder, places = Covering("en"), a_place_book()
    offers = [a_capability("a", **RUSSIAN), a_capability("b", **FRENCH), a_capability("c", language="en")]
    matcher = Matcher(build(offers, {}, encoder, places, AS_OF), encoder, places, AS_OF)
    needs = [a_need("1", **RUSSIAN), a_need("2", **FRENCH), a_need("3", language="en"), a_need("4", language="hi")]
    assert [*matcher.match_all(needs)] == [matcher.match(need) for need in needs]

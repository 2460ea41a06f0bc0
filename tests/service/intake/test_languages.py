"""The language of a record, told from its texts where nobody stated it."""

import json
from pathlib import Path
from typing import Any

import pytest

from matcher.profiles import Need
from matcher.vocabulary import Provenance
from service.intake.languages import detect
from tests.service.intake.making import needs_in

SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "sdg_languages"


def a_record(folder: Path, **values: Any) -> Need:
    path = folder / "needs.jsonl"
    path.write_text(json.dumps({"id": "n1", **values}, ensure_ascii=False) + "\n", encoding="utf-8")
    return needs_in(path)[0]


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        ("en", "Wells for the dry season", "Villages on the plateau walk far for water."),
        ("fr", "Forages pour la saison sèche", "Les villages du plateau vont chercher l'eau très loin."),
        ("es", "Pozos para la temporada seca", "Las aldeas de la meseta caminan lejos para buscar agua."),
        ("pt", "Poços para a estação seca", "As aldeias do planalto caminham muito para buscar água."),
        ("ru", "Колодцы для засушливого сезона", "Деревни на плато далеко ходят за водой."),
        ("ar", "آبار لموسم الجفاف", "تمشي قرى الهضبة مسافات طويلة من أجل الماء."),
        ("zh", "旱季水井", "高原上的村庄要走很远才能取水。"),
        ("sw", "Visima kwa msimu wa kiangazi", "Vijiji vya uwanda wa juu hutembea mbali kutafuta maji."),
    ],
)
def test_a_sentence_or_two_tell_their_language(tmp_path: Path, language: str, title: str, text: str) -> None:
    """What nobody stated is marked as inferred."""
    need = a_record(tmp_path, title=title, text=text)
    assert need.language == language
    assert (need.provenance or {})["language"] is Provenance.INFERRED


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Pumps", ""),
        ("Solar", "Solar"),
        ("-", "-"),
        ("AB-1200/7", "X-12 90.5 44"),
        ("", "https://example.org/a/b/c?d=12345"),
    ],
)
def test_too_little_tells_nothing(title: str, text: str) -> None:
    """One word, a code or an address is in no language for certain: unknown, never a guess."""
    assert detect(title, text) is None


def test_what_is_stated_stands(tmp_path: Path) -> None:
    """A stated language is not second-guessed, whatever the text looks like."""
    need = a_record(tmp_path, title="Wells for the dry season", text="Villages walk far for water.", language="fr-CI")
    assert (need.language, need.provenance) == ("fr-CI", None)


@pytest.mark.shared
@pytest.mark.parametrize("language", ["fr", "es", "ar", "ru", "zh-Hans"])
def test_the_targets_are_told_apart(language: str) -> None:
    """Of the 169 SDG targets in a language no more than one is taken for another, and few are left unknown."""
    path = SHARED / f"targets_{language}_to_en" / "queries.jsonl"
    if not path.exists():
        pytest.skip(f"the shared collections are not beside the checkout: {path}")
    told = [detect("", json.loads(line)["text"]) for line in path.read_text(encoding="utf-8").splitlines()]
    wrong = [tag for tag in told if tag not in {None, language.partition("-")[0]}]
    assert len(wrong) <= 1
    assert told.count(None) <= len(told) * 0.05

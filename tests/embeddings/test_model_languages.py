"""Which languages a model covers: said by its card, by who runs it, or by nobody."""

import pickle
import shutil
from pathlib import Path

import pytest

from embeddings.cache import CachedEncoder, VectorCache
from embeddings.encoder import HashingEncoder
from embeddings.model_files import find
from embeddings.sentence_transformer import SentenceTransformerEncoder
from service.encoders import make_encoder
from service.settings import Settings, load_settings
from tests.embeddings.tiny_model import build_model

CARD = "---\n{}\n---\n# A model\nlanguage: none of this is read\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("model"), {})


def with_card(tiny: Path, folder: Path, head: str) -> str:
    shutil.copytree(tiny, folder / "tiny")
    (folder / "tiny" / "README.md").write_text(CARD.format(head), encoding="utf-8")
    return str(folder / "tiny")


def test_the_bundled_model_covers_english() -> None:
    assert SentenceTransformerEncoder().languages == frozenset({"en"})


@pytest.mark.parametrize(
    ("head", "languages"),
    [
        ("language: fr", frozenset({"fr"})),
        ("language:\n- multilingual\n- en\n- zh-Hans\n- pt_BR", frozenset({"en", "zh", "pt"})),
        ("language: multilingual", None),
        ("license: apache-2.0", None),
        ("language: {}", None),
    ],
)
def test_a_card_names_the_languages(tiny: Path, tmp_path: Path, head: str, languages: frozenset[str] | None) -> None:
    """Tags of the card's head as primary subtags; "multilingual" alone names none."""
    assert SentenceTransformerEncoder(with_card(tiny, tmp_path, head)).languages == languages


def test_a_model_without_a_card_says_nothing(tiny: Path) -> None:
    assert SentenceTransformerEncoder(str(tiny)).languages is None


def test_a_card_changes_no_vector_and_so_no_name(tiny: Path, tmp_path: Path) -> None:
    assert find(with_card(tiny, tmp_path, "language: fr")).name == find(str(tiny)).name


def test_the_setting_goes_before_the_card_and_through_the_cache(tiny: Path, tmp_path: Path) -> None:
    """One setting, tags with commas; what travels to another process or stands behind a cache says the same."""
    settings = Settings(
        data_dir=tmp_path, model=with_card(tiny, tmp_path, "language: fr"), model_languages="en, pt-BR,sw"
    )
    encoder = make_encoder(settings)
    assert encoder.languages == frozenset({"en", "pt", "sw"})
    assert pickle.loads(pickle.dumps(make_encoder(settings, cached=False))).languages == frozenset({"en", "pt", "sw"})
    assert CachedEncoder(HashingEncoder(), VectorCache(tmp_path)).languages is None


@pytest.mark.parametrize("wrong", ["english", "en;fr", "en fr", "1"])
def test_a_setting_that_is_no_list_of_tags_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("MATCHER_MODEL_LANGUAGES", wrong)
    with pytest.raises(Exception, match="MATCHER_MODEL_LANGUAGES"):
        load_settings()

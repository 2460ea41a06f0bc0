"""Settings: read once from the environment, frozen, every mistake named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from matcher.errors import BadInput
from service.settings import load_settings, unknown_variables


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("MATCHER_")]:
        monkeypatch.delenv(name)


def test_everything_lies_below_the_data_folder_unless_set_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", "elsewhere")
    settings = load_settings()
    assert settings.database_url == "sqlite:///elsewhere/matcher.db"
    assert settings.releases_dir == Path("elsewhere/releases")
    assert settings.cache_dir == Path("elsewhere/cache")


def test_a_folder_set_apart_stays_where_it_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", "elsewhere")
    monkeypatch.setenv("MATCHER_CACHE_DIR", "/cache")
    assert load_settings().cache_dir == Path("/cache")


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    assert load_settings(model="bundled").model == "bundled"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "")
    assert load_settings().model == "bundled"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().model = "other"  # type: ignore[misc]  # what this test is about


@pytest.mark.parametrize(
    ("variable", "value"),
    [("MATCHER_PORT", "eighty"), ("MATCHER_PORT", "70000"), ("MATCHER_LOG_LEVEL", "loud")],
)
def test_a_wrong_value_names_its_variable_and_what_to_do(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadInput, match=f"{variable}.*change or unset {variable}"):
        load_settings()


def test_languages_that_are_none_are_refused_in_words_not_in_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATCHER_MODEL_LANGUAGES", "en;fr")
    with pytest.raises(BadInput, match=r"expected MATCHER_MODEL_LANGUAGES: language tags with commas .* got 'en;fr'"):
        load_settings()


def test_a_variable_that_is_no_setting_is_known_with_the_one_it_is_likest_to(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MATCHER_DATADIR", "MATCHER_LOGLEVEL", "MATCHER_SERVICE_HOST", "matcher_port", "OTHER"):
        monkeypatch.setenv(name, "x")
    assert unknown_variables() == {
        "MATCHER_DATADIR": "MATCHER_DATA_DIR",
        "MATCHER_LOGLEVEL": "MATCHER_LOG_LEVEL",
        "MATCHER_SERVICE_HOST": "",
    }

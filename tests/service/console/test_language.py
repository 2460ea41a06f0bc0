"""A page speaks the language it is asked in, and writes dates and numbers as that language does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel import Locale
from babel.support import NullTranslations

from service.console.language import Language, choose, language

DAY = date(2026, 11, 5)


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        (None, "en"),
        ("", "en"),
        ("en-GB,en;q=0.9", "en-GB"),
        ("fr-FR,fr;q=0.9,en-US;q=0.4", "en-US"),
        ("fr", "en"),
        ("en-US;q=0.1,en-GB;q=0.9", "en-GB"),
        ("en;q=0", "en"),
        ("en-XX", "en"),
        (";q=;;,,*", "en"),
        ("en-" + "a" * 5000, "en"),
    ],
)
def test_the_language_most_wanted_of_those_there_are_is_chosen(header: str | None, tag: str) -> None:
    assert choose(header).tag == tag


def test_english_of_no_country_writes_days_that_nobody_mistakes_for_others() -> None:
    assert choose(None).day(DAY) == "5 Nov 2026"
    assert choose("en-US").day(DAY) == "Nov 5, 2026"


def test_numbers_are_written_as_the_locale_writes_them() -> None:
    german = Language(Locale.parse("de"), NullTranslations())
    assert (german.number(1234.5), german.percent(0.574), german.signed(-0.5)) == (
        "1.234,5",
        "57\N{NO-BREAK SPACE}%",
        "-0,50",
    )
    english = language("en")
    assert (english.number(1234), english.percent(0.574), english.signed(0.5)) == ("1,234", "57%", "+0.50")


def test_a_language_that_runs_from_right_to_left_says_so() -> None:
    assert Language(Locale.parse("ar"), NullTranslations()).direction == "rtl"
    assert language("en").direction == "ltr"


def test_an_age_is_told_in_the_largest_unit_that_fits() -> None:
    now = datetime(2026, 11, 5, tzinfo=UTC)
    spoken = language("en")
    assert spoken.ago(now - timedelta(hours=5), now) == "5 hours ago"
    assert spoken.ago(now - timedelta(days=3), now) == "3 days ago"


def test_a_moment_is_told_in_utc_whatever_zone_it_was_written_in() -> None:
    from datetime import timezone

    east = datetime(2026, 11, 5, 1, 30, tzinfo=timezone(timedelta(hours=3)))
    assert language("en").moment(east) == "4 Nov 2026, 22:30 UTC"

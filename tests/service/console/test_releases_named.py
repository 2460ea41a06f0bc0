"""People know a release by its day and time: it stands so wherever they choose or read one, with its id beside it."""

import html
import re
from datetime import UTC, datetime

import pytest

from service.console.language import choose
from service.nightly import Night, run_night
from service.outcomes.digests import Digest
from service.outcomes.posting import page, plain
from tests.builders import a_capability
from tests.service.api.world import AS_OF, World

MOMENTS = [datetime(2026, 11, 22 + day, 3, 30, tzinfo=UTC) for day in (1, 2, 3)]


@pytest.fixture
def nights(world: World) -> list[str]:
    """Ids of releases of three nights, each with an offer more, the oldest first; an earlier one was there."""
    made = []
    for at in MOMENTS:
        world.upsert("capabilities", a_capability(f"cap-{at.day}", title=f"Of {at:%A}", places_offered=["World"]))
        made.append(run_night(world.settings, Night(AS_OF), at).release_id)
    return made


def _said(at: datetime) -> str:
    return choose(None).moment(at)


def test_changes_are_asked_since_a_day_and_the_release_before_is_chosen_unless_another_is(
    world: World, nights: list[str]
) -> None:
    with world.client() as client:
        text = client.get("/changes").text
        options = re.findall(r'<option value="(2026[^"]+)"( selected)?>([^<]+)</option>', text)
        assert [(name, said) for name, _, said in options][:2] == [
            (nights[1], f"{_said(MOMENTS[1])} ({nights[1]})"),
            (nights[0], f"{_said(MOMENTS[0])} ({nights[0]})"),
        ]
        assert len(options) == 3
        assert [name for name, chosen, _ in options if chosen] == [nights[1]]
        assert client.get("/v1/changes").json()["since"] == nights[1]
        text = client.get("/changes", params={"since": nights[0]}).text
        assert re.findall(r'value="(2026[^"]+)" selected', text) == [nights[0]]


def test_every_page_names_its_release_by_day_and_time_and_id(world: World, nights: list[str]) -> None:
    with world.client() as client:
        text = html.unescape(re.sub("<[^>]+>", "", client.get("/portfolio").text))
        assert f"Release of {_said(MOMENTS[2])} ({nights[2]}), made" in text


def test_news_name_both_releases_by_day_and_time(world: World, nights: list[str]) -> None:
    digest = Digest("sub-1", "default", nights[1], MOMENTS[1], nights[2], MOMENTS[2], MOMENTS[2], (), {}, 1, ())
    words = f"1 change since the release of 2026-11-24 03:30 UTC ({nights[1]})"
    assert words in plain(digest)
    assert words in page(digest)
    with world.client() as client:
        followed = client.post("/v1/subscriptions", json={"min_ranks": 1, "min_change": 0.001}).json()["id"]
        text = client.get(f"/subscriptions/{followed}/digest").text
    assert re.search(r"change(s)? since the release of \d+ Nov 2026, 03:30 UTC \(<code>2026-", text)

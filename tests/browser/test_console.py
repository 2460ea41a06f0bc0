"""The console in a real browser: signing in, the list, a need, a capability, at two widths."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, Opened, sign_in
from tests.browser.conftest import fits as _fits
from tests.browser.lived import NEEDS_LISTED
from tests.browser.marks import BROWSER
from tests.service.api.world import HOSTILE, World

pytestmark = BROWSER


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def page(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(signed_in=False, size=request.param) as made:
        yield made


def _go(page: Page, name: str) -> None:
    """Follow a link of the navigation, which is folded on a small screen."""
    page.wait_for_load_state("load")  # before the style sheet has come, everything is unfolded
    if page.locator("details.menu > summary").is_visible():
        page.locator("details.menu > summary").click()
    page.locator("details.menu").get_by_role("link", name=name, exact=True).click()


def test_from_signing_in_to_a_need_and_its_partner(page: Page, address: str, world: World) -> None:
    sign_in(page, address, world.key)
    assert _fits(page)
    page.get_by_role("link", name="Electricity for a hill village").click()
    expect(page.get_by_role("heading", name="Electricity for a hill village", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Matches", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Near misses")).to_be_visible()
    expect(page.get_by_text("Every eligible match is tier B")).to_be_visible()
    first = page.locator("li.match").first
    expect(first.locator(".score")).to_have_text(re.compile(r"\d+%"))
    expect(first.get_by_role("table", name="Gates")).to_be_visible()
    bar = first.locator("svg.bar .fill").first.bounding_box()
    assert bar
    assert bar["width"] > 10, "the largest addend is drawn"
    assert _fits(page)
    first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
    assert _fits(page)
    page.get_by_role("link", name="the whole offer").click()
    expect(page.get_by_role("heading", name="Needs it could answer")).to_be_visible()
    assert _fits(page)
    _go(page, "Interface")
    expect(page.get_by_text("/v1/needs/{need_id}/matches")).to_be_visible()
    assert _fits(page)
    page.wait_for_load_state("load")
    if page.locator("details.menu > summary").is_visible():
        page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_the_list_is_searched_by_its_form(page: Page, address: str, world: World) -> None:
    sign_in(page, address, world.key)
    page.get_by_label("Words").fill("arsenic")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("table.list tbody tr")).to_have_count(NEEDS_LISTED)


def test_the_release_as_a_whole_is_two_links_away(page: Page, address: str, world: World) -> None:
    sign_in(page, address, world.key)
    for link, heading in (("Clusters", "Clusters of needs"), ("Unserved", "Unserved needs")):
        _go(page, link)
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        assert _fits(page)


def test_hostile_text_is_shown_and_does_nothing(page: Page, address: str, world: World) -> None:
    sign_in(page, address, world.key)
    page.goto(f"{address}/needs/need-hostile")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.locator("main img, main script").count() == 0
    assert _fits(page)


def test_a_wrong_key_is_told_and_the_field_keeps_its_focus_for_the_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    expect(page.get_by_label("Login")).to_be_focused()
    page.get_by_label("API key").focus()
    page.keyboard.type("pm_wrong")
    with page.expect_response("**/sign-in"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not good")
    page.close()


def test_a_keyboard_reaches_the_content_first(page: Page, address: str, world: World) -> None:
    sign_in(page, address, world.key)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

"""The console in a real browser: signing in, the list, a need, a capability, at two widths."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.service.api.running import a_server
from tests.service.api.world import HOSTILE, World, a_world

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and not os.environ.get("CI"),  # CI must have it
        reason=f"no browser at {CHROMIUM}: install chromium, or set CHROMIUM",
    ),
]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_REFUSAL = "status of 401"  # the browser notes that a wrong key was refused, as it should be
DESK, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = a_world(tmp_path_factory.mktemp("browsed"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with a_server(world.settings.data_dir) as client:
        yield str(client.base_url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    width, height = request.param
    made = browser.new_context(viewport={"width": width, "height": height})
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must load nothing from elsewhere, log nothing, and fit its width."""
    said: list[str] = []
    asked: list[str] = []
    made = context.new_page()
    made.on("console", lambda message: said.append(message.text) if _REFUSAL not in message.text else None)
    made.on("pageerror", lambda error: said.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    yield made
    assert said == []
    assert {url.split("/")[2] for url in asked if url.startswith("http")} <= {made.url.split("/")[2]}


def _sign_in(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Needs", level=1)).to_be_visible()


def _fits(page: Page) -> bool:
    page.wait_for_load_state("load")  # a heading can be seen before the style sheet has come
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_signing_in_to_a_need_and_its_partner(page: Page, address: str, world: World) -> None:
    _sign_in(page, address, world.key)
    assert _fits(page)
    page.get_by_role("link", name="Electricity for a hill village").click()
    expect(page.get_by_role("heading", name="Electricity for a hill village", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Matches", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Near misses")).to_be_visible()
    expect(page.get_by_text("Every eligible match is tier B")).to_be_visible()
    first = page.locator("li.match").first
    expect(first.locator(".score")).to_have_text(re.compile(r"\d+ %"))
    expect(first.get_by_role("table", name="Gates")).to_be_visible()
    bar = first.locator("svg.bar .fill").first.bounding_box()
    assert bar
    assert bar["width"] > 10, "the largest addend is drawn"
    assert _fits(page)
    first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Needs it could answer")).to_be_visible()
    assert _fits(page)
    page.get_by_role("link", name="Interface").click()
    expect(page.get_by_text("/v1/needs/{need_id}/matches")).to_be_visible()
    assert _fits(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_the_list_is_searched_by_its_form(page: Page, address: str, world: World) -> None:
    _sign_in(page, address, world.key)
    page.get_by_label("Words").fill("arsenic")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("table.list tbody tr")).to_have_count(3)


def test_the_release_as_a_whole_is_two_links_away(page: Page, address: str, world: World) -> None:
    _sign_in(page, address, world.key)
    for link, heading in (("Clusters", "Clusters of needs"), ("Unserved", "Unserved needs")):
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        assert _fits(page)


def test_hostile_text_is_shown_and_does_nothing(page: Page, address: str, world: World) -> None:
    _sign_in(page, address, world.key)
    page.goto(f"{address}/needs/need-hostile")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    assert page.locator("main img, main script").count() == 0
    assert _fits(page)


def test_a_wrong_key_is_told_and_the_field_keeps_its_focus_for_the_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type("pm_wrong")
    with page.expect_response("**/sign-in"):
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not good")
    page.close()


def test_a_keyboard_reaches_the_content_first(page: Page, address: str, world: World) -> None:
    _sign_in(page, address, world.key)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

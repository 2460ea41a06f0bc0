"""Who cannot see, point or tell colours apart can use every page: WCAG 2.2 A and AA, as far as a machine can tell."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Opened, fits
from tests.browser.marks import BROWSER
from tests.browser.pages import OPEN, PAGES

pytestmark = BROWSER
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
_RULES = {"runOnly": _TAGS, "resultTypes": ["violations"]}
_UNFOLD = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
"""What is folded is judged, too."""
_NARROW = (320, 640)


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", PHONE)], ids=["light-desk", "dark-phone"])
def test_no_page_breaks_a_rule_of_wcag(opened: Opened, scheme: str, size: tuple[int, int]) -> None:
    broken: dict[str, list[str]] = {}
    with opened(size=size, color_scheme=scheme) as page:
        for path, heading in PAGES.items():
            page.goto(path)
            assert heading in page.get_by_role("heading", level=1).inner_text(), path
            page.evaluate(_UNFOLD)
            broken[path] = _violations(page)
    with opened(signed_in=False, size=size, color_scheme=scheme) as page:
        for path in OPEN:
            page.goto(path)
            broken[path] = _violations(page)
    assert {path: found for path, found in broken.items() if found} == {}


def test_every_page_fits_a_screen_of_320_pixels_from_both_sides(opened: Opened) -> None:
    wide = []
    with opened(size=_NARROW) as page:
        for path in PAGES:
            page.goto(path)
            for direction in ("ltr", "rtl"):
                page.evaluate("direction => { document.documentElement.dir = direction }", direction)
                if not fits(page):
                    wide.append((path, direction))
    assert wide == []


def test_the_appearance_that_is_chosen_stays(opened: Opened) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    with opened(color_scheme="light") as page:
        page.goto("/clusters")
        light = page.evaluate(ground)
        page.get_by_role("link", name="Dark").click()
        page.wait_for_url("**/clusters")
        dark = page.evaluate(ground)
        page.goto("/")
        assert light != dark == page.evaluate(ground)
        page.get_by_role("link", name="As the system").click()
        page.wait_for_load_state("load")
        assert page.evaluate(ground) == light


def test_on_paper_there_is_what_was_folded_and_nothing_to_press(opened: Opened) -> None:
    with opened(color_scheme="dark") as page:
        page.goto("/needs/need-1")
        page.emulate_media(media="print")
        assert page.locator("table.points").last.is_visible()
        assert page.locator("button:visible, nav:visible").count() == 0
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"

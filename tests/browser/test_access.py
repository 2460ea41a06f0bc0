"""Who cannot see, point or tell colours apart can use every page: WCAG 2.2 A and AA, as far as a machine can tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.routing import APIRoute
from playwright.sync_api import Page, ViewportSize

from service.console.pages import routes
from tests.browser.conftest import DESK, PHONE, Opened, fits
from tests.browser.lived import Lived, paths_of
from tests.browser.marks import BROWSER
from tests.browser.pages import OPEN, PAGES, PRINTED

pytestmark = BROWSER
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OF_COLOUR = ["color-contrast", "link-in-text-block"]
"""The rules that what is light or dark can change; all others see the same page under both."""
_JUDGE = """asked => axe.run(document, {runOnly: asked, resultTypes: ["violations"], preload: false})
    .then(found => found.violations.flatMap(one => one.nodes.map(
        node => `${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`)))"""
_UNFOLD = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
"""What is folded is judged, too."""
_SHORTEN = "document.querySelectorAll('section.operation:nth-of-type(n + 25)').forEach((one) => { one.remove(); })"
"""The operations of the interface are all laid out alike, and the judge takes seconds over a hundred of them."""
_SCROLLERS = """[...document.querySelectorAll("body, body *")]
    .filter(one => one.scrollWidth > one.clientWidth && ["auto", "scroll"].includes(getComputedStyle(one).overflowX))
    .map(one => one.outerHTML.slice(0, 100))"""
_NARROW = (320, 640)
_NO_PAGES = {"/appearance", "/needs"}
"""They answer with the way to a page: back to the one it was asked from, on to the list of needs."""


@pytest.fixture(scope="module")
def paths(lived: Lived) -> list[tuple[str, str]]:
    return list(paths_of(lived, PAGES))


def _show(page: Page, scheme: Literal["light", "dark"], size: tuple[int, int]) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # a colour on its way to another is neither
    page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))


def _violations(page: Page) -> list[str]:
    """Judge a page that is open at both widths by every rule, and in the other colours by those of colour."""
    page.evaluate(Axe().axe_script)
    page.evaluate(_UNFOLD)
    page.evaluate(_SHORTEN)
    found: list[str] = []
    for scheme, size, rules in (
        ("light", DESK, _TAGS),
        ("dark", DESK, _OF_COLOUR),
        ("dark", PHONE, _TAGS),
        ("light", PHONE, _OF_COLOUR),
    ):
        _show(page, scheme, size)  # type: ignore[arg-type]
        broken = page.evaluate(_JUDGE, {"type": "tag" if rules is _TAGS else "rule", "values": rules})
        found += [f"{scheme} {size[0]}: {one}" for one in broken]
    return found


def _judged(page: Page, paths: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    broken: dict[str, list[str]] = {}
    for path, heading in paths:
        _show(page, "light", DESK)
        page.goto(path)
        assert heading in page.get_by_role("heading", level=1).inner_text(), path
        if found := _violations(page):
            broken[path] = found
    return broken


def test_no_page_breaks_a_rule_of_wcag_light_or_dark_wide_or_narrow(
    opened: Opened, paths: list[tuple[str, str]]
) -> None:
    with opened() as page:
        broken = _judged(page, [*paths, *PRINTED.items()])
    with opened(signed_in=False) as page:
        broken |= _judged(page, OPEN.items())
    assert broken == {}


def test_every_page_there_is_was_judged(paths: list[tuple[str, str]]) -> None:
    known = [path.partition("?")[0] for path, _ in [*paths, *OPEN.items()]]
    there = [route for route in routes() if isinstance(route, APIRoute) and "GET" in (route.methods or ())]
    assert len(there) > 30
    missing = {route.path for route in there if not any(route.path_regex.match(one) for one in known)}
    assert missing == _NO_PAGES


def test_every_page_fits_a_screen_of_320_pixels_from_both_sides(opened: Opened, paths: list[tuple[str, str]]) -> None:
    wide = []
    with opened(size=_NARROW) as page:
        for path, _ in [*paths, *PRINTED.items()]:
            page.goto(path)
            page.evaluate(_UNFOLD)
            for direction in ("ltr", "rtl"):
                page.evaluate("direction => { document.documentElement.dir = direction }", direction)
                if not fits(page):
                    wide.append((path, direction))
    assert wide == []


def test_nothing_that_is_printed_scrolls_sideways_within_a_phone(opened: Opened) -> None:
    for width in (320, 390):
        with opened(size=(width, 640)) as page:
            for path in PRINTED:
                page.goto(path)
                assert page.evaluate(_SCROLLERS) == [], (width, path)


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

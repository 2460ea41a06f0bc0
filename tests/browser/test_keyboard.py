"""Pages without a mouse: all that can be pressed is reached by Tab, in the order it is read, and shows its focus."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import Opened
from tests.browser.lived import Lived, paths_of
from tests.browser.marks import BROWSER
from tests.browser.pages import PAGES

pytestmark = BROWSER
_MOST = 40
"""Steps taken on a page: what follows on a long one is more of the same."""
_LISTEN = """() => {
    const main = document.getElementById("main");
    const can = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const there = [...main.querySelectorAll(can)].filter((one) => one.checkVisibility());
    window.walked = [];
    main.addEventListener("focusin", (event) => window.walked.push(
        [there.indexOf(event.target), getComputedStyle(event.target).outlineStyle !== "none"]));
    main.focus();
    window.walked.length = 0;
    return [there.length, there.filter((one) => one.type === "date").length];
}"""
"""Number what can be pressed, and note what has the focus one after the other."""
_STOPS = 4  # of Tab in a field for a day: day, month, year, calendar


def _walked(page: Page) -> tuple[int, list[tuple[int, bool]]]:
    there, days = page.evaluate(_LISTEN)
    wanted = min(there, _MOST)
    for _ in range(wanted + _STOPS * days):
        page.keyboard.press("Tab")
    return wanted, [tuple(one) for one in page.evaluate("window.walked")]


def test_every_page_is_walked_by_tab_in_its_order_and_shows_where_one_is(opened: Opened, lived: Lived) -> None:
    lost: dict[str, object] = {}
    with opened() as page:
        for path, _ in paths_of(lived, PAGES):
            page.goto(path)
            wanted, walked = _walked(page)
            order = [place for place, _ in walked][:wanted]
            if order != list(range(wanted)) or not all(seen for _, seen in walked[:wanted]):
                lost[path] = walked
    assert lost == {}

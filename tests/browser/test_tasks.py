"""What a broker comes for, with and without JavaScript, by keyboard alone, within six clicks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened, read_through
from tests.browser.lived import NEEDS_LISTED
from tests.browser.marks import BROWSER
from tests.service.api.world import World

pytestmark = BROWSER
NEED = "/needs/need-1"
PAIR = f"{NEED}/with/cap-1"


@pytest.fixture(scope="module", params=[True, False], ids=["script", "no-script"])
def page(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Page]:
    """One page, signed in, with or without JavaScript."""
    with opened(java_script_enabled=request.param) as made:
        yield made


def test_needs_are_narrowed_by_form_and_by_facet_and_the_address_says_so(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Words").fill("arsenic")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    assert "q=arsenic" in page.url
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("table.list tbody tr")).to_have_count(NEEDS_LISTED)
    page.locator("aside").get_by_role("link", name="Bangladesh").click()
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    assert "country=BGD" in page.url
    page.go_back()
    expect(page.locator("table.list tbody tr")).to_have_count(NEEDS_LISTED)


def test_everything_is_searched_from_every_page(page: Page) -> None:
    page.goto("/map")
    page.get_by_label("Search everything").fill("arsenic")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name="Arsenic filters")).to_be_visible()
    expect(page.get_by_role("link", name="Clean drinking water")).to_be_visible()


def test_what_if_moves_the_list_and_says_why(page: Page) -> None:
    page.goto(f"{NEED}/what-if")
    page.get_by_label("mode", exact=True).select_option("off")
    page.get_by_role("button", name="Show the list").click()
    expect(page.get_by_role("table", name="The list as it would be")).to_be_visible()
    expect(page.get_by_text("mode failed").first).to_be_visible()
    assert "gate_mode=off" in page.url


def test_what_would_lift_a_match_is_tried_on_its_page(page: Page) -> None:
    page.goto(PAIR)
    page.get_by_role("link", name="Try it").click()
    expect(page.locator("#lift")).not_to_contain_text("Try it")
    assert "lift=true" in page.url


def test_an_outcome_is_recorded_and_stands_in_the_pipeline(page: Page) -> None:
    page.goto("/needs/need-hostile")
    card = page.locator("li.match").first
    title = card.get_by_role("link").first.inner_text()
    if card.get_by_role("button", name="Shortlist").count():
        card.get_by_role("button", name="Shortlist").click()
    expect(page.locator("li.match").first.get_by_role("link", name="shortlisted")).to_be_visible()
    page.goto("/pipeline")
    row = page.get_by_role("table", name="Pairs of the pipeline").locator('a[href*="/need-hostile/"]')
    expect(row).to_have_text(title)


def test_a_file_is_brought_in_step_by_step(page: Page, request: pytest.FixtureRequest) -> None:
    """An offer, not a need: other tests count the needs."""
    name = f"b-{request.node.callspec.id}"
    sheet = f"Nr,What is offered,In a few words,Country\n{name},Mango dryers,Solar dryers.,Atlantis\n".encode()
    page.goto("/import")
    page.get_by_label("File").set_input_files({"name": "b.csv", "mimeType": "text/csv", "buffer": sheet})
    page.get_by_label("What the rows are").select_option("capabilities")
    page.get_by_role("button", name="Try it").click()
    read_through(page)
    for header, field in (("Nr", "id"), ("What is offered", "title"), ("In a few words", "summary")):
        page.get_by_label(f"Field for {header}").select_option(field)
    page.get_by_label("Field for Country").select_option("places_offered")
    page.get_by_role("button", name="Try again").click()
    read_through(page)
    expect(page.get_by_role("table", name="Rows and values")).to_contain_text("Atlantis")
    expect(page.get_by_role("status").first).to_contain_text("nothing is written yet")
    expect(page.get_by_role("status").first).to_contain_text("1 record new")
    page.get_by_role("button", name="Import it").click()
    read_through(page)
    expect(page.get_by_role("status").first).to_contain_text("Imported.")
    page.goto(f"/capabilities/{name}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mango dryers")


def test_the_pages_of_the_release_lead_to_its_needs_and_partners(page: Page) -> None:
    for path, name in (("/portfolio", "Unserved needs"), ("/map", "1 need for Nepal"), ("/clusters", "Unserved")):
        page.goto(path)
        page.get_by_role("link", name=name).first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert path not in page.url


def test_the_main_task_takes_six_clicks_from_signing_in(opened: Opened, world: World) -> None:
    """Find the need, read the top match's reasons, compare two, shortlist, print the brief."""
    with opened(signed_in=False) as page:
        page.goto("/sign-in")
        page.get_by_label("API key").fill(world.key)
        page.keyboard.press("Enter")
        clicks = 0

        def click(role: str, name: str, within: str = "body") -> None:
            nonlocal clicks
            clicks += 1
            page.locator(within).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

        click("link", "Electricity for a hill village")
        top = page.locator("li.match").first
        expect(top.locator("table.points")).to_be_visible()  # the reasons of the first are open
        click("checkbox", "Compare", "li.match >> nth=0")
        click("checkbox", "Compare", "li.match >> nth=1")
        click("button", "Compare the chosen")
        expect(page.locator("table.compared thead th")).to_have_count(3)
        page.go_back()
        click("button", "Shortlist", "li.match >> nth=0")
        expect(page.locator("li.match").first).to_contain_text("shortlisted")
        click("link", "Brief to print")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Electricity for a hill village")
        assert clicks == 6


def _reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab, or Tab with Shift, until something has the focus, and shows it."""
    for _ in range(200):
        page.keyboard.press(key)
        if wanted.evaluate("one => one === document.activeElement"):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{wanted} is not reached")


def test_the_main_task_is_done_by_keyboard_alone(opened: Opened) -> None:
    with opened() as page:
        page.goto("/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        _reach(page, page.get_by_role("link", name="Electricity for a hill village"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Matches", exact=True)).to_be_visible()
        for place in (0, 1):
            _reach(page, page.get_by_role("checkbox", name="Compare").nth(place))
            page.keyboard.press("Space")
        _reach(page, page.get_by_role("button", name="Compare the chosen"), "Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("table.compared thead th")).to_have_count(3)
        _reach(page, page.locator("table.compared thead a").first)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What to do next")).to_be_visible()
        _reach(page, page.locator("#note"))
        page.keyboard.type("Written without a mouse.")
        _reach(page, page.get_by_role("button", name="Record it"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("Written without a mouse.")).to_be_visible()
        _reach(page, page.get_by_role("link", name="Brief to print"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_partial_update_keeps_the_focus_and_tells_a_screen_reader(opened: Opened) -> None:
    with opened() as page:
        page.goto("/")
        page.evaluate("window.untouched = true")
        page.get_by_label("Words").fill("arsenic")
        page.keyboard.press("Enter")
        expect(page.locator("table.list tbody tr")).to_have_count(1)
        expect(page.get_by_label("Words")).to_be_focused()
        expect(page.locator("#news")).to_have_text("1 need")
        assert page.evaluate("window.untouched") is True, "the page was not loaded anew"
        page.goto(f"{NEED}/what-if")
        page.get_by_label("Least TRL").select_option("5")
        expect(page.get_by_role("table", name="The list as it would be")).to_be_visible()
        expect(page.get_by_label("Least TRL")).to_have_value("5")


def test_the_page_of_a_need_weighs_less_than_150_kilobytes(opened: Opened) -> None:
    """Everything that comes over the wire for it: page, style sheet, script, icon."""
    weights: dict[str, int] = {}
    with opened() as page:
        page.on("requestfinished", lambda one: weights.update({one.url: one.sizes()["responseBodySize"]}))
        page.goto(NEED)
        page.wait_for_load_state("networkidle")
        assert any("console.css" in url for url in weights)
        assert sum(weights.values()) < 150_000, weights

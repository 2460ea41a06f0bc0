"""What each page is opened for, with and without JavaScript: finding, reading, following, taking along."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook

from tests.browser.conftest import Opened
from tests.browser.lived import Lived
from tests.browser.marks import BROWSER

pytestmark = BROWSER


@pytest.fixture(scope="module", params=[True, False], ids=["script", "no-script"])
def page(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(java_script_enabled=request.param, accept_downloads=True) as made:
        yield made


def _heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def _taken(page: Page, name: str) -> bytes:
    """Follow a link to a file and return what it holds."""
    with page.expect_download() as waited:
        page.get_by_role("link", name=name).click()
    return waited.value.path().read_bytes()


@pytest.mark.parametrize(
    ("kind", "words", "title", "fact"),
    [
        ("capabilities", "arsenic", "Arsenic filters", "What the offer states"),
        ("organisations", "dryers", "Dryers Works Limited", "Activity and load"),
        ("mechanisms", "village", "A window", "Eligible places"),
        ("facilitators", "partners", "A hub", "matchmaking"),
        ("cases", "electricity", "Electricity for a hill village", "It still runs."),
    ],
)
def test_a_record_of_each_kind_is_found_in_its_list_and_read(
    page: Page, kind: str, words: str, title: str, fact: str
) -> None:
    page.goto(f"/{kind}")
    page.get_by_label("Words").fill(words)
    page.locator("main").get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile(f"q={words}"))
    expect(page.locator("table.list tbody tr").first).to_contain_text(title)
    page.get_by_role("link", name=title).first.click()
    _heading(page, title)
    expect(page.locator("main")).to_contain_text(fact)


def test_an_offer_leads_to_the_needs_it_could_answer_and_back_to_its_place_there(page: Page) -> None:
    page.goto("/capabilities/cap-1")
    page.get_by_role("table", name="Needs whose shortlists").get_by_role("link", name="Electricity").click()
    _heading(page, "Electricity for a hill village")
    assert "#rank-" in page.url


def test_an_organisation_shows_its_load_and_leads_to_its_records(page: Page) -> None:
    page.goto("/organisations/org-dryers")
    expect(page.locator("main")).to_contain_text("Partnerships it can take on")
    expect(page.locator("main")).to_contain_text("dormant")
    page.get_by_role("table", name="Records of this organisation").get_by_role("link", name="Dryers, model 3").click()
    _heading(page, "Dryers, model 3")


def test_partners_are_chosen_and_compared_column_by_column(page: Page) -> None:
    page.goto("/needs/need-1")
    for place in (0, 1):
        page.locator("li.match").nth(place).get_by_role("checkbox", name="Compare").check()
    page.get_by_role("button", name="Compare the chosen").click()
    expect(page.locator("table.compared thead th")).to_have_count(3)
    expect(page.locator("table.compared")).to_contain_text("Points, where they differ most first")


def test_similar_cases_are_reached_from_the_need(page: Page) -> None:
    page.goto("/needs/need-1")
    page.get_by_role("link", name="Similar cases").click()
    expect(page.get_by_role("table", name="Similar cases")).to_contain_text("in the same country")
    page.get_by_role("link", name="Electricity for a hill village").last.click()
    expect(page.locator("main")).to_contain_text("It still runs.")


def test_changes_are_narrowed_by_kind_and_lead_to_the_pair(page: Page) -> None:
    page.goto("/changes")
    page.get_by_label("Kind").select_option("new")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("kind=new"))
    rows = page.get_by_role("table", name="Changes, with their cause").locator("tbody tr")
    expect(rows.locator(".tag").filter(has_text=re.compile("^up$"))).to_have_count(0)
    rows.filter(has_text="Village pumps").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible()


def test_the_news_of_a_subscription_lead_to_what_changed(page: Page, lived: Lived) -> None:
    page.goto(next(path for path in lived.made if path.startswith("/subscriptions/")))
    _heading(page, "What is new")
    page.get_by_role("link", name="Pumps, later").first.click()
    _heading(page, "Pumps, later")


def test_a_cluster_is_opened_and_leads_to_its_members(page: Page) -> None:
    page.goto("/clusters")
    page.get_by_role("link", name="Village workshops").click()
    expect(page.get_by_role("table", name="Partners with the members")).to_contain_text("Works Limited")
    page.get_by_role("table", name="Needs of the cluster").get_by_role("link", name="Village dryers").click()
    _heading(page, "Village dryers")


def test_who_sleeps_is_found_with_the_needs_they_are_wanted_for(page: Page) -> None:
    page.goto("/portfolio")
    page.get_by_role("link", name="Partners to wake").click()
    row = page.get_by_role("table", name="Sleeping partners").get_by_role("row").filter(has_text="Pumps Works Limited")
    expect(row).to_contain_text("2025")
    row.get_by_role("link", name="Pumps Works Limited").click()
    _heading(page, "Pumps Works Limited")


def test_needs_without_a_partner_are_listed_with_whom_to_recruit(page: Page) -> None:
    page.goto("/unserved")
    expect(page.get_by_role("table", name="By place")).to_contain_text("Tanzania")
    page.get_by_role("table", name="Unserved needs").get_by_role("link", name="Village stoves").click()
    _heading(page, "Village stoves")


def test_the_map_and_its_list_say_the_same_and_lead_to_needs_and_partners(page: Page) -> None:
    page.goto("/map")
    rows = page.get_by_role("table", name="Needs and partners by country").locator("tbody tr")
    assert page.locator("svg.world circle").count() == rows.count()
    rows.filter(has_text="Kenya").get_by_role("link", name="partners in Kenya").click()
    expect(page.get_by_role("link", name="Stoves Works Limited")).to_be_visible()


def test_a_period_is_chosen_printed_and_taken_along_as_a_workbook(page: Page) -> None:
    page.goto("/period")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill("2099-12-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("table", name="By country")).to_contain_text("Nepal")
    book = CalamineWorkbook.from_filelike(io.BytesIO(_taken(page, "Export, XLSX")))
    assert len(book.sheet_names) == 3
    page.get_by_role("link", name="To print").click()
    _heading(page, "2026-01-01 to 2099-12-31")


def test_a_shortlist_is_taken_along_as_a_workbook_and_as_a_brief(page: Page) -> None:
    page.goto("/needs/need-1")
    titles = page.locator("li.match h3 a").all_inner_texts()
    book = CalamineWorkbook.from_filelike(io.BytesIO(_taken(page, "Export, XLSX")))
    cells = {str(cell) for row in book.get_sheet_by_index(0).to_python() for cell in row}
    assert titles
    assert all(title in cells for title in titles if not title.startswith("<"))
    page.get_by_role("link", name="Brief to print").click()
    _heading(page, "Electricity for a hill village")


def test_the_rows_that_a_file_was_refused_are_taken_along(page: Page, lived: Lived) -> None:
    page.goto(next(path for path in lived.made if path.startswith("/import/")))
    expect(page.get_by_role("table", name="Rows and values")).to_contain_text("Atlantis")
    rows = list(csv.DictReader(io.StringIO(_taken(page, "All of it as CSV").decode("utf-8-sig"))))
    assert any("Atlantis" in row.values() for row in rows)


def test_the_interface_is_described_operation_by_operation(page: Page) -> None:
    page.goto("/docs")
    operations = page.locator("section.operation")
    assert operations.count() > 50
    expect(operations.filter(has_text="/v1/needs/{need_id}/matches").first).to_be_visible()


def test_a_page_is_told_in_the_form_of_the_readers_country(opened: Opened) -> None:
    for tag, form in (
        ("en-US", r"[A-Z][a-z]{2} \d+, \d{4}"),
        ("en-GB", r"\d+ [A-Z][a-z]{2} \d{4}"),
        ("fr", r"\d+ [A-Z][a-z]{2} \d{4}"),
    ):
        with opened(locale=tag, java_script_enabled=False) as page:
            page.goto("/")
            expect(page.locator("html")).to_have_attribute("lang", "en" if tag == "fr" else tag)
            assert re.search(rf"judged as of {form}", page.locator("footer.foot").inner_text())


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no-script"])
def test_light_and_dark_are_chosen_on_any_page_and_kept(opened: Opened, *, scripts: bool) -> None:
    with opened(java_script_enabled=scripts) as page:
        page.goto("/organisations?q=dryers")
        page.get_by_role("link", name="Dark").click()
        assert page.url.endswith("/organisations?q=dryers")
        page.goto("/portfolio")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")

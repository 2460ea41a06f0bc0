"""What people decide on pages, with and without JavaScript: dismissals, rules, reviews, who is who, accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened
from tests.browser.marks import BROWSER

pytestmark = BROWSER


@dataclass(frozen=True)
class Desk:
    """A page, and the trade whose records its tests decide on."""

    page: Page
    trade: str

    def row(self, words: str, table: str) -> Locator:
        return self.page.get_by_role("table", name=table).get_by_role("row").filter(has_text=words)


@pytest.fixture(scope="module", params=[("dryers", True), ("stoves", False)], ids=["script", "no-script"])
def desk(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Desk]:
    trade, scripts = request.param
    with opened(java_script_enabled=scripts) as page:
        yield Desk(page, trade)


def _record(page: Page, stage: str, *, corrects: bool = False, **fields: str) -> None:
    """Fill the form of a pair's page, or the one that corrects the last event, and send it."""
    press = "Correct it" if corrects else "Record it"
    if corrects:
        page.get_by_text("Correct what was recorded").click()
    form = page.locator("form").filter(has=page.get_by_role("button", name=press))
    form.get_by_label("Record", exact=True).select_option(stage)
    if "reason" in fields:
        form.get_by_label("Reason, where it ends").select_option(fields["reason"])
    for label, name in (("Next action due", "due"), ("Note", "note")):
        if name in fields:
            form.get_by_label(label).fill(fields[name])
    form.get_by_role("button", name=press).click()


def test_what_is_inferred_is_confirmed_and_rejected_field_by_field(desk: Desk) -> None:
    page, title = desk.page, f"{desk.trade.capitalize()}, model 1"
    page.goto("/reviews")
    page.get_by_role("button", name=f"Confirm Sectors, {title}").click()
    row = desk.row(title, "Records with inferred fields")
    expect(row).not_to_contain_text("Sectors")
    page.get_by_role("button", name=f"Reject SDG goals, {title}").click()
    expect(row).to_have_count(0)
    page.goto(f"/capabilities/cap-{desk.trade}-1")
    expect(page.get_by_text("Sectors (reviewed)")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("SDG goals")


def test_an_outcome_has_its_day_stands_in_the_pipeline_and_is_corrected(desk: Desk) -> None:
    page, pair = desk.page, f"/needs/need-{desk.trade}/with/cap-{desk.trade}-3"
    page.goto(pair)
    _record(page, "intro_requested", due="2026-01-02", note="Wrote to the desk.")
    expect(page.locator("#outcome")).to_contain_text("chase the reply to the introduction")
    expect(page.locator("#outcome")).to_contain_text(re.compile("due (Jan 2|2 Jan),? 2026"))
    page.goto("/pipeline?overdue=true")
    row = desk.row(f"{desk.trade.capitalize()}, model 3", "Pairs of the pipeline")
    expect(row).to_contain_text("overdue")
    row.get_by_role("link").first.click()
    _record(page, "shortlisted", note="Not asked yet.", corrects=True)
    expect(page.locator("#outcome > p .tag").first).to_have_text("shortlisted")
    expect(page.locator("ol.history li")).to_have_count(2)
    expect(page.locator("ol.history")).to_contain_text("stands in place of event")


def test_what_is_dismissed_leaves_the_list_is_named_there_and_comes_back_by_a_correction(desk: Desk) -> None:
    page, title = desk.page, f"{desk.trade.capitalize()}, model 2"
    page.goto(f"/needs/need-{desk.trade}")
    card = page.locator("li.match").filter(has_text=title)
    card.get_by_role("link", name="Record or dismiss").click()
    _record(page, "declined", reason="price", note="Twice the budget.")
    page.goto(f"/needs/need-{desk.trade}")
    expect(card).to_have_count(0)
    page.get_by_text("1 match is kept off this list by your decisions").click()
    page.get_by_role("link", name=title).click()
    _record(page, "shortlisted", corrects=True)
    page.goto(f"/needs/need-{desk.trade}")
    expect(card).to_have_count(1)


def test_a_reason_that_repeats_proposes_a_rule_which_is_confirmed_and_rejected(desk: Desk) -> None:
    page = desk.page
    for place in (1, 2, 3):
        page.goto(f"/needs/need-{desk.trade}/with/cap-{desk.trade}-{place}")
        _record(page, "declined", reason="timing")
    page.goto("/rules")
    provider = f"{desk.trade.capitalize()} Works Limited"
    row = desk.row(provider, "Rules of your tenant")
    expect(row).to_contain_text("timing")
    expect(row).to_contain_text("proposed")
    row.get_by_role("button", name="Confirm").click()
    expect(row).to_contain_text("confirmed")
    expect(row.get_by_role("button", name="Confirm")).to_have_count(0)
    row.get_by_role("button", name="Reject").click()
    expect(row).to_contain_text("rejected")


def test_two_organisations_are_said_to_be_one_and_taken_apart(desk: Desk) -> None:
    page, name = desk.page, f"{desk.trade.capitalize()} Works"
    page.goto(f"/organisations/org-{desk.trade}-twin")
    page.get_by_role("link", name="Who else it may be").click()
    page.get_by_role("button", name=f"It is this one {name} Limited").click()
    expect(page.get_by_text(f"It goes by {name} Limited from the next night on")).to_be_visible()
    page.get_by_role("button", name="Take the merge back").click()
    expect(page.get_by_role("button", name=f"It is this one {name} Limited")).to_be_visible()
    expect(page.locator("main")).to_contain_text("taken back")


def test_two_organisations_are_told_apart_for_good_until_that_is_taken_back(desk: Desk) -> None:
    page, names = desk.page, f"{desk.trade.capitalize()} Works"
    page.goto("/duplicates")
    row = desk.row(names, "Pairs of organisations")
    row.get_by_label("Why it is not").fill("another registration")
    row.get_by_role("button", name="They are two").click()
    expect(desk.row(names, "Pairs of organisations")).to_have_count(0)
    page.goto("/duplicates?state=distinct")
    expect(row).to_contain_text("another registration")
    row.get_by_role("button", name="Take it back").click()
    page.goto("/duplicates")
    expect(row).to_have_count(1)


def test_a_filter_is_saved_under_a_name_renamed_and_removed(desk: Desk) -> None:
    page, name = desk.page, f"{desk.trade} in Bangladesh"
    page.goto("/?country=BGD")
    page.get_by_label("Save this filter as").first.fill(name)
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_role("link", name=name).click()
    assert "country=BGD" in page.url
    page.get_by_role("link", name="Change them").click()
    row = desk.row(name, "What you saved and follow")
    expect(row).to_contain_text("Country: Bangladesh")
    row.get_by_label(f"New name of {name}").fill(f"{name}, watched")
    row.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("link", name=f"{name}, watched", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Remove {name}, watched").click()
    expect(page.get_by_role("link", name=f"{name}, watched", exact=True)).to_have_count(0)


def test_a_user_and_a_key_are_made_and_ended_and_the_log_says_by_whom(desk: Desk) -> None:
    page, login = desk.page, f"{desk.trade}.desk@bank.example"
    page.goto("/administration")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Make the user").click()
    page.get_by_role("button", name=f"End {login}").click()
    expect(desk.row(login, "Users")).to_contain_text("ended")
    page.get_by_label("Name", exact=True).fill(f"the {desk.trade} of this test")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("status").first).to_contain_text(re.compile(r"shown this once: pm_\w+"))
    page.get_by_role("button", name=f"Revoke the {desk.trade} of this test").click()
    expect(desk.row(f"the {desk.trade} of this test", "Keys")).to_contain_text("revoked")
    log = page.get_by_role("table", name="The audit log")
    for action in ("user made", "user disabled", "key made", "key revoked"):
        expect(log.get_by_role("row").filter(has_text=action).first).to_be_visible()


def test_what_cannot_be_done_is_told_with_the_way_back(desk: Desk) -> None:
    page = desk.page
    page.goto("/needs/need-1/with/cap-1")
    _record(page, "declined")
    expect(page.get_by_role("alert")).to_contain_text("reason")
    page.get_by_role("link", name="Back, and try again").click()
    expect(page.get_by_role("heading", name="What became of it")).to_be_visible()

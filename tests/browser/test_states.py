"""What is not there, not allowed or not usable is told in words, with a way on; so is a store that holds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from service.accounts.roles import Role
from service.settings import Settings
from service.store import Rights, make_key, open_store
from tests.browser.conftest import Opened, read_through, sign_in
from tests.browser.marks import BROWSER
from tests.browser.test_access import _violations
from tests.service.api.running import a_server
from tests.service.api.world import NOW, World

pytestmark = BROWSER


@pytest.fixture(scope="module", params=[True, False], ids=["script", "no-script"])
def page(opened: Opened, request: pytest.FixtureRequest) -> Iterator[Page]:
    with opened(java_script_enabled=request.param) as made:
        yield made


def _told(page: Page, words: str) -> None:
    expect(page.locator("main")).to_contain_text(words)
    assert "Traceback" not in page.content()


def test_a_wrong_key_is_told_and_another_may_be_tried(opened: Opened, world: World) -> None:
    for scripts in (True, False):
        with opened(signed_in=False, java_script_enabled=scripts) as page:
            page.goto("/portfolio")
            page.get_by_label("API key").fill("pm_wrong")
            page.get_by_role("button", name="Sign in with the key").click()
            expect(page.get_by_role("alert")).to_contain_text("not good")
            page.get_by_label("API key").fill(world.key)
            page.get_by_role("button", name="Sign in with the key").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Portfolio")


def test_whose_session_has_ended_signs_in_and_comes_back_to_the_page(opened: Opened, world: World) -> None:
    with opened() as page:
        page.goto("/?q=arsenic")
        page.context.clear_cookies()
        page.get_by_role("link", name="Clean drinking water").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.get_by_label("API key").fill(world.key)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Clean drinking water")


@pytest.mark.parametrize(
    "path", ["/needs/nothing", "/capabilities/nothing", "/nothing", "/import/nothing", "/clusters/x"]
)
def test_what_is_not_there_is_told_with_a_way_on(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer
    assert answer.status == 404
    page.get_by_role("link", name="Back to the needs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Needs")


@pytest.mark.parametrize("path", ["/administration", "/import", "/reviews"])
def test_what_one_may_not_see_is_told_with_a_way_on(opened: Opened, address: str, world: World, path: str) -> None:
    with opened(signed_in=False) as page:
        sign_in(page, address, world.key_of(Role.VIEWER))
        answer = page.goto(path)
        assert answer
        assert answer.status == 403
        _told(page, "Your role does not permit this")
        assert _violations(page) == []
        page.get_by_role("link", name="Back to the needs").click()
        expect(page.get_by_role("link", name="Administration")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("big.csv", b"id,title\n" + b"x,a long title\n" * 100_000, "1 MB"),
        ("broken.xlsx", b"PK\x03\x04 this is no workbook", "Below stands why"),
        ("empty.csv", b"", "It holds no rows"),
        ("picture.png", b"\x89PNG\r\n", "Below stands why"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_words(page: Page, name: str, body: bytes, words: str) -> None:
    page.goto("/import")
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": body})
    page.get_by_label("What the rows are").select_option("needs")
    page.get_by_role("button", name="Try it").click()
    read_through(page)
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_filters_that_mean_nothing_are_told_with_the_form_still_there(page: Page) -> None:
    for path in ("/?country=Atlantis", "/organisations?country=Atlantis", "/pipeline?stage=magic", "/changes?since=x"):
        answer = page.goto(path)
        assert answer
        assert answer.status == 422, path
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("main form").first).to_be_visible()


@pytest.fixture(scope="module")
def bare(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a service whose store holds nothing and that has never made a release."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("bare"), model="hashing")
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="first", at=NOW, rights=Rights(Role.ADMIN, "default", None))
    store.close()
    with a_server(settings.data_dir) as client:
        context = browser.new_context(base_url=str(client.base_url))
        page = context.new_page()
        page.set_default_timeout(30_000)
        sign_in(page, str(client.base_url), key)
        yield page
        context.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "No need is stored yet"),
        ("/capabilities", "There is none yet"),
        ("/pipeline", "Nothing here yet"),
        ("/map", "No record names a country yet"),
        ("/reviews", "Nothing waits to be reviewed"),
        ("/rules", "No rule is proposed"),
        ("/period", "everything"),
        ("/search?q=water", "Nothing holds all of that"),
        ("/import", "Send a file"),
        ("/portfolio", "No release"),
        ("/clusters", "No release"),
        ("/changes", "No release"),
    ],
)
def test_before_anything_is_stored_pages_say_what_to_do(bare: Page, path: str, words: str) -> None:
    bare.goto(path)
    _told(bare, words)
    assert _violations(bare) == []

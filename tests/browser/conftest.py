"""One browser, one server and one small world for every test of the pages."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, expect, sync_playwright

from service.accounts.roles import Role
from tests.browser.lived import Lived, live_in
from tests.service.api.running import a_server
from tests.service.api.world import World, a_world

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
_WITHOUT = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "PaintHolding", "LensOverlay"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "ThirdPartyStoragePartitioning"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
"""What the browser does without. The first two are pages that its address bar loads for every window, which nobody sees
and which take more time than the page under test; the others are Playwright's own, said again: the last list counts."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_WITHOUT)}",
]
_NOTED = re.compile(r"status of 4\d\d|Autofocus processing was blocked")
"""What the browser notes that is as it should be: a wrong key was refused; a test typed before the page had placed the
cursor."""
DESK, PHONE = (1280, 900), (390, 844)

_PATIENCE = 30_000
"""Milliseconds: what a busy machine may take before a page counts as broken."""

Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    made = a_world(tmp_path_factory.mktemp("browsed"))
    yield live_in(made)
    made.store.close()


@pytest.fixture(scope="session")
def world(lived: Lived) -> World:
    return lived.world


@pytest.fixture(scope="session")
def address(world: World) -> Iterator[str]:
    with a_server(world.settings.data_dir) as client:
        yield str(client.base_url)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=_PATIENCE)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def sign_in(page: Page, address: str, key: str) -> None:
    page.goto(f"{address}/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in with the key").click()
    expect(page.get_by_role("heading", name="Needs", level=1)).to_be_visible()


@pytest.fixture(scope="session")
def session(browser: Browser, address: str, world: World) -> StorageState:
    """The cookies of somebody who signed in, once for all tests."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, address, world.key_of(Role.ADMIN))  # who sees every page
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="session")
def opened(browser: Browser, address: str, session: StorageState) -> Opened:
    """Open pages: signed in unless told otherwise. They must load nothing from elsewhere and log nothing."""

    @contextmanager
    def open_(*, signed_in: bool = True, size: tuple[int, int] = DESK, **options: Any) -> Iterator[Page]:
        state = session if signed_in else None
        viewport = ViewportSize(width=size[0], height=size[1])
        context = browser.new_context(base_url=address, viewport=viewport, storage_state=state, **options)
        said: list[str] = []
        asked: list[str] = []
        page = context.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("console", lambda message: None if _NOTED.search(message.text) else said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        try:
            yield page
            assert said == []
            assert [url for url in asked if not url.startswith((address, "data:", "about:", "blob:"))] == []
        finally:
            context.close()

    return open_


def fits(page: Page) -> bool:
    page.wait_for_load_state("load")  # a heading can be seen before the style sheet has come
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def read_through(page: Page) -> None:
    """Look again until a file was read: a slow machine says so meanwhile."""
    for _ in range(20):
        if not page.get_by_role("link", name="Look again").count():
            return
        page.get_by_role("link", name="Look again").click()
    raise AssertionError("the file is never read")

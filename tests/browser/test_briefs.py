"""Briefs as a browser prints them: one page of A4, styled by nothing but themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from service.exports.choices import Format, Wanted
from service.exports.writing import export
from service.releases import Release
from service.visibility import Visibility
from tests.browser.marks import BROWSER
from tests.service.releases.making import a_match, a_near_miss, a_release, a_shortlist

pytestmark = BROWSER
LONG = "Both speak of low-head turbines, of grids that are far, of spare parts and of people trained on site. " * 12


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    matches = [a_match("need-1", f"cap-{rank}", rank, summary=LONG) for rank in range(1, 8)]
    misses = [a_near_miss("need-1", f"cap-{rank}", rank) for rank in (8, 9)]
    return a_release(tmp_path_factory.mktemp("printed"), a_shortlist("need-1", *matches, *misses, considered=12))


@pytest.mark.parametrize("capability", [None, "cap-1", "cap-9"])
def test_a_brief_prints_on_one_page_and_asks_for_nothing(
    browser: Browser, release: Release, tmp_path: Path, capability: str | None
) -> None:
    path = tmp_path / "brief.html"
    export(release, Visibility(), path, Wanted(form=Format.BRIEF, need="need-1", capability=capability))
    page = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).borderBottomStyle") == "solid"
    printed = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert said == []
    assert asked == [path.as_uri()]

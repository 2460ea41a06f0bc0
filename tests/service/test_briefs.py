"""A brief is one page that needs nothing else: no script, no other host, every text escaped."""

import io
import re
from pathlib import Path

import pytest

from matcher.errors import BadInput
from service.exports import briefs
from service.exports.choices import Format, Wanted
from service.exports.writing import export
from service.releases import Release
from service.visibility import Visibility
from tests.service.releases.making import a_match, a_near_miss, a_release, a_shortlist

HOSTILE = '<script>alert("x")</script>'
LISTS = (
    a_shortlist(
        "need-1",
        *(a_match("need-1", f"cap-{number}", number) for number in range(1, 8)),
        a_near_miss("need-1", "cap-8", 8),
        considered=12,
    ),
    a_shortlist("need-2", a_match("need-2", "cap-1", summary=HOSTILE, capability_title=HOSTILE)),
    a_shortlist("need-3"),
)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return a_release(tmp_path / "releases", *LISTS)


def brief(release: Release, need: str, capability: str | None = None, visible: Visibility | None = None) -> str:
    sink = io.BytesIO()
    export(release, visible or Visibility(), sink, Wanted(form=Format.BRIEF, need=need, capability=capability))
    return sink.getvalue().decode()


def test_a_needs_page_shows_the_best_and_counts_the_rest(release: Release) -> None:
    page = brief(release, "need-1")
    assert [int(rank) for rank in re.findall(r"<h3>(\d+)\. ", page)] == [1, 2, 3, 4, 5, 8]
    assert "2 further matches and 0 near misses" in page
    assert "eligible if training counts" in page
    assert release.id in page


def test_a_pairs_page_tells_its_points_gates_and_questions(release: Release) -> None:
    page = brief(release, "need-1", "cap-2")
    for said in ("Rank 2", "+2.50", "unknown", "places not stated", "Where do you deliver?", "Organisation capability"):
        assert said in page


@pytest.mark.parametrize("capability", [None, "cap-1"])
def test_a_brief_needs_no_other_file_and_runs_nothing(release: Release, capability: str | None) -> None:
    page = brief(release, "need-2", capability)
    assert not re.search(r"<(script|link|img|iframe)\b|\b(src|href)=|url\(|@import|style=", page)
    assert "&lt;script&gt;" in page


def test_a_brief_allows_its_own_style_by_hash_and_nothing_else(release: Release) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', brief(release, "need-1"))
    assert policy is not None
    assert policy[1].replace("&#39;", "'") == briefs.policy()
    assert "'unsafe" not in briefs.policy()


def test_a_need_without_matches_says_so(release: Release) -> None:
    assert "No capability that may be seen passes every hard gate" in brief(release, "need-3")


def test_what_is_hidden_now_is_not_on_the_page(release: Release) -> None:
    hiding = Visibility({"capabilities": frozenset({"cap-2"})})
    page = brief(release, "need-1", visible=hiding)
    assert "cap-2" not in page
    assert "1 matches withheld" in page
    with pytest.raises(BadInput, match="a match of the need"):
        brief(release, "need-1", "cap-2", hiding)


def test_a_brief_about_nothing_is_refused(release: Release) -> None:
    with pytest.raises(BadInput, match="--need ID"):
        export(release, Visibility(), io.BytesIO(), Wanted(form=Format.BRIEF))
    with pytest.raises(BadInput, match="--format brief"):
        export(release, Visibility(), io.BytesIO(), Wanted(need="need-1", capability="cap-1"))

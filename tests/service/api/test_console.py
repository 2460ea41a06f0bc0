"""The pages, as text; how they look and behave in a browser is tested in tests/browser."""

import re
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.console.views import facts, said, web_address
from tests.builders import a_capability, a_need
from tests.service.api.world import HOSTILE, World

PAGES = (
    *("/", "/needs/need-1", "/needs/need-hostile", "/capabilities/cap-hostile", "/capabilities/cap-1", "/docs"),
    *("/clusters", "/unserved", "/needs/need-1/with/cap-hostile", "/needs/need-1/what-if?gate_mode=off"),
    *("/needs/need-1/compare?with=cap-1&with=cap-hostile", "/needs/need-hostile/with/cap-hostile?lift=true"),
)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def _page(client: TestClient, path: str) -> str:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("path", PAGES)
def test_what_people_wrote_is_shown_and_never_run(client: TestClient, path: str) -> None:
    text = _page(client, path)
    assert HOSTILE not in text
    for tag, attributes in _Tags(text).found:
        assert tag != "script" or attributes == {"src": "/static/console.js", "defer": None}
        assert tag not in {"iframe", "object", "img", "style"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action"):
            value = attributes.get(name)
            assert value is None or re.match(r"(/|#|\?|https?://)", value), value


def test_the_hostile_title_is_readable(client: TestClient) -> None:
    assert "&lt;script&gt;alert(" in _page(client, "/needs/need-hostile")


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_landmarks_one_heading_and_named_fields(client: TestClient, path: str) -> None:
    tags = _Tags(_page(client, path)).found
    names = [tag for tag, _ in tags]
    assert names.count("h1") == names.count("main") == 1
    assert {"header", "nav", "footer"} <= set(names)
    assert ("html", {"lang": "en", "dir": "ltr", "data-theme": "auto"}) in tags
    labelled = {attributes.get("for") for tag, attributes in tags if tag == "label"}
    fields = [a for tag, a in tags if tag in {"input", "select"} and a.get("type") != "hidden" and "hidden" not in a]
    assert {field.get("id") for field in fields} <= labelled
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")
    levels = [int(name[1]) for name in names if re.fullmatch(r"h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


def test_the_list_is_narrowed_by_its_form(client: TestClient) -> None:
    text = _page(client, "/?q=arsenic&country=&sector=&sdg=")
    assert "Clean drinking water" in text
    assert "/needs/need-1" not in text
    assert 'value="arsenic"' in text


@pytest.mark.parametrize("query", ["sdg=99", "country=Nepall", "sector=magic", "sdg=x", "cursor=x"])
def test_a_filter_that_means_nothing_is_said_on_the_page(client: TestClient, query: str) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_a_need_shows_score_tier_gates_quotes_questions_and_near_misses_apart(client: TestClient) -> None:
    text = _page(client, "/needs/need-1")
    found = client.get("/v1/needs/need-1/matches", params={"limit": 200}).json()["matches"]
    first = found[0]
    assert f">{round(100 * first['score'])}%<" in text
    assert f">{round(100 * first['best_score'])}%<" in text
    assert first["open_questions"][0]["question"] in _unescaped(text)
    passage = first["contributions"][0]["topic"]["passages"][0]["capability_passage"]
    assert passage in _unescaped(re.sub("</?mark>", "", text))
    near = [match for match in found if match["near_miss"]]
    assert near
    assert text.index('id="near"') < text.index(f"/with/{near[0]['capability_id']}")
    assert near[0]["near_miss"][0]["fix"] in _unescaped(text)


def _unescaped(text: str) -> str:
    import html

    return html.unescape(text)


def test_a_list_of_tier_b_only_says_so_on_top(client: TestClient) -> None:
    tiers = {m["tier"] for m in client.get("/v1/needs/need-1/matches").json()["matches"]} - {"C"}
    assert tiers == {"B"}
    text = _page(client, "/needs/need-1")
    assert text.index("Every eligible match is tier B") < text.index('class="matches"')


def test_a_need_for_which_nothing_is_eligible_says_so(world: World) -> None:
    world.upsert("needs", a_need("need-none", valid_until=date(2027, 1, 1), beneficiary_places=["TUV"], trl_min=9))
    world.upsert(
        "capabilities",
        *(a_capability(one, places_offered=["PER"]) for one in ("cap-1", "cap-hostile", "cap-exclusive")),
    )
    world.night()
    with world.client() as client:
        assert client.get("/v1/needs/need-none/matches").json()["eligible"] == 0
        assert "No capability passes every hard gate" in _page(client, "/needs/need-none")


def test_a_need_saved_since_the_night_is_marked_provisional(world: World) -> None:
    with world.client() as client:
        client.put("/v1/needs/need-noon", json={"title": "Turbines for a village"})
        assert "provisional" in _page(client, "/needs/need-noon")
        assert "provisional" in _page(client, "/?q=turbines")


def test_a_capability_shows_the_needs_it_could_answer(client: TestClient) -> None:
    text = _page(client, "/capabilities/cap-1")
    assert "/needs/need-1#rank-" in text
    assert 'href="https://example.org/"' in text


def test_what_is_not_there_is_told_on_a_page(client: TestClient) -> None:
    answer = client.get("/needs/nothing", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "nothing" in answer.text


def test_before_the_first_release_the_list_says_what_to_do(tmp_path: Any) -> None:
    from tests.service.api.world import a_world

    world = a_world(tmp_path, published=False)
    with world.client() as client:
        assert "matcher nightly" in _page(client, "/")
        assert "No release is served yet" in _page(client, "/needs/need-1")
    world.store.close()


@pytest.mark.parametrize(
    ("address", "linked"),
    [
        ("https://example.org/a", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//example.org", False),
        ("https:", False),
        ("http://[", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_are_linked(address: str | None, linked: bool) -> None:
    assert (web_address(address) is not None) is linked


def test_values_of_records_read_as_a_person_writes_them() -> None:
    need = a_need(
        beneficiary_places=[{"name": "Kisumu", "country": "KEN"}, "LDC"],
        budget="USD 20k-60k",
        site_conditions={"power": "5-10 kW"},
        accepted_modes=[],
        co_development_ok=False,
        sdg_goals=[7, 13],
    )
    stated = dict(facts(need))
    assert stated["Beneficiary places"] == "Kisumu (Kenya), LDC"
    assert stated["Budget"].startswith("USD 20,000-60,000")
    assert stated["Site conditions"] == "power: 5-10 kW"
    assert (stated["Accepted modes"], stated["Co development ok"], stated["SDG goals"]) == ("none", "no", "7, 13")
    assert "Trl min" not in stated
    assert said({"a_b": (1, 2)}) == "a b: 1, 2"

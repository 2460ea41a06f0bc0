"""Lists, facets, search and the map: the same records as the interface lists, to whoever may see them."""

import csv
import html
import re
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import Located
from matcher.vocabulary import Confidentiality
from service.accounts.roles import Role
from service.console.views import where
from service.console.worlds import read_points
from service.reference import data_folder, load_places
from service.store import Filters
from service.store.faceting import Places, count_facets
from tests.builders import a_capability, a_need, a_programme, an_organisation
from tests.service.api.world import World

TODAY = date(2026, 11, 22)


def _choices(text: str) -> dict[str, int]:
    """Label -> count of everything that the list of needs can be narrowed to."""
    part = text.partition('class="facets"')[2].partition("</aside>")[0]
    found = re.findall(r'<a href="[^"]+" data-partial="results">([^<]+)</a> <span class="hint">([\d,]+)</span>', part)
    return {html.unescape(label): int(count) for label, count in found}


def _rows(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/needs/([^"]+)"', text)


def test_each_facet_says_how_many_needs_it_leaves_and_leaves_as_many(client: TestClient) -> None:
    text = client.get("/").text
    part = text.partition('class="facets"')[2].partition("</aside>")[0]
    links = re.findall(r'<a href="([^"]+)" data-partial="results">[^<]+</a> <span class="hint">(\d+)</span>', part)
    assert len(links) >= 5
    for href, count in links:
        assert len(_rows(client.get(html.unescape(href)).text)) == int(count), href


def test_what_is_chosen_can_be_taken_away_again(client: TestClient) -> None:
    text = client.get("/?urgency=high&q=power").text
    assert 'href="/?q=power" data-partial="results" aria-current="true"' in text
    assert _rows(text) == ["need-hostile"]


def test_urgency_is_found_in_no_text_that_speaks_of_it(world: World) -> None:
    world.upsert(
        "needs", a_need("need-text", summary='They wrote "urgency":"high" and more.', beneficiary_places=["PER"])
    )
    with world.client() as client:
        assert _rows(client.get("/?urgency=high").text) == ["need-hostile"]


def test_what_may_not_be_seen_is_in_no_list_count_facet_or_map(world: World) -> None:
    for level in (Confidentiality.PARTNERS, Confidentiality.BROKER_ONLY):
        world.upsert(
            "needs",
            a_need(
                f"need-{level.value}",
                title="Secret lamps",
                beneficiary_places=["PER"],
                sectors=["health"],
                urgency="critical",
                confidentiality=level,
            ),
        )
    paths = ("/", "/search?q=secret", "/?country=PER")
    with world.client(world.key_of(Role.VIEWER, tenant_id="elsewhere")) as client:
        for path in paths:
            assert "Secret lamps" not in client.get(path).text, path
        assert not {"Peru", "critical", "health"} & _choices(client.get("/").text).keys()
        assert not re.search(r'href="/\?country=PER"', client.get("/map").text)
    with world.client(world.key_of(Role.BROKER)) as client:
        assert all(client.get(path).text.count("Secret lamps</a>") == 2 for path in paths)
        assert _choices(client.get("/").text)["critical"] == 2
        assert re.search(r'href="/\?country=PER">2<', client.get("/map").text)


def test_facets_count_a_record_once_under_each_value(world: World) -> None:
    world.upsert("needs", a_need("need-wide", beneficiary_places=["NPL", "BGD", "LDC"], sectors=["energy.solar"]))
    with world.store.reading() as session:
        found = count_facets(session, "needs", Filters(), Places(load_places(), ("LDC",), TODAY), {})
    assert found.total == 4
    assert (found.countries["NPL"], found.countries["BGD"], found.countries["KEN"]) == (2, 2, 1)
    assert found.groups["LDC"] == 3  # need-1, need/2 and need-wide; each once
    assert (found.sectors["energy"], found.sectors["energy.solar"]) == (2, 1)
    assert found.urgencies == {"low": 0, "medium": 0, "high": 1, "critical": 0}


def test_search_finds_records_of_every_kind_and_links_each_to_its_page(client: TestClient) -> None:
    listed = client.get("/v1/search?q=a&limit=200").json()["items"]
    text = client.get("/search?q=a").text
    links = set(re.findall(r'<th scope="row"><a href="([^"]+)"', text))
    assert links == {item["href"].removeprefix("/v1") for item in listed}
    assert {item["kind"] for item in listed} >= {"needs", "capabilities"}
    for href in links:
        assert client.get(href).status_code == 200, href


@pytest.mark.parametrize("kind", ["capabilities", "organisations", "mechanisms", "facilitators", "cases"])
def test_each_kind_has_a_list_that_leads_to_its_records(client: TestClient, kind: str) -> None:
    text = client.get(f"/{kind}").text
    links = re.findall(rf'<th scope="row"><a href="(/{kind}/[^"]+)"', text)
    assert len(links) == len(client.get(f"/v1/{kind}").json()["items"]) > 0
    assert client.get(links[0]).status_code == 200


def test_an_organisation_that_nobody_described_is_shown_by_what_names_it(client: TestClient) -> None:
    offer = client.get("/v1/capabilities/cap-elsewhere").json()["record"]
    text = client.get(f"/organisations/{offer['organisation_id']}").text
    assert "/capabilities/cap-elsewhere" in text
    assert client.get("/organisations/nobody").status_code == 404


def test_every_country_has_a_point_on_the_map() -> None:
    with (data_folder() / "reference" / "countries.csv").open(encoding="utf-8-sig", newline="") as source:
        codes = {row["alpha3"] for row in csv.DictReader(source)}
    points = read_points()
    assert points.keys() == codes
    assert all(-90 <= north <= 90 and -180 <= east <= 180 for north, east in points.values())


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("COM", "Comoros"),
        ("LDC", "LDC"),
        ("Southern Asia", "Southern Asia"),
        (Located(name="Kisumu", country="KEN"), "Kisumu (Kenya)"),
    ],
)
def test_a_place_is_shown_by_its_name_a_group_as_it_is_known(place: Any, shown: str) -> None:
    assert where(a_need("n", beneficiary_places=[place])) == shown


@pytest.mark.parametrize("kind", ["capabilities", "organisations", "needs"])
def test_people_read_lists_by_title_page_by_page_and_programs_by_id(world: World, kind: str) -> None:
    titles = [f"{letter}{number:02} of a long list" for number in range(30) for letter in ("b", "\u00c1", "C")]
    made: Any = {"capabilities": a_capability, "organisations": an_organisation, "needs": a_need}[kind]
    called = "name" if kind == "organisations" else "title"
    world.upsert(kind, *(made(f"x{99 - at}", **{called: title}) for at, title in enumerate(titles)))
    with world.client() as client:
        read: list[str] = []
        path = "/?q=long" if kind == "needs" else f"/{kind}?q=long"
        while path:
            text = client.get(path).text
            read += re.findall(r'<th scope="row"><a href="[^"]+" dir="auto">([^<]+)</a>', text)
            further = re.search(r'<p class="more"><a href="([^"]+)"', text)
            path = html.unescape(further[1]) if further else ""
        assert read == sorted(titles, key=lambda title: title.replace("\u00c1", "a").lower())
        ids = [one["id"] for one in client.get(f"/v1/{kind}?q=long&limit=200").json()["items"]]
        assert ids == sorted(ids)
        assert len(ids) == len(titles)


def test_the_address_where_needs_would_be_looked_for_leads_to_them(client: TestClient) -> None:
    assert client.get("/needs?q=power").url.path == "/"
    assert _rows(client.get("/needs?q=power").text) == _rows(client.get("/?q=power").text)


def test_a_network_is_told_by_name_and_who_is_not_described_as_written(world: World) -> None:
    world.upsert("facilitators", a_programme("prog-2", title="A bridge", network=["org-1", "org-hidden", "Some desk"]))
    world.upsert("organisations", an_organisation("org-1", name="Turbine Works", network_members=["org-hostile"]))
    with world.client() as client:
        assert "Turbine Works, org-hidden, Some desk" in client.get("/facilitators/prog-2").text
        assert "&lt;script&gt;" in client.get("/organisations/org-1").text.partition("Network members")[2]


def test_an_owner_whom_nobody_described_is_told_by_id_and_one_that_nobody_stated_is_not(world: World) -> None:
    world.upsert("needs", a_need("need-2", owner_organisation_id="org-unknown", beneficiary_places=["NPL"]))
    world.upsert("capabilities", a_capability("cap-2", organisation_id="org-unknown", places_offered=["World"]))
    with world.client() as client:
        for path in ("/needs/need-2", "/capabilities/cap-2"):
            assert client.get(path).text.count("<code>org-unknown</code>") == 1
        for path in ("/needs/need-1", "/capabilities/cap-exclusive"):
            text = client.get(path).text
            assert "<code>need:" not in text
            assert "<code>capability:" not in text
            assert "rganisation id" not in text

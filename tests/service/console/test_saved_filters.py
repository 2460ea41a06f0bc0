"""Filters saved under a name: a subscription with a name, for pages and programs alike; and the facet of stages."""

import html
import re

from fastapi.testclient import TestClient

from service.accounts.roles import Role
from tests.builders import a_capability
from tests.service.api.world import World


def _saved(client: TestClient) -> list[tuple[str, str]]:
    """Name and address of each filter that the list of needs offers."""
    part = client.get("/").text.partition("Saved filters:")[2].partition("</p>")[0]
    return [
        (html.unescape(name), html.unescape(href)) for href, name in re.findall(r'href="(/\?[^"]*)"[^>]*>([^<]*)', part)
    ]


def test_what_a_list_is_narrowed_to_is_saved_renamed_and_removed(world: World) -> None:
    with world.client() as client:
        assert 'name="name"' in client.get("/?sdg=7&country=LDC").text
        form = {"name": "  Power in <LDCs> ", "sdg": "7", "country": "LDC"}
        answer = client.post("/saved", data=form, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/?country=LDC&sdg=7")
        assert _saved(client) == [("Power in <LDCs>", "/?country=LDC&sdg=7")]
        known = client.get("/v1/subscriptions").json()["items"]
        assert [(one["name"], one["needs"]["sdg"], one["needs"]["country"]) for one in known] == [
            ("Power in <LDCs>", 7, "LDC")
        ]
        one = known[0]["id"]
        assert client.post(f"/saved/{one}/rename", data={"name": "Energy"}).status_code == 200
        assert _saved(client) == [("Energy", "/?country=LDC&sdg=7")]
        assert client.get(f"/subscriptions/{one}/digest").status_code == 200
        assert client.post(f"/saved/{one}/remove").status_code == 200
        assert client.get("/v1/subscriptions").json()["items"] == []
        assert "Nothing is saved yet" in client.get("/saved").text


def test_a_name_is_given_once_and_a_form_without_one_says_so(world: World) -> None:
    with world.client() as client:
        assert client.post("/v1/subscriptions", json={"name": "Mine", "needs": {"sector": "energy"}}).status_code == 201
        taken = client.post("/saved", data={"name": "Mine", "sdg": "7"})
        assert taken.status_code == 409
        assert "choose another name" in taken.text
        assert client.post("/saved", data={"sdg": "7"}).status_code == 422
        assert client.post("/v1/subscriptions", json={"name": "Mine"}).status_code == 409


def test_a_saved_filter_is_its_owners(world: World) -> None:
    with world.client() as client:
        made = client.post("/v1/subscriptions", json={"name": "Mine", "needs": {"sdg": 7}}).json()["id"]
    with world.client(world.key_of(Role.BROKER)) as other:
        assert _saved(other) == []
        assert other.post(f"/saved/{made}/remove").status_code == 404
        assert other.post(f"/saved/{made}/rename", data={"name": "Theirs"}).status_code == 404
    with world.client(world.key_of(Role.VIEWER)) as viewer:
        assert 'action="/saved"' not in viewer.get("/?sdg=7").text
        assert viewer.post("/saved", data={"name": "x", "sdg": "7"}).status_code == 403


def test_needs_are_narrowed_by_how_far_a_pair_of_theirs_has_come(world: World) -> None:
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "shortlisted"}).raise_for_status()
        part = client.get("/").text.partition('class="facets"')[2].partition("</aside>")[0]
        assert re.search(r'href="/\?stage=shortlisted"[^>]*>shortlisted</a> <span class="hint">1<', part)
        narrowed = client.get("/?stage=shortlisted").text
        assert re.findall(r'<th scope="row"><a href="/needs/([^"]+)"', narrowed) == ["need-1"]
        assert [one["id"] for one in client.get("/v1/needs?stage=shortlisted").json()["items"]] == ["need-1"]
        assert client.get("/v1/needs?stage=pilot").json()["items"] == []
        assert client.get("/v1/capabilities?stage=shortlisted").json()["items"] == []
        assert "stage=" not in client.get("/?sdg=3").text.partition('class="facets"')[2].partition("</aside>")[0]


def test_stages_of_another_tenant_or_of_hidden_offers_are_told_to_nobody_else(world: World) -> None:
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "shortlisted"}).raise_for_status()
    with world.client(world.key_of(Role.BROKER, tenant_id="elsewhere")) as stranger:
        assert stranger.get("/v1/needs?stage=shortlisted").json()["items"] == []
        assert "?stage=" not in stranger.get("/").text
    world.upsert("capabilities", a_capability("cap-1", places_offered=["World"], review_state="withdrawn"))
    with world.client() as client:
        assert client.get("/v1/needs?stage=shortlisted").json()["items"] == []


def test_the_digest_of_a_saved_stage_is_of_the_needs_that_stand_there(world: World) -> None:
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "shortlisted"}).raise_for_status()
        made = client.post("/v1/subscriptions", json={"name": "Here", "needs": {"stage": "shortlisted"}}).json()["id"]
        none = client.post("/v1/subscriptions", json={"name": "None", "needs": {"stage": "pilot"}}).json()["id"]
    world.upsert("capabilities", a_capability("cap-0-new", places_offered=["World"], title="Kit"))
    world.night()
    with world.client() as client:
        found = client.get(f"/v1/subscriptions/{made}/digest").json()
        assert found["total"] > 0
        assert {one["need_id"] for one in found["lines"]} == {"need-1"}
        assert client.get(f"/v1/subscriptions/{none}/digest").json()["total"] == 0

"""Comparing partners and asking what if: the same answers as the interface gives, and nothing saved."""

import html
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from tests.builders import a_capability
from tests.service.api.world import World


def _text(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", answer.text)))


def test_what_if_says_what_the_interface_says(client: TestClient) -> None:
    body = {"gates": {"mode": "off"}, "need": {"trl_min": 5}}
    found = client.post("/v1/needs/need-1/what-if", json=body, params={"limit": 20}).json()
    text = _text(client, "/needs/need-1/what-if?gate_mode=off&trl_min=5")
    assert found["matches"]
    for one in found["matches"]:
        assert one["match"]["capability_title"] in text
        for cause in one["causes"][:4]:
            assert re.sub(r"\s+", " ", cause["text"]) in text
    assert f"{found['eligible']} capabilities would fail no hard gate" in text


def test_what_if_saves_nothing(client: TestClient) -> None:
    before = client.get("/v1/needs/need-1").json()
    _text(client, "/needs/need-1/what-if?accept=training&budget=9000&co_development_ok=1&complete_by=2027-01-01")
    assert client.get("/v1/needs/need-1").json() == before


@pytest.mark.parametrize("query", ["trl_min=99", "budget=lots", "complete_by=tomorrow", "accept=magic", "gate_mode=x"])
def test_a_value_that_cannot_be_used_is_told_on_the_page(client: TestClient, query: str) -> None:
    answer = client.get(f"/needs/need-1/what-if?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_an_empty_form_changes_nothing(client: TestClient) -> None:
    assert "Change something above" in _text(client, "/needs/need-1/what-if?trl_min=&gate_mode=")


def test_partners_stand_in_the_order_they_were_chosen_and_four_at_most(client: TestClient) -> None:
    ids = [one["capability_id"] for one in client.get("/v1/needs/need-1/matches").json()["matches"]]
    assert len(ids) >= 3
    answer = client.get("/needs/need-1/compare", params={"with": [*reversed(ids), "elsewhere", *ids]})
    heads = re.findall(r'<th scope="col"><a href="/needs/need-1/with/([^"]+)"', answer.text)
    assert heads == [one.replace(":", "%3A").replace("/", "%2F") for one in list(reversed(ids))[:4]]
    assert "left out" in answer.text


def test_one_partner_alone_is_shown_with_the_request_for_another(client: TestClient) -> None:
    assert "Choose two to four" in _text(client, "/needs/need-1/compare?with=cap-1")
    assert "Choose two to four" in _text(client, "/needs/need-1/compare")


def test_what_was_withdrawn_is_in_no_comparison_and_no_what_if(world: World) -> None:
    world.upsert("capabilities", a_capability("cap-exclusive", title="Gone since", review_state="withdrawn"))
    with world.client() as client:
        assert client.get("/needs/need-1/with/cap-exclusive").status_code == 404
        for path in ("/needs/need-1/compare?with=cap-1&with=cap-exclusive", "/needs/need-1/what-if?gate_mode=off"):
            assert "cap-exclusive" not in client.get(path).text.partition("<main")[2].partition("</main")[0], path


def test_what_would_lift_a_match_is_tried_when_asked(client: TestClient) -> None:
    ids = [one["capability_id"] for one in client.get("/v1/needs/need-1/matches").json()["matches"]]
    last = quote(ids[-1], safe="")
    found = client.get(f"/v1/matches/need-1/{last}/changes").json()["counterfactual"]
    text = _text(client, f"/needs/need-1/with/{last}?lift=true")
    assert all(change["action"] in text for change in found["changes"])
    assert "Try it" in _text(client, f"/needs/need-1/with/{last}")

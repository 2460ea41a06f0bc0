"""Searching partners under conditions, over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.searched import SearchedOut
from tests.service.api.world import World

VILLAGE = {"title": "Electricity for a hill village", "text": "Low-head turbines for a village", "places": ["Nepal"]}


def _found(client: TestClient, **wanted: Any) -> SearchedOut:
    answer = client.post("/v1/matches:search", json=wanted)
    assert answer.status_code == 200, answer.text
    found = SearchedOut.model_validate_json(answer.content)
    assert answer.headers["Matcher-Release"] == found.release_id
    assert len(found.placings) == len(found.matches)
    return found


def _bare(matches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The matches without what allocation made of them: it looks at a whole night."""
    ours = {"allocated", "placing", "allocation"}
    return [{name: value for name, value in match.items() if name not in ours} for match in matches]


def test_nothing_set_equals_the_night_and_the_need_matched_now(client: TestClient) -> None:
    now = client.post("/v1/matches:search", json={"need_id": "need-1", "limit": 20}).json()
    night = client.get("/v1/needs/need-1/matches", params={"limit": 200}).json()
    assert _bare(now["matches"]) == _bare(night["matches"])
    assert (now["eligible"], now["considered"], now["notes"]) == (
        night["eligible"],
        night["considered"],
        night["notes"],
    )
    adhoc = client.post("/v1/match", json=VILLAGE).json()
    assert client.post("/v1/matches:search", json={"need": VILLAGE}).json()["matches"] == adhoc["matches"]


def test_conditions_narrow_and_are_told(client: TestClient) -> None:
    found = _found(client, need=VILLAGE, must={"sectors": ["energy"]})
    assert [match.capability_id for match in found.matches] == ["cap-1"]
    found = _found(client, need=VILLAGE, must_not={"organisations": ["org-1"]})
    assert "cap-1" not in {match.capability_id for match in found.matches}
    found = _found(client, need=VILLAGE, must={"countries": ["LDC"]})
    assert {"cap-1", "cap-exclusive"} <= {match.capability_id for match in found.matches}
    found = _found(client, need=VILLAGE, must={"provider_countries": ["India"]})
    assert [match.capability_id for match in found.matches] == ["cap-1"]


def test_pins_and_exclusions_carry_their_reasons(client: TestClient) -> None:
    found = _found(
        client,
        need=VILLAGE,
        pin=[
            {"capability_id": "cap-exclusive", "reason": "the ministry asked"},
            {"capability_id": "cap-elsewhere", "reason": "an old friend"},
        ],
        exclude=[{"organisation_id": "org-1", "reason": "dormant"}, {"capability_id": "not-there", "reason": "gone"}],
    )
    assert (found.matches[0].capability_id, found.placings[0].pinned) == ("cap-exclusive", "the ministry asked")
    assert [(one.capability_id, one.reason) for one in found.not_pinned] == [("cap-elsewhere", "an old friend")]
    assert [gate.gate.value for gate in found.not_pinned[0].gates] == ["place"]
    assert "cap-1" not in {match.capability_id for match in found.matches}
    assert [one.reason for one in found.excluded] == ["dormant", "gone"]


def test_no_adequate_partner_names_the_nearest_and_the_gate(client: TestClient) -> None:
    found = _found(client, need=VILLAGE, must={"organisations": ["capability:cap-elsewhere"]})
    assert not found.adequate
    assert found.nearest is not None
    assert found.nearest.match.capability_id == "cap-elsewhere"
    assert found.nearest.why.startswith("No adequate partner: the nearest fails place:")
    assert [gate.gate.value for gate in found.nearest.gates] == ["place"]
    low = _found(client, need=VILLAGE, min_score=1)
    assert low.nearest is not None
    assert low.nearest.below_min_score


def test_groups_preferences_variety_and_examples(client: TestClient) -> None:
    found = _found(client, need=VILLAGE, group_by="organisation", per_group=1, diversity=0.5, like=["cap-1"])
    assert found.groups is not None
    assert [group.capability_ids[0] for group in found.groups] == [
        match.capability_id for match in found.matches if not match.near_miss
    ]
    preferred = _found(client, need=VILLAGE, should={"sectors": ["energy"]}, unlike=["capability:odd/id"])
    assert preferred.placings[0].preferences == ["sectors"]
    by_country = _found(client, need=VILLAGE, group_by="country")
    assert {group.key for group in by_country.groups or []} >= {"IND", None}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "body"),
        ({"need_id": "need-1", "need": VILLAGE}, "body"),
        ({"need_id": "need-1", "limt": 3}, "limt"),
        ({"need_id": "need-1", "must": {"countries": ["Nepall"]}}, "must.countries"),
        ({"need_id": "need-1", "must": {"sectors": ["magic"]}}, "must.sectors.0"),
        ({"need_id": "need-1", "pin": [{"capability_id": "cap-9", "reason": "x"}]}, "pin.0"),
        ({"need_id": "need-1", "like": ["cap-9"]}, "like.0"),
        ({"need_id": "need-1", "diversity": 2}, "diversity"),
        ({"need_id": "need-1", "exclude": [{"reason": "x"}]}, "exclude.0"),
        ({"need": {"trl_min": 12, "title": "x"}}, "trl_min"),
    ],
)
def test_what_cannot_be_used_is_named(client: TestClient, wanted: dict[str, Any], field: str) -> None:
    answer = client.post("/v1/matches:search", json=wanted)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_a_need_that_is_not_there_is_a_problem(client: TestClient) -> None:
    assert client.post("/v1/matches:search", json={"need_id": "need-9"}).status_code == 404


def test_what_was_withdrawn_since_is_as_if_it_were_not_there(world: World) -> None:
    from tests.builders import a_capability

    world.upsert("capabilities", a_capability("cap-1", review_state="withdrawn"))
    with world.client() as client:
        found = _found(client, need=VILLAGE, limit=100, min_score=0)
        assert "cap-1" not in {match.capability_id for match in found.matches}
        answer = client.post("/v1/matches:search", json={"need": VILLAGE, "like": ["cap-1"]})
        assert answer.status_code == 422

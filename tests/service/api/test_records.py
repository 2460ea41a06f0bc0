"""Lists, pages and search of records."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import KINDS
from service.api.answers import address
from service.api.schemas import SearchOut


def _ids(client: TestClient, path: str, **query: Any) -> list[str]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_listed_and_each_record_can_be_had(client: TestClient, kind: str) -> None:
    listed = client.get(f"/v1/{kind}").json()["items"]
    assert listed
    for item in listed:
        assert client.get(address("v1", kind, item["id"])).json() == item
        assert KINDS[kind].model_validate(item["record"]).id == item["id"]


def test_pages_follow_each_other_and_hold_every_record_once(client: TestClient) -> None:
    whole = _ids(client, "/v1/capabilities", limit=200)
    found: list[str] = []
    cursor = None
    for _ in range(len(whole) + 1):
        answer = client.get("/v1/capabilities", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["id"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == whole


def test_filters_narrow_and_must_all_hold(client: TestClient) -> None:
    assert _ids(client, "/v1/needs", country="Nepal") == ["need-1"]
    assert _ids(client, "/v1/needs", sector="energy") == ["need-1"], "a parent finds its children"
    assert _ids(client, "/v1/needs", sdg=7) == ["need-1"]
    assert _ids(client, "/v1/needs", q="arsen well") == ["need/2:odd %2F id"]
    assert _ids(client, "/v1/needs", country="NPL", q="arsenic") == []


def test_a_country_finds_what_is_stated_for_a_group_it_belongs_to(client: TestClient) -> None:
    assert {"cap-1", "capability:odd/id"} <= set(_ids(client, "/v1/capabilities", country="Bangladesh"))


def test_a_group_by_name_finds_what_is_stated_for_a_member_of_today(client: TestClient) -> None:
    """Bangladesh is least developed until 2029; Kenya never was."""
    found = _ids(client, "/v1/needs", country="LDC")
    assert "need/2:odd %2F id" in found
    assert "need-hostile" not in found
    assert "need-hostile" in _ids(client, "/v1/needs", country="Sub-Saharan Africa")


def test_search_looks_through_every_kind_at_once(client: TestClient) -> None:
    answer = client.get("/v1/search", params={"q": "village"})
    found = SearchOut.model_validate_json(answer.content)
    assert {item.kind for item in found.items} == {"needs", "capabilities"}
    assert client.get(found.items[0].href).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"country": "Nepall"}, "country"),
        ({"sector": "magic"}, "sector"),
        ({"sdg": 18}, "sdg"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"contry": "Nepal"}, "contry"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_by_name_not_overlooked(
    client: TestClient, query: dict[str, Any], field: str
) -> None:
    answer = client.get("/v1/needs", params=query)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_misspelt_country_gets_suggestions(client: TestClient) -> None:
    assert "Nepal" in client.get("/v1/needs", params={"country": "Nepall"}).json()["suggestions"]

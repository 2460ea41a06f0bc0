"""Pages of one list come from one release; JSON Lines hold all that is left."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import KINDS
from tests.builders import a_capability, a_need
from tests.service.api.world import World


def _pages(client: TestClient, path: str, name: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = client.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += answer.json()[name]
        cursor = answer.json()["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("query", [{}, {"order": "allocation"}, {"tier": "B"}, {"min_score": 0.01}])
def test_pages_hold_every_match_once_in_the_order_of_the_list(client: TestClient, query: dict[str, Any]) -> None:
    path = "/v1/needs/need-1/matches"
    whole = client.get(path, params={"limit": 200, **query}).json()
    assert whole["next"] is None
    assert _pages(client, path, "matches", limit=1, **query) == whole["matches"]
    lines = client.get(path, params=query, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.text.splitlines()] == whole["matches"]
    assert lines.headers["Matcher-Release"] == whole["release_id"]


def test_pages_of_the_needs_of_a_capability(world: World) -> None:
    world.upsert("needs", *(a_need(f"more-{n}") for n in range(7)))
    world.night()
    path = "/v1/capabilities/cap-1/matches"
    with world.client() as client:
        whole = client.get(path, params={"limit": 200}).json()["needs"]
        assert len(whole) >= 8
        assert _pages(client, path, "needs", limit=3) == whole
        lines = client.get(path, headers={"Accept": "application/x-ndjson"}).text.splitlines()
        assert [json.loads(line) for line in lines] == whole


def test_a_cursor_goes_on_in_its_release_while_that_is_kept_and_says_so_after(world: World) -> None:
    path = "/v1/needs/need-1/matches"
    with world.client() as client:
        first = client.get(path, params={"limit": 1}).json()
        whole = client.get(path, params={"limit": 200}).json()
    world.upsert("capabilities", a_capability("cap-0", title="Electricity for a hill village", places_offered=["NPL"]))
    world.night()
    with world.client() as client:
        now = client.get(path, params={"limit": 1}).json()
        assert now["release_id"] != first["release_id"]
        rest = client.get(path, params={"limit": 200, "cursor": first["next"]})
        assert rest.headers["Matcher-Release"] == first["release_id"]
        assert rest.json()["matches"] == whole["matches"][1:]
        shutil.rmtree(world.settings.releases_dir / first["release_id"])
    with world.client() as client:
        answer = client.get(path, params={"cursor": first["next"]})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (410, "cursor-gone")


def test_an_earlier_release_shows_nothing_that_was_withdrawn_since(world: World) -> None:
    with world.client() as client:
        first = client.get("/v1/needs/need-1/matches", params={"limit": 1}).json()
        rest = client.get("/v1/needs/need-1/matches", params={"cursor": first["next"]}).json()["matches"]
    gone = rest[0]["capability_id"]
    world.upsert("capabilities", a_capability(gone, review_state="withdrawn"))
    world.night()
    with world.client() as client:
        later = client.get("/v1/needs/need-1/matches", params={"cursor": first["next"]}).json()
        assert [match["capability_id"] for match in later["matches"]] == [m["capability_id"] for m in rest[1:]]
        assert later["withheld"] == 1


def test_a_provisional_list_has_pages_until_the_need_changes(world: World) -> None:
    body = {"title": "Electricity", "text": "Low-head turbines for a village", "places": ["Nepal"]}
    with world.client() as client:
        client.put("/v1/needs/noon", json=body)
        path = "/v1/needs/noon/matches"
        whole = client.get(path, params={"limit": 200}).json()["matches"]
        assert _pages(client, path, "matches", limit=1) == whole
        cursor = client.get(path, params={"limit": 1}).json()["next"]
        client.put("/v1/needs/noon", json={**body, "trl_min": 3})
        assert client.get(path, params={"cursor": cursor}).status_code == 410


def test_a_cursor_of_another_list_or_with_other_filters_is_refused(client: TestClient) -> None:
    path = "/v1/needs/need-1/matches"
    cursor = client.get(path, params={"limit": 1}).json()["next"]
    for where, query in (
        (path, {"min_score": 0.2}),
        (path, {"order": "allocation"}),
        ("/v1/needs/need-hostile/matches", {}),
        ("/v1/capabilities/cap-1/matches", {}),
    ):
        assert client.get(where, params={**query, "cursor": cursor}).status_code == 422
    for bad in ("nonsense", "e30=", "WzFd", "bnVsbA=="):
        assert client.get(path, params={"cursor": bad}).status_code == 422


def test_a_cursor_leads_out_of_no_folder(client: TestClient) -> None:
    from service.api.paging import Mark, write

    for name in ("..", "../..", ".", "/etc", "", "a/../.."):
        forged = write(Mark(name, "", (0, 0)), ["need-1", 0.0, "score"])
        assert client.get("/v1/needs/need-1/matches", params={"cursor": forged}).status_code == 410


@pytest.mark.parametrize("kind", KINDS)
def test_lists_of_records_stream_whole_as_lines(client: TestClient, kind: str) -> None:
    whole = client.get(f"/v1/{kind}", params={"limit": 200}).json()["items"]
    lines = client.get(f"/v1/{kind}", headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert [json.loads(line) for line in lines] == whole
    refused = client.get(f"/v1/{kind}?country=Nepall", headers={"Accept": "application/x-ndjson"})
    assert refused.status_code == 422, "told before anything is sent"

"""Reports and clusters over HTTP: of the release that is served, less what may not be seen now."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from matcher.vocabulary import Confidentiality
from service.accounts.roles import Role
from service.reports.names import ReportName
from tests.builders import a_need
from tests.service.api.world import AS_OF, HOSTILE, World

NAMES = [name.value for name in ReportName if name is not ReportName.CLUSTERS]
TOWNS = [
    a_need(f"town-{n}", cluster="Hill towns", beneficiary_places=["NPL"], summary="Power from a river.") for n in (1, 2)
]


@pytest.mark.parametrize("path", [*(f"/v1/reports/{name}" for name in NAMES), "/v1/clusters"])
def test_a_report_is_what_is_described_and_names_its_release(client: TestClient, path: str) -> None:
    answer = client.get(path)
    document: dict[str, Any] = client.get("/openapi.json").json()
    said = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**said, "components": document["components"]}).validate(answer.json())
    assert answer.json()["release_id"] == answer.headers["Matcher-Release"]


def test_there_is_no_other_report(client: TestClient) -> None:
    assert client.get("/v1/reports/weather").status_code == 404


def test_a_cluster_is_listed_and_has_its_page(world: World) -> None:
    world.upsert("needs", *TOWNS)
    world.night(AS_OF.replace(day=23))
    with world.client() as client:
        document: dict[str, Any] = client.get("/openapi.json").json()
        (line,) = (one for one in client.get("/v1/clusters").json()["clusters"] if one["label"] == "Hill towns")
        page = client.get(f"/v1/clusters/{line['id']}")
        said = document["paths"]["/v1/clusters/{cluster_id}"]["get"]["responses"]["200"]["content"]["application/json"]
        Draft202012Validator({**said["schema"], "components": document["components"]}).validate(page.json())
        assert [one["need_id"] for one in page.json()["members"]] == ["town-1", "town-2"]
        assert page.headers["Matcher-Release"] == page.json()["release_id"]
        missing = client.get("/v1/clusters/c-none")
        assert (missing.status_code, missing.json()["type"].rpartition(":")[2]) == (404, "unknown-record")


def test_a_need_withdrawn_since_leaves_reports_and_clusters(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kept report is of what could be seen then: it is made anew when that changes."""
    monkeypatch.setattr("service.api.live.LOOKED_UP", 0.0)
    world.upsert("needs", *TOWNS)
    world.night(AS_OF.replace(day=23))
    with world.client(world.key_of(Role.VIEWER)) as client:
        before = client.get("/v1/clusters").json()
        (line,) = (one for one in before["clusters"] if one["label"] == "Hill towns")
        assert line["members"] == 2
        world.upsert("needs", TOWNS[0].model_copy(update={"confidentiality": Confidentiality.BROKER_ONLY}))
        after = client.get("/v1/clusters").json()
        (line,) = (one for one in after["clusters"] if one["label"] == "Hill towns")
        assert (line["members"], line["withheld"]) == (1, 1)
        assert "town-1" not in client.get(f"/v1/clusters/{line['id']}").text


def test_pages_show_clusters_with_their_members_and_partners_and_run_nothing(world: World) -> None:
    """The name of a cluster is what people wrote."""
    world.upsert("needs", *(town.model_copy(update={"cluster": HOSTILE}) for town in TOWNS))
    world.night(AS_OF.replace(day=23))
    with world.client() as client:
        client.headers["Accept"] = "text/html"
        listed = client.get("/clusters").text
        page = client.get(re.findall(r'href="(/clusters/[^"]+)"', listed)[0]).text
        for text in (listed, page):
            assert HOSTILE not in text
            assert "&lt;script&gt;" in text
        assert 'href="/needs/town-1#rank-' in page
        assert "serve several members" in page
        assert client.get("/clusters/c-none").status_code == 404
        assert "Whom to recruit" in client.get("/unserved").text

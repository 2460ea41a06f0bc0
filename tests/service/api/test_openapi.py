"""The description of the interface: kept, complete, and true of what is sent."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from service.api.problems import MEDIA_TYPE
from tests.service.api.contract import CONTRACT, written


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_the_interface_changes_only_on_purpose() -> None:
    wanted = "wanted? then: python -m tests.service.api.contract, and CHANGELOG.md"
    assert CONTRACT.read_text(encoding="utf-8") == written(), wanted


def test_every_operation_is_named_described_and_tells_its_problems(document: dict[str, Any]) -> None:
    names = []
    for path, methods in document["paths"].items():
        assert path.startswith("/v1/"), "the pages are no part of the interface"
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["summary"]
            assert operation["description"]
            assert all(MEDIA_TYPE in operation["responses"][status]["content"] for status in ("401", "404", "422"))
            assert all(one.get("description") for one in operation.get("parameters", []))
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            shown = [example for body in bodies for example in body.get("examples", {}).values()]
            assert all(example["summary"] for example in shown), "the page of the interface shows it above each"
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r"#/components/schemas/[^\"']+", str(document))):
        assert reference.rpartition("/")[2] in document["components"]["schemas"]


def test_only_health_and_readiness_ask_for_no_key(document: dict[str, Any]) -> None:
    assert document["security"]
    free = [path for path, methods in document["paths"].items() if methods.get("get", {}).get("security") == []]
    assert free == ["/v1/health", "/v1/ready"]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/needs/need-1/matches", "/v1/needs/{need_id}/matches"),
        ("/v1/matches/need-1/cap-1", "/v1/matches/{need_id}/{capability_id}"),
        ("/v1/capabilities/cap-1/matches", "/v1/capabilities/{capability_id}/matches"),
        ("/v1/needs", "/v1/needs"),
        ("/v1/organisations/org-1", "/v1/organisations/{record_id}"),
        ("/v1/search?q=village", "/v1/search"),
        ("/v1/releases/current", "/v1/releases/current"),
        ("/v1/key", "/v1/key"),
        ("/v1/reports/allocation", "/v1/reports/allocation"),
    ],
)
def test_what_is_sent_is_what_is_described(
    client: TestClient, document: dict[str, Any], path: str, template: str
) -> None:
    answer = client.get(path)
    said = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**said, "components": document["components"]}).validate(answer.json())


def test_the_examples_of_a_body_are_accepted(client: TestClient, document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/match"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert client.post("/v1/match", json=example["value"]).status_code == 200
        Draft202012Validator({**body["schema"], "components": document["components"]}).validate(example["value"])

"""Every error is problem+json, and says nothing of the inside."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.guarding import BODY_LIMIT, HEADERS
from service.api.problems import ProblemOut
from service.store import StoreUnavailable
from tests.service.api.world import World


def _problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    ProblemOut.model_validate({name: found.get(name) for name in ProblemOut.model_fields})
    return found


def test_401(served: World) -> None:
    with served.client("") as client:
        assert _problem(client.get("/v1/needs?q=x"), 401)["instance"] == "/v1/needs"


def test_404_of_an_address_and_of_a_record(client: TestClient) -> None:
    assert _problem(client.get("/v1/nothing"), 404)["type"] == "about:blank"
    found = _problem(client.get("/v1/needs/a%2Fb"), 404)
    assert (found["type"], found["instance"]) == ("urn:partner-matcher:problem:unknown-record", "/v1/needs/a%2Fb")


def test_405_names_what_is_allowed(client: TestClient) -> None:
    answer = client.post("/v1/needs/need-1")
    _problem(answer, 405)
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "of all its routes, not of the first"


def test_options_names_what_is_allowed_and_an_unknown_address_stays_unknown(client: TestClient) -> None:
    answer = client.options("/v1/needs/need-1/matches")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert client.options("/v1/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/v1/needs/need-1", "/v1/needs", "/", "/v1/needs/nothing", "/v1/health"])
def test_head_answers_as_get_does_without_the_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    varying = {"x-request-id", "ratelimit", "content-security-policy", "set-cookie"}
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty: send one JSON object, {...}."),
        (b'{"text": NaN}', "The body is not JSON from line 1, column 10 on: "),
        (b"[]", "Expected one JSON object, {...}, with the fields of a record; got a list."),
        (b"null", "Expected one JSON object, {...}, with the fields of a record; got a bare null, true or false."),
    ],
)
def test_a_body_that_is_no_json_object_is_told_where_and_what_it_is(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post("/v1/match", content=body, headers={"Content-Type": "application/json"})
    assert _problem(answer, 422)["detail"].startswith(said)


def test_an_encoded_body_is_refused_and_not_taken_for_broken_json(client: TestClient) -> None:
    packed = gzip.compress(b'{"text": "pump"}')
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    found = _problem(client.post("/v1/match", content=packed, headers=sent), 415)
    assert found["detail"] == "Send the body as it is, without Content-Encoding; got 'gzip'."


def test_a_value_out_of_a_closed_list_is_told_in_one_sentence(client: TestClient) -> None:
    found = _problem(client.post("/v1/match", json={"text": "pump", "sectors": ["x"]}), 422)
    assert found["detail"].startswith("sectors: expected a sector of the closed list (agriculture, ")


def test_what_is_no_part_of_a_whole_is_named_before_the_whole(client: TestClient) -> None:
    found = _problem(client.get("/v1/clusters/none"), 404)
    assert found["detail"] == "There is no cluster 'none' of the release here."


def test_413_whether_the_length_is_stated_or_not(client: TestClient) -> None:
    big = json.dumps({"text": "x" * BODY_LIMIT}).encode()

    def pieces() -> Iterator[bytes]:
        yield from (big[start : start + 65536] for start in range(0, len(big), 65536))

    for body in (big, pieces()):
        answer = client.post("/v1/match", content=body, headers={"Content-Type": "application/json"})
        _problem(answer, 413)


def test_a_body_of_just_the_limit_is_read(client: TestClient) -> None:
    frame = len(json.dumps({"text": "", "trl_min": 12}))
    body = json.dumps({"text": "x" * (BODY_LIMIT - frame), "trl_min": 12})
    assert len(body) == BODY_LIMIT
    _problem(client.post("/v1/match", content=body), 422)


def test_415_for_a_body_that_is_not_json(client: TestClient) -> None:
    _problem(client.post("/v1/match", data={"title": "x"}), 415)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"title": NaN}', b'"x"', b"\xff\xfe{}", b"[" * 100_000, b'{"a":1}{"b":2}']
)
def test_422_for_a_body_that_is_no_json_object(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/match", content=body, headers={"Content-Type": "application/json"})
    assert _problem(answer, 422)["type"].endswith(":not-json")


def test_500_never_tells_the_exception(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret inside /etc/passwd")

    with served.client() as client:
        monkeypatch.setattr("service.api.matches.shortlists.serve", fails)
        answer = client.get("/v1/needs/need-1/matches")
    _problem(answer, 500)
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_500_of_a_page_is_a_page_that_tells_no_more(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("secret inside /etc/passwd")

    with served.client() as client:
        monkeypatch.setattr("service.api.matches.shortlists.serve", fails)
        answer = client.get("/needs/need-1", headers={"Accept": "text/html"})
        called = client.get("/v1/needs/need-1/matches", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "Something failed on the server" in answer.text
    assert "secret" not in answer.text
    _problem(called, 500)


def test_503_while_the_store_cannot_be_reached(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise StoreUnavailable("postgresql://user@inside/db", "refused", "start it")

    with served.client() as client:
        monkeypatch.setattr("service.api.live.standing_now", fails)
        answer = client.get("/v1/needs/need-1/matches")
    assert "inside" not in _problem(answer, 503)["detail"]


def test_a_crowd_of_new_needs_is_told_to_come_back(served: World) -> None:
    from service.api.deciding import WAITING

    with served.client() as client:
        deciding = client.app.state.context.deciding  # type: ignore[attr-defined]  # the test client keeps the app untyped
        for _ in range(WAITING):
            deciding._places.acquire()
        answer = client.post("/v1/match", json={"text": "Low-head turbines"})
        for _ in range(WAITING):
            deciding._places.release()
        assert _problem(answer, 503)["type"].endswith(":busy")
        assert client.post("/v1/match", json={"text": "Low-head turbines"}).status_code == 200


def test_another_model_than_the_releases_is_said_not_guessed(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.encoder.HashingEncoder.name", "another@1/float32", raising=False)
    with served.client() as client:
        assert _problem(client.post("/v1/match", json={"text": "x y z"}), 503)["type"].endswith(":other-model")


@pytest.mark.parametrize("path", ["/v1/health", "/v1/nothing", "/", "/static/console.css", "/sign-in"])
def test_every_answer_carries_the_safe_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == dict(HEADERS)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "server" not in headers


def test_health_and_readiness_say_nothing_but_that(served: World) -> None:
    with served.client("") as client:
        assert client.get("/v1/health").json() == {"status": "ok"}
        assert client.get("/v1/ready").json() == {"ready": True, "store": True, "release": True}


@pytest.mark.parametrize(
    ("query", "field", "expected", "fix"),
    [
        ("limit=0", "limit", "greater than or equal to 1", ""),
        ("colour=red", "colour", "a name that is known here", "check the spelling, or leave it out"),
        ("urgency=now", "urgency", "'low', 'medium', 'high' or 'critical'", "choose one of them"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_told_with_what_was_expected(
    client: TestClient, query: str, field: str, expected: str, fix: str
) -> None:
    found = _problem(client.get(f"/v1/needs?{query}"), 422)
    assert found["detail"] == f"{field}: expected {expected}; got '{query.partition('=')[2]}'."
    (error,) = found["errors"]
    assert (error["field"], error["expected"], error["fix"]) == (field, expected, fix)
    assert error["value"] == query.partition("=")[2]


def test_a_body_that_cannot_be_used_is_told_member_by_member(client: TestClient) -> None:
    body = {"title": "Pumps", "summary": "Water pumps.", "colour": "red", "urgency": "now"}
    found = _problem(client.post("/v1/match", json=body), 422)
    assert found["detail"] == "Some values cannot be used: colour, urgency."
    assert [(error["expected"], error["fix"]) for error in found["errors"]] == [
        ("a field of the record", "check the spelling, or leave it out"),
        ("'low', 'medium', 'high' or 'critical'", "choose one of the listed values"),
    ]
    found = _problem(client.post("/v1/matches/need-1/cap-1/events", json={"stage": "magic"}), 422)
    assert found["detail"].startswith("stage: expected 'suggested', 'viewed',")
    found = _problem(client.post("/v1/matches/need-1/cap-1/events", json={}), 422)
    assert (found["detail"], found["errors"][0]["value"]) == ("stage: expected a value.", "")

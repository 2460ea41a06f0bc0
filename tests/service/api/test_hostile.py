"""What a stranger sends to break in, to break down, or to learn what is there: refused in words, and told nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from service.accounts.roles import Role
from service.store import dangling_organisations
from tests.builders import a_need
from tests.service.api.matrix import SECRETS, STRANGER, a_secret_world
from tests.service.api.world import World
from tests.waiting import until

PAGED = {
    "/v1/needs": "cursor",
    "/v1/search?q=power": "cursor",
    "/v1/duplicates": "cursor",
    "/v1/needs/need-1/matches": "cursor",
    "/v1/reviews": "after",
}
JUNK = (
    "[" * 1_400,
    '["needs", "\\ud800"]',
    '[NaN, "a", "b"]',
    '[1e400, "a", "b"]',
    '["\\u0000", "\\u0000"]',
    "[[], {}]",
    '{"a": 1}',
    "null",
    '["r", "", [9e99, 1], "x"]',
)


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("junk", JUNK, ids=lambda one: one[:12])
@pytest.mark.parametrize("path", PAGED)
def test_no_cursor_breaks_a_list(served: World, path: str, junk: str) -> None:
    with served.client(raise_server_exceptions=False) as client:
        for sent in (junk, _encoded(junk), _encoded(junk)[:-1] + "~"):
            answer = client.get(path, params={PAGED[path]: sent})
            assert answer.status_code in {200, 422}, (sent, answer.text)


@pytest.mark.parametrize("path", ["/v1/needs", "/v1/match", "/v1/matches:search", "/v1/matches/need-1/cap-1/events"])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"need":', "}")])
def test_nothing_nested_beyond_measure_breaks_a_body(served: World, path: str, opens: str, closes: str) -> None:
    body = f"{opens * 90_000}1{closes * 90_000}"
    with served.client(raise_server_exceptions=False) as client:
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("origin", ["http://[", "null", "http://evil.example", "//x", "http://testserver.evil.example"])
def test_no_origin_but_our_own_signs_in_or_writes(served: World, origin: str) -> None:
    with served.client("", raise_server_exceptions=False, follow_redirects=False) as client:
        sign_in = {"key": served.key, "next": "/"}
        assert client.post("/sign-in", data=sign_in, headers={"Origin": origin}).status_code == 403
        assert client.post("/sign-in", data=sign_in, headers={"Origin": "http://testserver"}).status_code == 303
        answer = client.post("/v1/needs", json={"title": "x"}, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "csrf")


ASKED = {
    "needs": (
        "/v1/needs/{}",
        "/v1/needs/{}/history",
        "/v1/needs/{}/matches",
        "/v1/needs/{}/similar",
        "/v1/needs/{}/changes",
        "/v1/needs/{}/dismissed",
        "/v1/needs/{}/brief",
        "/v1/needs/{}/shortlist.xlsx",
        "/v1/matches/{}/cap-1",
        "/v1/matches/{}/cap-1/events",
        "/v1/matches/{}/cap-1/changes",
        "/needs/{}",
    ),
    "capabilities": (
        "/v1/capabilities/{}",
        "/v1/capabilities/{}/matches",
        "/v1/matches/need-1/{}",
        "/v1/matches/need-1/{}/events",
        "/v1/matches/need-1/{}/changes",
        "/capabilities/{}",
    ),
    "cases": ("/v1/cases/{}", "/v1/cases/{}/similar", "/cases/{}"),
}


@pytest.fixture(scope="module")
def secret_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = a_secret_world(tmp_path_factory.mktemp("hostile"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def stranger(secret_world: World) -> Iterator[TestClient]:
    with secret_world.client(secret_world.key_of(Role.BROKER, STRANGER), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in ASKED.items() for path in paths])
def test_what_is_hidden_takes_the_same_work_as_what_was_never_there(
    stranger: TestClient, monkeypatch: pytest.MonkeyPatch, kind: str, path: str
) -> None:
    """The same statements go to the store, and no matching is done: nothing that a clock could tell them apart by."""
    said: list[str] = []
    context = stranger.app.state.context  # type: ignore[attr-defined]
    monkeypatch.setattr("service.api.live.LOOKED_UP", 1e9)  # what is asked once a second is asked by neither
    monkeypatch.setattr(type(context.deciding), "using", lambda *_: said.append("matched"))

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if any(table in statement for table in ("FROM records", "FROM record_", "FROM events")):
            said.append(statement)  # not the watchman's rounds: keys, grants, jobs

    event.listen(context.store.engine, "before_cursor_execute", note)
    work = []
    stranger.get("/v1/needs/need-1/matches")
    for one in SECRETS:
        if one.kind == kind and not one.seen_by(Role.BROKER, STRANGER):
            for name in (one.id, "x" * len(one.id)):
                said.clear()
                assert stranger.get(path.format(name)).status_code == 404
                work.append(list(said))
    event.remove(context.store.engine, "before_cursor_execute", note)
    hidden, absent = work[::2], work[1::2]
    assert [sorted(set(each)) for each in hidden] == [sorted(set(each)) for each in absent]


def test_a_session_is_new_at_every_sign_in_and_one_that_is_planted_is_nobodys(served: World) -> None:
    with served.client("", follow_redirects=False) as client:
        planted = {"Cookie": "matcher_session=planted"}
        first = client.post("/sign-in", data={"key": served.key}, headers=planted).cookies["matcher_session"]
        second = client.post("/sign-in", data={"key": served.key}).cookies["matcher_session"]
        assert len({first, second, "planted"}) == 3
        client.cookies.clear()
        assert client.get("/v1/key", headers=planted).status_code == 401
        flags = client.post("/sign-in", data={"key": served.key}).headers["set-cookie"]
        assert all(flag in flags for flag in ("HttpOnly", "SameSite=lax", "Path=/"))


def test_every_form_of_every_page_holds_the_sessions_token() -> None:
    """Found by reading the templates: a form that posts and holds none would be refused, or worse, let through."""
    folder = Path(__file__).parents[3] / "service" / "console" / "templates"
    for template in folder.glob("*.html"):
        text = template.read_text("utf-8")
        for form in text.split("<form")[1:]:
            head, _, rest = form.partition(">")
            if 'method="post"' in head and "/sign-" not in head:
                assert "csrf_field" in rest.partition("</form>")[0], (template.name, head)


def test_no_answer_to_a_stranger_names_what_the_program_is_made_of(served: World) -> None:
    with served.client("") as client:
        for path in ("/v1/health", "/v1/needs", "/sign-in", "/no/such/place", "/openapi.json"):
            answer = client.get(path)
            assert not {"server", "x-powered-by"} & {name.lower() for name in answer.headers}
            assert "Traceback" not in answer.text
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert json.dumps(dict(answer.headers)).count("uvicorn") == 0


def test_an_import_counts_nothing_of_another_tenants_records(secret_world: World) -> None:
    secret_world.upsert(
        "needs", a_need("elsewhere", owner_organisation_id="nobody-described", confidentiality="partners")
    )
    with secret_world.store.reading() as session:
        assert dangling_organisations(session, STRANGER) == 0
        assert dangling_organisations(session, "default") == dangling_organisations(session) > 0
    with secret_world.client(secret_world.key_of(Role.BROKER, STRANGER)) as client:
        sent = client.post(
            "/v1/imports?kind=needs", content="id,title,text\nx,a,b\n", headers={"Content-Type": "text/csv"}
        )
        until(lambda: client.get(sent.headers["Location"]).json()["state"] == "done")
        job = client.get(sent.headers["Location"]).json()
    assert job["report"]["dangling_organisations"] == 0

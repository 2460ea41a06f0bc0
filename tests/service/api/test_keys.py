"""Who is let in."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Mount, Route

from service.api.app import create_app
from service.api.guarding import OPEN
from service.api.keys import KeyRing
from service.api.late import complete
from service.api.sessions import COOKIE, Sessions, session_secret
from service.settings import Settings
from service.store import list_keys, make_key, revoke_key
from tests.service.api.world import NOW, World


def _walked(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    """Open up included routers; a kind of route that is not known here fails, so that none is overlooked."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _walked(inner.routes)
        elif isinstance(route, Route):
            yield route
        else:
            assert isinstance(route, Mount), type(route)
            assert route.path == "/static", "a mount that is not walked"


def _routes() -> list[tuple[str, str]]:
    app = create_app(Settings(model="hashing"))
    complete(app)
    return [
        (method, route.path.replace("{", "").replace("}", ""))
        for route in _walked(app.routes)
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def test_the_walk_sees_every_route_of_the_interface_and_the_console() -> None:
    paths = {path for _, path in _routes()}
    assert {"/openapi.json", "/v1/match", "/v1/needs/need_id", "/", "/sign-out", "/v1/health", "/docs"} <= paths
    assert len(_routes()) > 25


@pytest.fixture(scope="module")
def stranger(served: World) -> Iterator[TestClient]:
    with served.client("", follow_redirects=False) as started:
        yield started


@pytest.mark.parametrize(("method", "path"), _routes())
@pytest.mark.parametrize("key", ["", "pm_000000000000_wrong", "no key of ours at all"])
def test_without_a_good_key_everything_is_closed_but_what_is_listed_as_open(
    stranger: TestClient, method: str, path: str, key: str
) -> None:
    answer = stranger.request(method, path, headers={"Authorization": f"Bearer {key}"} if key else {})
    if path in OPEN:
        assert answer.status_code == (401 if method == "POST" else 200)
    elif path.startswith("/v1") or path.endswith(".json") or method == "POST":
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    else:
        assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next=")


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/needs/%2e%2e/x", "/v1/../v1/needs", "/V1/needs", "/.env"])
def test_addresses_that_are_not_there_are_closed_too(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code in {401, 303}


def test_a_key_may_come_in_either_header(served: World) -> None:
    with served.client("") as client:
        for headers in ({"Authorization": f"Bearer {served.key}"}, {"X-API-Key": served.key}):
            assert client.get("/v1/key", headers=headers).json()["name"] == "test"


def test_a_revoked_key_stops_working_within_seconds(world: World) -> None:
    moment = [0.0]
    ring = KeyRing(world.store, clock=lambda: moment[0])
    principal = ring.verify(world.key)
    assert principal is not None
    assert ring.recall(world.key) == principal
    with world.store.writing() as session:
        assert revoke_key(session, principal.prefix, at=NOW)
    moment[0] += 2.0
    assert ring.recall(world.key) is None
    assert ring.verify(world.key) is None


def test_an_expired_key_is_not_good(world: World) -> None:
    with world.store.writing() as session:
        key = make_key(session, name="old", at=NOW, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with world.client(key) as client:
        assert client.get("/v1/key").status_code == 401


def test_uses_of_keys_are_noted_when_the_server_stops_at_the_latest(world: World) -> None:
    with world.client() as client:
        client.get("/v1/key")
    with world.store.reading() as session:
        assert list_keys(session)[0].last_used_at is not None


def _signed_in(world: World, **form: str) -> TestClient:
    client = TestClient(create_app(world.settings), follow_redirects=False)
    client.__enter__()
    answer = client.post("/sign-in", data={"key": world.key, "next": "/", **form})
    assert answer.status_code == 303
    return client


def test_signing_in_gives_a_cookie_that_scripts_cannot_read_and_that_is_not_the_key(served: World) -> None:
    client = TestClient(create_app(served.settings), follow_redirects=False)
    with client:
        answer = client.post("/sign-in", data={"key": served.key, "next": "/needs/need-1"})
        cookie = answer.headers["set-cookie"]
        assert answer.headers["location"] == "/needs/need-1"
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        assert served.key.split("_", 2)[2] not in cookie
        assert client.get("/").status_code == 200
        assert client.get("/v1/key").status_code == 200, "a session reads what a key reads"


def test_signing_out_takes_the_cookie_away(served: World) -> None:
    client = _signed_in(served)
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert client.get("/").status_code == 303
    client.__exit__(None, None, None)


def test_a_revoked_key_ends_its_sessions(world: World) -> None:
    client = _signed_in(world)
    with world.store.writing() as session:
        revoke_key(session, world.key.split("_")[1], at=NOW)
    assert client.get("/").status_code == 303
    client.__exit__(None, None, None)


def test_a_wrong_key_is_told_to_the_person_and_gives_no_cookie(served: World) -> None:
    with served.client("") as client:
        answer = client.post("/sign-in", data={"key": "pm_0_x"})
    assert answer.status_code == 401
    assert "not good" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "/a\r\nb", ""])
def test_nobody_is_sent_elsewhere_after_signing_in(served: World, wanted: str) -> None:
    with served.client("", follow_redirects=False) as client:
        answer = client.post("/sign-in", data={"key": served.key, "next": wanted})
    assert answer.headers["location"] == "/"


def test_signing_in_from_another_site_is_refused(served: World) -> None:
    with served.client("") as client:
        answer = client.post("/sign-in", data={"key": served.key}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("forged", ["", "x", "Im5vIg.abc.def", None], ids=["empty", "short", "made up", "other secret"])
def test_a_forged_cookie_opens_nothing(served: World, forged: str | None) -> None:
    if forged is None:
        forged = Sessions("another secret").issue("key:0123456789ab")
    with served.client("", cookies={COOKIE: forged}, follow_redirects=False) as client:
        assert client.get("/v1/key").status_code == 401


def test_a_wrong_key_is_not_mended_by_a_good_cookie(served: World) -> None:
    client = _signed_in(served)
    assert client.get("/v1/key", headers={"X-API-Key": "pm_0_wrong"}).status_code == 401
    client.__exit__(None, None, None)


def test_the_secret_is_made_once_and_is_for_this_user_alone(tmp_path: Path) -> None:
    first = session_secret(tmp_path / "data")
    assert session_secret(tmp_path / "data") == first
    assert len(first) >= 43, "256 bits"
    assert [(path.name, path.stat().st_mode & 0o777) for path in (tmp_path / "data").iterdir()] == [
        ("session-secret", 0o600)
    ]

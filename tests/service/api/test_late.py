"""Routes that are put together after the server is up: nobody who asks can tell."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route

from service.api import app as application
from service.api.app import create_app
from service.api.late import Late, complete
from service.settings import Settings
from tests.service.api.running import ROOT
from tests.service.api.test_keys import _walked
from tests.service.api.world import World

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _taker(app: FastAPI, path: str, method: str) -> Any:
    scope = {"type": "http", "path": path, "method": method, "headers": []}
    return next((route for route in app.router.routes if route.matches(dict(scope))[0] is Match.FULL), None)


def test_what_is_there_from_the_start_takes_no_address_from_what_comes_later() -> None:
    """Every address is answered by the same route before and after, or waits."""
    early, whole = create_app(Settings(model="hashing")), create_app(Settings(model="hashing"))
    complete(whole)
    paths = {route.path.replace("{", "").replace("}", "") for route in _walked(whole.router.routes)}
    assert len(paths) > 100
    seen = set()
    for path in [*sorted(paths), "/nothing/is/here", "/v1/nothing"]:
        for method in _METHODS:
            first, later = _taker(early, path, method), _taker(whole, path, method)
            assert isinstance(first, Late) or first is later or first.path == later.path == "/openapi.json", path
            seen.add(type(first))
    assert len(seen) > 1


def test_routes_that_are_late_arrive_once_however_many_ask_at_once() -> None:
    app, made, begun = FastAPI(redirect_slashes=False), [], threading.Barrier(8)

    async def here(_: Request) -> Response:
        return PlainTextResponse("here")

    def make() -> list[Route]:
        made.append(1)
        return [Route("/here", here)]

    app.router.routes = [Late(app.router, make)]
    client = TestClient(app)

    def ask(path: str) -> int:
        begun.wait()
        return client.get(path).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, ["/here", "/there"] * 4)) == [200, 404] * 4
    assert client.post("/here").status_code == 405
    assert made == [1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/needs/need-1", 200),
        ("/v1/search?q=water", 200),
        ("/v1/nothing", 404),
        ("/", 200),
        ("/static/console.css", 200),
    ],
)
def test_whoever_asks_too_early_waits_and_is_told_all(
    served: World, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    """Nothing is put together before the request that needs it here: not even the answer to a wrong address."""
    monkeypatch.setattr(application, "_get_ready", lambda *_: None)
    with served.client() as client:
        assert client.get("/v1/ready").status_code == 200
        routes = client.app.router.routes  # type: ignore[attr-defined]
        assert any(isinstance(route, Late) for route in routes)
        assert client.get(path).status_code == status
        assert not any(isinstance(route, Late) for route in client.app.router.routes)  # type: ignore[attr-defined]


def test_methods_are_told_whole_before_all_is_there(served: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_get_ready", lambda *_: None)
    with served.client() as client:
        assert client.options("/v1/needs/need-1").headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    with served.client() as client:
        assert client.delete("/v1/needs/need-1/matches").headers["Allow"] == "GET, HEAD, OPTIONS"


_EARLY = """
import sys
from service.api.app import create_app
from service.settings import Settings
create_app(Settings(model="hashing"))
late = ("service.console.pages", "service.api.records", "service.intake", "service.importing", "jinja2", "scipy")
print(sorted(set(late) & set(sys.modules)))
"""


def test_a_server_starts_without_what_comes_later() -> None:
    told = subprocess.run([sys.executable, "-c", _EARLY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"

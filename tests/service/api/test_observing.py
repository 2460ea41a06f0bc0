"""Every request has an id, is counted and logged; an account that asks too often is told so."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from service.accounts.roles import Role
from service.api.limiting import WINDOW, Quotas
from tests.logs import log_as_unless_told
from tests.service.api.world import World


def test_every_answer_names_its_request_and_takes_over_an_id_that_is_safe(served: World) -> None:
    with served.client() as client:
        given = client.get("/v1/health", headers={"X-Request-Id": "broker-7.a_b"})
        assert given.headers["X-Request-Id"] == "broker-7.a_b"
        for bad in ("x" * 65, "a b", 'a"b', ""):
            made = client.get("/v1/nothing", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
            assert made != bad
            assert len(made) == 16
    with served.client("") as client:
        assert client.get("/v1/needs").headers["X-Request-Id"]


def test_the_log_of_a_request_names_id_route_and_who_but_no_record(served: World) -> None:
    log_as_unless_told()  # a command run before in this process may have asked for warnings alone
    with (
        served.client() as client,
        structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged,
    ):
        client.get("/v1/needs/need-1", headers={"X-Request-Id": "r-1"})
    line = next(one for one in logged if one["event"] == "request")
    assert (line["request_id"], line["route"], line["status"]) == ("r-1", "/v1/needs/{record_id}", 200)
    assert line["actor"].startswith("key:")
    assert "need-1" not in str(line)


def test_metrics_count_by_route_and_are_the_operators(world: World) -> None:
    operator = world.key_of(Role.OPERATOR)
    with world.client() as client:
        for path in ("/v1/needs/need-1", "/v1/needs/need-hostile", "/v1/needs/none", "/v1/no/such/place"):
            client.get(path)
        assert client.get("/v1/metrics").status_code == 403
        assert client.get("/v1/metrics", headers={"X-API-Key": "x"}).status_code == 401
        told = client.get("/v1/metrics", headers={"X-API-Key": operator})
    assert told.headers["content-type"].startswith("text/plain; version=")
    lines = told.text.splitlines()
    counted = 'matcher_http_requests_total{method="GET",route="/v1/needs/{record_id}",status="200"} 2.0'
    assert counted in lines
    assert 'matcher_http_requests_total{method="GET",route="none",status="404"} 1.0' in lines
    assert any(line.startswith("matcher_release{") for line in lines)
    assert 'matcher_jobs{state="queued"} 0.0' in lines
    assert "need-1" not in told.text


def test_who_asks_too_often_is_told_when_to_come_back(world: World) -> None:
    settings = world.settings.model_copy(update={"rate_limit": 3})
    limited = World(settings, world.store, world.key)
    with limited.client() as client:
        left = [client.get("/v1/key").headers["RateLimit"] for _ in range(3)]
        assert [one.split(";")[:2] for one in left] == [['"account"', f"r={n}"] for n in (2, 1, 0)]
        refused = client.get("/v1/key")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
        assert refused.headers["RateLimit-Policy"] == '"account";q=3;w=60'
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert client.get("/v1/health").status_code == 200, "who watches needs no quota"
        other = client.get("/v1/key", headers={"X-API-Key": world.key_of(Role.VIEWER)})
        assert other.status_code == 200, "a quota is an account's own"


@pytest.mark.parametrize("quota", [1, 5])
def test_a_quota_is_whole_again_after_its_window(quota: int) -> None:
    now = [100.0]
    quotas = Quotas(quota, clock=lambda: now[0])
    taken: list[Any] = [quotas.take("a") for _ in range(quota + 1)]
    assert [one.allowed for one in taken] == [True] * quota + [False]
    now[0] += WINDOW - 0.1
    assert quotas.take("a") == (False, 0, 1)
    now[0] += 0.1
    assert quotas.take("a").allowed


def test_no_quota_says_nothing(world: World) -> None:
    settings = world.settings.model_copy(update={"rate_limit": 0})
    with World(settings, world.store, world.key).client() as client:
        assert "RateLimit" not in client.get("/v1/key").headers

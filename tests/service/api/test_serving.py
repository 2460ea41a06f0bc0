"""The server as it is started: over real HTTP, with one process and with several."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import pytest
from sqlalchemy import text

from service.accounts.roles import Role
from service.api.server import CannotListen, address_of, listen
from tests.service.api.running import ROOT, a_server
from tests.service.api.world import World
from tests.waiting import until

_WITHOUT_TORCH = """
import sys
from fastapi.testclient import TestClient
from service.api.app import create_app
from service.settings import load_settings
settings = load_settings(data_dir=sys.argv[1])
with TestClient(create_app(settings), headers={"X-API-Key": sys.argv[2]}) as client:
    for path in ("needs/need-1/matches", "capabilities/cap-1/matches", "matches/need-1/cap-1", "releases/current",
                 "matches/need-1/cap-elsewhere", "search?q=village"):
        assert client.get("/v1/" + path).status_code in {200, 404}
    assert client.get("/needs/need-1").status_code == 200
    assert client.get("/").status_code == 200
print(sorted({"torch", "sentence_transformers", "transformers", "pandas"} & set(sys.modules)))
"""


def test_a_published_release_is_read_without_torch_in_the_process(served: World) -> None:
    """Even with the real model set: only new text asks for it."""
    command = [sys.executable, "-c", _WITHOUT_TORCH, str(served.settings.data_dir), served.key]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split()[-1] == "[]", answer.stderr


def test_a_server_answers_over_http_and_takes_up_what_is_published(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.key}"}
    with a_server(world.settings.data_dir) as client:
        first = client.get("/v1/needs/need-1/matches", headers=headers)
        assert first.status_code == 200
        assert "server" not in first.headers
        release = world.night(date(2026, 11, 23))
        seen = {client.get("/v1/key", headers=headers).status_code}
        matches = "/v1/needs/need-1/matches"
        until(lambda: client.get(matches, headers=headers).headers["Matcher-Release"] == release)
        assert seen == {200}
        odd = client.get("/v1/needs/need%2F2%3Aodd%20%252F%20id", headers=headers)
        assert odd.json()["id"] == "need/2:odd %2F id"
        assert client.get("/v1/../v1/needs").status_code == 401
        assert client.post("/v1/match", content=b"x" * 1_100_000, headers=headers).status_code == 413


def test_several_workers_answer_alike(world: World) -> None:
    headers = {"X-API-Key": world.key}
    with a_server(world.settings.data_dir, "--workers", "2") as client:
        url = f"{client.base_url}/v1/needs/need-1/matches"
        answers = {httpx.get(url, headers=headers, timeout=30).text for _ in range(8)}  # a connection each
        assert len(answers) == 1
        saved = httpx.put(
            f"{client.base_url}/v1/needs/noon", headers=headers, json={"title": "Village turbines"}, timeout=30
        )
        assert saved.status_code == 201
        url = f"{client.base_url}/v1/needs/noon/matches"
        assert len({httpx.get(url, headers=headers, timeout=30).text for _ in range(8)}) == 1


def test_a_database_of_a_newer_version_is_refused_before_any_address_is_told(world: World) -> None:
    with world.store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    environment = {**os.environ, "MATCHER_DATA_DIR": str(world.settings.data_dir)}
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0"]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stdout) == (1, "")
    assert "a newer version" in told.stderr


def test_a_port_in_use_is_one_message_and_names_the_way_out() -> None:
    taken = listen("127.0.0.1", 0)
    with taken, pytest.raises(CannotListen, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])  # RFC 5737, RFC 6761: never anybody's
def test_an_address_of_no_interface_is_told_apart_from_a_port_in_use(host: str) -> None:
    """Another port would not help: the way out is another address."""
    with pytest.raises(CannotListen, match=rf"address of this machine; got '{host}'.*--host") as refused:
        listen(host, 0)
    assert "--port" not in str(refused.value)


def test_an_address_that_means_everywhere_is_shown_as_one_that_can_be_opened() -> None:
    with listen("0.0.0.0", 0) as listening:
        assert address_of(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_each_of_several_workers_tells_the_metrics_of_all(world: World) -> None:
    key, asked = world.key_of(Role.OPERATOR), 30
    world.store.close()
    with a_server(world.settings.data_dir, "--workers", "2") as client:
        headers = {"X-API-Key": key, "Connection": "close"}  # a connection of its own goes to whichever worker is free
        with ThreadPoolExecutor(6) as crowd:
            done = list(crowd.map(lambda _: client.get("/v1/needs/need-1", headers=headers).status_code, range(asked)))
        assert done == [200] * asked
        counted = 'matcher_http_requests_total{method="GET",route="/v1/needs/{record_id}",status="200"} 30.0'
        for _ in range(8):
            told = client.get("/v1/metrics", headers=headers).text.splitlines()
            assert counted in told
            assert 'matcher_jobs{state="queued"} 0.0' in told
            assert sum(line.startswith("matcher_release{") for line in told) == 1

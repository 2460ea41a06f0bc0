"""What the page of a need with twenty explained matches costs the server, beside the same matches as JSON."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.benchmarks.test_bench_http import _records
from tests.service.api.running import a_server
from tests.service.api.world import a_world

LIMIT = 3.0  # times the JSON answer, as the issue asks for
NEEDS, SEEN_BEFORE = 240, 20  # each is asked for once, so that every page is seen for the first time
MATCHES = 20

pytestmark = pytest.mark.bench


def test_a_needs_page_costs_less_than_three_times_its_json_when_it_is_first_seen(tmp_path: Path) -> None:
    world = a_world(tmp_path, published=False)
    needs, offers = _records()
    world.upsert("needs", *needs)
    world.upsert("capabilities", *offers)
    world.night()
    world.store.close()
    with a_server(tmp_path) as client:
        client.headers["X-API-Key"] = world.key
        for number in range(SEEN_BEFORE):  # modules and templates are read
            _seconds(client, f"/needs/n{number}")
        assert client.get("/needs/n0").text.count('class="card match"') == MATCHES
        data, page = [], []
        for number in range(SEEN_BEFORE, SEEN_BEFORE + NEEDS):  # in turn, so that both meet the same machine
            data.append(_seconds(client, f"/v1/needs/n{number}/matches?limit={MATCHES}"))
            page.append(_seconds(client, f"/needs/n{number}"))
        size = len(client.get("/needs/n0", headers={"Accept-Encoding": "identity"}).content)
    medians = [float(np.median(times)) * 1e3 for times in (data, page)]
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nconsole: {MATCHES} matches as JSON {medians[0]:.2f} ms, as a page of {size:,} bytes that is seen for the "
        f"first time {medians[1]:.2f} ms; ratio {medians[1] / medians[0]:.2f}"
    )
    assert medians[1] < LIMIT * medians[0]


def _seconds(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - start

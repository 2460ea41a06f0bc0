"""What the page of a need with twenty explained matches costs the server, beside the same matches as JSON."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import numpy as np

from tests.benchmarks.test_bench_http import _records
from tests.service.api.running import a_server
from tests.service.api.world import a_world

LIMIT = 3.0  # times the JSON answer, as the issue asks for
NEEDS, ROUNDS = 40, 12
MATCHES = 20


def test_a_needs_page_costs_less_than_three_times_its_json(tmp_path: Path) -> None:
    world = a_world(tmp_path, published=False)
    needs, offers = _records()
    world.upsert("needs", *needs)
    world.upsert("capabilities", *offers)
    world.night()
    world.store.close()
    with a_server(tmp_path) as client:
        client.headers["X-API-Key"] = world.key
        pages = [f"/needs/n{number}" for number in range(NEEDS)]
        first = [_seconds(client, path) for path in pages]  # each page is filled for the first time
        assert client.get(pages[0]).text.count('class="card match"') == MATCHES
        data, page = [], []
        for number in range(NEEDS * ROUNDS):  # in turn, so that both meet the same machine
            data.append(_seconds(client, f"/v1/needs/n{number % NEEDS}/matches?limit={MATCHES}"))
            page.append(_seconds(client, pages[number % NEEDS]))
        sizes = [len(client.get(path, headers={"Accept-Encoding": "identity"}).content) for path in pages[:1]]
    medians = [float(np.median(times)) * 1e3 for times in (data, page, first)]
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nconsole: {MATCHES} matches as JSON {medians[0]:.2f} ms, as a page of {sizes[0]:,} bytes {medians[1]:.2f} "
        f"ms, seen for the first time {medians[2]:.2f} ms; ratios {medians[1] / medians[0]:.2f} and "
        f"{medians[2] / medians[0]:.2f}"
    )
    assert medians[1] < LIMIT * medians[0]


def _seconds(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - start

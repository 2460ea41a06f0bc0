"""What a published need's ten matches cost over HTTP, beside a route that does nothing but check the key."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from matcher.profiles import Capability, Need
from tests.builders import a_capability, a_need
from tests.service.api.running import a_server
from tests.service.api.world import a_world

ROUNDS = 1_000
NEEDS = 300
CAPABILITIES = 400
LIMIT = 3.0  # times the empty route, as the issue asks for
_WORDS = ("water", "solar", "turbine", "filter", "village", "clinic", "grid", "pump", "battery", "seed", "school")

pytestmark = pytest.mark.bench


def _text(number: int) -> str:
    draw = np.random.default_rng(number)
    return " ".join(draw.choice(_WORDS, 60))


def _records() -> tuple[list[Need], list[Capability]]:
    needs = [a_need(f"n{number}", summary=_text(number), beneficiary_places=["KEN"]) for number in range(NEEDS)]
    offers = [
        a_capability(f"c{number}", summary=_text(10_000 + number), places_offered=["World"], description=_text(number))
        for number in range(CAPABILITIES)
    ]
    return needs, offers


def test_ten_published_matches_cost_less_than_three_empty_routes(tmp_path: Path) -> None:
    world = a_world(tmp_path, published=False)
    needs, offers = _records()
    world.upsert("needs", *needs)
    world.upsert("capabilities", *offers)
    world.night()
    world.store.close()
    with a_server(tmp_path) as client:
        client.headers["X-API-Key"] = world.key
        size = len(_ask(client, "/v1/needs/n0/matches?limit=10").content)
        empty, full = [], []
        for number in range(ROUNDS):  # in turn, so that both meet the same machine
            empty.append(_seconds(client, "/v1/key"))
            full.append(_seconds(client, f"/v1/needs/n{number % NEEDS}/matches?limit=10"))
    p95 = [float(np.percentile(times, 95)) * 1e3 for times in (empty, full)]
    medians = [float(np.median(times)) * 1e3 for times in (empty, full)]
    print(  # noqa: T201 - a benchmark is there to be read
        f"\nhttp: empty {medians[0]:.2f} ms (p95 {p95[0]:.2f}), ten matches of {size:,} bytes {medians[1]:.2f} ms "
        f"(p95 {p95[1]:.2f}); ratio of medians {medians[1] / medians[0]:.2f}, of p95 {p95[1] / p95[0]:.2f}"
    )
    assert p95[1] < LIMIT * p95[0]


def _ask(client: httpx.Client, path: str) -> httpx.Response:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer


def _seconds(client: httpx.Client, path: str) -> float:
    start = time.perf_counter()
    _ask(client, path)
    return time.perf_counter() - start

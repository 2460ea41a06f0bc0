"""Loading the model when a server starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.context import Context
from tests.service.api.world import World, a_world
from tests.waiting import until


def _changed(world: World, **settings: Any) -> World:
    return World(world.settings.model_copy(update=settings), world.store, world.key)


def _context(client: TestClient) -> Context:
    found: Any = client.app
    context: Context = found.state.context
    return context


def test_a_warm_server_has_its_matcher_before_anybody_asks(world: World) -> None:
    with _changed(world, warm=True).client() as on:
        context = _context(on)
        until(lambda: context.deciding.is_ready(context.release()))


def test_nothing_is_loaded_where_it_is_not_asked_for(world: World) -> None:
    with world.client() as on:
        assert on.get("/v1/needs/need-1/matches").status_code == 200
        context = _context(on)
        context.warm()
        assert not context.deciding.is_ready(context.release())


@pytest.mark.parametrize("model", ["no-such-folder/no-such-model", "hashing"])
def test_a_server_that_cannot_be_warmed_up_serves_all_the_same(tmp_path: Path, model: str) -> None:
    """There is no such model; there is no release."""
    world = a_world(tmp_path, published=model != "hashing")
    with _changed(world, warm=True, model=model).client() as on:
        assert on.get("/v1/needs").status_code == 200
    world.store.close()

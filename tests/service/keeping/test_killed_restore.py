"""``kill -9`` of a restore: the old store, the restored one, or a mark that lets nothing start until it runs again."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from service.keeping.backing import back_up
from service.keeping.checking import check
from service.keeping.dumping import dump
from service.keeping.mark import MARK
from service.keeping.restoring import restore
from service.releases import current_release
from service.store import Store, open_store
from tests.builders import a_need
from tests.service.api.world import NOW, World

ROOT = Path(__file__).parents[3]


def rows(store: Store) -> list[str]:
    """The dump, without what keeping itself writes down."""
    sink = io.BytesIO()
    dump(store, sink)
    kept = sink.getvalue().decode().splitlines()[:-1]  # the last line counts the others
    return [line for line in kept if '"matcher db"' not in line]


def judge_kills(world: World, folder: Path, kills: int, seed: int) -> int:
    """Kill restores at random moments and look after each; returns how many were cut off before their end."""
    chance, data = random.Random(seed), world.settings.data_dir
    archive = folder / "backup.tar"
    back_up(world.settings, archive, NOW)
    backed_up, served = rows(world.store), current_release(world.settings.releases_dir).id
    environment = {**os.environ, "MATCHER_DATA_DIR": str(data), "MATCHER_MODEL": "hashing"}
    command = [sys.executable, "-m", "service.cli", "db", "restore", str(archive)]
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    takes, cut = time.monotonic() - started, 0
    for number in range(kills):
        world.upsert("needs", a_need(f"new-{number}"))
        changed = rows(world.store)
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
            began = time.monotonic()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=takes * chance.uniform(0.3, 1.0))
                takes = time.monotonic() - began  # quicker than the one before: the next kill comes sooner
            process.kill()
        cut += process.returncode != 0
        if (data / MARK).exists():
            assert "a restore was interrupted" in check(world.settings).problems[0]
            restore(world.settings, archive, NOW)
        assert rows(world.store) in (changed, backed_up)
        found = current_release(world.settings.releases_dir)
        found.verify()
        assert found.id == served
        assert check(world.settings).problems == ()
    open_store(world.settings.database_url).close()
    return cut


def test_four_killed_restores_harm_nothing(world: World, tmp_path: Path) -> None:
    assert judge_kills(world, tmp_path, kills=4, seed=1) > 0


@pytest.mark.soak
def test_a_hundred_killed_restores_harm_nothing(world: World, tmp_path: Path) -> None:
    assert judge_kills(world, tmp_path, kills=100, seed=2) > 50

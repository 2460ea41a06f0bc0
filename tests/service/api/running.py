"""A real server on a real port, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import httpx

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0


@contextmanager
def a_server(
    data_dir: Path, *options: str, model: str = "hashing", end: Literal["terminate", "kill"] = "terminate"
) -> Iterator[httpx.Client]:
    """Run ``matcher serve`` on a free port and give a client of it; the process ends, or is killed, with the block.

    One that is asked to end does so as if all is well: a service manager takes any other code for a failure.
    """
    environment = {**os.environ, "MATCHER_DATA_DIR": str(data_dir), "MATCHER_MODEL": model}
    command = [sys.executable, "-m", "service.cli", "serve", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split(" on ")[1].split(" ")[0]
            with httpx.Client(base_url=address, timeout=30) as client:
                _wait(client)
                client.get("/sign-in", timeout=PATIENCE)  # comes with all that is put together once the server is up
                try:
                    yield client
                finally:
                    if end == "kill":  # while requests are under way, not after their client has hung up
                        process.kill()
                        process.wait(timeout=30)
        finally:
            getattr(process, end)()
            process.wait(timeout=30)
    assert process.returncode == (0 if end == "terminate" else -signal.SIGKILL)


def _wait(client: httpx.Client) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if client.get("/v1/health").status_code == 200:
                return
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)

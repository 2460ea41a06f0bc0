"""Named steps of a night: each is logged when it ends, with how long it took and what it found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

_log = structlog.get_logger(__name__)


class Steps:
    """Collects the seconds of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time a step; what the block puts into the dictionary it is given is logged beside the time."""
        facts: dict[str, Any] = {}
        start = time.perf_counter()
        yield facts
        self.seconds[name] = round(time.perf_counter() - start, 3)
        _log.info("night step done", step=name, seconds=self.seconds[name], **facts)

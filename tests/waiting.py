"""Waiting for what a test means, not for a time by which it must have happened."""

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds that a busy machine may take


def until(happened: Callable[[], object], every: float = 0.02) -> None:
    """Look again and again; what does not happen at all is a failure."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(every)

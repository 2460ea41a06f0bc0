"""Failed sign-ins: a few in a quarter of an hour, then nobody is even asked.

Counted in this process alone: with several workers each lets as many through.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

WINDOW: Final = 900.0
"""Seconds in which failures count together."""

A_LOGIN: Final = 5  # failures of one login from one address: a person who mistypes needs fewer
AN_ADDRESS: Final = 30  # failures from one address, whatever the login: an office behind one router mistypes too
_MOST: Final = 10_000  # names remembered at once


class Attempts:
    """Remembers failures by login and by address. Safe to share among threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failed: dict[tuple[str, str], deque[float]] = {}

    def wait(self, login: str, address: str) -> int:
        """Return the seconds until another attempt is let through; 0 for at once."""
        with self._lock:
            return max(self._wait((login, address), A_LOGIN), self._wait(("", address), AN_ADDRESS))

    def failed(self, login: str, address: str) -> None:
        """Count a failure."""
        with self._lock:
            if len(self._failed) >= _MOST:
                self._failed.clear()
            for name, most in (((login, address), A_LOGIN), (("", address), AN_ADDRESS)):
                self._failed.setdefault(name, deque(maxlen=most)).append(self._clock())

    def succeeded(self, login: str, address: str) -> None:
        """Forget a login's failures."""
        with self._lock:
            self._failed.pop((login, address), None)

    def _wait(self, name: tuple[str, str], most: int) -> int:
        moments = self._failed.get(name)
        if moments is None or len(moments) < most:
            return 0
        left = moments[0] + WINDOW - self._clock()
        return int(left) + 1 if left > 0 else 0

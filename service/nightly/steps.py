"""Named steps of a night: each is logged when it ends, with how long it took and what it found."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, overload

import structlog

from service.progress import track

T = TypeVar("T")
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


class Watched(Sequence[T]):
    """A sequence that shows its progress at a terminal whenever it is walked from end to end."""

    def __init__(self, items: Sequence[T], label: str) -> None:
        self._items, self._label = items, label

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._items[index]

    def __iter__(self) -> Iterator[T]:
        return track(iter(self._items), self._label, len(self._items))

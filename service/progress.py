"""Progress on standard error, shown only to a person at a terminal: count, rate, time left. Quiet in pipes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, TypeVar, overload

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
Listener = Callable[[str, int, int | None], None]
"""Is told a label, how many are done and how many there are, where that is known."""

_TOLD_EACH: Final = 50  # items between two calls of a listener
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Tell a listener, in this thread and until the block ends, how far every tracked walk is."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def _heard(items: Iterable[T], label: str, total: int | None, listener: Listener) -> Iterator[T]:
    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if done % _TOLD_EACH == 0:
            listener(label, done, total)
    listener(label, done, total)


def track(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield the items unchanged, each counted when the next one is asked for."""
    if (listener := _listener.get()) is not None:
        yield from _heard(items, label, total, listener)
        return
    if not sys.stderr.isatty():
        yield from items
        return
    with _bar() as bar:
        task = bar.add_task(label, total=total, rate="")
        for item in items:
            yield item
            _advance(bar, task, bar.tasks[task].completed + 1)


class Watched(Sequence[T]):
    """A sequence that shows its progress whenever it is walked from end to end."""

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


class Counter:
    """A bar for work that reports itself as (done, in all), call after call; it goes away when all is done."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show how far the work is."""
        if self._bar is None:
            if done >= total or not sys.stderr.isatty():
                return
            self._bar = _bar()
            self._bar.start()
            self._bar.add_task(self._label, total=total, rate="")
        _advance(self._bar, self._bar.task_ids[0], done)
        if done >= total:
            self._bar.stop()
            self._bar = None


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _advance(bar: Progress, task: int, done: float) -> None:
    from rich.progress import TaskID

    speed = bar.tasks[task].speed
    bar.update(TaskID(task), completed=done, rate=f"{speed:,.0f}/s" if speed else "")

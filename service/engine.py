"""Where blocks of work are done: in this process, or spread over several of this machine.

Whoever does them, they are cut alike and their results come in order, so the answers are the same bytes.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")

WORTH_IT: Final = 20_000_000  # needs x capabilities: some 3 s of work, which is what starting processes costs
AHEAD: Final = 2  # blocks handed out a process: one being worked on, one waiting
_WATCH: Final = 0.1  # seconds between two looks at whether the parent is still there
_THREADS: Final = ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMBA", "NUMEXPR")

Job = Callable[[], T]


def processes(pairs: int, wanted: int = 0) -> int:
    """Return how many processes are wanted; where none is stated, one a core if this many pairs are worth it."""
    return wanted or (_cores() if pairs >= WORTH_IT else 1)


def spread(jobs: Iterable[Job[T]], count: int, ready: Job[object] = int) -> Iterator[T]:
    """Call the jobs in ``count`` processes and yield their results in order.

    Jobs are drawn in this thread, not far ahead, the first when the processes have been started: each calls ``ready``
    (a module's function) meanwhile. One process is this one. When the caller stops or is interrupted, the workers are
    killed; when this process is, they end by themselves.
    """
    if count == 1:
        yield from (job() for job in jobs)
        return
    with _workers(count, ready) as submit:
        waiting: deque[Any] = deque()
        for job in jobs:
            waiting.append(submit(job))
            if len(waiting) > AHEAD * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _workers(count: int, ready: Job[object]) -> Iterator[Callable[[Job[Any]], Any]]:
    from joblib.externals.loky import ProcessPoolExecutor

    threads = str(max(1, _cores() // count))
    env = {f"{library}_NUM_THREADS": threads for library in _THREADS}
    with _interrupts_ignored():
        pool = ProcessPoolExecutor(count, initializer=_begin, initargs=(os.getpid(), ready), env=env)
        pool.submit(int)  # starts them all
    done = False
    try:
        yield pool.submit
        done = True
    finally:
        pool.shutdown(wait=True, kill_workers=not done)


def _cores() -> int:
    from joblib import cpu_count

    return int(cpu_count())


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes started meanwhile never see an interrupt: it is left to their parent. Takes a blink."""
    if threading.current_thread() is not threading.main_thread():  # no other may say what a signal does
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(parent: int, ready: Job[object]) -> None:
    """Begin a worker's life.

    It does not outlive its parent: nobody would hold the locks under which it writes. And it is not taken for leaking
    and started anew, at the price of several blocks, because it has mapped a catalogue: loky counts mapped files too.
    """
    from joblib.externals.loky import process_executor

    vars(process_executor)["_MAX_MEMORY_LEAK_SIZE"] = math.inf

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()
    ready()

"""Where blocks of work are done: in this process, or spread over several of this machine.

Whoever does them, they are cut alike and their results come in order, so the answers are the same bytes. Other
processes begin anew and are told everything, or, where that is safe, as copies of this one, which know it.
"""

from __future__ import annotations

import gc
import math
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from queue import Empty, Queue
from typing import Any, Final, TypeVar

T = TypeVar("T")

WORTH_IT: Final = 20_000_000  # needs x capabilities: some 3 s of work, which is what starting processes costs
AHEAD: Final = 2  # blocks handed out a process: one being worked on, one waiting
_WATCH: Final = 0.1  # seconds between two looks at whether the parent is still there
_YOUNG: Final = 50_000  # objects made before a copy looks for garbage: shortlists hold no cycles
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
        yield from _in_order(submit, jobs, count)


def can_copy() -> bool:
    """Tell whether copies of this process can go on by themselves: no other thread may hold a lock just then.

    Threads of torch count, which Python does not know of.
    """
    return sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules


def spread_over_copies(jobs: Iterable[Job[T]], count: int, ready: Job[object]) -> Iterator[T]:
    """Do as ``spread`` in copies of this process as it is when this is called: all that is in memory is theirs too.

    Starting them takes a blink. ``ready`` may be anything that can be called: it is not sent, only copied.
    """
    stack = ExitStack()
    gc.freeze()  # or collecting garbage in a copy would touch, and so copy, every object there is
    submit = stack.enter_context(_workers(count, partial(_alone, ready, max(1, _cores() // count)), copied=True))

    def results() -> Iterator[T]:
        with stack:
            yield from _in_order(submit, jobs, count)

    return results()


def _alone(ready: Job[object], threads: int) -> None:
    """Use no more than its share of the cores in a copy, in which libraries were loaded with all of them."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    gc.set_threshold(_YOUNG)
    ready()


def _in_order(submit: Callable[[Job[Any]], Any], jobs: Iterable[Job[T]], count: int) -> Iterator[T]:
    waiting: deque[Any] = deque()
    for job in jobs:
        waiting.append(submit(job))
        if len(waiting) > AHEAD * count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _workers(count: int, ready: Job[object], *, copied: bool = False) -> Iterator[Callable[[Job[Any]], Any]]:
    from joblib.externals.loky import ProcessPoolExecutor

    threads = str(max(1, _cores() // count))
    env = {f"{library}_NUM_THREADS": threads for library in _THREADS}
    with _interrupts_ignored():
        pool = ProcessPoolExecutor(
            count,
            context=get_context("fork") if copied else None,
            initializer=_begin,
            initargs=(os.getpid(), ready),
            env=env,
        )
        pool.submit(int)  # starts them all
    done = False
    try:
        yield pool.submit
        done = True
    finally:
        if not done:
            _forget(vars(pool)["_work_ids"])
        pool.shutdown(wait=True, kill_workers=not done)


def _forget(handed_in: Queue[int]) -> None:
    """Empty the queue of jobs that the pool has not taken up: once stopped, its thread would look for them and fail."""
    with suppress(Empty):
        while True:
            handed_in.get_nowait()


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

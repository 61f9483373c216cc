"""Windows are computed by several threads at once, and come back in the order in which they were read.

One thread for each core, each with a network that uses one: that was measured to be faster than one window after
another with a network that uses all cores, since what comes before and after a network is then done by all cores too. A
network whose windows would not fit into memory several times, or that has fewer windows than there are cores, gets more
cores for each.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, TypeVar

from ..watch import Watch
from .memory import free_bytes
from .plan import Plan

Given = TypeVar("Given")
Made = TypeVar("Made")

BYTES_A_PIXEL = 1000
"""What a network keeps for a pixel while it computes: some 250 float32 values, as a U-Net of 64 channels has."""
SHARE = 0.25
MOST_BYTES = 2e9
"""Of the free memory a run takes a quarter, and never more than this."""
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Share:
    """How many windows are computed at once, and how many threads the network has for each."""

    workers: int
    threads: int


def share(plan: Plan, provider: str, cores: int = 0) -> Share:
    """Return how the cores are shared out for `plan`; what is no CPU gets one window after another."""
    cores = cores or cpu_count()
    if provider.lower() not in ("cpu", "cpuexecutionprovider"):
        return Share(1, cores)
    batches = -(-plan.rows * plan.columns // plan.batch)
    each = plan.tile[0] * plan.tile[1] * plan.batch * BYTES_A_PIXEL
    room = int(min(free_bytes() * SHARE, MOST_BYTES) // each)
    workers = max(1, min(cores, batches, room))
    return Share(workers, max(1, cores // workers))


def cpu_count() -> int:
    """Return how many cores this process may use: schedulers of clusters give it fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    work: Callable[[Given], Made], items: Iterable[Given], workers: int, watch: Watch, stop: Callable[[], None]
) -> Iterator[tuple[Given, Made]]:
    """Yield each item with what `work` made of it; raises what `work` raised, and `Cancelled`.

    No more than two items a worker are under way, so that memory stays flat. `stop` is called before an error leaves,
    to end what is still at work.
    """
    waiting: deque[tuple[Given, Future[Made]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="network") as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) >= 2 * workers or waiting[0][1].done():
                    given, future = waiting.popleft()
                    yield given, _result(future, watch)
            while waiting:
                given, future = waiting.popleft()
                yield given, _result(future, watch)
        except BaseException:
            for _, future in waiting:
                future.cancel()
            stop()
            raise


def _result(future: Future[Made], watch: Watch) -> Made:
    while True:
        watch.check()
        try:
            return future.result(_WAIT_SECONDS)
        except FutureTimeout:
            if future.done():
                raise

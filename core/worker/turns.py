"""One at a time, in the order of asking: runs share the processor and the memory, so the second waits for the first."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import Iterator

from ..watch import Watch

LOOK_AGAIN_S = 0.1
"""How soon one who waits sees that it was cancelled."""


class Turns:
    """A queue that is left at once when its Watch is cancelled."""

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._moved = threading.Condition()

    @contextmanager
    def turn(self, watch: Watch) -> Iterator[None]:
        """Wait until all who asked before are done; raises `Cancelled` while waiting."""
        ticket = object()
        with self._moved:
            self._waiting.append(ticket)
        try:
            self._wait(ticket, watch)
            yield
        finally:
            with self._moved:
                self._waiting.remove(ticket)
                self._moved.notify_all()

    def _wait(self, ticket: object, watch: Watch) -> None:
        told = False
        while True:
            watch.check()
            with self._moved:
                if self._waiting[0] is ticket:
                    return
                if told:
                    self._moved.wait(LOOK_AGAIN_S)
            if not told:
                # Outside of the lock: the listener writes to a pipe, which may take its time.
                watch.tell(None, "Waiting for the run before this one.")
                told = True

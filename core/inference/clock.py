"""Counts windows and tells how long the rest will take."""

from __future__ import annotations

import time

from ..watch import Watch


class Clock:
    """Counts windows and tells how long the rest will take, at the speed so far."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch, self._total, self._count = watch, total, 0
        self._started = time.perf_counter()

    def done(self, windows: int) -> None:
        self._count += windows
        spent = time.perf_counter() - self._started
        left = spent / self._count * (self._total - self._count)
        self._watch.tell(self._count / self._total, f"Window {self._count} of {self._total}", left)

"""The highest memory of this process while something runs, above what it had at the start."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Optional

_SECONDS = 0.02
SMALL_MACHINE = 4e9
"""Bytes that are free on a machine of 8 GB."""


def resident_mb() -> Optional[float]:
    """Return the memory that this process occupies, in megabytes; None where the platform does not cheaply say."""
    if sys.platform.startswith("linux"):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return None


def free_bytes() -> float:
    """Return how much memory other programs leave; where the platform does not cheaply say, that of a small machine."""
    if sys.platform.startswith("linux"):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return SMALL_MACHINE


class Peak:
    """Samples `resident_mb` while its with block runs; `mb` is the peak above the start, or None where unknown."""

    def __init__(self) -> None:
        self.mb: Optional[float] = None
        self._done = threading.Event()
        self._start = resident_mb()

    def __enter__(self) -> Peak:
        if self._start is not None:
            self.mb = 0.0
            self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        if self._start is not None:
            self._thread.join()

    def _watch(self) -> None:
        while True:
            now = resident_mb()
            if now is not None and self._start is not None:
                self.mb = max(self.mb or 0.0, now - self._start)
            if self._done.wait(_SECONDS):
                return

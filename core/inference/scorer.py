"""Runs the network on batches of windows, from several threads if need be, and counts the time that it takes."""

from __future__ import annotations

import threading
import time
from typing import Any, Iterator, Sequence

import numpy as np

from ..errors import NotRunnable
from .feeding import Prepared, fed
from .layout import Layout
from .session import Network, run_options


class Scorer:
    """A network as one run uses it; `seconds` is the time during which onnxruntime computed at least one window."""

    def __init__(self, network: Network, layout: Layout, names: Sequence[str] = ()) -> None:
        self._network, self._layout = network, layout
        self._names = tuple(names) or tuple(one.name for one in layout.exits)
        self._lock = threading.Lock()
        self._running: list[Any] = []
        self._since = 0.0
        self.seconds = 0.0

    def raw(self, windows: Sequence[Prepared]) -> list[np.ndarray]:
        """Return the outputs for `windows`; a file with a fixed batch gets it filled up, with what is to be ignored.

        Raises `NotRunnable` where the network fails.
        """
        fixed = self._layout.size("batch")
        surplus = 0 if fixed is None or self._layout.per_pixel else fixed - len(windows)
        blank = [np.zeros_like(values) for values in windows[0]]
        feeds = fed([*windows, *[blank] * surplus], self._layout, self._network)
        options = run_options()
        self._begin(options)
        try:
            if not self._layout.per_pixel:
                return self._network.run(feeds, self._names, options)
            made = [self._network.run(part, self._names, options) for part in self._parts(feeds)]
            count = len(feeds[self._layout.entries[0].name])
            return [np.concatenate(parts)[:count] if fixed else parts[0] for parts in zip(*made)]
        except NotRunnable:
            raise
        except Exception as error:  # onnxruntime's errors have no common base of their own
            reason = str(error).split("\n")[0][:300]
            shapes = ", ".join(" x ".join(map(str, array.shape)) for array in feeds.values())
            raise NotRunnable(f"The network failed on {shapes}: {reason}. Try another tile size.") from error
        finally:
            self._end(options)

    def _parts(self, feeds: dict[str, np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
        """Yield the pixels that the network takes at once: all, unless its file fixes how many these are."""
        fixed, count = self._layout.size("batch"), len(feeds[self._layout.entries[0].name])
        if fixed is None:
            yield feeds
            return
        others = {name: feeds[name] for name in self._layout.constants}
        others = {name: array[:fixed] if array.shape[:1] == (count,) else array for name, array in others.items()}
        for start in range(0, count, fixed):
            pixels = {e.name: _filled(feeds[e.name][start : start + fixed], fixed) for e in self._layout.entries}
            yield {**others, **pixels}

    def stop(self) -> None:
        """Let onnxruntime give up what it is computing, at the next of the network's operations."""
        with self._lock:
            for options in self._running:
                options.terminate = True

    def _begin(self, options: Any) -> None:
        with self._lock:
            if not self._running:
                self._since = time.perf_counter()
            self._running.append(options)

    def _end(self, options: Any) -> None:
        with self._lock:
            self._running.remove(options)
            if not self._running:
                self.seconds += time.perf_counter() - self._since


def _filled(array: np.ndarray, count: int) -> np.ndarray:
    """Return `array` with so many rows; those added are to be ignored."""
    return np.concatenate([array, np.zeros((count - len(array), *array.shape[1:]), array.dtype)])

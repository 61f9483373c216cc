"""Runs the network on batches of windows, and counts the time that it takes."""

from __future__ import annotations

import time
from typing import Sequence

import numpy as np

from ..errors import NotRunnable
from .feeding import Prepared, fed
from .layout import Layout
from .session import Network


class Scorer:
    """A network as one run uses it; `seconds` is the time spent in onnxruntime."""

    def __init__(self, network: Network, layout: Layout, names: Sequence[str] = ()) -> None:
        self._network, self._layout = network, layout
        self._names = tuple(names) or tuple(one.name for one in layout.exits)
        self.seconds = 0.0

    def raw(self, windows: Sequence[Prepared]) -> list[np.ndarray]:
        """Return the outputs for `windows`; a file with a fixed batch gets it filled up, with what is to be ignored.

        Raises `NotRunnable` where the network fails.
        """
        fixed = None if self._layout.per_pixel else self._layout.size("batch")
        surplus = 0 if fixed is None else fixed - len(windows)
        blank = [np.zeros_like(values) for values in windows[0]]
        feeds = fed([*windows, *[blank] * surplus], self._layout, self._network)
        started = time.perf_counter()
        try:
            made = self._network.run(feeds, self._names)
        except NotRunnable:
            raise
        except Exception as error:  # onnxruntime's errors have no common base of their own
            reason = str(error).split("\n")[0][:300]
            shapes = ", ".join(" x ".join(map(str, array.shape)) for array in feeds.values())
            raise NotRunnable(f"The network failed on {shapes}: {reason}. Try another tile size.") from error
        self.seconds += time.perf_counter() - started
        return made

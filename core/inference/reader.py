"""Reads and prepares windows ahead of the network, in a thread of its own: a bounded queue keeps memory flat."""

from __future__ import annotations

import queue
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterator, Optional, Sequence, Union

import numpy as np

from ..mlm.raster import RasterBand, RasterInfo
from ..watch import Watch
from .plan import Plan, Window
from .prepare import Recipe, prepare
from .stack import Stack

if TYPE_CHECKING:
    from .mask import Mask  # needs shapely, without which a system's Python may be the runtime

AHEAD = 4
"""How many windows may wait for the network."""
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Source:
    """What one input is made from: its raster bands, date by date, and what happens to the values of each date."""

    bands: tuple[RasterBand, ...]
    recipes: tuple[Recipe, ...]


@dataclass(frozen=True)
class Ready:
    """A window for the network: for each input `values` (dates, channels, height, width) in float32.

    They are None where no pixel inside the halo is `valid` (height, width).
    """

    i: int
    j: int
    window: Window
    values: Optional[list[np.ndarray]]
    valid: np.ndarray


class ReadAhead:
    """Yields the windows of a plan in order; a context manager, whose thread ends with it."""

    def __init__(
        self, plan: Plan, sources: Sequence[Source], grid: RasterInfo, watch: Watch, mask: Optional[Mask] = None
    ) -> None:
        self._plan, self._sources, self._grid, self._watch, self._mask = plan, sources, grid, watch, mask
        self._queue: queue.Queue[Union[Ready, BaseException, None]] = queue.Queue(max(AHEAD, plan.batch))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)

    def __enter__(self) -> ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def batches(self) -> Iterator[list[Ready]]:
        """Yield lists of as many windows as the plan's batch has; raises what reading raised, and `Cancelled`."""
        batch: list[Ready] = []
        while True:
            self._watch.check()
            try:
                item = self._queue.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, BaseException):
                raise item
            if item is not None:
                batch.append(item)
            if batch and (item is None or len(batch) == self._plan.batch):
                yield batch
                batch = []
            if item is None:
                return

    def _read(self) -> None:
        last: Union[BaseException, None] = None
        try:
            with ExitStack() as opening:
                stacks = [opening.enter_context(Stack(s.bands, self._grid)) for s in self._sources]
                for i, j, window in self._plan.windows():
                    values, valid = self._window(stacks, window)
                    if not self._put(Ready(i, j, window, values, valid)):
                        return
        except BaseException as error:  # handed to the thread that waits for windows
            last = error
        self._put(last)

    def _window(self, stacks: Sequence[Stack], window: Window) -> tuple[Optional[list[np.ndarray]], np.ndarray]:
        """Return the prepared values of all inputs and where all of them are valid, within the mask."""
        valid = np.ones((window.height, window.width), dtype=bool)
        if self._mask is not None:
            valid = self._mask.window(window.row, window.col, window.height, window.width)
            if not self._inside(valid).any():
                return None, valid
        stored = []
        for stack in stacks:
            pixels, where = stack.read(window)
            stored.append((pixels, where))
            valid = valid & where
        if not self._inside(valid).any():
            return None, valid
        values = []
        for source, (pixels, where) in zip(self._sources, stored):
            made, whole = _dates(pixels, where, source)
            values.append(made)
            valid = valid & whole
        return values, valid

    def _inside(self, valid: np.ndarray) -> np.ndarray:
        halo = self._plan.halo
        return valid[halo : valid.shape[0] - halo, halo : valid.shape[1] - halo]

    def _put(self, item: Union[Ready, BaseException, None]) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_WAIT_SECONDS)
                return True
            except queue.Full:
                continue
        return False


def _dates(pixels: np.ndarray, where: np.ndarray, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return (dates, channels, height, width) and where all dates are valid."""
    each = len(pixels) // len(source.recipes)
    parts = [prepare(pixels[d * each : (d + 1) * each], where, recipe) for d, recipe in enumerate(source.recipes)]
    valid = parts[0][1]
    for _, more in parts[1:]:
        valid = valid & more
    return np.stack([values for values, _ in parts]), valid

"""Reads and prepares windows ahead of the network, in a thread of its own: a bounded queue keeps memory flat."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import Iterator, Optional, Sequence, Union

import numpy as np

from ..mlm.raster import RasterBand
from ..watch import Watch
from .plan import Plan
from .prepare import Recipe, prepare
from .stack import Stack

AHEAD = 4
"""How many windows may wait for the network."""
_WAIT_SECONDS = 0.1


@dataclass(frozen=True)
class Ready:
    """A window for the network: `values` (bands, height, width) in float32; None where no pixel inside its halo is
    `valid`.
    """

    i: int
    j: int
    values: Optional[np.ndarray]
    valid: np.ndarray


class ReadAhead:
    """Yields the windows of a plan in order; a context manager, whose thread ends with it."""

    def __init__(self, plan: Plan, bands: Sequence[RasterBand], recipe: Recipe, watch: Watch) -> None:
        self._plan, self._bands, self._recipe, self._watch = plan, bands, recipe, watch
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
            with Stack(self._bands) as stack:
                for i, j, window in self._plan.windows():
                    stored, valid = stack.read(window)
                    halo = self._plan.halo
                    inside = valid[halo : valid.shape[0] - halo, halo : valid.shape[1] - halo]
                    values = None
                    if inside.any():
                        values, valid = prepare(stored, valid, self._recipe)
                    if not self._put(Ready(i, j, values, valid)):
                        return
        except BaseException as error:  # handed to the thread that waits for windows
            last = error
        self._put(last)

    def _put(self, item: Union[Ready, BaseException, None]) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_WAIT_SECONDS)
                return True
            except queue.Full:
                continue
        return False

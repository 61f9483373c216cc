"""Runs the network on batches of windows and gives scores, or labels, for each pixel."""

from __future__ import annotations

import time
from typing import Optional, Sequence

import numpy as np

from ..errors import NotRunnable
from ..mlm.expression import Parsed
from . import decode
from .expressions import compute
from .layout import Layout
from .plan import Plan
from .prepare import tensor
from .reader import Ready
from .session import Network


class Scorer:
    """A network as one run uses it. `channels` is what it really gives; `seconds` is the time spent in onnxruntime.

    `numbers` says that the output is what it is, as in a regression, and no scores of classes.
    """

    def __init__(
        self,
        network: Network,
        layout: Layout,
        plan: Plan,
        bands: int,
        functions: Sequence[Parsed] = (),
        numbers: bool = False,
    ) -> None:
        self._network, self._layout, self._plan, self._bands = network, layout, plan, bands
        self._functions = functions
        self.seconds = 0.0
        self.ends_in, self.activation = "", ""
        self.channels = 1 if layout.labels else layout.channels or self._tried().shape[1]
        if not layout.labels and not numbers:
            self.ends_in = self._ends_in(network.graph.ends_in.get(layout.output_name))
            self.activation = "" if functions else decode.missing_activation(self.channels, self.ends_in)
        self.seconds = 0.0

    @property
    def data_type(self) -> np.dtype:
        """The type of what `scores` gives."""
        return np.dtype("int64" if self._layout.labels else "float32")

    def scores(self, batch: Sequence[Ready]) -> list[np.ndarray]:
        """Return (channels, height, width) for each window; those without a valid pixel are not computed and give
        zeros.
        """
        windows = [r.values for r in batch if r.values is not None]
        computed = iter(self._computed(windows) if windows else ())
        empty = np.zeros((self.channels, *((1, 1) if self._layout.scene else self._plan.tile)), self.data_type)
        return [next(computed) if r.values is not None else empty for r in batch]

    def _computed(self, windows: list[np.ndarray]) -> np.ndarray:
        arranged = self._arranged(windows)
        if arranged.shape[1] != self.channels:
            raise NotRunnable(f"The model gave {arranged.shape[1]} channels where its file promises {self.channels}.")
        for function in self._functions:
            arranged = compute(function, dict.fromkeys(function.names, arranged))
        if self._layout.labels:
            return arranged.astype(np.int64)
        found = decode.scores(arranged, self.activation)
        if not np.isfinite(found).all():
            raise NotRunnable(
                "The model gave scores that are no numbers (NaN). Check the units and the nodata value of the raster."
            )
        return found

    def _arranged(self, windows: list[np.ndarray]) -> np.ndarray:
        """Return the output for `windows`; a file with a fixed batch gets it filled up, and the surplus is dropped."""
        fixed = None if self._layout.per_pixel else self._layout.batch
        surplus = 0 if fixed is None else fixed - len(windows)
        filled = tensor([*windows, *[np.zeros_like(windows[0])] * surplus], self._layout)
        started = time.perf_counter()
        try:
            raw = self._network.run({self._layout.input_name: filled}, [self._layout.output_name])[0]
        except Exception as error:  # onnxruntime's errors have no common base of their own
            reason = str(error).split("\n")[0][:300]
            raise NotRunnable(
                f"The network failed on a window of {filled.shape}: {reason}. Try another tile size."
            ) from error
        self.seconds += time.perf_counter() - started
        return decode.arrange(raw, self._layout, len(windows) + surplus, self._plan.tile)[: len(windows)]

    def _ends_in(self, known: Optional[str]) -> str:
        """Return the activation that the network ends in; where its graph can't be read, a trial on noise tells."""
        return known if known is not None else decode.activation_of(self._tried())

    def _tried(self) -> np.ndarray:
        """Return what the network makes of noise, the same each time."""
        noise = np.random.default_rng(0).normal(size=(self._bands, *self._plan.tile))
        return self._arranged([noise.astype(np.float32)])

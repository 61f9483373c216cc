"""What one output of the network means: its functions and its activation applied, scores or plain numbers come out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import NotRunnable
from ..mlm.expression import Parsed
from ..mlm.model import ModelOutput
from . import decode
from .expressions import compute
from .layout import Exit, Layout
from .measure import Trait
from .plan import Plan
from .resize import resize


@dataclass(frozen=True)
class Scoring:
    """An exit of the file, the item's output, and what was measured; `functions` are computed on what comes out."""

    exit: Exit
    output: ModelOutput
    trait: Trait
    functions: tuple[Parsed, ...] = ()

    @property
    def activation(self) -> str:
        """What is to be applied to make scores of it, or an empty string."""
        if self.exit.kind != "classes" or self.exit.labels or self.functions:
            return ""
        return decode.missing_activation(self.trait.channels, self.trait.ends_in)

    @property
    def has_scores(self) -> bool:
        return self.exit.kind == "classes" and not self.exit.labels

    @property
    def data_type(self) -> np.dtype:
        """The type of what `scores` gives."""
        return np.dtype("int64" if self.exit.labels else "float32")

    def scores(self, raw: np.ndarray, layout: Layout, plan: Plan, count: int) -> np.ndarray:
        """Return (count, channels, height, width) in pixels of the output for the first `count` windows."""
        arranged = decode.arrange(raw, self.exit, layout.per_pixel, plan.tile)
        fed = count if layout.per_pixel else layout.size("batch") or count
        if len(arranged) != fed:
            raise NotRunnable(
                f"The model gave results for {len(arranged)} windows where it got {fed}. "
                + ("Run it with a batch size of 1." if layout.size("batch") is None else "Choose another model.")
            )
        arranged = arranged[:count]
        if arranged.shape[1] != self.trait.channels:
            raise NotRunnable(
                f"The model gave {arranged.shape[1]} channels where its file promises {self.trait.channels}."
            )
        for function in self.functions:
            arranged = compute(function, dict.fromkeys(function.names, arranged))
        if self.exit.labels:
            return self._placed(arranged.astype(np.int64), layout, plan)
        found = decode.scores(arranged, self.activation)
        if not np.isfinite(found).all():
            raise NotRunnable(
                "The model gave scores that are no numbers (NaN). Check the units and the nodata value of the raster."
            )
        return self._placed(found, layout, plan)

    def _placed(self, values: np.ndarray, layout: Layout, plan: Plan) -> np.ndarray:
        """Return what belongs to a resized window on the window's own pixels again: nearest, numbers linearly."""
        if not layout.entries[0].resize or self.exit.scene:
            return values
        geometry = self.trait.geometry
        size = (geometry.out(plan.tile[0]), geometry.out(plan.tile[1]))
        if values.shape[2:] == size:
            return values
        kind = "interpolation-linear" if self.exit.kind == "numbers" else "interpolation-nearest"
        return resize(values, size, kind).astype(values.dtype)

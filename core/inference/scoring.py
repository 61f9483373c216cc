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
        if not self.exit.scores or self.functions:
            return ""
        return decode.missing_activation(self.trait.channels, self.trait.ends_in)

    @property
    def has_scores(self) -> bool:
        return self.exit.scores

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
        return self._placed(decode.scores(arranged, self.activation), layout, plan)

    def proved(self, scores: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return where `scores` (channels, rows, columns) of `valid` pixels are such: not where a function of the item
        has no number for what the network gives.

        Raises `NotRunnable` where they are not what they must be. What the network gives for other pixels is seen
        nowhere: one that divides gives NaN for the zeros it sees there.
        """
        whole = np.isfinite(scores).all()
        if not whole and self.functions:
            valid = valid & np.isfinite(scores).all(axis=0)
        if not whole and not np.isfinite(scores[:, valid]).all():
            what = "scores" if self.has_scores else "values"
            raise NotRunnable(
                f"The model gave {what} that are no numbers (NaN). Check the units and the nodata value of the raster."
            )
        if not self.trait.guessed or not self.trait.ends_in or self.functions or not valid.any():
            return valid
        seen = scores if whole else scores[:, valid]
        if not decode.looks_finished(seen):
            raise NotRunnable(
                f"The model gave scores from {seen.min():g} to {seen.max():g}, and on trial they lay between 0 and 1, "
                "so they were taken for probabilities. Check the units, or ask the publisher for a file that ends in a "
                "softmax or sigmoid."
            )
        return valid

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

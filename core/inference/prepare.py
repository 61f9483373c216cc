"""Stored values become the tensor: units, then `value_scaling`, then the file's own order and type.

Where a pixel is not valid the network sees 0 after scaling: the mean of a band under z-score, the minimum under min-
max. Formulas are those of MLM 1.5, Value Scaling Object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Optional, Sequence

import numpy as np

from ..mlm.model import ValueScaling
from .layout import Layout


@dataclass(frozen=True)
class Recipe:
    """What happens to each band: `units` holds (factor, offset), `scaling` the item's object or None, in the model's
    order.
    """

    units: tuple[tuple[float, float], ...]
    scaling: tuple[Optional[ValueScaling], ...]


def prepare(stored: np.ndarray, valid: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return float32 (bands, height, width) as the model was trained on, from stored values of the same shape."""
    values = stored.astype(np.float32)
    for band, (factor, offset), scaling in zip(values, recipe.units, recipe.scaling):
        if (factor, offset) != (1.0, 0.0):
            band *= np.float32(factor)
            band += np.float32(offset)
        if scaling is not None:
            band[...] = SCALE[scaling.type](band, scaling)
    values[:, ~valid] = 0
    return values


def tensor(windows: Sequence[np.ndarray], layout: Layout) -> np.ndarray:
    """Return prepared windows (bands, height, width) as one batch in the order and type of the file's input."""
    batch = np.stack(windows)
    if layout.per_pixel:
        pixels = batch.transpose(0, 2, 3, 1).reshape(-1, batch.shape[1])
        arranged = pixels if layout.input_order.index("batch") == 0 else pixels.T
    else:
        axes = {"batch": 0, "channel": 1, "height": 2, "width": 3}
        arranged = batch.transpose([axes[d] for d in layout.input_order])
    return np.ascontiguousarray(arranged, dtype=layout.input_type)


def _number(value: Optional[float]) -> np.float32:
    return np.float32(0.0 if value is None else value)


SCALE: dict[str, Callable[[np.ndarray, ValueScaling], np.ndarray]] = {
    "min-max": lambda x, s: (x - _number(s.minimum)) / (_number(s.maximum) - _number(s.minimum)),
    "z-score": lambda x, s: (x - _number(s.mean)) / _number(s.stddev),
    "clip": lambda x, s: np.clip(x, _number(s.minimum), _number(s.maximum)),
    "clip-min": lambda x, s: np.maximum(x, _number(s.minimum)),
    "clip-max": lambda x, s: np.minimum(x, _number(s.maximum)),
    "offset": lambda x, s: x - _number(s.value),
    "scale": lambda x, s: x / _number(s.value),
}
"""The specification's word for a scaling, and what it does. The reader has made sure that its numbers are there."""

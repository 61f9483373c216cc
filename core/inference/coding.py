"""Which number a class gets in the result's file, which number means nodata, and the legend that goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import NotRunnable
from ..mlm.legend import LegendEntry, legend
from ..mlm.model import ModelClass, ModelOutput
from .layout import Layout


@dataclass(frozen=True)
class Coding:
    """`values[k]` is what channel k is written as; None for labels, which are written as they are."""

    values: Optional[np.ndarray]
    nodata: int
    data_type: str
    entries: tuple[LegendEntry, ...]
    said: str = ""

    def encode(self, index: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return the result's pixels for class places (or labels) and where they are valid."""
        if self.values is not None:
            coded = self.values[index]
        else:
            low, high = np.iinfo(self.data_type).min, np.iinfo(self.data_type).max
            wild = index[valid & ((index < low) | (index > high))]
            if wild.size:
                raise NotRunnable(f"The model gave the label {wild[0]}, which is none of the item's classes.")
            coded = index.astype(self.data_type)
        return np.where(valid, coded, np.asarray(self.nodata, self.data_type))


def coding(output: ModelOutput, layout: Layout, channels: int) -> Coding:
    """Return how the classes of `output` are written; `channels` is what the network really gives."""
    classes = output.classes
    said = ""
    if layout.labels:
        values = None
        numbers = [c.value for c in classes]
    else:
        places = max(2, channels)
        if not classes:
            classes = tuple(ModelClass(k, f"class {k}") for k in range(places))
            said = f"The item names no classes; they are numbered from 0 to {places - 1}."
        elif len(classes) == 1:
            other = 0 if classes[0].value != 0 else 1
            classes = tuple(sorted((*classes, ModelClass(other, "other")), key=lambda c: c.value != other))
            said = f"The item names one class; everything else is written as {other}."
        numbers = [c.value for c in classes]
        if sorted(numbers) != list(range(places)):
            said = (
                said
                or f"Channels 0 to {places - 1} are the classes by ascending value: {', '.join(map(str, numbers))}."
            )
        values = np.array(numbers)
    nodata = _nodata(classes)
    data_type = _type([*numbers, nodata])
    typed = None if values is None else values.astype(data_type)
    return Coding(typed, nodata, data_type, legend(classes), said)


def _nodata(classes: tuple[ModelClass, ...]) -> int:
    """Return the value of the item's own nodata class, or 255, or the next number that no class has."""
    own = [c.value for c in classes if c.nodata]
    if own:
        return own[0]
    used = {c.value for c in classes}
    return next(n for n in (255, *range(254, -1, -1), 65535, *range(65534, 255, -1)) if n not in used)


def _type(numbers: list[int]) -> str:
    for name in ("uint8", "uint16", "int16", "int32"):
        if np.iinfo(name).min <= min(numbers) and max(numbers) <= np.iinfo(name).max:
            return name
    raise NotRunnable(f"Class values from {min(numbers)} to {max(numbers)} can't be written to a raster.")

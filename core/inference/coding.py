"""Which number a class gets in the result's file, which number means nodata, and the legend that goes with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..errors import NotRunnable
from ..mlm.legend import LegendEntry, legend
from ..mlm.model import ModelClass, ModelOutput

HALF = 0.5
"""The score from which a single channel counts, unless somebody says otherwise."""
UNCLASSIFIED = "unclassified"
"""The class of pixels whose best score is below the threshold."""
GREY = "BBBBBB"


@dataclass(frozen=True)
class Coding:
    """How scores become numbers of classes.

    `values[k]` is what channel k is written as; None for labels, which are written as they are. `threshold` is the
    score from which a single channel counts, and below which, of several, the best does not: such pixels get `below`.
    """

    values: Optional[np.ndarray]
    nodata: int
    data_type: str
    entries: tuple[LegendEntry, ...]
    threshold: Optional[float] = None
    below: Optional[int] = None
    said: tuple[str, ...] = ()

    def encode(self, scores: np.ndarray, valid: np.ndarray) -> np.ndarray:
        """Return the result's pixels (rows, columns) for scores (channels, rows, columns), or labels (1, ...)."""
        coded = self._labels(scores[0], valid) if self.values is None else self._classes(scores)
        return np.where(valid, coded, np.asarray(self.nodata, self.data_type))

    def _classes(self, scores: np.ndarray) -> np.ndarray:
        if self.values is None:
            raise TypeError("labels have no scores")
        if scores.shape[0] == 1:
            threshold = HALF if self.threshold is None else self.threshold
            return self.values[(scores[0] >= threshold).astype(np.intp)]
        best, place = _best(scores)
        coded = self.values[place]
        if self.threshold is None or self.below is None:
            return coded
        return np.where(best >= self.threshold, coded, np.asarray(self.below, self.data_type))

    def _labels(self, labels: np.ndarray, valid: np.ndarray) -> np.ndarray:
        known = [e.value for e in self.entries]
        if known:
            wild = labels[valid & ~np.isin(labels, known)]
        else:
            low, high = np.iinfo(self.data_type).min, np.iinfo(self.data_type).max
            wild = labels[valid & ((labels < low) | (labels > high) | (labels == self.nodata))]
        if wild.size:
            named = f"its item names {', '.join(map(str, known))}" if known else "its item names no classes"
            raise NotRunnable(f"The model gave the label {wild[0]}, and {named}. Ask the publisher to correct it.")
        return labels.astype(self.data_type)


def _best(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best score of each pixel, and its channel: the first of equal ones.

    As numpy's argmax over the first axis, which jumps through memory for every pixel and takes several times as long.
    """
    best = scores[0].copy()
    place = np.zeros(best.shape, np.intp if len(scores) > 256 else np.uint8)
    for channel in range(1, len(scores)):
        better = scores[channel] > best
        np.copyto(best, scores[channel], where=better)
        np.copyto(place, channel, where=better)
    return best, place


def coding(output: ModelOutput, labels: bool, channels: int, threshold: Optional[float] = None) -> Coding:
    """Return how the classes of `output` are written; `channels` is what the network really gives, `labels` that it
    gives class numbers.
    """
    if labels:
        numbers = [c.value for c in output.classes]
        nodata = _nodata(output.classes)
        return Coding(None, nodata, _type([*numbers, nodata]), legend(output.classes))
    classes, said = _complete(output.classes, max(2, channels))
    numbers = [c.value for c in classes]
    below = None
    if threshold is not None and channels > 1:
        below = next(n for n in range(65536) if n not in numbers)
        said.append(f"pixels whose best score is below {threshold:g} are {UNCLASSIFIED} ({below})")
    elif channels == 1:
        said.append(f"class {numbers[1]} from a score of {HALF if threshold is None else threshold:g} on")
    shown = classes if below is None else (*classes, ModelClass(below, UNCLASSIFIED, color=GREY))
    nodata = _nodata(shown)
    data_type = _type([*(c.value for c in shown), nodata])
    values = np.array(numbers).astype(data_type)
    return Coding(values, nodata, data_type, legend(shown), threshold, below, tuple(said))


def _complete(classes: tuple[ModelClass, ...], places: int) -> tuple[tuple[ModelClass, ...], list[str]]:
    """Return a class for each channel, in the channels' order, and what had to be decided for that.

    Raises `NotRunnable` where the item names another number of classes.
    """
    if not classes:
        made = tuple(ModelClass(k, f"class {k}") for k in range(places))
        return made, [f"the item names no classes; they are numbered from 0 to {places - 1}"]
    if len(classes) == 1 and places == 2:
        other = 0 if classes[0].value != 0 else 1
        return (ModelClass(other, "other"), *classes), [f"the item names one class; all else is written as {other}"]
    if len(classes) != places:
        raise NotRunnable(
            f"The model gives scores for {places} classes, and its item names {len(classes)}. "
            "Ask the publisher to correct the item."
        )
    numbers = [c.value for c in classes]
    if numbers == list(range(places)):
        return classes, []
    return classes, [f"channels 0 to {places - 1} are the classes by ascending value: {', '.join(map(str, numbers))}"]


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

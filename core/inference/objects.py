"""From the network's raw outputs to what each window holds: boxes in its pixels, scores, classes and masks.

What the signature can't tell is settled on values of the first batch that tells it (`settled`), and each later batch
must agree: a reading that the values contradict is refused, never bent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterator, Mapping, Optional

import numpy as np

from ..errors import NotRunnable
from .boxes import FORMS, areas
from .detectors import Reading
from .instances import Frames, Masks, Prototypes, sigmoid

SHARES_END = 1.5
"""Shares of a tile reach from 0 to 1, and a little beyond for what is cut at its edge; in pixels, a batch whose boxes
all lie in the first one and a half would hold nothing that can be seen.
"""
SLACK = 1e-3
"""How far rounding (float16 among it) takes a probability out of 0..1, or a class number from a whole one."""
LARGEST_LOGIT = 100.0
"""Beyond this no network's logits go; what is larger is something else than scores."""


@dataclass(frozen=True)
class Found:
    """The objects in one window: `boxes` float32 (N, 4) xmin, ymin, xmax, ymax in pixels of the window and inside it,
    `scores` (N,), `classes` (N,) places in `Reading.classes`, and `masks`, cut out when they are asked for.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    masks: Optional[Masks] = None

    def __len__(self) -> int:
        return len(self.boxes)


def decode(
    reading: Reading, raw: Mapping[str, np.ndarray], windows: int, tile: tuple[int, int], threshold: float
) -> list[Found]:
    """Return the objects with a score of at least `threshold` in each of the batch's first `windows` windows.

    `raw` are the network's outputs by name, `tile` is a window's (height, width). Give it the reading that `settled`
    returned, so that all batches are read alike. Raises `NotRunnable` where values can't be what they are read as.
    """
    reading = settled(reading, raw, threshold)
    return [_found(reading, parts, tile, threshold) for parts in _windows(reading, raw, windows)]


def settled(reading: Reading, raw: Mapping[str, np.ndarray], threshold: float) -> Reading:
    """Return the reading with what the values of a batch tell: whether scores are logits, and boxes in pixels.

    It stays open where the batch has nothing to tell it from, as one without any object.
    """
    scores = _part(reading, raw, "scores")
    if reading.activation is None and scores.size:
        activation = _activation(reading, scores)
        said = f"scores are logits; {activation} is applied" if activation else ""
        reading = replace(reading, activation=activation, said=(*reading.said, *([said] if said else [])))
    elif reading.activation == "" and scores.size:
        _activation(replace(reading, logits=""), scores, filled=not reading.logits)
    if not reading.units and scores.size:
        boxes = _part(reading, raw, "boxes").reshape(-1, 4)
        if "labels" in reading.parts:
            boxes = boxes[(scores >= threshold).reshape(-1)]
        if boxes.size and np.isfinite(boxes).all():
            units = "shares" if np.abs(boxes).max() <= SHARES_END else "pixels"
            said = f"boxes are {'shares of the window' if units == 'shares' else 'in pixels'}, as their values tell"
            reading = replace(reading, units=units, said=(*reading.said, said))
    return reading


def _activation(reading: Reading, scores: np.ndarray, filled: bool = True) -> str:
    """Return what makes scores of `scores`: nothing if they are in 0..1, else the reading's own activation.

    `filled` says whether they may be a list that is filled up with scores of -1.
    """
    _finite(scores)
    low, high = float(scores.min()), float(scores.max())
    if low >= -SLACK and high <= 1 + SLACK:
        return ""
    if reading.logits and max(-low, high) <= LARGEST_LOGIT:
        return reading.logits
    if not reading.logits and filled and high <= 1 + SLACK:
        return ""
    raise NotRunnable(
        f"The model gave scores from {low:g} to {high:g}, and scores lie between 0 and 1. "
        "The output is something else than it was taken for; ask the publisher which form it has."
    )


def _part(reading: Reading, raw: Mapping[str, np.ndarray], role: str) -> np.ndarray:
    """Return a part of the raw outputs, objects before columns; what stands in columns becomes float32."""
    part = reading.parts[role]
    if part.output not in raw:
        raise NotRunnable(f"The model gave no output {part.output!r}, which its file promises.")
    values = raw[part.output]
    if part.columns is None:
        return values.astype(np.float32) if values.dtype == np.float16 else values
    if reading.first:
        values = values.swapaxes(-1, -2)
    return values[..., part.columns[0] : part.columns[1]].astype(np.float32)


def _windows(reading: Reading, raw: Mapping[str, np.ndarray], windows: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield each window's own parts."""
    parts = {role: _part(reading, raw, role) for role in reading.parts}
    if reading.batch == "column":
        number = np.rint(parts.pop("window")[:, 0])
        for window in range(windows):
            yield {role: values[number == window] for role, values in parts.items()}
        return
    if reading.batch == "none":
        _enough(1, windows)
        yield {role: values[0] if role == "prototypes" else values for role, values in parts.items()}
        return
    _enough(min(len(values) for values in parts.values()), windows)
    for window in range(windows):
        yield {role: values[window] for role, values in parts.items()}


def _enough(given: int, windows: int) -> None:
    if given < windows:
        raise NotRunnable(f"The model gave results for {given} of {windows} windows. Run it with a batch size of 1.")


def _found(reading: Reading, parts: dict[str, np.ndarray], tile: tuple[int, int], threshold: float) -> Found:
    """Return one window's objects."""
    scores, classes = _scored(reading, parts)
    places = np.flatnonzero(scores >= threshold)
    classes = _places(reading, parts["labels"].reshape(-1)[places]) if "labels" in parts else classes[places]
    thing = ~np.isin(classes, reading.nothing)
    places, classes = places[thing], classes[thing]
    boxes = _pixels(reading, parts["boxes"].reshape(-1, 4)[places], tile)
    seen = np.flatnonzero(areas(boxes) > 0)
    places, boxes = places[seen], boxes[seen]
    return Found(boxes, scores[places], classes[seen], _masks(parts, places, boxes, tile))


def _scored(reading: Reading, parts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return each object's score, and its best class where the file has a score for each."""
    scores = parts["scores"].astype(np.float32, copy=False)
    _finite(scores)
    if "labels" in parts:
        flat = scores.reshape(-1)
        if flat.size and flat.max() > 1 + SLACK:
            _activation(reading, flat)
        return flat, np.zeros(len(flat), np.int64)
    scores = _activated(reading.activation, scores)
    things = np.setdiff1d(np.arange(scores.shape[1]), reading.nothing)
    best = things[scores[:, things].argmax(axis=1)]
    score = scores[np.arange(len(scores)), best]
    if "objectness" in parts:
        objectness = parts["objectness"].reshape(-1)
        _finite(objectness)
        score = score * _activated(reading.activation, objectness)
    return score, best


def _activated(activation: Optional[str], values: np.ndarray) -> np.ndarray:
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    return sigmoid(values) if activation == "sigmoid" else values


def _finite(scores: np.ndarray) -> None:
    if not np.isfinite(scores).all():
        raise NotRunnable(
            "The model gave scores that are no numbers (NaN). Check the units and the nodata value of the raster."
        )


def _places(reading: Reading, numbers: np.ndarray) -> np.ndarray:
    """Return the places in `Reading.classes` that the file's class numbers mean."""
    whole = np.rint(numbers).astype(np.int64)
    if numbers.dtype.kind == "f" and len(numbers) and np.abs(numbers - whole).max() > SLACK:
        wild = float(numbers[np.abs(numbers - whole).argmax()])
        raise NotRunnable(
            f"The model gave {wild:g} where a class number was expected, so its output has another form than it was "
            "taken for. Ask the publisher which."
        )
    values = np.array([c.value for c in reading.classes], np.int64)
    if not len(values):
        values = np.arange(whole.max(initial=0) + 1)
    elif reading.by_place:
        values = np.arange(len(values))
    places = np.minimum(np.searchsorted(values, whole), len(values) - 1)
    strange = whole[values[places] != whole]
    if len(strange):
        raise NotRunnable(
            f"The model gave the class number {strange[0]}, and the item's classes have the numbers "
            f"{', '.join(map(str, values))}. Ask the publisher to correct the item."
        )
    return places


def _pixels(reading: Reading, boxes: np.ndarray, tile: tuple[int, int]) -> np.ndarray:
    """Return boxes as corners in pixels, cut at the window's edge; those wholly outside have no area left."""
    if not np.isfinite(boxes).all():
        raise NotRunnable("The model gave boxes that are no numbers (NaN). Check the units of the raster.")
    if reading.units == "shares" and boxes.size and np.abs(boxes).max() > 2 * SHARES_END:
        raise NotRunnable(
            f"The model gave a box at {np.abs(boxes).max():g} after others within 0 and 1, so it does not tell shares "
            "of the tile from pixels. Ask the publisher which its boxes are."
        )
    corners = FORMS[reading.box](boxes.astype(np.float32, copy=False))
    turned = np.count_nonzero((corners[:, :2] > corners[:, 2:]).any(axis=1))
    if 2 * turned > len(corners):
        raise NotRunnable(
            f"{turned} of {len(corners)} boxes end before they begin, so they are written in another form than they "
            "were taken for, as offsets to a grid. Ask the publisher for an export with decoded boxes."
        )
    size = np.array([tile[1], tile[0]] * 2, np.float32)
    return np.clip(corners * size if reading.units == "shares" else corners, 0, size)


def _masks(
    parts: dict[str, np.ndarray], places: np.ndarray, boxes: np.ndarray, tile: tuple[int, int]
) -> Optional[Masks]:
    """Return what cuts out the masks of the objects at `places`, or None where the file has none."""
    if "prototypes" in parts:
        return Prototypes(parts["coefficients"][places], parts["prototypes"], boxes, tile)
    if "masks" in parts:
        frames = parts["masks"][places]
        return Frames(frames[:, 0] if frames.ndim == 4 else frames, boxes, tile)
    return None

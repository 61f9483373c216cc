"""Masks of objects: cut out of what the network gives, one at a time and only for objects that stay, then moved,
trimmed and joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Protocol, Sequence

import numpy as np

from ..errors import NotRunnable

HALF = 0.5
"""The probability from which a pixel is the object's."""
MOST_SHRUNK = 8
"""Frames of masks are at most this many times smaller than the window; smaller ones are meant for a box each."""


@dataclass(frozen=True)
class Mask:
    """The pixels of an object: `pixels` is a boolean array whose top left is at `row`, `col`."""

    row: int
    col: int
    pixels: np.ndarray

    def moved(self, rows: int, cols: int) -> Mask:
        """Return the mask that many rows further down and columns further right."""
        return Mask(self.row + rows, self.col + cols, self.pixels)

    def within(self, row0: int, col0: int, row1: int, col1: int) -> Mask:
        """Return what of the mask lies in those rows and columns, cut down to its own pixels; it may be empty."""
        top, left = max(row0 - self.row, 0), max(col0 - self.col, 0)
        part = self.pixels[top : max(row1 - self.row, 0), left : max(col1 - self.col, 0)]
        rows, cols = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if not len(rows):
            return Mask(self.row, self.col, np.zeros((0, 0), bool))
        tight = part[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
        return Mask(self.row + top + int(rows[0]), self.col + left + int(cols[0]), tight.copy())


def joined(masks: Sequence[Mask]) -> Mask:
    """Return the pixels of all masks as one."""
    if len(masks) == 1:
        return masks[0]
    row, col = min(m.row for m in masks), min(m.col for m in masks)
    height = max(m.row + m.pixels.shape[0] for m in masks) - row
    width = max(m.col + m.pixels.shape[1] for m in masks) - col
    pixels = np.zeros((height, width), bool)
    for mask in masks:
        rows, cols = mask.pixels.shape
        pixels[mask.row - row : mask.row - row + rows, mask.col - col : mask.col - col + cols] |= mask.pixels
    return Mask(row, col, pixels)


class Masks(Protocol):
    """Masks by the place of their object, each cut out when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Mask: ...


class Prototypes:
    """The masks of YOLO's -seg models: for each object a mixture of prototype pictures, cut at its box.

    `coefficients` (objects, prototypes), `pictures` (prototypes, rows, columns) of the whole window, coarser than it;
    `boxes` in pixels of the window of `tile` (height, width).
    """

    def __init__(
        self, coefficients: np.ndarray, pictures: np.ndarray, boxes: np.ndarray, tile: tuple[int, int]
    ) -> None:
        self._coefficients, self._pictures, self._boxes, self._tile = coefficients, pictures, boxes, tile

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, place: int) -> Mask:
        return _cut(
            lambda rows, cols: sigmoid(np.tensordot(self._coefficients[place], self._pictures[:, rows, cols], 1)),
            (self._pictures.shape[1], self._pictures.shape[2]),
            self._boxes[place],
            self._tile,
        )


class Frames:
    """Masks that the network gives as a picture of the window for each object: `frames` (objects, rows, columns) of
    probabilities or logits, as large as the window or up to 8 times smaller.
    """

    def __init__(self, frames: np.ndarray, boxes: np.ndarray, tile: tuple[int, int]) -> None:
        height, width = frames.shape[1:]
        scale = tile[0] / height
        if scale != tile[1] / width or not 1 <= scale <= MOST_SHRUNK:
            raise NotRunnable(
                f"The model gave masks of {height} x {width} pixels for windows of {tile[0]} x {tile[1]}; only masks "
                "of the whole window are supported. Ask the publisher for an export that has them."
            )
        self._frames, self._boxes, self._tile = frames, boxes, tile
        kind = frames.dtype.kind
        self._logits = kind == "f" and frames.size > 0 and bool(frames.min() < 0 or frames.max() > 1)

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, place: int) -> Mask:
        def part(rows: slice, cols: slice) -> np.ndarray:
            values = self._frames[place, rows, cols].astype(np.float32)
            return sigmoid(values) if self._logits else values

        return _cut(part, (self._frames.shape[1], self._frames.shape[2]), self._boxes[place], self._tile)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-values)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * values))


def _cut(
    part: Callable[[slice, slice], np.ndarray], size: tuple[int, int], box: np.ndarray, tile: tuple[int, int]
) -> Mask:
    """Return the mask in `box`, from probabilities of a coarser picture of the window; `part` computes some of it."""
    row0, row1 = _cells(box[1], box[3], tile[0])
    col0, col1 = _cells(box[0], box[2], tile[1])
    rows, down = _finer(row0, row1, size[0], tile[0])
    cols, across = _finer(col0, col1, size[1], tile[1])
    values = part(rows, cols)
    return Mask(row0, col0, down @ values @ across.T > HALF)


def _cells(low: float, high: float, size: int) -> tuple[int, int]:
    """Return the pixels that an interval touches, at least one."""
    first = min(max(int(np.floor(low)), 0), size - 1)
    return first, min(max(int(np.ceil(high)), first + 1), size)


def _finer(start: int, stop: int, coarse: int, fine: int) -> tuple[slice, np.ndarray]:
    """Return which coarse pixels matter to the fine ones from `start` to `stop`, and their weights: linear between
    the pixels' centres, constant outside the outermost.
    """
    at = np.clip((np.arange(start, stop) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, coarse - 1)
    first, last = int(low[0]), int(high[-1]) + 1
    weights = np.zeros((stop - start, last - first), np.float32)
    places = np.arange(stop - start)
    np.add.at(weights, (places, low - first), 1 - (at - low))
    np.add.at(weights, (places, high - first), at - low)
    return slice(first, last), weights

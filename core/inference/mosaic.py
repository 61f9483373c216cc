"""Joins windows that come row by row into one picture, keeping only what overlaps: the right and the lower ramp of
what came before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Optional

import numpy as np

from .plan import Plan


class Scenes:
    """The mosaic of networks that give one row of scores for a window: each window is a pixel of the result."""

    def add(self, i: int, j: int, scores: np.ndarray) -> tuple[int, int, np.ndarray]:
        """Take the scores (channels, 1, 1) of window (i, j); they are final, and their place is the window's."""
        return i, j, scores

    def skip(self, i: int, j: int) -> int:
        """Take window (i, j) that has no value; returns the row up to which all is final once its row is complete."""
        return i + 1


class Mosaic:
    """Takes the scores of each window in the plan's order, and gives back what no later window will change.

    Neighbours fade into each other linearly over the ramp; their weights add up to 1. Memory: one ramp across the
    area, and one window.
    """

    def __init__(self, plan: Plan, channels: int, data_type: np.dtype) -> None:
        self._plan = plan
        self._type = data_type
        width = plan.columns * (plan.inside[1] - plan.ramp) + plan.ramp
        self._above = np.zeros((channels, plan.ramp, width), data_type)
        self._below = np.zeros_like(self._above)
        self._left: Optional[np.ndarray] = None

    def add(self, i: int, j: int, scores: np.ndarray) -> tuple[int, int, np.ndarray]:
        """Take the scores (channels, tile height, tile width) of window (i, j), which are changed in place.

        Returns the row and column in the area, and the finished scores from there on; they may reach over the area's
        edge.
        """
        plan, ramp = self._plan, self._plan.ramp
        height, width = plan.inside
        block = scores[:, plan.halo : plan.halo + height, plan.halo : plan.halo + width]
        top, left = i * (height - ramp), j * (width - ramp)
        if not ramp:
            return top, left, block
        last_row, last_col = i == plan.rows - 1, j == plan.columns - 1
        block = block if block.flags.writeable else block.copy()
        _fade_edges(block, ramp, _weights(height, width, ramp, i == 0, last_row, j == 0, last_col))
        if self._left is not None:
            block[:, :, :ramp] += self._left
        self._left = None if last_col else block[:, :, -ramp:]
        done_width = width if last_col else width - ramp
        done_height = height if last_row else height - ramp
        finished = block[:, :, :done_width]
        if i > 0:
            finished[:, :ramp] += self._above[:, :, left : left + done_width]
        if not last_row:
            self._below[:, :, left : left + done_width] = finished[:, -ramp:]
        if last_col:
            self._above, self._below = self._below, self._above
        return top, left, finished[:, :done_height]

    def skip(self, i: int, j: int) -> int:
        """Take window (i, j), in whose inside no pixel has a value: what neighbours fade into it is seen nowhere.

        Returns the row of the area up to which all is final once its row of windows is complete.
        """
        plan, ramp = self._plan, self._plan.ramp
        height, width = plan.inside
        self._left = None
        left = j * (width - ramp)
        self._below[:, :, left : left + width] = 0
        if j == plan.columns - 1:
            self._above, self._below = self._below, self._above
        return (i + 1) * (height - ramp) + (ramp if i == plan.rows - 1 else 0)


def _fade_edges(block: np.ndarray, ramp: int, weights: np.ndarray) -> None:
    """Multiply the four ramps of a block by their weights; inside of them the weights are 1."""
    height, width = block.shape[1:]
    bottom, right = max(ramp, height - ramp), max(ramp, width - ramp)
    middle = slice(ramp, bottom)
    for rows, cols in (
        (slice(0, ramp), slice(None)),
        (slice(bottom, height), slice(None)),
        (middle, slice(0, ramp)),
        (middle, slice(right, width)),
    ):
        block[:, rows, cols] *= weights[rows, cols]


@lru_cache(maxsize=16)
def _weights(
    height: int, width: int, ramp: int, first_i: bool, last_i: bool, first_j: bool, last_j: bool
) -> np.ndarray:
    return np.outer(_fade(height, ramp, first_i, last_i), _fade(width, ramp, first_j, last_j)).astype(np.float32)


def _fade(size: int, ramp: int, first: bool, last: bool) -> np.ndarray:
    """Return weights along one side: rising over the first ramp, falling over the last, but at the area's edge."""
    weights = np.ones(size)
    rise = (np.arange(ramp) + 0.5) / ramp
    if not first:
        weights[:ramp] = rise
    if not last:
        weights[-ramp:] *= rise[::-1]
    return weights

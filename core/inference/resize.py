"""The interpolations of MLM's `resize_type`, as OpenCV does them (MLM 1.5 refers to OpenCV's interpolation flags).

Pixels are areas whose centres lie at a half, the border is repeated, and only `area` averages when it makes an image
smaller. Rows and columns are resized one after the other: each is a product with a matrix of weights.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Callable, Mapping

import numpy as np

from ..errors import NotRunnable

MEANINGLESS: Mapping[str, str] = {
    "interpolation-max": "it is the number of OpenCV's interpolations and none of them",
    "wrap-fill-outliers": "it says what a warp puts where it finds no pixel, and a resized image has no such places",
    "wrap-inverse-map": "it turns an OpenCV warp round, and a resized image is not warped",
}
"""Words of `resize_type` that are flags of OpenCV beside an interpolation, and why they alone can't be done."""

CUBIC = -0.75
"""The slope of OpenCV's cubic kernel at distance 1."""
SLIVER = 1e-3
"""What is covered of a pixel by no more than that is left out, as in OpenCV: mostly the error of a division."""
CACHED = 64
"""How many matrices are kept; a run needs two for each input or output."""


def resize(values: np.ndarray, size: tuple[int, int], kind: str) -> np.ndarray:
    """Return (..., height, width) resized to `size` (height, width) as float32; `kind` is a word of `KINDS`.

    A pixel that is made of one that is not finite is NaN. Raises `NotRunnable` for other words.
    """
    if kind not in KINDS:
        reason = MEANINGLESS.get(kind, f"the interpolations are {', '.join(KINDS)}")
        raise NotRunnable(f"resize_type {kind!r} can't be done: {reason}. Ask the publisher what is meant.")
    values = np.asarray(values, dtype=np.float32)
    height, width = values.shape[-2:]
    if (height, width) == tuple(size):
        return values
    if kind == "interpolation-area" and (size[0] > height or size[1] > width):
        kind = ENLARGED_AREA
    rows, columns = _matrix(kind, height, size[0]), _matrix(kind, width, size[1])
    missing = ~np.isfinite(values)
    if not missing.any():
        return rows @ values @ columns.T
    resized = rows @ np.where(missing, np.float32(0), values) @ columns.T
    touched = np.abs(rows) @ missing.astype(np.float32) @ np.abs(columns).T
    return np.where(touched > 0, np.float32(np.nan), resized)


def _nearest(old: int, new: int) -> np.ndarray:
    """The pixel whose area holds the new one's upper left corner."""
    place = np.floor(np.arange(new) * (1 / (new / old))).astype(int)
    return _placed(place[:, None], np.ones((new, 1)), old)


def _linear(old: int, new: int) -> np.ndarray:
    return _kernel(old, new, (0, 1), lambda t: 1 - np.abs(t))


def _cubic(old: int, new: int) -> np.ndarray:
    a = CUBIC

    def weight(t: np.ndarray) -> np.ndarray:
        t = np.abs(t)
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        return np.where(t <= 1, near, ((a * t - 5 * a) * t + 8 * a) * t - 4 * a)

    return _kernel(old, new, (-1, 2), weight)


def _lanczos(old: int, new: int) -> np.ndarray:
    return _kernel(old, new, (-3, 4), lambda t: np.sinc(t) * np.sinc(t / 4))


def _area(old: int, new: int) -> np.ndarray:
    """Each new pixel is the mean of the old ones it covers, by how much of them it covers."""
    edges = np.arange(new + 1) * (old / new)
    cells = np.arange(old)
    covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return _normal(np.where(covered > SLIVER, covered, 0))


def _enlarged_area(old: int, new: int) -> np.ndarray:
    """Old pixels keep their areas, and only new ones that lie across an edge are a mixture; OpenCV does so for both
    axes as soon as one of them gets longer.
    """
    scale = old / new
    first = np.floor(np.arange(new) * scale)
    part = np.arange(1, new + 1) - (first + 1) / scale
    part = np.where(part <= 0, 0, part - np.floor(part))
    return _placed(first[:, None].astype(int) + (0, 1), np.stack([1 - part, part], axis=1), old)


def _kernel(old: int, new: int, reach: tuple[int, int], weight: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the matrix of a kernel that looks `reach` pixels around the one left of (or at) the new pixel's centre."""
    centre = (np.arange(new) + 0.5) * (old / new) - 0.5
    taps = np.floor(centre)[:, None] + np.arange(reach[0], reach[1] + 1)
    return _placed(taps.astype(int), weight(taps - centre[:, None]), old)


def _placed(taps: np.ndarray, weights: np.ndarray, old: int) -> np.ndarray:
    """Return a matrix with `weights` at the pixels `taps`; those beyond the border are the border's own."""
    matrix = np.zeros((len(taps), old))
    rows = np.broadcast_to(np.arange(len(taps))[:, None], taps.shape)
    np.add.at(matrix, (rows, np.clip(taps, 0, old - 1)), weights)
    return _normal(matrix)


def _normal(matrix: np.ndarray) -> np.ndarray:
    return matrix / matrix.sum(axis=1, keepdims=True)


KINDS: Mapping[str, Callable[[int, int], np.ndarray]] = {
    "interpolation-nearest": _nearest,
    "interpolation-linear": _linear,
    "interpolation-cubic": _cubic,
    "interpolation-area": _area,
    "interpolation-lanczos4": _lanczos,
}
"""The specification's word, and the function that gives weights (new x old) for an axis of `old` pixels made `new`."""

ENLARGED_AREA = "interpolation-area where an axis gets longer"


@lru_cache(maxsize=CACHED)
def _matrix(kind: str, old: int, new: int) -> np.ndarray:
    weights = _enlarged_area if kind == ENLARGED_AREA else KINDS[kind]
    matrix = weights(old, new).astype(np.float32)
    matrix.flags.writeable = False
    return matrix

"""Boxes as arrays (N, 4) of xmin, ymin, xmax, ymax in pixels, and which of several that overlap stays (greedy
non-maximum suppression, without ever holding all pairs).
"""

from __future__ import annotations

from typing import Any, Callable, Mapping

import numpy as np

from .vectors import library

FIRST_BLOCK = 64
"""How many of the best boxes are compared at first; a heap of copies of one object is gone after that."""
MOST_BLOCK = 4096
"""How many are compared at once at most; with the neighbours of each this bounds the memory."""


def _from_centres(boxes: np.ndarray) -> np.ndarray:
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


FORMS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "xyxy": lambda boxes: boxes,
    "yxyx": lambda boxes: boxes[:, [1, 0, 3, 2]],
    "cxcywh": _from_centres,
}
"""How networks write a box: two corners, two corners with y first, or centre with width and height."""


def areas(boxes: np.ndarray) -> np.ndarray:
    """Return the area of each box; one that is turned inside out has none."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def shared(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the boxes that each of `one` has in common with its counterpart in `other`, empty or inside out if
    nothing.
    """
    return np.concatenate([np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])], axis=1)


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return `part` / `whole`, and 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return intersection over union of each box in `one` with its counterpart in `other`."""
    both = areas(shared(one, other))
    return share(both, areas(one) + areas(other) - both)


class Index:
    """Finds boxes that touch others of their group, without comparing all with all.

    Raises `RuntimeMissing` where the engine has no shapely.
    """

    def __init__(self, boxes: np.ndarray, groups: np.ndarray) -> None:
        self._shapely = library("shapely", "Finding objects", (2, 0))
        self._groups = groups
        self._apart = float(np.ptp(boxes[:, [0, 2]])) + 1.0 if len(boxes) else 1.0
        self._tree = self._shapely.STRtree(self._placed(boxes, groups))

    def touching(self, boxes: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs (place in `boxes`, place among the indexed) of those that touch and are of one group."""
        asked, found = self._tree.query(self._placed(boxes, groups))
        alike = groups[asked] == self._groups[found]
        return asked[alike], found[alike]

    def _placed(self, boxes: np.ndarray, groups: np.ndarray) -> Any:
        """Return the boxes as geometries, those of each group in a country of their own."""
        away = groups * self._apart
        return self._shapely.box(boxes[:, 0] + away, boxes[:, 1], boxes[:, 2] + away, boxes[:, 3])


def suppress(boxes: np.ndarray, scores: np.ndarray, groups: np.ndarray, most: float) -> np.ndarray:
    """Return the places of the boxes that stay, best first: from the best score down, each box that stays removes
    those of its group with which it has an intersection over union of more than `most`.

    Of equal scores the first comes first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, groups = boxes[order].astype(np.float64), groups[order]
    alive = np.ones(len(boxes), bool)
    index = Index(boxes, groups)
    start, size = 0, FIRST_BLOCK
    while start < len(boxes):
        stop = min(start + size, len(boxes))
        block = start + np.flatnonzero(alive[start:stop])
        asked, found = index.touching(boxes[block], groups[block])
        better, worse = block[asked], found
        below = (worse > better) & alive[worse]
        better, worse = better[below], worse[below]
        near = iou(boxes[better], boxes[worse]) > most
        better, worse = better[near], worse[near]
        inside = worse < stop
        alive[start:stop] &= _stay(stop - start, better[inside] - start, worse[inside] - start)
        alive[worse[alive[better]]] = False
        start, size = stop, min(2 * size, MOST_BLOCK)
    return order[alive]


def _stay(count: int, better: np.ndarray, worse: np.ndarray) -> np.ndarray:
    """Return which of `count` ranked boxes stay, where `better` removes `worse` if it stays itself."""
    stays, open_ = np.zeros(count, bool), np.ones(count, bool)
    while open_.any():
        waiting = np.zeros(count, bool)
        waiting[worse[open_[better]]] = True
        settled = open_ & ~waiting
        stays |= settled
        open_ &= waiting
        open_[worse[settled[better]]] = False
    return stays

"""Objects of all windows become the objects of the area: what several windows have seen comes out once, and whole.

The rule. Within a window, and among objects that no window cuts, plain suppression by intersection over union. A piece
(a box that ends at its window's edge, where the object may go on) is the same as another window's box, if

- the piece lies, but for a little, inside that box; or
- in the strip that both windows have seen, both boxes are alike: what two windows see there is the same thing.

A piece that is the same as a whole box goes, however sure the network was of it. Pieces that are the same as each
other, and as no whole box, are joined: the box around them, their best score and its class, their masks united. At the
end no two boxes of a class have more in common than plain suppression allows.

Windows should overlap by more than most objects are long. Where they only touch there is nothing both have seen, and
two objects of a class that meet at the seam and are equally wide there become one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from .boxes import Index, areas, iou, shared, suppress
from .boxes import share as part_of
from .instances import Mask, joined
from .objects import Found

EDGE = 0.01
"""A box that comes this near to its window's edge, as a share of the window's side, ends at it: networks place the edge
of what is cut no better.
"""
LEAST_EDGE = 2.0
"""The same in pixels, at least."""
CONTAINED = 0.7
"""The share of a piece that must lie in a box to be part of it."""
ALIKE = 0.5
"""The intersection over union from which two boxes are alike in the strip that both windows have seen."""
LEAST_INSIDE = 0.25
"""Of an object at the area's edge at least this share must lie in the area: beyond, windows see a mirror image."""
AT_ONCE = 8192
"""How many objects are compared with their neighbours at once."""


@dataclass(frozen=True)
class Objects:
    """The objects of the area, best score first: `boxes` float64 (N, 4) in its pixels, `scores`, `classes` as places,
    and a mask for each, where the network gives masks.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    masks: Optional[list[Mask]] = None

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, places: np.ndarray) -> Objects:
        """Return the objects at `places`, in that order."""
        masks = None if self.masks is None else [self.masks[p] for p in places]
        return Objects(self.boxes[places], self.scores[places], self.classes[places], masks)


@dataclass
class Collector:
    """Takes the objects of one window after another, and gives those of the area. Memory grows with the objects alone.

    `threshold` is the least score, `iou` the intersection over union above which two boxes are the same object;
    `class_agnostic` lets objects of different classes suppress each other.
    """

    threshold: float
    iou: float
    class_agnostic: bool = False
    _objects: list[Objects] = field(default_factory=list)
    _windows: list[np.ndarray] = field(default_factory=list)
    _cuts: list[np.ndarray] = field(default_factory=list)
    _masked: bool = False

    def add(self, found: Found, row: int, col: int, inside: tuple[int, int, int, int], valid: np.ndarray) -> None:
        """Take what a window with its top left at (`row`, `col`) of the area holds.

        `inside` (first row, first column, row and column after the last, in the window's own pixels) is what of the
        window lies in the area; `valid` (height, width) is where the raster has values. Objects whose middle has none
        are no objects.
        """
        row0, col0, row1, col1 = inside
        limits = np.array([[col0, row0, col1, row1]], np.float64)
        boxes = shared(found.boxes.astype(np.float64), limits)
        good = (found.scores >= self.threshold) & (part_of(areas(boxes), areas(found.boxes)) >= LEAST_INSIDE)
        middle = np.floor((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int)
        good &= valid[middle[:, 1].clip(0, valid.shape[0] - 1), middle[:, 0].clip(0, valid.shape[1] - 1)]
        places = np.flatnonzero(good)
        places = places[suppress(boxes[places], found.scores[places], self._groups(found.classes[places]), self.iou)]
        masks = None
        if found.masks is not None:
            self._masked = True
            cut_out = {int(p): found.masks[int(p)].within(row0, col0, row1, col1) for p in places}
            places = np.array([p for p, mask in cut_out.items() if mask.pixels.size], np.intp)
            masks = [cut_out[int(p)].moved(row, col) for p in places]
        if not len(places):
            return
        boxes, away = boxes[places], np.array([col, row] * 2, np.float64)
        height, width = valid.shape
        goes_on = np.array([col + col0 > 0, row + row0 > 0, col1 == width, row1 == height])
        margin = np.maximum(np.array([width, height] * 2) * EDGE, LEAST_EDGE)
        self._cuts.append((np.abs(boxes - limits) <= margin) & goes_on)
        self._windows.append(np.repeat(np.concatenate([limits[0] + away, margin[:2]])[None], len(places), axis=0))
        self._objects.append(Objects(boxes + away, found.scores[places], found.classes[places], masks))

    def finish(self) -> Objects:
        """Return the objects of the area, each once."""
        if not self._objects:
            masks: Optional[list[Mask]] = [] if self._masked else None
            return Objects(np.zeros((0, 4)), np.zeros(0, np.float32), np.zeros(0, np.int64), masks)
        found = _together(self._objects)
        views = _Views(found, np.concatenate(self._windows), np.concatenate(self._cuts), self._groups(found.classes))
        cut = views.cuts.any(axis=1)
        whole, pieces = np.flatnonzero(~cut), np.flatnonzero(cut)
        whole = whole[suppress(found.boxes[whole], found.scores[whole], views.groups[whole], self.iou)]
        known, _ = views.same(pieces, whole, self.iou)
        chains = _chains(np.setdiff1d(pieces, known), *views.same(pieces, pieces, self.iou))
        joined_ones = [_joined(found.take(chain)) for chain in chains if len(chain) > 1]
        single = found.take(np.array([chain[0] for chain in chains if len(chain) == 1], np.intp))
        result = _together([found.take(whole), *joined_ones, single])
        return result.take(suppress(result.boxes, result.scores, self._groups(result.classes), self.iou))

    def _groups(self, classes: np.ndarray) -> np.ndarray:
        return np.zeros(len(classes), np.int64) if self.class_agnostic else classes.astype(np.int64)


@dataclass(frozen=True)
class _Views:
    """Objects as their windows saw them: `windows` (N, 6) are the window's box and what counts as its edge in x and y,
    `cuts` (N, 4) at which sides the box ends at it.
    """

    objects: Objects
    windows: np.ndarray
    cuts: np.ndarray
    groups: np.ndarray

    def same(self, some: np.ndarray, others: np.ndarray, most: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs of `some` and `others` that are one object by this module's rule."""
        grown = self._grown()
        index = Index(grown[others], self.groups[others])
        pairs = [(np.zeros(0, np.intp), np.zeros(0, np.intp))]
        for start in range(0, len(some), AT_ONCE):
            asked = some[start : start + AT_ONCE]
            a, b = index.touching(grown[asked], self.groups[asked])
            a, b = asked[a], others[b]
            apart = (self.windows[a] != self.windows[b]).any(axis=1)
            a, b = a[apart], b[apart]
            near = iou(self.objects.boxes[a], self.objects.boxes[b]) > most
            same = near | self._part(a, b) | self._alike(a, b, grown)
            pairs.append((a[same], b[same]))
        return np.concatenate([p[0] for p in pairs]), np.concatenate([p[1] for p in pairs])

    def _part(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return where the smaller of two boxes is a piece and lies inside the other."""
        boxes = self.objects.boxes
        size_a, size_b = areas(boxes[a]), areas(boxes[b])
        smaller = np.where(size_a <= size_b, a, b)
        inside = part_of(areas(shared(boxes[a], boxes[b])), np.minimum(size_a, size_b)) >= CONTAINED
        return inside & self.cuts[smaller].any(axis=1)

    def _alike(self, a: np.ndarray, b: np.ndarray, grown: np.ndarray) -> np.ndarray:
        """Return where two boxes are alike in the strip that both windows have seen, a little beyond their edges."""
        strip = shared(self._wider(a), self._wider(b))
        return iou(shared(grown[a], strip), shared(grown[b], strip)) >= ALIKE

    def _grown(self) -> np.ndarray:
        """Return the boxes with each cut side drawn out a little beyond the window, as the object goes on there."""
        every = np.arange(len(self.objects))
        return np.where(self.cuts, self._wider(every), self.objects.boxes)

    def _wider(self, places: np.ndarray) -> np.ndarray:
        margin = self.windows[places, 4:]
        return self.windows[places, :4] + np.concatenate([-margin, margin], axis=1)


def _together(objects: list[Objects]) -> Objects:
    masks = None if objects[0].masks is None else [m for o in objects for m in o.masks or ()]
    return Objects(
        np.concatenate([o.boxes for o in objects]),
        np.concatenate([o.scores for o in objects]),
        np.concatenate([o.classes for o in objects]),
        masks,
    )


def _joined(pieces: Objects) -> Objects:
    """Return one object for all pieces."""
    best = [int(pieces.scores.argmax())]
    box = np.concatenate([pieces.boxes[:, :2].min(axis=0), pieces.boxes[:, 2:].max(axis=0)])
    masks = None if pieces.masks is None else [joined(pieces.masks)]
    return Objects(box[None], pieces.scores[best], pieces.classes[best], masks)


def _chains(places: np.ndarray, a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Return `places` in groups, where pairs `a`, `b` of places are one object and hold their groups together."""
    if not len(places):
        return []
    here = np.isin(a, places) & np.isin(b, places)
    a, b = np.searchsorted(places, a[here]), np.searchsorted(places, b[here])
    lowest, before = np.arange(len(places)), np.full(len(places), -1)
    while (lowest != before).any():
        before = lowest.copy()
        least = np.minimum(lowest[a], lowest[b])
        np.minimum.at(lowest, a, least)
        np.minimum.at(lowest, b, least)
        lowest = lowest[lowest]
    order = np.argsort(lowest, kind="stable")
    _, starts = np.unique(lowest[order], return_index=True)
    return np.split(places[order], starts[1:])

"""Which windows are computed and how they overlap, decided before the first pixel is read.

A window is `tile` pixels and yields its inside: the `halo` at each side is context only, since a network pads there.
Insides of neighbours share `ramp` pixels, over which one fades into the other; without a ramp they touch. Windows may
hang over the raster's edge, where it is continued as in a mirror, so every pixel has the same surroundings in whatever
window it falls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Iterator, Optional, Sequence

from rasterio.errors import RasterioError
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from ..errors import ExtentOutside, UsageError
from ..mlm.model import Model
from ..mlm.raster import RasterInfo
from .layout import DIMENSIONS, Layout

TILE = 256
"""Side of a window where neither the file nor the item fixes it."""
LARGEST = 1024
"""The largest tile that an item's word alone is taken for; items that declare a whole scene (10980) mean any size."""
MOST_TILE = 8192
"""The largest tile that can be asked for: 64 million pixels at once."""
PIXEL_TILE = 512
"""Side of the block of pixels handed at once to a model that sees one pixel at a time."""
OVERLAP = 0.2
"""Share of the tile that neighbours have in common: the middle half of it is blended, the rest is context."""
COVERED = 4
"""A halo grows to cover the network's receptive field where that takes at most this part of the tile at each side."""
MOST_OVERLAP = 0.6
"""More than this would let three windows fade into one another."""
_SNAP = 1e-6


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels of the raster; it may begin before 0 and end behind the last."""

    row: int
    col: int
    height: int
    width: int


@dataclass(frozen=True)
class Plan:
    """The windows of a run. `area` is what is asked for, in the raster's pixels; `tile` is (height, width)."""

    area: Window
    tile: tuple[int, int]
    halo: int
    ramp: int
    batch: int

    @property
    def inside(self) -> tuple[int, int]:
        """Height and width of what a window yields, ramps included."""
        return self.tile[0] - 2 * self.halo, self.tile[1] - 2 * self.halo

    @property
    def rows(self) -> int:
        return self._count(self.area.height, self.inside[0])

    @property
    def columns(self) -> int:
        return self._count(self.area.width, self.inside[1])

    def windows(self) -> Iterator[tuple[int, int, Window]]:
        """Yield (row of windows, column of windows, what to read) from the top left, row by row."""
        for i in range(self.rows):
            for j in range(self.columns):
                top = self.area.row + i * (self.inside[0] - self.ramp) - self.halo
                left = self.area.col + j * (self.inside[1] - self.ramp) - self.halo
                yield i, j, Window(top, left, *self.tile)

    def _count(self, size: int, inside: int) -> int:
        return max(1, math.ceil((size - self.ramp) / (inside - self.ramp)))


def plan(
    model: Model,
    layout: Layout,
    area: Window,
    tile: Optional[int] = None,
    overlap: Optional[float] = None,
    merge: str = "blend",
    batch_size: Optional[int] = None,
) -> Plan:
    """Return the windows that cover `area`; raises `UsageError` where an option contradicts the model's file."""
    if merge not in ("blend", "crop"):
        raise UsageError(f"Merging {merge!r} is not known; use blend or crop.")
    share = OVERLAP if overlap is None else overlap
    if not 0 <= share <= MOST_OVERLAP:
        raise UsageError(f"An overlap of {share:g} makes no sense; use a fraction from 0 to {MOST_OVERLAP:g}.")
    if layout.per_pixel:
        side = tile or PIXEL_TILE
        return Plan(area, (side, side), 0, 0, 1)
    size = (_side(model, layout, "height", tile), _side(model, layout, "width", tile))
    if layout.scene:
        return _within(Plan(area, size, 0, 0, _batch(layout, batch_size)), layout)
    overlap_px = 2 * round(min(size) * share / 2)
    halo = overlap_px // 2 if merge == "crop" or layout.labels else overlap_px // 4
    ramp = overlap_px - 2 * halo
    if overlap is None and layout.radius is not None and halo < layout.radius <= min(size) // COVERED:
        halo = layout.radius
    return _within(Plan(area, size, halo, ramp, _batch(layout, batch_size)), layout)


def _within(plan: Plan, layout: Layout) -> Plan:
    """Return the plan with no more windows in a batch than there are, unless the file fixes their number."""
    return plan if layout.batch is not None else replace(plan, batch=min(plan.batch, plan.rows * plan.columns))


def area_of(raster: RasterInfo, extent: Optional[Sequence[float]], extent_crs: str = "") -> Window:
    """Return the pixels that `extent` (xmin, ymin, xmax, ymax, in `extent_crs` or the raster's) touches; all without
    an extent.

    Raises `ExtentOutside` where they have none in common.
    """
    if extent is None:
        return Window(0, 0, raster.height, raster.width)
    xmin, ymin, xmax, ymax = extent
    if not (all(map(math.isfinite, extent)) and xmin < xmax and ymin < ymax):
        raise UsageError(f"The extent {xmin:g} {ymin:g} {xmax:g} {ymax:g} is empty; give XMIN YMIN XMAX YMAX.")
    if extent_crs and not raster.crs:
        raise UsageError(f"The raster has no CRS, so an extent in {extent_crs} can't be brought to it. Leave that out.")
    if extent_crs and extent_crs != raster.crs:
        try:
            xmin, ymin, xmax, ymax = transform_bounds(extent_crs, raster.crs, xmin, ymin, xmax, ymax, densify_pts=21)
        except (RasterioError, ValueError) as error:
            raise UsageError(f"The extent can't be brought from {extent_crs} to the raster's CRS: {error}.") from error
    a, b, c, d, e, f, *_ = ~Affine(*raster.transform)
    corners = [(a * x + b * y + c, d * x + e * y + f) for x in (xmin, xmax) for y in (ymin, ymax)]
    if not all(math.isfinite(c) for corner in corners for c in corner):
        raise ExtentOutside("The extent lies where the raster's CRS is not defined. Zoom to the layer.")
    left, right = _clipped([c[0] for c in corners], raster.width)
    top, bottom = _clipped([c[1] for c in corners], raster.height)
    if left >= right or top >= bottom:
        raise ExtentOutside(
            "The extent and the raster have no pixel in common. Zoom to the layer, or choose its own extent."
        )
    return Window(top, left, bottom - top, right - left)


def _clipped(positions: Sequence[float], size: int) -> tuple[int, int]:
    first, last = math.floor(min(positions) + _SNAP), math.ceil(max(positions) - _SNAP)
    return max(0, first), min(size, last)


def _side(model: Model, layout: Layout, side: str, wish: Optional[int]) -> int:
    fixed = layout.tile_height if side == "height" else layout.tile_width
    if wish is not None and not 8 <= wish <= MOST_TILE:
        raise UsageError(f"A tile of {wish} pixels makes no sense; use 8 to {MOST_TILE}.")
    if fixed is not None:
        if wish is not None and wish != fixed:
            raise UsageError(f"The model's file takes tiles of {fixed} pixels {side}; a tile of {wish} can't be used.")
        return fixed
    if wish is not None:
        return wish
    given = model.inputs[0].tensor
    declared = {DIMENSIONS.get(d, d): s for d, s in zip(given.dim_order, given.shape)}.get(side, -1)
    if declared < 8 and layout.scene:
        raise UsageError("The model gives one class for an image of any size. Say how large its tiles are (--tile N).")
    return declared if 8 <= declared <= LARGEST else TILE


def _batch(layout: Layout, wish: Optional[int]) -> int:
    if wish is not None and wish < 1:
        raise UsageError(f"A batch of {wish} windows makes no sense; use 1 or more.")
    if layout.batch is not None:
        if wish is not None and wish != layout.batch:
            raise UsageError(f"The model's file takes batches of {layout.batch}; {wish} can't be used.")
        return layout.batch
    return wish or 1

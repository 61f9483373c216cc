"""Which pixels of a raster are asked for."""

from __future__ import annotations

import math
from typing import Optional, Sequence

from rasterio.transform import Affine

from ..errors import ExtentOutside, UsageError
from ..mlm.raster import RasterInfo
from .ground import box_on, turn
from .plan import Window

_SNAP = 1e-6


def area_of(raster: RasterInfo, extent: Optional[Sequence[float]], extent_crs: str = "") -> Window:
    """Return the pixels that `extent` (xmin, ymin, xmax, ymax, in `extent_crs` or the raster's) touches; all without
    an extent.

    Raises `ExtentOutside` where they have none in common.
    """
    if extent is None:
        return Window(0, 0, raster.height, raster.width)
    xmin, ymin, xmax, ymax = extent
    if not (all(map(math.isfinite, extent)) and xmin < xmax and ymin < ymax):
        text = f"The extent {xmin:.9g} {ymin:.9g} {xmax:.9g} {ymax:.9g} is empty; give XMIN YMIN XMAX YMAX."
        circle = _circle(extent_crs or raster.crs) if xmin > xmax else None
        if circle:
            text += f" Across the antimeridian the XMAX goes on behind {circle / 2:g}: here {xmax + circle:.9g}."
        raise UsageError(text)
    if extent_crs and not raster.crs:
        raise UsageError(f"The raster has no CRS, so an extent in {extent_crs} can't be brought to it. Leave that out.")
    try:
        xmin, ymin, xmax, ymax = box_on(raster.grid, (xmin, ymin, xmax, ymax), extent_crs or raster.crs)
    except ValueError as error:  # a CRS that is none, or that has no way to the raster's
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


def _circle(crs: str) -> Optional[float]:
    try:
        return turn(crs)
    except ValueError:  # what is no CRS at all is said elsewhere
        return None


def _clipped(positions: Sequence[float], size: int) -> tuple[int, int]:
    first, last = math.floor(min(positions) + _SNAP), math.ceil(max(positions) - _SNAP)
    return max(0, first), min(size, last)

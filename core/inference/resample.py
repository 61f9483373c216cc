"""Values of a file on another grid than its own: averaged over the area of larger pixels, interpolated between the
centres of larger ones.

GDAL's warper does it, on arrays whose missing pixels are NaN: so nodata, alpha, mask bands and NaN all mean the same,
and none of them touches a value. Where something is missing the bands go one by one, since the warper takes a pixel
that one band lacks for valid in all (UNIFIED_SRC_NODATA), and would mix the nodata value in.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Iterator, Optional

import numpy as np
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.warp import reproject
from rasterio.windows import Window as FileWindow

from ..mlm.raster import PixelGrid
from .grid import AVERAGE, BILINEAR, method
from .ground import Unrelated, at, bounds, box_on, inverse

METHODS = {AVERAGE: Resampling.average, BILINEAR: Resampling.bilinear}
MARGIN_PX = 2
"""Pixels of the file around a window: one for the interpolation, one for rounding."""
MOST_VALUES = 8_000_000
"""How many values, of all bands, are read at once; a window that needs more is computed in pieces."""
PLAIN = {"XSCALE": 1, "YSCALE": 1, "tolerance": 0}
"""Left alone, the warper guesses the change of size from each window's bounds, and widens its kernel where those turn:
a slope comes out wavy, and other in other windows. Positions are computed for each pixel, not between a few of them."""
NOWHERE = 'LOCAL_CS["nowhere",UNIT["unit",1]]'
"""The warper wants a CRS, also of rasters that have none."""
_EXACT_IN_FLOAT32 = ("uint8", "int8", "uint16", "int16", "float16", "float32")

Read = Callable[[FileWindow], tuple[np.ndarray, np.ndarray]]
"""Reads a window of the file: values (bands, height, width), and where each band has one (the same shape)."""


def working_type(types: Any) -> np.dtype:
    """Return the type in which means of such values lose nothing that matters."""
    return np.dtype("float32" if all(str(t) in _EXACT_IN_FLOAT32 for t in types) else "float64")


def resampled(read: Read, bands: int, own: PixelGrid, grid: PixelGrid, box: FileWindow, dtype: np.dtype) -> np.ndarray:
    """Return values (bands, height, width) of the window `box` of `grid`, NaN where there is none."""
    out = np.full((bands, box.height, box.width), np.nan, dtype)
    _fill(out, read, own, grid, box)
    return out


def _fill(out: np.ndarray, read: Read, own: PixelGrid, grid: PixelGrid, box: FileWindow) -> None:
    needed = _needed(own, grid, box)
    if needed is None:
        return
    if needed.height * needed.width * len(out) > MOST_VALUES and box.height * box.width > 1:
        for part, inside in _halves(box):
            _fill(out[:, inside[0], inside[1]], read, own, grid, part)
        return
    values, valid = read(needed)
    lies = {
        "src_transform": _moved(own, needed),
        "src_crs": _crs(own),
        "dst_transform": _moved(grid, box),
        "dst_crs": _crs(grid),
        "resampling": METHODS[method(own, grid)],
    }
    warped = np.full_like(out, np.nan)  # the warper wants an array of its own, no part of one
    values = values.astype(out.dtype)
    if valid.all():
        reproject(values, warped, init_dest_nodata=False, **PLAIN, **lies)
    else:
        values[~valid] = np.nan
        for band, result in zip(values, warped):
            reproject(band, result, src_nodata=np.nan, dst_nodata=np.nan, **PLAIN, **lies)
    out[:] = warped


def _halves(box: FileWindow) -> Iterator[tuple[FileWindow, tuple[slice, slice]]]:
    """Yield the halves of a window, cut across its longer side, and where they are in it."""
    tall = box.height >= box.width
    size = box.height if tall else box.width
    for start, end in ((0, size // 2), (size // 2, size)):
        if tall:
            part = FileWindow(box.col_off, box.row_off + start, box.width, end - start)
        else:
            part = FileWindow(box.col_off + start, box.row_off, end - start, box.height)
        inside = slice(start, end), slice(None)
        yield part, inside if tall else (inside[1], inside[0])


def _needed(own: PixelGrid, grid: PixelGrid, box: FileWindow) -> Optional[FileWindow]:
    """Return the file's pixels that a window of the grid is made of; None where it lies beside the file."""
    a, b, c, d, e, f = tuple(_moved(grid, box))[:6]
    area = bounds(PixelGrid(box.width, box.height, (a, b, c, d, e, f), grid.crs))
    try:
        area = box_on(own, area, grid.crs)
    except Unrelated:  # a window where the file's CRS is not defined has no pixel of it
        return None
    if not all(map(math.isfinite, area)):
        return None
    to_pixels = inverse(own.transform)
    corners = [at(to_pixels, x, y) for x in (area[0], area[2]) for y in (area[1], area[3])]
    left, right = _clipped([col for col, _ in corners], own.width)
    top, bottom = _clipped([row for _, row in corners], own.height)
    return FileWindow(left, top, right - left, bottom - top) if left < right and top < bottom else None


def _clipped(edges: list[float], size: int) -> tuple[int, int]:
    return max(0, math.floor(min(edges)) - MARGIN_PX), min(size, math.ceil(max(edges)) + MARGIN_PX)


def _moved(grid: PixelGrid, box: FileWindow) -> Affine:
    a, b, _, d, e, _ = grid.transform
    x, y = at(grid.transform, box.col_off, box.row_off)
    return Affine(a, b, x, d, e, y)


def _crs(grid: PixelGrid) -> CRS:
    return CRS.from_user_input(grid.crs or NOWHERE)

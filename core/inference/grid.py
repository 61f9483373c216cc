"""The grid on which a run computes: files of several resolutions brought to one, at the size that was asked for.

Nothing is shifted that need not be: where files share their pixels' edges, so does the grid.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Iterable, Mapping, Optional, Sequence, Union

from ..errors import DoesNotFit, UsageError
from ..mlm.raster import PixelGrid, RasterBand, RasterInfo
from .ground import (
    Box,
    Unrelated,
    at,
    bounds,
    box_on,
    described,
    inverse,
    metres_a_unit,
    pixel_size,
    resolution_m,
    same_crs,
    short_crs,
)

AVERAGE = "area average"
BILINEAR = "bilinear"
SAME = 1e-6
"""Pixels whose size differs by less than this part are of one size."""
NEAR_PX = 0.01
"""Grids whose corners lie nearer than this are one; it is what 1e-6 adds up to over a scene of 10000 pixels."""
MOST_SIDE = 2**31 - 1
"""GDAL counts rows and columns in 32 bits."""

UNPLACED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The transform of a file that has none."""

Wish = Union[None, float, str]


def stacked(files: Mapping[str, PixelGrid]) -> tuple[PixelGrid, tuple[str, ...]]:
    """Return the grid of a stack, and what was decided: the finest file's own pixels, where all files have some.

    The first file's CRS is the stack's. Raises `DoesNotFit` where files can't be related or have no place in common.
    """
    first_name, first = next(iter(files.items()))
    if all(placed(grid, first) == (0, 0) and _size(grid) == _size(first) for grid in files.values()):
        return first, ()
    for name, grid in files.items():
        _related(first_name, first, name, grid)
    kin = {name: grid for name, grid in files.items() if same_crs(grid.crs, first.crs)}
    finest = min(kin.values(), key=lambda grid: math.prod(pixel_size(grid)))
    area = bounds(finest)
    for name, grid in files.items():
        box = _bounds_on(finest, grid, name)
        area = max(area[0], box[0]), max(area[1], box[1]), min(area[2], box[2]), min(area[3], box[3])
        if area[0] >= area[2] or area[1] >= area[3]:
            raise DoesNotFit(f"{_short(name)} and the other rasters have no place in common. Choose those of one area.")
    found = _within(finest, area)
    notes = [
        f"{_short(name)} is brought from {short_crs(grid.crs)} to {short_crs(first.crs)}, the CRS of "
        f"{_short(first_name)}."
        for name, grid in files.items()
        if name not in kin
    ]
    if _size(found) != _size(finest):
        notes.append(
            f"The rasters cover different areas; the stack is what they have in common, {found.width} x {found.height}"
            f" of {finest.width} x {finest.height} pixels."
        )
    return found, tuple(notes)


def on_grid(
    raster: RasterInfo, used: Sequence[RasterBand], wish: Wish = None, model_resolution: Optional[float] = None
) -> RasterInfo:
    """Return `raster` on the grid that a run of the `used` bands computes on, with what was decided among its notes.

    Without a wish it is that of the finest used band; with a number, pixels of so many metres (units of the raster
    where it has no CRS); with "model", those that the model was made for. The upper left corner stays, and the last
    pixels hang over the edge rather than lose a part. Raises `UsageError` for a wish that means nothing.
    """
    own = {band.file: band.grid for band in used if band.grid is not None}
    base, notes = stacked(own) if own and all(b.grid for b in used) else (raster.grid, ())
    size = _wished(wish, base, model_resolution)
    grid = base if size is None else _resized(base, *size)
    notes = (*notes, *_said(grid, used))
    return replace(
        raster,
        **described(grid),
        notes=tuple(dict.fromkeys((*raster.notes, *notes))),
    )


def placed(own: PixelGrid, grid: PixelGrid) -> Optional[tuple[int, int]]:
    """Return (row, column) of the file's pixel that is the grid's first; None where the pixels do not coincide."""
    if not same_crs(own.crs, grid.crs):
        return None
    to_own = inverse(own.transform)
    first = at(to_own, *at(grid.transform, 0, 0))
    col, row = round(first[0]), round(first[1])
    for right, down in ((0, 0), (grid.width, 0), (0, grid.height)):
        there = at(to_own, *at(grid.transform, right, down))
        if abs(there[0] - col - right) > NEAR_PX or abs(there[1] - row - down) > NEAR_PX:
            return None
    return row, col


def method(own: PixelGrid, grid: PixelGrid) -> str:
    """Return how values of a file come to the grid: averaged where its pixels are smaller, interpolated where not."""
    one, other = resolution_m(own), resolution_m(grid)
    if one is None or other is None:
        one, other = math.prod(pixel_size(own)) ** 0.5, math.prod(pixel_size(grid)) ** 0.5
    return AVERAGE if one < other * (1 - SAME) else BILINEAR


def _wished(wish: Wish, grid: PixelGrid, model_resolution: Optional[float]) -> Optional[tuple[float, float]]:
    """Return width and height of a pixel in units of the CRS; None where there is nothing to be changed."""
    if wish is None or wish == "":
        return None
    metres = metres_a_unit(grid)
    if wish == "model":
        if not model_resolution:
            raise UsageError("The model does not say for which pixel size it was made. Give the resolution in metres.")
        if metres is None:
            raise UsageError(
                f"The model was made for pixels of {model_resolution:g} m, and the raster has no CRS that says how "
                "large its own are. Give the raster a CRS, or the resolution in its own units."
            )
        side = float(model_resolution)
    else:
        try:
            side = float(wish)
        except ValueError:
            raise UsageError(
                f"The resolution {wish!r} means nothing; give a number of metres, or the word model."
            ) from None
    if not math.isfinite(side) or side <= 0:
        raise UsageError(f"A resolution of {side:g} makes no sense; give a number of metres above 0.")
    x, y = metres or (1.0, 1.0)
    return side / x, side / y


def _resized(grid: PixelGrid, width: float, height: float) -> PixelGrid:
    """Return a grid from the same corner with pixels of another size, in units of the CRS."""
    own_width, own_height = pixel_size(grid)
    if abs(width / own_width - 1) <= SAME and abs(height / own_height - 1) <= SAME:
        return grid
    columns, rows = own_width * grid.width / width, own_height * grid.height / height
    if columns < 1 - SAME or rows < 1 - SAME:
        x, y = metres_a_unit(grid) or (1.0, 1.0)
        unit = " units" if metres_a_unit(grid) is None else " m"
        raise UsageError(
            f"A pixel of {width * x:.4g}{unit} is larger than the raster, which is {own_width * grid.width * x:.4g} x "
            f"{own_height * grid.height * y:.4g}{unit}. Give a smaller resolution."
        )
    if max(columns, rows) > MOST_SIDE:
        raise UsageError(f"The result would have {columns:.3g} x {rows:.3g} pixels. Give a larger resolution.")
    a, b, c, d, e, f = grid.transform
    x, y = width / own_width, height / own_height
    size = max(1, math.ceil(columns - SAME)), max(1, math.ceil(rows - SAME))
    return PixelGrid(*size, (a * x, b * y, c, d * x, e * y, f), grid.crs)


def _within(grid: PixelGrid, area: Sequence[float]) -> PixelGrid:
    """Return the grid's own pixels whose centres lie in `area`."""
    to_pixels = inverse(grid.transform)
    corners = [at(to_pixels, x, y) for x in (area[0], area[2]) for y in (area[1], area[3])]
    left, right = _centres([col for col, _ in corners], grid.width)
    top, bottom = _centres([row for _, row in corners], grid.height)
    if left >= right or top >= bottom:
        raise DoesNotFit("The rasters have less than a pixel in common. Choose those of one area.")
    x, y = at(grid.transform, left, top)
    a, b, _, d, e, _ = grid.transform
    return PixelGrid(right - left, bottom - top, (a, b, x, d, e, y), grid.crs)


def _centres(edges: Iterable[float], size: int) -> tuple[int, int]:
    edges = list(edges)
    return max(0, math.ceil(min(edges) - 0.5 - SAME)), min(size, math.floor(max(edges) + 0.5 + SAME))


def _related(first_name: str, first: PixelGrid, name: str, grid: PixelGrid) -> None:
    one, other = _short(first_name), _short(name)
    if bool(first.crs) != bool(grid.crs):
        without, has = (other, one) if first.crs else (one, other)
        raise DoesNotFit(f"{without} has no CRS, and {has} has one. Give it its CRS (Layer > Set CRS, or gdal_edit).")
    for label, lies in ((one, first), (other, grid)):
        _, b, _, d, _, _ = lies.transform
        if b or d:
            raise DoesNotFit(
                f"{label} is rotated, and not on the grid of the others. Warp it to an upright grid first "
                "(Raster > Projections > Warp)."
            )
    bare = [lies for lies in (first, grid) if not lies.crs and lies.transform == UNPLACED]
    if bare and (_size(first) != _size(grid) or len(bare) == 1):
        raise DoesNotFit(
            f"{one} ({first.width} x {first.height}) and {other} ({grid.width} x {grid.height}) have no place on the "
            "ground by which they could be brought to one grid. Georeference them first."
        )


def _bounds_on(finest: PixelGrid, grid: PixelGrid, name: str) -> Box:
    try:
        found = box_on(finest, bounds(grid), grid.crs)
    except Unrelated as error:
        raise _unrelated(name, grid.crs, finest.crs) from error
    if not all(map(math.isfinite, found)):
        raise _unrelated(name, grid.crs, finest.crs)
    return found


def _unrelated(name: str, own: str, crs: str) -> DoesNotFit:
    return DoesNotFit(
        f"{_short(name)} can't be brought from {short_crs(own)} to {short_crs(crs)}, the CRS of the other rasters. "
        "Warp it first (Raster > Projections > Warp)."
    )


def _said(grid: PixelGrid, used: Sequence[RasterBand]) -> list[str]:
    """Return a sentence for each kind of resampling, with the bands it concerns unless these are all."""
    groups: dict[str, list[str]] = {}
    for band in used:
        if band.grid is not None and placed(band.grid, grid) is None:
            groups.setdefault(_change(band.grid, grid), []).append(band.name or f"band {band.index}")
    found = []
    for change, names in groups.items():
        who = "" if len(names) == len(used) else f"{', '.join(dict.fromkeys(names))}: "
        found.append(f"{who}{change}")
    return found


def _change(own: PixelGrid, grid: PixelGrid) -> str:
    how = method(own, grid)
    one, other = resolution_m(own), resolution_m(grid)
    unit = " m"
    if one is None or other is None:
        one, other, unit = math.prod(pixel_size(own)) ** 0.5, math.prod(pixel_size(grid)) ** 0.5, ""
    if not same_crs(own.crs, grid.crs):
        return f"warped from {short_crs(own.crs)}, {one:.4g}{unit}, to {short_crs(grid.crs)}, {other:.4g}{unit}: {how}"
    if abs(one / other - 1) <= SAME:
        return f"shifted by a part of a pixel of {one:.4g}{unit} to the grid of the others: {how}"
    metres = metres_a_unit(own)
    where = " at the raster's centre" if metres is not None and metres[0] != metres[1] else ""
    return f"resampled from {one:.4g}{unit} to {other:.4g}{unit}{where}: {how}"


def _size(grid: PixelGrid) -> tuple[int, int]:
    return grid.width, grid.height


def _short(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]

"""A mask: polygons of a vector file, in any CRS, inside which a raster is computed."""

from __future__ import annotations

import math
from typing import Any, Protocol, Sequence

import numpy as np
from rasterio.crs import CRS
from rasterio.errors import CRSError
from rasterio.features import rasterize
from rasterio.transform import Affine, array_bounds
from rasterio.warp import transform, transform_bounds

from ..errors import ExtentOutside, UsageError
from .ground import turn
from .mask_source import Polygons, Source, read_polygons
from .vectors import library

MARGIN = 0.1
"""How far round the raster polygons are kept, as a share of its size: in another CRS its edges are not straight."""


class Lies(Protocol):
    """Where a raster lies; `RasterInfo` and `Grid` say so."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def crs(self) -> str: ...
    @property
    def transform(self) -> Sequence[float]: ...


class Mask:
    """Polygons on the pixels of one raster; to be used from one thread at a time."""

    def __init__(self, shapely: Any, polygons: np.ndarray, width: int, height: int) -> None:
        """Take single polygons whose coordinates are columns and rows of a raster of this size."""
        self._shapely, self._polygons, self._width, self._height = shapely, polygons, width, height
        shapely.prepare(polygons)
        self._tree = shapely.STRtree(polygons)

    @staticmethod
    def read(path: str, grid: Lies) -> Mask:
        """Return the polygons of `path` on `grid`: a file that GDAL opens, or "path|layername=x" as QGIS writes it.

        Raises `UsageError` where it is no mask for this raster, `ExtentOutside` where it lies elsewhere.
        """
        shapely = library("shapely", "A mask")
        source = Source.parse(path)
        found = read_polygons(source)
        _comparable(source, found, grid)
        if not found.crs or _same(found.crs, grid.crs):
            placed = _valid(shapely, source, found.geometries)
        else:
            placed = _reprojected(shapely, source, found, grid)
        if turn(grid.crs) is not None:
            placed = _everywhere(shapely, shapely.get_parts(placed), grid)
        placed = shapely.transform(placed, lambda points: _to_pixels(points, grid))
        placed = shapely.get_parts(placed)
        placed = placed[shapely.get_type_id(placed) == shapely.GeometryType.POLYGON]
        # What touches the raster in a line or a point only holds none of it.
        inside = shapely.clip_by_rect(placed, 0, 0, grid.width, grid.height)
        placed = placed[shapely.area(inside) > 0]
        if not len(placed):
            raise ExtentOutside(
                f"No polygon of the mask {source.name} lies on the raster. Choose another mask, or look in QGIS "
                f"whether its CRS ({found.called}) is the right one."
            )
        return Mask(shapely, placed, grid.width, grid.height)

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """The first row and column that a polygon touches, and those after the last, within the raster."""
        left, top, right, bottom = self._shapely.total_bounds(self._polygons)
        return (
            max(0, math.floor(top)),
            max(0, math.floor(left)),
            min(self._height, math.ceil(bottom)),
            min(self._width, math.ceil(right)),
        )

    def window(self, row: int, col: int, height: int, width: int) -> np.ndarray:
        """Return where pixels lie inside (their centre does), of a window that may reach beyond the raster's edge.

        What is beyond is outside.
        """
        shapely = self._shapely
        inside = np.zeros((height, width), dtype=bool)
        row0, row1 = max(row, 0), min(row + height, self._height)
        col0, col1 = max(col, 0), min(col + width, self._width)
        if row0 >= row1 or col0 >= col1:
            return inside
        part = inside[row0 - row : row1 - row, col0 - col : col1 - col]
        frame = shapely.box(col0, row0, col1, row1)
        touching = self._polygons[self._tree.query(frame, predicate="intersects")]
        if not len(touching):
            return inside
        if shapely.covers(touching, frame).any():
            part[:] = True
            return inside
        # Cut before they are drawn: a coast of a million vertices is not walked along for every window. A pixel more,
        # so that the cut itself passes by no centre.
        cut = shapely.get_parts(shapely.clip_by_rect(touching, col0 - 1, row0 - 1, col1 + 1, row1 + 1))
        cut = cut[(shapely.get_type_id(cut) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(cut)]
        if len(cut):
            drawn = rasterize(cut, out_shape=part.shape, transform=Affine.translation(col0, row0), dtype="uint8")
            part[:] = drawn.astype(bool)
        return inside


def _comparable(source: Source, found: Polygons, grid: Lies) -> None:
    """Raise `UsageError` where only one of both has a CRS; where none has, both are in the same units."""
    if bool(found.crs) == bool(grid.crs):
        return
    lacks, other = ("raster", "mask") if found.crs else (f"mask {source.name}", "raster")
    raise UsageError(
        f"The {lacks} has no CRS, and the {other} has one, so nobody knows where they meet. "
        "Set the CRS in QGIS (Export, Save As), and choose the new file."
    )


def _same(crs: str, other: str) -> bool:
    try:
        return bool(CRS.from_user_input(crs) == CRS.from_user_input(other))
    except CRSError:
        return False


def _valid(shapely: Any, source: Source, polygons: np.ndarray) -> np.ndarray:
    """Return the polygons; raises `UsageError` where one of them crosses itself and the like."""
    bad = polygons[~shapely.is_valid(polygons)]
    if len(bad):
        raise UsageError(
            f"The mask {source.name} has an invalid polygon ({shapely.is_valid_reason(bad[0])}). "
            "Mend it with QGIS's Fix Geometries, and choose the result."
        )
    return polygons


def _reprojected(shapely: Any, source: Source, found: Polygons, grid: Lies) -> np.ndarray:
    """Return the polygons near the raster in its CRS; what reaches far beyond is cut before.

    A polygon of the whole world has no place in a UTM zone.
    """
    polygons = found.geometries
    around = _around(shapely, _frame(grid), grid.crs, found.crs)
    if around is not None:
        polygons = _valid(shapely, source, polygons[shapely.intersects(shapely.envelope(polygons), around)])
        far = ~shapely.covers(around, polygons)
        polygons[far] = shapely.intersection(polygons[far], around)
    try:
        polygons = shapely.transform(polygons, lambda points: _between(points, found.crs, grid))
        placeable = bool(np.isfinite(shapely.bounds(polygons)).all())
    except Exception:  # what GDAL raises here has no public class in rasterio
        placeable = False
    if not placeable:
        raise UsageError(
            f"The mask {source.name} ({found.called}) can't be brought into the raster's CRS. "
            "Reproject it in QGIS, or cut it near the raster."
        )
    return polygons


def _around(shapely: Any, frame: tuple[float, ...], crs: str, other: str) -> Any:
    """Return a box in the CRS `other` round a raster's `frame`, two at the date line; None if there is none."""
    try:
        left, bottom, right, top = transform_bounds(crs, other, *frame, densify_pts=99)
    except Exception:  # what GDAL raises here has no public class in rasterio
        return None
    if not np.isfinite((left, bottom, right, top)).all():
        return None
    spans = [(left, right)] if left <= right else [(left, 180.0), (-180.0, right)]
    beside, above = MARGIN * sum(end - start for start, end in spans), MARGIN * (top - bottom)
    boxes = [shapely.box(start - beside, bottom - above, end + beside, top + above) for start, end in spans]
    return shapely.union_all(boxes)


def _between(points: np.ndarray, crs: str, grid: Lies) -> np.ndarray:
    """Return points of `crs` in the grid's CRS; longitudes are not torn apart where the grid crosses the antimeridian.

    Those of a polygon in degrees are as they were drawn, and are no longer touched.
    """
    x, y = (np.asarray(values) for values in transform(crs, grid.crs, points[:, 0], points[:, 1]))
    circle = turn(grid.crs)
    west, _, east, _ = _frame(grid)
    if circle is not None and turn(crs) is None and east - west < circle / 2:
        start = (west + east - circle) / 2
        x = start + (x - start) % circle
    return np.column_stack((x, y))


def _everywhere(shapely: Any, polygons: np.ndarray, grid: Lies) -> np.ndarray:
    """Return polygons in degrees wherever the grid has their longitudes: 190 is -170."""
    circle = turn(grid.crs) or 0.0
    west, _, east, _ = _frame(grid)
    first, _, last, _ = shapely.bounds(polygons).T.reshape(4, -1)
    found = []
    for by in (0.0, circle, -circle):
        there = polygons[(first + by < east) & (last + by > west)]
        found.append(shapely.transform(there, lambda points, by=by: points + (by, 0.0)) if by else there)
    return np.concatenate(found)


def _frame(grid: Lies) -> tuple[float, float, float, float]:
    left, bottom, right, top = array_bounds(grid.height, grid.width, Affine(*grid.transform[:6]))
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _to_pixels(points: np.ndarray, grid: Lies) -> np.ndarray:
    """Return (column, row) for points in the raster's CRS."""
    back = ~Affine(*grid.transform[:6])
    x, y = points[:, 0], points[:, 1]
    return np.column_stack((back.a * x + back.b * y + back.c, back.d * x + back.e * y + back.f))

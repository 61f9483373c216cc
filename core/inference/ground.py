"""Where a grid lies on the earth and how large its pixels are there."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Optional, Sequence

from rasterio.crs import CRS
from rasterio.transform import Affine
from rasterio.warp import transform_bounds

from ..mlm.raster import PixelGrid
from .area import WGS84_A, WGS84_E2

DEGREES = "EPSG:4326"
EXACTLY = 100
"""A CRS that is only like one of the EPSG's keeps its own definition, since the result must have the raster's."""
LONGEST = 200
"""A longer reason than this is a definition of a CRS, which tells nobody anything."""
LEAST_COSINE = 0.01
"""Nearer to a pole than this a degree of longitude has no size worth the name."""


Box = tuple[float, float, float, float]
"""xmin, ymin, xmax, ymax."""


class Unrelated(ValueError):
    """There is no way from one CRS to another."""


def crs_text(crs: Optional[CRS]) -> str:
    """Return an EPSG code where that is exactly the CRS, else its WKT; an empty string for none."""
    if crs is None:
        return ""
    code = crs.to_epsg(confidence_threshold=EXACTLY)
    return f"EPSG:{code}" if code else str(crs.to_wkt())


@lru_cache(maxsize=64)
def crs_of(text: str) -> CRS:
    return CRS.from_user_input(text)


def same_crs(one: str, other: str) -> bool:
    return one == other or (bool(one and other) and crs_of(one) == crs_of(other))


def short_crs(text: str) -> str:
    """Return a CRS for a sentence: its code or its name."""
    return text if len(text) < 40 else text.split('"')[1] if '"' in text else text[:40]


def at(transform: Sequence[float], col: float, row: float) -> tuple[float, float]:
    """Return x and y of a position in pixels, or with an inverse transform the position of an x and y."""
    a, b, c, d, e, f = transform
    return a * col + b * row + c, d * col + e * row + f


def inverse(transform: Sequence[float]) -> tuple[float, ...]:
    return tuple(~Affine(*transform))[:6]


def bounds(grid: PixelGrid) -> Box:
    """Return xmin, ymin, xmax, ymax in units of the CRS, whichever way the rows run."""
    corners = [at(grid.transform, col, row) for col in (0, grid.width) for row in (0, grid.height)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def box_on(grid: PixelGrid, box: Box, crs: str) -> Box:
    """Return the bounds of a box of `crs` in the grid's CRS; not finite where that is not defined there.

    Longitudes are counted as the grid counts them: those of a raster across the antimeridian go on behind 180. Raises
    `Unrelated` where there is no way from one CRS to the other.
    """
    if not same_crs(crs, grid.crs):
        box = _transformed(crs, grid.crs, box)
    circle = turn(grid.crs)
    if circle is None or not all(map(math.isfinite, box)):
        return box
    west, south, east, north = box
    if west > east:
        east += circle
    left, _, right, _ = bounds(grid)
    shift = max((0.0, circle, -circle), key=lambda by: min(right, east + by) - max(left, west + by))
    return west + shift, south, east + shift, north


def turn(crs: str) -> Optional[float]:
    """Return how many units of a CRS go round the earth; None where it has no longitudes."""
    if not crs or not crs_of(crs).is_geographic:
        return None
    return math.tau / float(crs_of(crs).units_factor[1])


def degrees(grid: PixelGrid) -> Optional[Box]:
    """Return west, south, east, north; as in GeoJSON, a west beyond the east crosses the antimeridian."""
    if not grid.crs:
        return None
    crs = crs_of(grid.crs)
    if crs.is_geographic:
        # Not transformed: longitudes beyond 180 would lose which side of the raster they are on.
        factor = math.degrees(crs.units_factor[1])
        west, south, east, north = (n * factor for n in bounds(grid))
    else:
        try:
            west, south, east, north = _transformed(grid.crs, DEGREES, bounds(grid))
        except Unrelated:
            return None
    if not all(map(math.isfinite, (west, south, east, north))):
        return None
    if east - west >= 360:
        return -180.0, south, 180.0, north
    if west < -180 or east > 180:
        west, east = _wrapped(west), _wrapped(east)
        if east == -180.0:
            east = 180.0
    return west, south, east, north


def metres_a_unit(grid: PixelGrid) -> Optional[tuple[float, float]]:
    """Return how many metres a unit of the CRS is along x and along y at the grid's centre; None without a CRS, and
    where that is a site's own, whose unit rasterio does not tell.

    A projected metre is taken for a metre, but Mercator's, which shrinks with the cosine of the latitude (a web map's
    pixel of 10 m is 5 m at 60 degrees). A degree is that of the WGS 84 ellipsoid (Snyder, Map Projections, USGS PP
    1395, eq. 4-19 and 4-20).
    """
    if not grid.crs:
        return None
    crs = crs_of(grid.crs)
    if crs.is_geographic:
        radians = float(crs.units_factor[1])
        _, south, _, north = bounds(grid)
        latitude = (south + north) / 2 * radians
        root = 1 - WGS84_E2 * math.sin(latitude) ** 2
        along_y = WGS84_A * (1 - WGS84_E2) / root**1.5
        along_x = WGS84_A / math.sqrt(root) * max(math.cos(latitude), LEAST_COSINE)
        return along_x * radians, along_y * radians
    if not crs.is_projected:
        return None
    metres = float(crs.linear_units_factor[1])
    if crs.to_dict().get("proj") == "merc":
        box = degrees(grid)
        if box:
            metres *= max(math.cos(math.radians((box[1] + box[3]) / 2)), LEAST_COSINE)
    return metres, metres


def pixel_size(grid: PixelGrid) -> tuple[float, float]:
    """Return a pixel's width and height in units of the CRS."""
    a, b, _, d, e, _ = grid.transform
    return math.hypot(a, d), math.hypot(b, e)


def described(grid: PixelGrid) -> dict[str, Any]:
    """Return what `RasterInfo` says of its grid."""
    return {
        "width": grid.width,
        "height": grid.height,
        "transform": grid.transform,
        "crs": grid.crs,
        "resolution_m": resolution_m(grid),
        "bbox": degrees(grid),
    }


def resolution_m(grid: PixelGrid) -> Optional[float]:
    """Return the side in metres of a square as large as a pixel at the grid's centre; None without a CRS."""
    metres = metres_a_unit(grid)
    if metres is None:
        return None
    return math.sqrt(abs(Affine(*grid.transform).determinant) * metres[0] * metres[1])


def _transformed(crs: str, other: str, box: Box) -> Box:
    """Return the bounds of a box in another CRS; a west beyond the east crosses the antimeridian."""
    try:
        left, bottom, right, top = transform_bounds(crs, other, *box, densify_pts=21)
    except Exception as error:  # what GDAL raises here has no public class in rasterio
        reason = " ".join(str(error).split())
        raise Unrelated(reason if len(reason) < LONGEST else "there is no transformation between them") from error
    return left, bottom, right, top


def _wrapped(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0

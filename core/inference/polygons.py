"""Polygons of a finished class raster: valid, on the edges of its pixels, without gaps or overlaps."""

from __future__ import annotations

import io
import json
import math
import subprocess  # nosec B404: starts this Python with a file of ours, see `_apart`
import sys
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.transform import Affine

from ..errors import MlmRunnerError, UsageError
from ..mlm.legend import LegendEntry
from . import tracing
from .area import pixel_areas
from .tracing import Outlines
from .vectors import Features, library

AT_ONCE = 256 * 256
"""A raster of up to so many pixels is traced at once; a larger one in a process that can be stopped."""
LOOK_AGAIN_S = 0.2
"""How soon the process is ended when the run is cancelled."""
CREATE_NO_WINDOW = 0x08000000
"""A Python would open a console for each such process (subprocess has the name on Windows only)."""
CHUNK = 100_000
"""Polygons that become geometries between two looks."""


def _go_on() -> None:
    """The check of a caller who never stops."""


def polygons(
    path: Path,
    entries: Sequence[LegendEntry],
    min_area: float = 0,
    simplify: float = 0,
    check: Callable[[], None] = _go_on,
) -> Features:
    """Return the 4-connected areas of each class in the GeoTIFF `path`, with what a pixel count and a legend say.

    Fields: `value` and `class` as in the legend, `pixels`, and `area` in square metres (NaN where the CRS has none).
    `min_area` is in square metres: what is smaller goes to its largest neighbour, as GDAL's sieve does it, so that no
    gap is left; it stays where it has none, since nodata is no neighbour. `simplify` is a tolerance in pixels (the side
    of a square as large as the corners that are cut): shared borders stay shared, `pixels` and `area` remain those of
    the pixels. `check` may raise to stop.
    """
    shapely = _library(simplify)
    with rasterio.open(path) as file:
        size, transform, crs, nodata = file.shape, file.transform, file.crs, file.nodata
    areas = pixel_areas(crs.to_wkt() if crs else "", transform, size[0])
    request = {
        "path": str(path),
        "nodata": sorted({e.value for e in entries if e.nodata} | ({int(nodata)} if nodata is not None else set())),
        "smallest": _smallest(min_area, areas),
        "tolerance": simplify,
    }
    make = _here if size[0] * size[1] <= AT_ONCE else _apart
    traced, *simpler = make(request, check)
    in_pixels = _geometries(shapely, traced, traced.vertices, check)
    pixels = np.rint(shapely.area(in_pixels)).astype(np.int64)
    shown = simpler[0] if simpler else traced
    names = {e.value: e.label for e in entries}
    labels = {v: names.get(v, f"value {v}") for v in np.unique(traced.values).tolist()}
    return Features(
        geometries=_geometries(shapely, shown, _placed(shown.vertices, transform), check),
        fields={
            "value": traced.values,
            "class": np.array([labels[v] for v in traced.values.tolist()], dtype=object),
            "pixels": pixels,
            "area": _areas(shapely, traced, pixels, areas, check),
        },
    )


def check_wishes(min_area: float, simplify: float, crs: str) -> None:
    """Raise what `polygons` would raise for a raster in `crs`, before that is made."""
    _library(simplify)
    _smallest(min_area, pixel_areas(crs, Affine.identity(), 1))


def _library(simplify: float) -> Any:
    """Return shapely; raises `RuntimeMissing` where this Python lacks it or has one too old to simplify with."""
    if simplify > 0:
        return library("shapely", "Simplifying polygons so that their borders stay shared", at_least=(2, 1))
    return library("shapely", "Polygons of classes")


def _smallest(min_area: float, areas: Optional[np.ndarray]) -> int:
    """Return how many pixels a polygon has at least; in degrees, pixels are as large as in the middle row."""
    if min_area <= 0:
        return 1
    if areas is None:
        raise UsageError(
            f"A minimum area of {min_area:g} m2 means nothing for a raster whose pixels have no size in metres. "
            "Leave it out, or give the raster a CRS."
        )
    # A hair less: 2500 / 0.1 / 0.1 is a little more than 250000.
    return max(1, math.ceil(min_area / float(areas[len(areas) // 2]) - 1e-6))


def _geometries(shapely: Any, outlines: Outlines, vertices: np.ndarray, check: Callable[[], None]) -> np.ndarray:
    """Return the outlines as polygons, with `vertices` for their own."""
    made = [np.empty(0, dtype=object)]
    for start in range(0, len(outlines.values), CHUNK):
        check()
        polygons_ = outlines.polygons[start : start + CHUNK + 1]
        rings = outlines.rings[polygons_[0] : polygons_[-1] + 1]
        part = vertices[rings[0] : rings[-1]].astype(np.float64, copy=False)
        offsets = (rings - rings[0], polygons_ - polygons_[0])
        made.append(shapely.from_ragged_array(shapely.GeometryType.POLYGON, part, offsets))
    return np.concatenate(made)


def _placed(vertices: np.ndarray, transform: Affine) -> np.ndarray:
    col, row = vertices[:, 0].astype(np.float64), vertices[:, 1].astype(np.float64)
    x = transform.a * col + transform.b * row + transform.c
    y = transform.d * col + transform.e * row + transform.f
    return np.column_stack((x, y))


def _areas(
    shapely: Any, outlines: Outlines, pixels: np.ndarray, areas: Optional[np.ndarray], check: Callable[[], None]
) -> np.ndarray:
    """Return each polygon's area in square metres: the sum of its pixels', which in degrees differ by row.

    Then each row is drawn as high as its pixels are large, and what a polygon covers there is the sum.
    """
    if areas is None:
        return np.full(len(pixels), np.nan)
    if not np.ptp(areas):
        return pixels * float(areas[0])
    drawn = np.concatenate(([0.0], np.cumsum(areas)))
    vertices = np.column_stack((outlines.vertices[:, 0].astype(np.float64), drawn[outlines.vertices[:, 1]]))
    return shapely.area(_geometries(shapely, outlines, vertices, check))


def _here(request: dict[str, Any], check: Callable[[], None]) -> list[Outlines]:
    check()
    try:
        return list(tracing.outlines_of(**request))
    except (RasterioError, OSError) as error:
        raise _not_traced(request, str(error)) from error


def _apart(request: dict[str, Any], check: Callable[[], None]) -> list[Outlines]:
    """Trace in a process of its own, which is ended when `check` raises; the arrays come back through its stdout."""
    # -I keeps this folder off its search path, whose inspect.py is not the standard library's.
    command = [sys.executable, "-I", str(Path(tracing.__file__).resolve()), json.dumps(request)]
    flags = CREATE_NO_WINDOW if sys.platform == "win32" else 0
    # An argument list and no shell; the Python is the one that runs here. It is in the worker's group and ends with it.
    process = subprocess.Popen(  # nosec B603: see above
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, creationflags=flags
    )
    try:
        while True:
            check()
            try:
                out, err = process.communicate(timeout=LOOK_AGAIN_S)
                break
            except subprocess.TimeoutExpired:
                continue
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode:
        said = err.decode("utf-8", "replace").strip().splitlines()[-1:]
        why = said[0] if said else f"it ended with status {process.returncode}, as when memory runs out"
        raise _not_traced(request, why)
    stream = io.BytesIO(out)
    return [Outlines.load(stream) for _ in range(2 if request["tolerance"] > 0 else 1)]


def _not_traced(request: dict[str, Any], why: str) -> MlmRunnerError:
    return MlmRunnerError(
        f"The polygons of {Path(request['path']).name} could not be traced: {why.rstrip('.')}. "
        "Leave the vector file out, or choose a smaller extent."
    )

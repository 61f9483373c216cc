"""Objects become features of a map: a polygon for each, its class, score and area."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import rasterio.features
from rasterio.crs import CRS
from rasterio.transform import Affine

from ..mlm.model import ModelClass
from .area import pixel_areas
from .instances import Mask
from .seams import Objects
from .vectors import Features, library


def features(objects: Objects, classes: Sequence[ModelClass], crs: str, transform: Affine) -> Features:
    """Return the objects as polygons in `crs`; `transform` is the affine of the area's pixels, `classes` the reading's.

    Fields: `class` (its label), `value` (its number), `score` (0 to 1), `area` (m2 on the ground; NaN where the CRS
    does not give it).
    """
    known = [*classes, *(ModelClass(k, f"class {k}") for k in range(len(classes), _most(objects) + 1))]
    shapely = library("shapely", "Writing objects", (2, 0))
    if objects.masks is None:
        geometries = _rectangles(shapely, objects.boxes, transform)
    else:
        geometries = np.array([_outline(shapely, mask, transform) for mask in objects.masks], object)
    return Features(
        geometries,
        {
            "class": np.array([known[k].label for k in objects.classes], object),
            "value": np.array([known[k].value for k in objects.classes], np.int64),
            "score": objects.scores.astype(np.float64),
            "area": _areas(objects, crs, transform),
        },
    )


def _most(objects: Objects) -> int:
    return int(objects.classes.max(initial=-1))


def _rectangles(shapely: Any, boxes: np.ndarray, transform: Affine) -> np.ndarray:
    """Return the boxes as polygons, each corner through the affine, as rows may run askew."""
    columns, rows = boxes[:, [0, 2, 2, 0, 0]], boxes[:, [1, 1, 3, 3, 1]]
    x = transform.a * columns + transform.b * rows + transform.c
    y = transform.d * columns + transform.e * rows + transform.f
    rings: np.ndarray = shapely.polygons(np.stack([x, y], axis=-1))
    return rings


def _outline(shapely: Any, mask: Mask, transform: Affine) -> Any:
    """Return the pixels of a mask as a polygon along their edges, or several."""
    a, b, c, d, e, f = transform[:6]
    here = Affine(a, b, c + a * mask.col + b * mask.row, d, e, f + d * mask.col + e * mask.row)
    found = rasterio.features.shapes(mask.pixels.astype(np.uint8), mask.pixels, connectivity=4, transform=here)
    polygons = [shapely.geometry.shape(polygon) for polygon, _ in found]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _areas(objects: Objects, crs: str, transform: Affine) -> np.ndarray:
    """Return each object's area in square metres; a pixel's differs from row to row where the CRS is in degrees."""
    height = int(np.ceil(objects.boxes[:, 3].max(initial=0))) + 1
    rows = pixel_areas(crs, transform, height)
    askew_in_degrees = bool(transform.b or transform.d) and not CRS.from_user_input(crs or "EPSG:4326").is_projected
    if rows is None or askew_in_degrees:
        return np.full(len(objects), np.nan)
    if objects.masks is not None:
        return np.array([_pixels(m, rows) for m in objects.masks])
    edges, above = np.arange(height + 1), np.concatenate([[0.0], np.cumsum(rows)])
    columns = objects.boxes[:, 2] - objects.boxes[:, 0]
    return columns * (np.interp(objects.boxes[:, 3], edges, above) - np.interp(objects.boxes[:, 1], edges, above))


def _pixels(mask: Mask, rows: np.ndarray) -> float:
    return float(mask.pixels.sum(axis=1) @ rows[mask.row : mask.row + len(mask.pixels)])

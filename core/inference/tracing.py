"""Traces the outlines of a raster's classes with GDAL, as arrays of pixel corners.

A file that needs nothing of the package, for it also runs as a script in a process of its own: GDAL's polygonize is one
call that keeps the interpreter to itself for as long as it takes, so that only from outside can it be stopped.
"""

from __future__ import annotations

import io
import json
import sys
from array import array
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Iterator, Sequence

import numpy as np
import rasterio
from rasterio import features


@dataclass(frozen=True)
class Outlines:
    """Polygons as arrays, their vertices (column, row) in pixels from the upper left corner.

    `rings` holds where each ring begins in `vertices`, `polygons` where each polygon begins in `rings`; both have the
    end as one more number. A polygon's first ring is its outer one. Each ring ends where it began.
    """

    values: np.ndarray
    vertices: np.ndarray
    rings: np.ndarray
    polygons: np.ndarray

    def save(self, file: BinaryIO) -> None:
        """Write the arrays one after another, as `load` reads them; the file may be a pipe."""
        for one in (self.values, self.vertices, self.rings, self.polygons):
            # Through memory: numpy asks a real file where it is, and a pipe can't tell.
            whole = io.BytesIO()
            np.save(whole, one, allow_pickle=False)
            file.write(whole.getbuffer())

    @staticmethod
    def load(file: BinaryIO) -> Outlines:
        return Outlines(*(np.load(file, allow_pickle=False) for _ in range(4)))


def trace(path: str, nodata: Sequence[int], smallest: int) -> Outlines:
    """Return the 4-connected areas of one value in the first band of `path`; those of a value in `nodata` are none.

    Areas of fewer than `smallest` pixels are merged into their largest neighbour before, by GDAL's sieve.
    """
    with rasterio.open(path) as file:
        image = file.read(1)
    mask = ~np.isin(image, list(nodata))
    if smallest > 1:
        image = features.sieve(image, min(smallest, image.size), mask=mask, connectivity=4)
    values, rings, polygons = array("q"), array("q", [0]), array("q", [0])
    flat = array("d")
    for geometry, value in features.shapes(image, mask=mask, connectivity=4):
        values.append(int(value))
        for ring in geometry["coordinates"]:
            flat.extend(chain.from_iterable(ring))
            rings.append(rings[-1] + len(ring))
        polygons.append(len(rings) - 1)
    vertices = np.array(flat, dtype=np.int32).reshape(-1, 2)
    return Outlines(np.array(values, dtype=np.int32), vertices, np.array(rings), np.array(polygons))


def simplified(outlines: Outlines, tolerance: float) -> Outlines:
    """Return the polygons with fewer vertices; a border that two of them share stays one (needs shapely 2.1)."""
    import shapely

    noded = _noded(outlines)
    polygons = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, noded.vertices.astype(np.float64), (noded.rings, noded.polygons)
    )
    # A polygon stays one when it is simplified, in its own place; GEOS only ever leaves vertices out.
    _, vertices, (rings, starts) = shapely.to_ragged_array(shapely.coverage_simplify(polygons, tolerance))
    return Outlines(noded.values, vertices.astype(np.int32), rings, starts)


def _noded(outlines: Outlines) -> Outlines:
    """Return the polygons with a vertex wherever a neighbour has one: a coverage is edges that match.

    GDAL leaves a vertex out where an outline goes straight on.
    """
    if not len(outlines.vertices):
        return outlines
    vertices = outlines.vertices
    corners = np.zeros(vertices.max(axis=0) + 1, dtype=bool)
    corners[vertices[:, 0], vertices[:, 1]] = True
    begins, ends = outlines.rings[:-1], outlines.rings[1:]
    last = np.zeros(len(vertices), dtype=bool)
    last[ends - 1] = True
    step = np.where(last[:, None], 0, np.roll(vertices, -1, axis=0) - vertices)
    # The last vertex of a ring begins no side; it counts as one point.
    length = np.maximum(np.abs(step).sum(axis=1), 1)
    side = np.repeat(np.arange(len(vertices)), length)
    along = np.arange(len(side)) - np.repeat(np.cumsum(length) - length, length)
    points = vertices[side] + np.sign(step)[side] * along[:, None].astype(np.int32)
    kept = corners[points[:, 0], points[:, 1]]
    of_ring = np.repeat(np.arange(len(begins)), ends - begins)[side[kept]]
    counts = np.bincount(of_ring, minlength=len(begins))
    rings = np.concatenate(([0], np.cumsum(counts)))
    return Outlines(outlines.values, points[kept], rings, outlines.polygons)


def outlines_of(path: str, nodata: Sequence[int], smallest: int, tolerance: float) -> Iterator[Outlines]:
    """Yield the traced polygons, and with a `tolerance` the simplified ones as well."""
    traced = trace(path, nodata, smallest)
    yield traced
    if tolerance > 0:
        yield simplified(traced, tolerance)


def main() -> int:
    for outlines in outlines_of(**json.loads(sys.argv[1])):
        outlines.save(sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

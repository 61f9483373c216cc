"""Rasters across the antimeridian, whose longitudes go on behind 180, and what is laid on them."""

from __future__ import annotations

import numpy as np
import pytest
from rasterio.warp import transform

from mlm_runner.core.errors import UsageError
from mlm_runner.core.inference.extent import area_of
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import Window
from mlm_runner.core.inference.stack import Stack
from mlm_runner.core.mlm.raster import RasterInfo

ZONE_60, DEGREES = "EPSG:32660", "EPSG:4326"
# 50 x 40 pixels of 0.01 degrees from 179.8 E, 0.2 N: the 20 columns from the left lie before the line.
ACROSS = (0.01, 0.0, 179.8, 0.0, -0.01, 0.2)
# 20 x 10 pixels of 1 km of zone 60, whose line is at x = 833,979 m on the equator.
METRES = (1000.0, 0.0, 824_000.0, 0.0, -1000.0, 10_000.0)


def raster_info(width, height, where, crs=DEGREES):
    return RasterInfo((), width, height, where, crs)


GRID = raster_info(50, 40, ACROSS)
WORLD_FROM_0 = raster_info(36, 18, (10.0, 0.0, 0.0, 0.0, -10.0, 90.0))


@pytest.mark.parametrize(
    ("grid", "extent", "crs", "columns"),
    [
        (GRID, (179.9, 0.0, 180.1, 0.1), DEGREES, (10, 30)),
        (GRID, (-180.0, 0.0, -179.8, 0.1), DEGREES, (20, 40)),
        (GRID, (-180.1, 0.0, -179.9, 0.1), DEGREES, (10, 30)),
        (GRID, (822_836, 0, 845_120, 10_000), ZONE_60, (10, 30)),  # 179.9 to 180.1, as PROJ gives it
        (WORLD_FROM_0, (-100.0, 0.0, -80.0, 10.0), DEGREES, (26, 28)),
        (WORLD_FROM_0, (10.0, 0.0, 30.0, 10.0), "", (1, 3)),
        (WORLD_FROM_0, (-180.0, -90.0, 180.0, 90.0), "", (0, 18)),
    ],
)
def test_an_extent_is_counted_as_the_raster_counts_longitudes(grid, extent, crs, columns):
    found = area_of(grid, extent, crs)
    assert (found.col, found.col + found.width) == pytest.approx(columns, abs=1)


def test_an_extent_in_degrees_goes_on_behind_180_for_a_raster_in_metres():
    found = area_of(raster_info(20, 10, METRES, ZONE_60), (179.92, 0.01, 180.02, 0.05), DEGREES)
    x, _ = transform(DEGREES, ZONE_60, [179.92, 180.02], [0.03, 0.03])
    assert (found.col, found.col + found.width) == (int((x[0] - 824_000) // 1000), int((x[1] - 824_000) // 1000 + 1))


def test_an_extent_from_west_to_east_of_the_line_is_asked_for_in_other_words():
    with pytest.raises(UsageError, match=r"179.9 0 -179.9 0.1 is empty.*antimeridian.* behind 180: here 180.1"):
        area_of(GRID, (179.9, 0.0, -179.9, 0.1))


def test_longitudes_of_a_mask_in_metres_are_not_torn_apart(mask_of):
    mask = mask_of((822_836, -5000, 845_120, 15_000), ZONE_60, GRID)
    columns = mask.window(0, 0, 40, 50).any(axis=0).nonzero()[0]
    assert columns.tolist() == list(range(10, 30))


@pytest.mark.parametrize(
    ("box", "columns"),
    [
        ((-180.0, 0.0, -179.9, 0.1), range(20, 30)),
        ((-180.0, -90.0, 180.0, 90.0), range(50)),
        ((179.9, 0.0, 180.1, 0.1), range(10, 30)),
    ],
)
def test_a_mask_in_degrees_lies_wherever_the_raster_has_its_longitudes(mask_of, box, columns):
    inside = mask_of(box, DEGREES, GRID).window(0, 0, 40, 50)
    assert inside.any(axis=0).nonzero()[0].tolist() == list(columns)


@pytest.mark.parametrize("first", ["metres", "degrees"])
def test_files_in_metres_and_in_degrees_are_one_stack(raster, first):
    # Each file holds its pixels' longitude, by hand or by PROJ; so must the stack, whatever its grid.
    east = (179.8 + 0.01 * (np.arange(50) + 0.5)).astype(np.float64)
    degrees = raster(np.broadcast_to(east, (1, 40, 50)).copy(), name="d.tif", transform=ACROSS, crs=DEGREES)
    rows, cols = np.mgrid[0:10, 0:20]
    x, y = 824_500.0 + 1000 * cols, 9_500.0 - 1000 * rows
    longitude = np.array(transform(ZONE_60, DEGREES, x.ravel(), y.ravel())[0]).reshape(1, 10, 20) % 360
    metres = raster(longitude, name="m.tif", transform=METRES, crs=ZONE_60)
    info = inspect([metres, degrees] if first == "metres" else [degrees, metres])
    with Stack(info.bands, info) as stack:
        values, valid = stack.read(Window(0, 0, info.height, info.width))
    inner = slice(1, -1), slice(1, -1)
    assert info.width > 15 and valid[inner].all()
    assert values[0][inner] == pytest.approx(values[1][inner], abs=1e-3)  # a tenth of a pixel
    assert values[0].min() < 179.95 and values[0].max() > 180.05


@pytest.fixture
def mask_of(tmp_path):
    """Write a mask of one box and return it on a grid."""
    pyogrio = pytest.importorskip("pyogrio", reason="reads masks; the runtime has it")
    shapely = pytest.importorskip("shapely", reason="reads masks; the runtime has it")
    from mlm_runner.core.inference.mask import Mask

    def build(box, crs, grid):
        path = tmp_path / "mask.gpkg"
        wkb = np.array([shapely.to_wkb(shapely.box(*box))], object)
        pyogrio.raw.write(path, wkb, [np.array([1])], ["n"], layer="mask", geometry_type="Polygon", crs=crs)
        return Mask.read(str(path), grid)

    return build

import numpy as np
import pytest

from mlm_runner.core.errors import ExtentOutside, UsageError
from mlm_runner.core.inference.extent import area_of
from mlm_runner.core.inference.plan import Plan, Window
from mlm_runner.core.mlm.raster import RasterInfo

RASTER = RasterInfo((), 100, 80, (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_000_000.0), "EPSG:32633")


@pytest.mark.parametrize("size", [(1, 1), (31, 32), (33, 500), (256, 256)])
@pytest.mark.parametrize(("halo", "ramp"), [(0, 0), (8, 0), (4, 8)])
def test_every_pixel_is_inside_some_window(size, halo, ramp):
    plan = Plan(Window(5, 9, *size), (64, 32), halo, ramp, 1)
    seen = np.zeros((700, 700), int)
    for _, _, w in plan.windows():
        top, left = w.row + halo + 100, w.col + halo + 100
        seen[top : top + w.height - 2 * halo, left : left + w.width - 2 * halo] += 1
    assert (seen[105 : 105 + size[0], 109 : 109 + size[1]] >= 1).all()


def test_no_window_is_more_than_needed():
    # 256 pixels in insides of 48, of which 8 are shared: 1 + ceil((256 - 48) / 40) = 7, by hand.
    plan = Plan(Window(0, 0, 256, 256), (64, 64), 8, 8, 1)
    assert (plan.rows, plan.columns) == (7, 7)


@pytest.mark.parametrize(
    ("extent", "window"),
    [
        ((500_000, 3_999_200, 501_000, 4_000_000), Window(0, 0, 80, 100)),
        ((500_100, 3_999_500, 500_200, 3_999_600), Window(40, 10, 10, 10)),
        ((500_101, 3_999_501, 500_199, 3_999_599), Window(40, 10, 10, 10)),
        ((500_105, 3_999_505, 500_205, 3_999_605), Window(39, 10, 11, 11)),
        ((0, 0, 1e7, 1e7), Window(0, 0, 80, 100)),
        ((500_003, 3_999_993, 500_004, 3_999_994), Window(0, 0, 1, 1)),
    ],
)
def test_an_extent_is_every_pixel_it_touches(extent, window):
    assert area_of(RASTER, extent) == window


def test_an_extent_in_degrees_is_brought_to_the_raster():
    # 15 E is the central meridian of zone 33: easting 500 000. 36.14 N is northing 4 000 000 within some metres.
    window = area_of(RASTER, (15.0, 36.140, 15.0011, 36.1441), "EPSG:4326")
    assert window.col == 0 and abs(window.width - 10) <= 1


@pytest.mark.parametrize("extent", [(0, 0, 10, 10), (501_000, 3_999_200, 502_000, 4_000_000)])
def test_an_extent_beside_the_raster_is_refused(extent):
    with pytest.raises(ExtentOutside, match="no pixel in common"):
        area_of(RASTER, extent)


@pytest.mark.parametrize("extent", [(10, 0, 0, 10), (0, 0, 0, 0), (0, 0, float("nan"), 1)])
def test_an_empty_extent_is_a_mistake(extent):
    with pytest.raises(UsageError, match="empty"):
        area_of(RASTER, extent)


def test_an_extent_with_a_crs_means_nothing_for_a_raster_without_one():
    bare = RasterInfo((), 100, 80, (1.0, 0.0, 0.0, 0.0, -1.0, 80.0))
    with pytest.raises(UsageError, match="no CRS"):
        area_of(bare, (0, 0, 10, 10), "EPSG:4326")

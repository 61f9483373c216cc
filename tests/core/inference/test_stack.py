from pathlib import Path

import numpy as np
import pytest

from mlm_runner.core.errors import RasterUnreadable
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import Window
from mlm_runner.core.inference.stack import Stack, mirrored


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_the_mirror_is_that_of_numpy(size):
    expected = np.pad(np.arange(size), (25, 30), mode="reflect") if size > 1 else np.zeros(56)
    assert (mirrored(-25, 55 + size, size) == expected).all()


def test_a_window_over_the_edge_shows_the_raster_mirrored(raster):
    values = np.arange(2 * 6 * 7, dtype=np.uint16).reshape(2, 6, 7)
    info = inspect([raster(values)])
    with Stack(info.bands) as stack:
        found, valid = stack.read(Window(-2, -3, 12, 14))
    assert (found == np.pad(values, ((0, 0), (2, 4), (3, 4)), mode="reflect")).all()
    assert valid.all()


def test_bands_come_in_the_order_asked_for_from_several_files(raster):
    values = np.arange(3 * 4 * 4, dtype=np.float32).reshape(3, 4, 4)
    files = [raster(values[i : i + 1], name=f"b{i}.tif") for i in range(3)]
    bands = inspect(files).bands
    with Stack([bands[2], bands[0], bands[1]]) as stack:
        found, _ = stack.read(Window(0, 0, 4, 4))
    assert (found == values[[2, 0, 1]]).all()


def test_a_pixel_without_a_value_in_any_band_is_not_valid(raster):
    values = np.ones((2, 3, 3), np.float32)
    values[0, 0, 0] = -9999
    values[1, 2, 2] = -9999
    values[1, 1, 1] = np.nan
    with Stack(inspect([raster(values, nodata=-9999)]).bands) as stack:
        _, valid = stack.read(Window(0, 0, 3, 3))
    assert (valid == [[False, True, True], [True, False, True], [True, True, False]]).all()


def test_an_alpha_band_says_what_is_valid_and_is_no_band_of_its_own(raster):
    values = np.full((4, 2, 2), 200, np.uint8)
    values[3] = [[255, 0], [255, 255]]
    info = inspect([raster(values, photometric="RGB", alpha="YES")])
    assert [b.common_name for b in info.bands] == ["red", "green", "blue"]
    with Stack(info.bands) as stack:
        _, valid = stack.read(Window(0, 0, 2, 2))
    assert (valid == [[True, False], [True, True]]).all()


def test_a_file_cut_off_is_named_with_the_place(raster):
    noise = np.random.default_rng(1).integers(0, 255, (1, 400, 400), dtype=np.uint8)
    path = raster(noise, compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    info = inspect([path])
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: len(content) // 2])
    with Stack(info.bands) as stack, pytest.raises(RasterUnreadable, match="damaged or cut off"):
        for row in range(0, 400, 100):
            stack.read(Window(row, 0, 100, 400))

import json
import math

import numpy as np
import pytest

from mlm_runner.core.errors import DoesNotFit, UsageError
from mlm_runner.core.inference.grid import on_grid, placed
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.plan import Window
from mlm_runner.core.inference.stack import Stack
from mlm_runner.core.mlm.raster import PixelGrid, RasterInfo

LEFT, TOP = 500_000.0, 4_000_000.0


def at(size, left=LEFT, top=TOP):
    return (size, 0.0, left, 0.0, -size, top)


def plane(transform, height, width):
    """0.01 x - 0.03 y + 7 at the pixels' centres, from the corner (LEFT, TOP); float64, so nothing is rounded."""
    a, _, c, _, e, f = transform
    x = c - LEFT + a * (np.arange(width) + 0.5)
    y = f - TOP + e * (np.arange(height) + 0.5)
    return (0.01 * x[None, :] - 0.03 * y[:, None] + 7)[None]


def whole(info, grid=None):
    grid = grid or info
    with Stack(info.bands, grid) as stack:
        return stack.read(Window(0, 0, grid.height, grid.width))


def test_bands_of_10_and_20_m_of_one_surface_come_out_alike(raster):
    ten = raster(plane(at(10), 40, 40), name="ten.tif", transform=at(10))
    twenty = raster(plane(at(20), 20, 20), name="twenty.tif", transform=at(20))
    info = inspect([twenty, ten])
    assert (info.width, info.height, info.transform) == (40, 40, at(10))
    values, valid = whole(info)
    assert valid.all()
    assert (values[1] == plane(at(10), 40, 40)[0]).all()
    inner = values[0, 1:-1, 1:-1]
    assert inner == pytest.approx(plane(at(10), 40, 40)[0, 1:-1, 1:-1], abs=1e-8)


def test_a_grid_shifted_by_half_a_pixel_is_interpolated_where_it_lies(raster):
    one = raster(plane(at(10), 12, 12), name="one.tif", transform=at(10))
    moved = at(10, LEFT + 5, TOP - 5)
    other = raster(plane(moved, 12, 12), name="other.tif", transform=moved)
    info = inspect([one, other])
    values, _ = whole(info)
    assert values[1, 1:-1, 1:-1] == pytest.approx(values[0, 1:-1, 1:-1], abs=1e-8)


def test_a_window_read_alone_has_the_pixels_of_the_whole(raster):
    rng = np.random.default_rng(3)
    ten = raster(rng.random((1, 40, 40), np.float32), name="ten.tif", transform=at(10))
    twenty = raster(rng.random((1, 20, 20), np.float32), name="twenty.tif", transform=at(20))
    info = inspect([ten, twenty])
    values, _ = whole(info)
    with Stack(info.bands, info) as stack:
        part, _ = stack.read(Window(11, 7, 13, 9))
    assert part == pytest.approx(values[:, 11:24, 7:16], abs=1e-6)


def test_a_mean_of_four_pixels_is_not_rounded(raster):
    values = np.array([[[1, 2, 10, 20], [3, 5, 30, 41]]], np.uint16)
    info = inspect([raster(values)])
    coarse = on_grid(info, info.bands, 20)
    found, valid = whole(info, coarse)
    assert (found == [[[2.75, 25.25]]]).all()
    assert valid.all()
    assert coarse.notes == ("resampled from 10 m to 20 m: area average",)


def test_pixels_that_are_cut_count_with_their_part(raster):
    values = np.array([[[0, 6, 12]]], np.float32).repeat(3, axis=1)
    info = inspect([raster(values)])
    found, _ = whole(info, on_grid(info, info.bands, 15))
    # The first pixel of 15 m is all of the first and half of the second: (0 + 6 / 2) / 1.5.
    assert found == pytest.approx(np.array([[[2, 10], [2, 10]]]))


def test_the_last_pixel_hangs_over_the_edge_rather_than_lose_a_part(raster):
    values = np.arange(49, dtype=np.float32).reshape(1, 7, 7)
    info = inspect([raster(values)])
    coarse = on_grid(info, info.bands, 30)
    assert (coarse.width, coarse.height) == (3, 3)
    assert coarse.transform == at(30)
    found, valid = whole(info, coarse)
    assert valid.all()
    assert found[0, 2, 2] == 48  # made of the one pixel left
    assert found[0, 0, 2] == (6 + 13 + 20) / 3


def test_interpolation_has_the_weights_of_the_distance(raster):
    info = inspect([raster(np.array([[[0, 8], [0, 8]]], np.uint8), transform=at(20))])
    found, _ = whole(info, on_grid(info, info.bands, 10))
    # Centres at 5, 15, 25 and 35 m, between values at 10 and 30 m.
    assert found[0] == pytest.approx(np.tile([0, 2, 6, 8], (4, 1)))


@pytest.mark.parametrize("nodata, missing", [(-9999.0, -9999.0), (None, np.nan)])
def test_a_pixel_without_a_value_touches_no_other(raster, nodata, missing):
    values = np.array([[[missing, 4, 1, 1], [5, 6, 1, 1]], [[1, 1, 1, 1], [1, 1, missing, missing]]], np.float32)
    values[1, 0, 2:] = missing
    info = inspect([raster(values, nodata=nodata)])
    found, valid = whole(info, on_grid(info, info.bands, 20))
    assert found[0].tolist() == [[5, 1]]
    assert found[1, 0, 0] == 1
    assert valid.tolist() == [[True, False]]


def test_what_an_alpha_band_leaves_out_touches_no_other(raster):
    values = np.full((4, 2, 2), 100, np.uint8)
    values[:3, 0, 0] = 0
    values[3, 0, 0] = 0
    info = inspect([raster(values, photometric="RGB", alpha="YES")])
    found, valid = whole(info, on_grid(info, info.bands, 20))
    assert found.ravel().tolist() == [100, 100, 100]
    assert valid.all()


@pytest.mark.parametrize("size", [5, 15, 20])
def test_a_missing_pixel_changes_nothing_far_from_it(raster, size):
    values = np.random.default_rng(2).random((2, 30, 30)).astype(np.float32)
    every = inspect([raster(values, name="every.tif")])
    values[0, 0, 0] = np.nan
    but_one = inspect([raster(values, name="but_one.tif")])
    one, _ = whole(every, on_grid(every, every.bands, size))
    other, _ = whole(but_one, on_grid(but_one, but_one.bands, size))
    assert (one[:, 4:, 4:] == other[:, 4:, 4:]).all()
    assert (one[1] == other[1]).all()


def test_a_missing_pixel_stays_missing_when_made_finer(raster):
    values = np.full((1, 4, 4), 3, np.int16)
    values[0, 1, 1] = -1
    info = inspect([raster(values, nodata=-1, transform=at(20))])
    found, valid = whole(info, on_grid(info, info.bands, 10))
    expected = np.ones((8, 8), bool)
    expected[2:4, 2:4] = False
    assert (valid == expected).all()
    assert (found[0][valid] == 3).all()


def test_a_window_of_more_pixels_than_are_read_at_once_is_the_same(raster, monkeypatch):
    from mlm_runner.core.inference import resample

    values = np.random.default_rng(1).random((2, 90, 70)).astype(np.float32)
    info = inspect([raster(values)])
    coarse = on_grid(info, info.bands, 30)
    at_once, _ = whole(info, coarse)
    expected = values[:, :90, :69].reshape(2, 30, 3, 23, 3).mean(axis=(2, 4))
    assert at_once[:, :, :23] == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(resample, "MOST_VALUES", 600)
    in_pieces, _ = whole(info, coarse)
    assert in_pieces == pytest.approx(at_once, abs=1e-6)


def test_a_coarse_file_with_one_pixel_more_leaves_the_fine_grid_as_it_is(raster):
    ten = raster(plane(at(10), 9, 9), name="ten.tif", transform=at(10))
    twenty = raster(plane(at(20), 5, 5), name="twenty.tif", transform=at(20))
    info = inspect([ten, twenty])
    assert (info.width, info.height, info.transform) == (9, 9, at(10))
    values, valid = whole(info)
    assert valid.all()
    assert values[1, 1:, 1:] == pytest.approx(values[0, 1:, 1:], abs=1e-8)


def test_files_of_different_areas_are_the_pixels_they_share(raster):
    values = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    one = raster(values, name="a.tif")
    other = raster(values[:, 2:, 3:], name="b.tif", transform=at(10, LEFT + 30, TOP - 20))
    info = inspect([one, other])
    assert (info.width, info.height, info.transform) == (5, 6, at(10, LEFT + 30, TOP - 20))
    assert "have in common, 5 x 6 of 8 x 8 pixels" in info.notes[0]
    found, _ = whole(info)
    assert found.dtype == np.uint8
    assert (found == values[:, 2:, 3:]).all()


def test_rasters_without_a_place_in_common_are_refused(raster):
    one = raster(np.ones((1, 4, 4), np.uint8), name="a.tif")
    other = raster(np.ones((1, 4, 4), np.uint8), name="b.tif", transform=at(10, LEFT + 40))
    with pytest.raises(DoesNotFit, match="b.tif and the other rasters have no place in common"):
        inspect([one, other])


def test_a_raster_without_crs_is_not_put_with_one_that_has(raster):
    one = raster(np.ones((1, 4, 4), np.uint8), name="a.tif")
    other = raster(np.ones((1, 4, 4), np.uint8), name="b.tif", crs=None)
    for files in ([one, other], [other, one]):
        with pytest.raises(DoesNotFit, match="b.tif has no CRS, and a.tif has one"):
            inspect(files)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_pictures_without_a_place_must_have_one_size(raster):
    bare = {"crs": None, "transform": (1, 0, 0, 0, 1, 0)}
    one = raster(np.ones((1, 4, 4), np.uint8), name="a.tif", **bare)
    other = raster(np.ones((1, 8, 8), np.uint8), name="b.tif", **bare)
    with pytest.raises(DoesNotFit, match=r"a.tif \(4 x 4\) and b.tif \(8 x 8\) have no place on the ground"):
        inspect([one, other])
    assert inspect([one, one]).width == 4


def test_a_file_in_another_crs_is_brought_to_that_of_the_first(raster):
    from rasterio.warp import transform

    zone33 = raster(np.ones((1, 40, 40), np.float32), name="a.tif", transform=at(10, 200_000, 5_000_000))
    # The same place in the next zone; its values are its own x, which the warped band must show.
    x, y = transform("EPSG:32633", "EPSG:32632", [200_200], [4_999_800])
    left, top = round(x[0]) - 500.0, round(y[0]) + 500.0
    eastings = (left + 5 + 10 * np.arange(100, dtype=np.float64))[None, None].repeat(100, axis=1)
    zone32 = raster(eastings, name="b.tif", transform=at(10, left, top), crs="EPSG:32632")
    info = inspect([zone33, zone32])
    assert info.crs == "EPSG:32633"
    assert info.notes == ("b.tif is brought from EPSG:32632 to EPSG:32633, the CRS of a.tif.",)
    values, valid = whole(info)
    assert valid.all()
    expected, _ = transform("EPSG:32633", "EPSG:32632", [200_000 + 105, 200_000 + 295], [5_000_000 - 205] * 2)
    assert values[1, 20, [10, 29]] == pytest.approx(expected, abs=0.02)


def test_a_model_of_20_m_bands_runs_on_their_own_pixels(raster):
    ten = raster(np.ones((1, 40, 40), np.uint16), name="ten.tif", transform=at(10))
    stored = np.arange(400, dtype=np.uint16).reshape(1, 20, 20)
    twenty = raster(stored, name="twenty.tif", transform=at(20))
    info = inspect([ten, twenty])
    used = [info.bands[1]]
    grid = on_grid(info, used)
    assert (grid.width, grid.height, grid.transform, grid.resolution_m) == (20, 20, at(20), 20)
    assert grid.notes == ()
    with Stack(used, grid) as stack:
        values, _ = stack.read(Window(0, 0, 20, 20))
    assert values.dtype == np.uint16
    assert (values == stored).all()


def test_what_is_resampled_is_said_with_the_bands(raster):
    ten = raster(np.ones((2, 40, 40), np.uint16), ["B02", "B03"], name="ten.tif", transform=at(10))
    twenty = raster(np.ones((1, 20, 20), np.uint16), ["B11"], name="twenty.tif", transform=at(20))
    info = inspect([ten, twenty])
    assert on_grid(info, info.bands).notes == ("B11: resampled from 20 m to 10 m: bilinear",)
    assert on_grid(info, info.bands, 20).notes == ("B02, B03: resampled from 10 m to 20 m: area average",)


def info(size=10.0, width=100, height=80, crs="EPSG:32633", left=LEFT, top=TOP):
    return RasterInfo((), width, height, at(size, left, top), crs)


def test_a_number_is_metres_also_where_the_crs_has_feet():
    feet = info(size=10.0, crs="EPSG:2263", left=900_000.0, top=200_000.0)
    grid = on_grid(feet, (), 6)
    assert grid.transform[0] == pytest.approx(6 / 0.3048006096)
    assert grid.resolution_m == pytest.approx(6)
    assert (grid.width, grid.height) == (math.ceil(100 * 3.048006096 / 6), math.ceil(80 * 3.048006096 / 6))


def test_a_degree_raster_gets_pixels_that_are_square_on_the_ground():
    # A degree at 60 degrees north is 111.412 km along the meridian and 55.800 km along the parallel (USGS tables).
    degrees = RasterInfo((), 2000, 2000, (0.0005, 0, 10.0, 0, -0.0005, 60.5), "EPSG:4326")
    grid = on_grid(degrees, (), 100)
    assert grid.transform[0] == pytest.approx(100 / 55_800, rel=1e-4)
    assert -grid.transform[4] == pytest.approx(100 / 111_412, rel=1e-4)
    assert (grid.transform[2], grid.transform[5]) == (10.0, 60.5)
    assert grid.resolution_m == pytest.approx(100, rel=1e-3)


def test_metres_of_a_web_map_are_metres_on_the_ground():
    # EPSG:3857 stretches by 1 / cos(latitude): 2 at 60 degrees north, y = 8399737.89.
    web = info(size=10.0, crs="EPSG:3857", left=1_000_000.0, top=8_399_737.89 + 400)
    assert on_grid(web, ()).resolution_m == pytest.approx(5, rel=1e-4)
    assert on_grid(web, (), 10).transform[0] == pytest.approx(20, rel=1e-4)


def test_a_south_up_raster_stays_one():
    south_up = RasterInfo((), 100, 80, (10.0, 0, LEFT, 0, 10.0, TOP - 800), "EPSG:32633")
    grid = on_grid(south_up, (), 20)
    assert (grid.width, grid.height, grid.transform) == (50, 40, (20.0, 0, LEFT, 0, 20.0, TOP - 800))


def test_a_south_up_file_is_averaged_row_by_row(raster):
    values = np.array([[[1, 1], [3, 3], [10, 10], [20, 20]]], np.float32)
    south_up = inspect([raster(values, transform=(10.0, 0, LEFT, 0, 10.0, TOP))])
    found, _ = whole(south_up, on_grid(south_up, south_up.bands, 20))
    assert found[0, :, 0].tolist() == [2, 15]


def test_almost_the_same_size_is_no_resampling(raster):
    one = inspect([raster(np.arange(16, dtype=np.uint8).reshape(1, 4, 4))])
    same = on_grid(one, one.bands, 10.000001)
    assert (same.transform, same.notes) == (one.transform, ())


def test_the_word_model_is_the_models_pixel_size():
    assert on_grid(info(), (), "model", 30.0).transform[0] == 30
    with pytest.raises(UsageError, match="does not say for which pixel size"):
        on_grid(info(), (), "model", None)
    with pytest.raises(UsageError, match="made for pixels of 30 m, and the raster has no CRS"):
        on_grid(info(crs=""), (), "model", 30.0)


def test_without_crs_a_number_is_in_the_rasters_units():
    assert on_grid(info(crs=""), (), 20).transform == at(20)


@pytest.mark.parametrize(
    "wish, sentence",
    [
        (0, "A resolution of 0 makes no sense"),
        (-3, "A resolution of -3 makes no sense"),
        (math.nan, "A resolution of nan"),
        (math.inf, "A resolution of inf"),
        ("fine", "'fine' means nothing; give a number of metres, or the word model"),
        (5000, "larger than the raster, which is 1000 x 800"),
        (1e-7, "would have 1e[+]10 x 8e[+]09 pixels"),
    ],
)
def test_a_wish_that_means_nothing_is_a_sentence(wish, sentence):
    with pytest.raises(UsageError, match=sentence):
        on_grid(info(), (), wish)


def test_a_number_may_come_as_text():
    assert on_grid(info(), (), "20").width == 50


@pytest.mark.parametrize(
    "moved, place", [((30, -20), (2, 3)), ((-30, 20), (-2, -3)), ((5, 0), None), ((0.01, 0), (0, 0))]
)
def test_pixels_coincide_where_their_edges_do(moved, place):
    own = PixelGrid(1000, 1000, at(10))
    assert placed(own, PixelGrid(10, 10, at(10, LEFT + moved[0], TOP + moved[1]))) == place


def test_the_grids_of_bands_cross_the_process_boundary(raster):
    ten = raster(np.ones((1, 4, 4), np.uint8), name="T33UUP_20220501T100031_B04_10m.tif", transform=at(10))
    known = inspect([ten])
    told = RasterInfo.from_json(json.loads(json.dumps(known.to_json())))
    assert told == known
    assert hash(told.bands[0]) == hash(known.bands[0])

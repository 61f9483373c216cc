"""What other programs were seen to do wrong without a word, each as a test: here it comes out right, or is refused."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from onnx import TensorProto, helper

from mlm_runner.core.errors import DoesNotFit

FLOAT = TensorProto.FLOAT
BANDS = ("red", "nir")
EYE = np.eye(2).reshape(2, 2, 1, 1)


def noise(height=40, width=50, bands=2) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 100, (bands, height, width)).astype(np.float32)


def test_regression_in_minus_1_to_1_written_as_zeros(engine, item, convolution, raster):
    described = item(convolution(np.array([1.0, -1.0]).reshape(1, 2, 1, 1)), BANDS, tasks=["regression"])
    del described["properties"]["mlm:output"][0]["classification:classes"]
    values = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 40, 50)).astype(np.float32)
    values[1, 7, 9] = -9
    made, found = engine(described, raster(values, BANDS, nodata=-9))
    assert made.dtypes == ("float32",) and np.isnan(made.nodata) and not found["classes"]
    expected = np.where(values[1] == -9, np.nan, values[0] - values[1])
    assert np.allclose(made.read(1), expected, atol=1e-6, equal_nan=True)


def test_negative_logits_all_given_class_0(engine, item, convolution, raster):
    values = noise()
    made, _ = engine(item(convolution(EYE, bias=np.array([-1000, -1000])), BANDS), raster(values, BANDS))
    assert (made.read(1) == (values[1] > values[0])).all()


def test_nodata_classified_and_counted(engine, item, convolution, raster):
    values = noise()
    values[:, 10:20, 5:15] = values[0, 30, 30] = -9999  # the last lacks one of its two bands only
    made, found = engine(item(convolution(EYE), BANDS), raster(values, BANDS, nodata=-9999))
    assert (made.read(1) == made.nodata).sum() == 101
    assert sum(c["pixels"] for c in found["classes"]) == 40 * 50 - 101


def test_a_2_band_raster_accepted_by_a_4_band_model(engine, item, convolution, raster):
    described = item(convolution(np.ones((2, 4, 1, 1))), ("red", "green", "blue", "nir"))
    with pytest.raises(DoesNotFit, match="wants the bands green, blue; the layer has red, nir"):
        engine(described, raster(noise(), BANDS))


def test_uint16_divided_by_255(engine, item, convolution, raster):
    # Sentinel-2's digital numbers for a model of reflectance: 10 000 is 1.
    scaling = [{"type": "z-score", "mean": 0.1, "stddev": 0.05}, {"type": "z-score", "mean": 0.3, "stddev": 0.1}]
    described = item(convolution(EYE), BANDS, tasks=["regression"], value_scaling=scaling)
    del described["properties"]["mlm:output"][0]["classification:classes"]
    random = np.random.default_rng(0)
    values = np.stack([random.normal(1000, 400, (40, 50)), random.normal(3000, 900, (40, 50))]).clip(1).astype("uint16")
    made, found = engine(described, raster(values, BANDS), units="auto")
    by_hand = (values / 10_000 - np.array([0.1, 0.3]).reshape(2, 1, 1)) / np.array([0.05, 0.1]).reshape(2, 1, 1)
    assert np.allclose(made.read(), by_hand, atol=1e-4)
    assert any("divided by 10000" in text for text in found["applied"])


def test_the_last_partial_batch_of_a_fixed_batch_size(engine, item, convolution, raster):
    values = noise(70, 90)
    described = item(convolution(EYE, shape=(4, None, 32, 32)), BANDS)
    made, _ = engine(described, raster(values, BANDS), overlap=0)  # 3 x 3 windows: the third batch has one
    assert (made.read(1) == (values[1] > values[0])).all()


@pytest.mark.parametrize("tile", [16, 33])
def test_a_sub_pixel_shift_of_the_output_grid_on_a_1_m_raster_with_a_ragged_extent(
    engine, item, convolution, raster, tile
):
    grid = (1.0, 0.0, 355_123.37, 0.0, -1.0, 5_812_777.81)
    values = noise(61, 83)
    image = raster(values, BANDS, transform=grid)
    extent = [355_130.02, 5_812_730.4, 355_190.9, 5_812_770.05]
    made, _ = engine(item(convolution(EYE), BANDS), image, extent=extent, tile=tile)
    with rasterio.open(image) as file:
        col, row = (made.transform.c - grid[2]), (grid[5] - made.transform.f)
        assert (col, row) == (pytest.approx(round(col), abs=1e-6), pytest.approx(round(row), abs=1e-6))
        assert made.transform[0] == 1.0 and made.transform[4] == -1.0
        col, row = round(col), round(row)
        # The pixels that the extent touches: columns 6..67 and rows 7..47, by hand.
        assert (col, row, made.width, made.height) == (6, 7, 62, 41)
        part = file.read()[:, row : row + made.height, col : col + made.width]
    assert (made.read(1) == (part[1] > part[0])).all()


def test_free_height_and_width_refused(engine, item, convolution, raster):
    values = noise(300, 20)
    made, _ = engine(item(convolution(EYE, shape=("n", None, "h", "w")), BANDS), raster(values, BANDS))
    assert (made.read(1) == (values[1] > values[0])).all()


def test_polygons_invalid_or_shrunk(engine, item, convolution, raster, tmp_path):
    shapely = pytest.importorskip("shapely", reason="makes polygons; the runtime has it")
    pyogrio = pytest.importorskip("pyogrio", reason="writes vector files; the runtime has it")
    vector = tmp_path / "classes.gpkg"
    made, _ = engine(item(convolution(EYE), BANDS), raster(noise(), BANDS), vector=str(vector))
    _, _, shapes, _ = pyogrio.raw.read(vector, layer="classes")
    polygons = shapely.from_wkb(shapes)
    assert shapely.is_valid(polygons).all()
    assert shapely.area(polygons).sum() == pytest.approx(100 * 40 * 50)
    assert shapely.union_all(polygons).equals(shapely.box(*made.bounds))


def test_a_degree_raster_distorted(engine, item, convolution, raster):
    # At 60 degrees north a degree of longitude is half as long as one of latitude.
    values = noise()
    image = raster(values, BANDS, transform=(0.0001, 0.0, 10.0, 0.0, -0.0001, 60.0), crs="EPSG:4326")
    made, found = engine(item(convolution(EYE), BANDS), image)
    assert any("pixels are 0.50 times as wide as they are high" in text for text in found["assumed"])
    assert made.crs.to_epsg() == 4326 and (made.read(1) == (values[1] > values[0])).all()


def test_logits_cut_at_a_half(engine, item, network, raster):
    # One channel of logits: a logit of 0.2 is a probability of 0.55, and so class 1.
    node = helper.make_node("Identity", ["x"], ["y"])
    file = network([node], [("x", ("n", 1, "h", "w"), FLOAT)], [("y", ("n", 1, "h", "w"), FLOAT)])
    values = np.random.default_rng(0).uniform(-0.4, 0.4, (1, 40, 50)).astype(np.float32)
    made, _ = engine(item(file, ["red"]), raster(values, ("red",)))
    assert (made.read(1) == (values[0] > 0)).all()


def test_bands_swapped(engine, item, convolution, raster):
    values = noise()
    made, _ = engine(item(convolution(EYE), BANDS), raster(values[::-1].copy(), BANDS[::-1]))
    assert (made.read(1) == (values[1] > values[0])).all()

"""Dates and images that come as several rasters: none is mixed of two, and the report says which is which."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import DoesNotFit

FLOAT = TensorProto.FLOAT
RANDOM = np.random.default_rng(9)
FIRST, SECOND = RANDOM.integers(0, 100, (2, 2, 20, 30)).astype(np.float32)
BANDS = ("red", "nir")


@pytest.fixture
def series(item, network):
    """Return an item that takes dates of red and nir, whose result is their sum."""

    def build(dates: int = 2):
        nodes = [
            helper.make_node("ReduceSum", ["x", "one"], ["t"], keepdims=0),
            helper.make_node("ReduceSum", ["t", "one"], ["y"], keepdims=1),
        ]
        shape, constants = ("n", "t", 2, "h", "w"), {"one": np.array([1])}
        file = network(nodes, [("x", shape, FLOAT)], [("y", ("n", 1, "h", "w"), FLOAT)], constants)
        order = ["batch", "time", "bands", "height", "width"]
        made = item(file, BANDS, tasks=["regression"], dim_order=order, shape=[-1, dates, 2, -1, -1])
        del made["properties"]["mlm:output"][0]["classification:classes"]
        return made

    return build


def test_a_date_is_not_made_of_two_rasters(engine, series, raster):
    # Red of the first date, both bands of the second, nir of a third: three dates, of which two lack a band.
    files = (
        raster(FIRST[:1], ("red",), "a.tif"),
        raster(SECOND[::-1].copy(), ("nir", "red"), "b.tif"),
        raster(FIRST[1:], ("nir",), "c.tif"),
    )
    with pytest.raises(DoesNotFit, match="takes 2 dates or images, and the layers hold 3"):
        engine(series(), *files)
    with pytest.raises(DoesNotFit, match="wants the bands nir@1, red@3"):
        engine(series(-1), *files)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_bands_of_a_date_may_be_in_any_order_and_number_of_files(engine, series, raster, order):
    first = [raster(FIRST[k : k + 1], (BANDS[k],), f"a{k}.tif") for k in order]
    second = [raster(SECOND[k : k + 1], (BANDS[k],), f"b{k}.tif") for k in order[::-1]]
    made, _ = engine(series(), *first, *second)
    assert np.allclose(made.read(1), FIRST.sum(axis=0) + SECOND.sum(axis=0))


def test_the_report_says_of_which_file_each_band_is(engine, series, raster):
    first, second = raster(FIRST, BANDS, "a.tif"), raster(SECOND, BANDS, "b.tif")
    _, found = engine(series(), first, second)
    assert "red@2 = Band 1: red of b.tif (by name), nir@2 = Band 2: nir of b.tif (by name)" in found["applied"][0]


def test_two_files_of_one_name_are_told_apart_by_their_folders(engine, series, raster, tmp_path):
    (tmp_path / "2024").mkdir()
    first, second = raster(FIRST, BANDS, "a.tif"), raster(SECOND, BANDS, "2024/a.tif")
    _, found = engine(series(), first, second)
    assert any(f"in the order of the layers: {first}, {second}." in text for text in found["assumed"])


def test_a_band_given_away_by_hand_is_said_to_be_missing_for_that(engine, item, convolution, raster):
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    with pytest.raises(DoesNotFit, match="Unclear: Band 1: red is given to nir by hand"):
        engine(described, raster(FIRST, BANDS), bands={"nir": "red"})


@pytest.mark.parametrize("units, doubted", [("10000", True), ("raw", False), ("auto", False)])
def test_units_by_hand_are_doubted_for_an_input_that_says_nothing_of_its_values(
    engine, item, network, raster, units, doubted
):
    nodes = [helper.make_node("Mul", ["image", "dem"], ["y"])]
    file = network(nodes, [("image", ("n", 1, "h", "w"), FLOAT), ("dem", ("n", 1, "h", "w"), FLOAT)],
                   [("y", ("n", 1, "h", "w"), FLOAT)])  # fmt: skip
    described = item(file, ["red"])
    image = described["properties"]["mlm:input"][0]
    scaling = [{"type": "z-score", "mean": 50.0 if units != "10000" else 0.005, "stddev": 25.0}]
    dem = {**image, "name": "dem", "bands": ["height"]}
    described["properties"]["mlm:input"] = [{**image, "value_scaling": scaling}, dem]
    red, height = raster(FIRST[:1], ("red",), "red.tif"), raster(SECOND[:1], ("height",), "dem.tif")
    _, found = engine(described, red, height, units=units)
    text = "The input 'dem' is taken divided by 10000 too, as you asked for"
    assert any(text in said for said in found["assumed"]) == doubted

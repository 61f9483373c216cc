"""What the network gets: values at the ends of its element type, of expressions without a result, of several dates."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import NotRunnable

FLOAT = TensorProto.FLOAT
SHAPE = ("n", 2, "h", "w")
IMAGE = np.random.default_rng(7).random((2, 20, 30)).astype(np.float32)


@pytest.fixture
def numbers(item):
    """Return an item of a regression for a file."""

    def build(file, **more):
        made = item(file, ["red", "nir"], tasks=["regression"], **more)
        del made["properties"]["mlm:output"][0]["classification:classes"]
        return made

    return build


@pytest.mark.parametrize(
    "kind, most",
    [("UINT8", 255), ("INT16", 32767), ("UINT32", 4294967295), ("INT32", 2147483647), ("INT64", 9.2233720368547e18)],
)
def test_a_value_beyond_an_integer_type_is_its_last(engine, numbers, network, raster, kind, most):
    cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.DOUBLE)
    nodes = [cast]
    file = network(nodes, [("x", SHAPE, getattr(TensorProto, kind))], [("y", SHAPE, TensorProto.DOUBLE)])
    values = np.full_like(IMAGE, 3e19)
    made, _ = engine(numbers(file), raster(values, ("red", "nir")))
    assert np.allclose(made.read(), most, rtol=1e-6)


def test_a_value_beyond_float16_is_named_and_not_made_infinite(engine, numbers, network, raster):
    kind = TensorProto.FLOAT16
    file = network([helper.make_node("Identity", ["x"], ["y"])], [("x", SHAPE, kind)], [("y", SHAPE, kind)])
    values = IMAGE.copy()
    values[1, 3, 3] = -70000
    with pytest.raises(NotRunnable, match="A value is -70000, and the model's file takes float16, which ends at 65504"):
        engine(numbers(file), raster(values, ("red", "nir")))


def test_a_pixel_that_a_scaling_expression_has_no_number_for_is_nodata(engine, numbers, convolution, raster):
    # A mean of 3 x 3 would carry the infinite logarithm of 0 to its neighbours.
    weights = np.zeros((1, 2, 3, 3))
    weights[0, 0] = 1 / 9
    values = np.full_like(IMAGE, np.e)
    values[0, 10, 10] = 0
    logarithm = {"type": "processing", "format": "gdal-calc", "expression": "log(A)"}
    made, _ = engine(numbers(convolution(weights), value_scaling=[logarithm]), raster(values, ("red", "nir")))
    found = made.read(1)
    assert np.isnan(found[10, 10]) and np.isnan(found).sum() == 1
    assert found[5, 5] == pytest.approx(1) and found[10, 11] == pytest.approx(8 / 9)


def test_a_file_that_takes_any_number_of_dates_is_tried_with_those_that_it_gets(engine, numbers, network, raster):
    # It gives its second date; with one date alone it fails.
    nodes = [
        helper.make_node("Gather", ["x", "second"], ["d"], axis=1),
        helper.make_node("ReduceSum", ["d", "channels"], ["y"], keepdims=1),
    ]
    constants = {"second": np.array(1), "channels": np.array([1])}
    file = network(nodes, [("x", ("n", "t", 2, "h", "w"), FLOAT)], [("y", ("n", "c", "h", "w"), FLOAT)], constants)
    described = numbers(file, dim_order=["batch", "time", "bands", "height", "width"], shape=[-1, 2, 2, -1, -1])
    first, second = (raster(IMAGE * k, ("red", "nir"), f"{k}.tif") for k in (1, 2))
    made, _ = engine(described, first, second)
    assert np.allclose(made.read(1), 2 * IMAGE.sum(axis=0))


@pytest.mark.parametrize("side, said", [("h", False), (24, True)])
def test_a_resizing_is_said_where_it_was_done(engine, numbers, network, raster, side, said):
    shape = ("n", 2, side, side)
    file = network([helper.make_node("Identity", ["x"], ["y"])], [("x", shape, FLOAT)], [("y", shape, FLOAT)])
    described = numbers(file)
    described["properties"]["mlm:input"][0]["resize_type"] = "interpolation-linear"
    _, found = engine(described, raster(IMAGE, ("red", "nir")), tile=16)
    steps = [step for step in found["applied"] if "resized" in step]
    assert steps == (["resized by interpolation-linear from 16 x 16 to 24 x 24"] if said else [])


@pytest.mark.parametrize("out, doubted", [("width height", False), ("height width", True)])
def test_width_before_height_is_read_as_said_and_doubted_where_only_one_side_says_it(
    engine, numbers, network, raster, out, doubted
):
    shape = ("n", 2, 16, 16)
    file = network([helper.make_node("Identity", ["x"], ["y"])], [("x", shape, FLOAT)], [("y", shape, FLOAT)])
    order = ["batch", "bands", "width", "height"]
    described = numbers(file, dim_order=order, result_order=["batch", "channel", *out.split()])
    made, found = engine(described, raster(IMAGE, ("red", "nir")))
    assert np.allclose(made.read(), IMAGE, atol=1e-6) != doubted
    assert any("input as width before height" in text for text in found["assumed"]) == doubted


def test_nothing_is_said_of_a_dimension_that_has_no_name(engine, numbers, convolution, raster):
    weights = np.ones((1, 2, 1, 1))
    _, found = engine(numbers(convolution(weights), dim_order=["a", "b", "c", "d"]), raster(IMAGE, ("red", "nir")))
    assert any("orders the input as a, b, c, d" in text for text in found["assumed"])
    assert not any("dimension ''" in text for text in found["assumed"])

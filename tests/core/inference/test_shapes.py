"""Inputs and outputs of every shape, on networks small enough to be computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import DoesNotFit, NotRunnable, UsageError

FLOAT = TensorProto.FLOAT
IMAGE = np.random.default_rng(5).integers(0, 100, (2, 45, 52)).astype(np.float32)


@pytest.fixture
def numbers(item):
    """Return an item of a regression for a file, with its dimensions."""

    def build(file, bands=("red", "nir"), order=("batch", "channel", "height", "width"), shape=None, **more):
        made = item(file, bands, tasks=["regression"], result_order=list(order), **more)
        del made["properties"]["mlm:output"][0]["classification:classes"]
        made["properties"]["mlm:output"][0]["result"]["shape"] = shape or [-1] * len(order)
        return made

    return build


def one(node: str, *names: str, **attributes: Any) -> Any:
    return helper.make_node(node, list(names), ["y"], **attributes)


def test_a_valid_convolution_lies_where_its_middle_is(engine, numbers, network, raster):
    # 5 x 5 with a single 1 in its middle, unpadded: the output is the red band, two pixels smaller at each side.
    weights = np.zeros((1, 2, 5, 5), np.float32)
    weights[0, 0, 2, 2] = 1
    file = network([one("Conv", "x", "w")], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 1, "a", "b"), FLOAT)],
                   {"w": weights})  # fmt: skip
    made, _ = engine(numbers(file), raster(IMAGE, ("red", "nir")), tile=32)
    assert np.allclose(made.read(1), IMAGE[0])


def test_a_shrinking_network_of_fixed_size_is_laid_down_without_gaps(engine, numbers, network, raster):
    weights = np.zeros((1, 2, 3, 3), np.float32)
    weights[0, 1, 1, 1] = 1
    file = network(
        [one("Conv", "x", "w")], [("x", (1, 2, 16, 20), FLOAT)], [("y", (1, 1, 14, 18), FLOAT)], {"w": weights}
    )
    made, found = engine(numbers(file), raster(IMAGE, ("red", "nir")), overlap=0)
    assert np.allclose(made.read(1), IMAGE[1])
    assert any("cuts 1 pixels off" in step for step in found["applied"])


def test_a_coarse_map_has_coarse_pixels_in_the_right_place(engine, numbers, network, raster):
    pool = one("AveragePool", "x", kernel_shape=[4, 4], strides=[4, 4])
    file = network([pool], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)])
    values = IMAGE[:, :44, :52]
    made, found = engine(numbers(file), raster(values, ("red", "nir")), tile=32)
    assert (made.height, made.width, made.transform[0], made.transform[4]) == (11, 13, 40.0, -40.0)
    assert (made.transform[2], made.transform[5]) == (500_000.0, 4_000_000.0)
    by_hand = values.reshape(2, 11, 4, 13, 4).mean(axis=(2, 4))
    assert np.allclose(made.read(), by_hand, atol=1e-4)


def test_a_coarse_pixel_over_a_ragged_edge_is_there(engine, numbers, network, raster):
    pool = one("MaxPool", "x", kernel_shape=[4, 4], strides=[4, 4])
    file = network([pool], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)])
    made, _ = engine(numbers(file), raster(IMAGE, ("red", "nir")), tile=32)
    assert (made.height, made.width) == (12, 13)  # 45 / 4 = 11.25
    assert made.read(1)[11].min() >= IMAGE[0, 44].min()


@pytest.mark.parametrize("task", ["super-resolution", "downscaling"])
def test_super_resolution_has_finer_pixels_in_the_right_place(engine, numbers, network, raster, task):
    up = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="nearest", nearest_mode="floor",
                          coordinate_transformation_mode="asymmetric")  # fmt: skip
    file = network([up], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)],
                   {"s": np.array([1, 1, 3, 3], np.float32)})  # fmt: skip
    described = numbers(file)
    described["properties"]["mlm:output"][0]["tasks"] = [task]
    made, _ = engine(described, raster(IMAGE, ("red", "nir")), tile=24)
    assert made.transform[0] == pytest.approx(10 / 3) and (made.height, made.width) == (135, 156)
    assert np.allclose(made.read(), IMAGE.repeat(3, axis=1).repeat(3, axis=2), atol=1e-4)


def test_nodata_stays_nodata_at_another_size(engine, numbers, network, raster):
    pool = one("AveragePool", "x", kernel_shape=[4, 4], strides=[4, 4])
    file = network([pool], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)])
    values = np.full((2, 16, 16), 7, np.float32)
    values[:, :4, 4:8] = -1
    made, _ = engine(numbers(file), raster(values, ("red", "nir"), nodata=-1), tile=16)
    empty = np.isnan(made.read(1))
    assert empty[0, 1] and empty.sum() == 1


def test_windows_without_a_value_leave_no_mark_on_their_neighbours(engine, item, convolution, raster, tmp_path):
    import rasterio

    values = np.random.default_rng(1).random((2, 120, 150)).astype(np.float32)
    values[:, 20:90, 30:70] = values[:, 60:, 110:] = -1
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    wanted = str(tmp_path / "probabilities.tif")
    engine(described, raster(values, ("red", "nir"), nodata=-1), tile=16, overlap=0.5, probabilities=wanted)
    with rasterio.open(wanted) as file:
        made = file.read(2)
    by_hand = 1 / (1 + np.exp(values[0] - values[1]))  # the softmax of two
    assert (np.isnan(made) == (values[0] == -1)).all()
    assert np.allclose(made[values[0] != -1], by_hand[values[0] != -1], atol=1e-5)


def test_an_output_that_can_be_no_image_is_refused(engine, numbers, network, raster):
    nodes = [
        helper.make_node("Slice", ["x", "a", "b", "c"], ["y"]),
    ]
    constants = {"a": np.array([0], np.int64), "b": np.array([5], np.int64), "c": np.array([3], np.int64)}
    file = network(nodes, [("x", (1, 2, 16, 16), FLOAT)], [("y", (1, 2, 16, 5), FLOAT)], constants)
    with pytest.raises(NotRunnable, match="16 x 16 pixels into 16 x 5, which is no image of them"):
        engine(numbers(file), raster(IMAGE, ("red", "nir")))


def test_a_tile_that_the_stride_does_not_divide_is_refused_with_one_that_does(engine, numbers, network, raster):
    pool = one("AveragePool", "x", kernel_shape=[8, 8], strides=[8, 8])
    file = network([pool], [("x", ("n", 2, "h", "w"), FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)])
    with pytest.raises(UsageError, match="one pixel for 8.*Use a tile of 32"):
        engine(numbers(file), raster(IMAGE, ("red", "nir")), tile=27)


def test_of_a_panoptic_model_the_classes_of_pixels_are_drawn_and_its_other_parts_left_out(
    engine, item, convolution, raster
):
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"], tasks=["panoptic-segmentation"])
    things = {**described["properties"]["mlm:output"][0], "name": "things", "tasks": ["instance-segmentation"]}
    described["properties"]["mlm:output"].append(things)
    made, found = engine(described, raster(IMAGE, ("red", "nir")))
    assert (made.read(1) == (IMAGE[1] > IMAGE[0])).all()
    assert any("'things' is left out" in text for text in found["assumed"])


def test_embeddings_have_a_band_for_each_dimension(engine, numbers, network, raster):
    # Patches of 4 x 4 become tokens, a class token comes first: [1, 1 + 16, 3].
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Reshape", ["c", "s"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["k", "t"], ["y"], axis=1),
    ]
    weights = np.zeros((3, 2, 4, 4), np.float32)
    weights[0, 0] = weights[1, 1] = 1 / 16
    constants = {"w": weights, "s": np.array([1, 3, 16], np.int64), "k": np.full((1, 1, 3), 99, np.float32)}
    file = network(nodes, [("x", (1, 2, 16, 16), FLOAT)], [("y", (1, 17, 3), FLOAT)], constants)
    described = numbers(file, order=("batch", "token", "embedding"), shape=[1, 17, 3])
    described["properties"]["mlm:output"][0]["tasks"] = ["similarity-search"]
    values = IMAGE[:, :32, :32]
    made, _ = engine(described, raster(values, ("red", "nir")), overlap=0)
    assert (made.count, made.height, made.width) == (3, 8, 8)
    assert np.allclose(made.read()[:2], values.reshape(2, 8, 4, 8, 4).mean(axis=(2, 4)), atol=1e-4)


def test_a_scene_embedding_is_a_pixel_for_each_window(engine, numbers, network, raster):
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])]
    file = network(nodes, [("x", ("n", 2, 16, 16), FLOAT)], [("y", ("n", 2), FLOAT)])
    described = numbers(file, order=("batch", "embedding"))
    described["properties"]["mlm:output"][0]["tasks"] = ["similarity-search"]
    values = IMAGE[:, :32, :48]
    made, _ = engine(described, raster(values, ("red", "nir")))
    assert np.allclose(made.read(), values.reshape(2, 2, 16, 3, 16).mean(axis=(2, 4)), atol=1e-4)


def test_several_heads_are_several_files(engine, item, network, raster):
    nodes = [
        helper.make_node("Identity", ["x"], ["y"]),
        helper.make_node("ReduceSum", ["x", "axes"], ["total"], keepdims=1),
    ]
    file = network(nodes, [("x", ("n", 2, "h", "w"), FLOAT)],
                   [("y", ("n", 2, "h", "w"), FLOAT), ("total", ("n", 1, "h", "w"), FLOAT)],
                   {"axes": np.array([1], np.int64)})  # fmt: skip
    described = item(file, ["red", "nir"])
    head = {**described["properties"]["mlm:output"][0], "name": "total", "tasks": ["regression"]}
    del head["classification:classes"]
    described["properties"]["mlm:output"].append(head)
    made, found = engine(described, raster(IMAGE, ("red", "nir")))
    import rasterio

    assert (made.read(1) == (IMAGE[1] > IMAGE[0])).all()
    with rasterio.open(found["heads"]["total"]) as total:
        assert np.allclose(total.read(1), IMAGE.sum(axis=0), atol=1e-3)


SQUARES = {
    "interpolation-nearest": lambda a: a[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2),
    "interpolation-area": lambda a: a.reshape(2, 16, 2, 16, 2).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2),
}


@pytest.mark.parametrize("kind", SQUARES)
def test_a_resized_input_comes_back_to_the_raster_s_own_pixels(engine, item, network, raster, kind):
    # The network takes 16 x 16 and gives the same; windows of 32 are halved for it: what comes back is by hand.
    file = network([one("Identity", "x")], [("x", (1, 2, 16, 16), FLOAT)], [("y", (1, 2, 16, 16), FLOAT)])
    described = item(file, ["red", "nir"])
    described["properties"]["mlm:input"][0]["resize_type"] = kind
    values = IMAGE[:, :32, :32]
    made, found = engine(described, raster(values, ("red", "nir")), tile=32, overlap=0)
    red, nir = SQUARES[kind](values)
    assert (made.read(1) == (nir > red)).all()
    assert any(kind in step for step in found["applied"])


@pytest.mark.parametrize("kind", ["interpolation-max", "wrap-fill-outliers", "wrap-inverse-map"])
def test_a_resizing_without_a_meaning_is_refused_with_the_reason(engine, item, convolution, raster, kind):
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    described["properties"]["mlm:input"][0]["resize_type"] = kind
    with pytest.raises(DoesNotFit, match=f"'{kind}', which can't be done: it is a "):
        engine(described, raster(IMAGE, ("red", "nir")))


def test_a_tile_needs_not_be_square(engine, item, network, raster):
    file = network([one("Identity", "x")], [("x", (1, 2, 16, 24), FLOAT)], [("y", (1, 2, 16, 24), FLOAT)])
    made, _ = engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))
    assert (made.read(1) == (IMAGE[1] > IMAGE[0])).all()


def test_what_the_item_says_of_an_output_s_numbers_is_in_the_file(engine, numbers, convolution, raster):
    described = numbers(convolution(np.eye(2).reshape(2, 2, 1, 1)))
    described["properties"]["mlm:output"][0]["bands"] = ["height", "biomass"]
    described["properties"]["bands"] = [{"name": "height", "raster:scale": 0.01, "unit": "m"}, {"name": "biomass"}]
    made, _ = engine(described, raster(IMAGE, ("red", "nir")))
    assert (made.descriptions, made.scales, made.units[0]) == (("height", "biomass"), (0.01, 1.0), "m")
    assert np.allclose(made.read(1), IMAGE[0])


@pytest.mark.parametrize("resolution", [20, "model"])
def test_a_raster_is_averaged_to_the_model_s_resolution(engine, numbers, convolution, raster, resolution):
    described = numbers(convolution(np.eye(2).reshape(2, 2, 1, 1)))
    described["properties"]["gsd"] = 20
    values = IMAGE[:, :44, :52]
    made, found = engine(described, raster(values, ("red", "nir")), resolution=resolution)
    assert (made.height, made.width, made.transform[0]) == (22, 26, 20.0)
    assert np.allclose(made.read(), values.reshape(2, 22, 2, 26, 2).mean(axis=(2, 4)), atol=1e-3)
    assert not any("was made for pixels of" in text for text in found["assumed"])

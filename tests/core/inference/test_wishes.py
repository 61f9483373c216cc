"""Options that would be of no effect are refused, and what a run says of its steps is what it did."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import UsageError

FLOAT = TensorProto.FLOAT
SHAPE = ("n", 2, "h", "w")
IMAGE = np.random.default_rng(7).random((2, 20, 30)).astype(np.float32)


@pytest.fixture
def classes(item, convolution):
    return lambda: item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])


@pytest.mark.parametrize(
    "wish, text",
    [
        ({"min_area": 100.0}, "A minimum area is for polygons of classes, and no vector file is asked for"),
        ({"simplify": 1.0}, "A tolerance for simpler outlines is for polygons of classes, and no vector file"),
        ({"iou": 0.5}, "An intersection over union is of objects, and the model finds none"),
        ({"extent_crs": "EPSG:4326"}, r"A CRS of the extent \(EPSG:4326\) is given, and no extent"),
        ({"iou": 2.0}, "An intersection over union is of objects"),
        ({"min_area": -1.0}, "A minimum area of -1.0 makes no sense"),
        ({"threshold": 1.5}, "A threshold of 1.5 makes no sense"),
    ],
)
def test_an_option_without_effect_is_a_mistake(engine, classes, raster, wish, text):
    with pytest.raises(UsageError, match=text):
        engine(classes(), raster(IMAGE, ("red", "nir")), **wish)


def test_what_is_not_set_is_no_mistake(engine, classes, raster):
    engine(classes(), raster(IMAGE, ("red", "nir")), min_area=0.0, simplify=0.0, iou=None, extent_crs="")


def test_objects_have_no_minimum_area(engine, item, network, raster):
    node = helper.make_node("Identity", ["k"], ["y"])
    file = network([node], [("x", SHAPE, FLOAT)], [("y", (1, 1, 6), FLOAT)], {"k": np.zeros((1, 1, 6), np.float32)})
    described = item(file, ["red", "nir"], tasks=["object-detection"], result_order=["batch", "boxes", "values"])
    with pytest.raises(UsageError, match="A minimum area is for polygons of classes, and the model finds objects"):
        engine(described, raster(IMAGE, ("red", "nir")), out="out.gpkg", min_area=5.0)


def test_polygons_of_windows_are_not_said_to_be_simplified(engine, item, network, raster, tmp_path):
    mean = helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)
    file = network([mean], [("x", ("n", 2, 10, 10), FLOAT)], [("y", ("n", 2), FLOAT)])
    described = item(file, ["red", "nir"], tasks=["scene-classification"], result_order=["batch", "class"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [-1, 2]
    wanted = str(tmp_path / "scenes.gpkg")
    _, found = engine(described, raster(IMAGE, ("red", "nir")), vector=wanted, min_area=1e6, simplify=2.0)
    assert "polygons of all windows, each with its class and scores" in found["applied"]
    assert not any("went to their largest neighbour" in step or "simplified by" in step for step in found["applied"])


@pytest.mark.parametrize(
    "node, text",
    [
        (helper.make_node("RandomNormalLike", ["x"], ["r"]), "draws random numbers"),
        (helper.make_node("BatchNormalization", ["x", *"kkkk"], ["r", "m", "v"], training_mode=1), "for training"),
    ],
)
def test_a_network_whose_results_are_not_the_pixels_own_is_doubted(engine, item, network, raster, node, text):
    nodes = [node, helper.make_node("Add", ["x", "r"], ["y"])]
    constants = {"k": np.ones(2, np.float32)} if "k" in node.input else {}
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", SHAPE, FLOAT)], constants, opset=15)
    _, found = engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))
    assert any(text in said for said in found["assumed"])


def test_a_trial_that_fails_without_harm_prints_nothing(engine, item, network, raster, capfd):
    # It looks at row 95, which the smaller of the squares on which networks of free sizes are tried has not.
    nodes = [
        helper.make_node("Gather", ["x", "row"], ["g"], axis=2),
        helper.make_node("Add", ["x", "g"], ["y"]),
    ]
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)], {"row": np.array([95])})
    engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")), tile=96)
    assert "onnxruntime" not in capfd.readouterr().err


def test_a_resolution_in_metres_is_refused_in_metres(engine, classes, raster):
    degrees = raster(IMAGE, ("red", "nir"), transform=(1e-4, 0.0, 15.0, 0.0, -1e-4, 50.0), crs="EPSG:4326")
    # 30 x 20 pixels of 0.0001 degrees at 50 degrees north: 215 m from west to east, 222 m from north to south.
    with pytest.raises(UsageError, match="A pixel of 5000 m is larger than the raster, which is 215.* x 222.* m"):
        engine(classes(), degrees, resolution=5000.0)


@pytest.mark.parametrize("side, text", [(10, "side by side"), (12, "the last beyond the edge, where the raster")])
def test_windows_with_a_class_each_are_said_to_hang_over_the_edge(engine, item, network, raster, side, text):
    mean = helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3], keepdims=0)
    file = network([mean], [("x", ("n", 2, side, side), FLOAT)], [("y", ("n", 2), FLOAT)])
    described = item(file, ["red", "nir"], tasks=["scene-classification"], result_order=["batch", "class"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [-1, 2]
    _, found = engine(described, raster(IMAGE, ("red", "nir")))
    windows = next(step for step in found["applied"] if step.startswith("windows of"))
    assert text in windows and ("beyond" in windows) == (side == 12)  # 20 x 30 pixels are six windows of 10


@pytest.mark.parametrize("kind", ["AveragePool", "Resize"])
def test_other_pixel_sizes_are_said_in_pixels(engine, item, network, raster, kind):
    if kind == "Resize":
        node = helper.make_node(kind, ["x", "", "k"], ["y"], mode="nearest")
        text = "the result has 2 x 2 pixels for one of the raster's"
    else:
        node = helper.make_node(kind, ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])
        text = "a pixel of the result stands for 2 x 2 of the raster's"
    constants = {"k": np.array([1, 1, 2, 2], np.float32)} if kind == "Resize" else {}
    file = network([node], [("x", SHAPE, FLOAT)], [("y", ("n", 2, "a", "b"), FLOAT)], constants)
    _, found = engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))
    assert text in found["applied"]

"""How many windows, or pixels, a file takes at once, and what it gives back for them."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import NotRunnable, UsageError

FLOAT = TensorProto.FLOAT
IMAGE = np.random.default_rng(7).random((2, 50, 70)).astype(np.float32)
NIR_IS_MORE = (IMAGE[1] > IMAGE[0]).astype(np.uint8)
"""The class of each pixel where the bands are the scores of the classes."""
FIRST = np.array([0])


def node(kind, given, made, **attributes):
    return helper.make_node(kind, list(given), [made], **attributes)


def test_an_output_without_a_batch_has_its_classes_first(engine, item, network, raster):
    # The item says batch, class, height, width; read as batch, height, width, the red band would be all there is.
    file = network([node("Squeeze", ("x", "first"), "y")], [("x", (1, 2, 32, 32), FLOAT)], [("y", (2, 32, 32), FLOAT)],
                   {"first": FIRST})  # fmt: skip
    made, found = engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))
    assert (made.read(1) == NIR_IS_MORE).all()
    assert "The item's output has a batch dimension; the file's has none." in found["assumed"]


def test_neither_input_nor_output_needs_a_batch(engine, item, network, raster):
    file = network([node("Identity", ("x",), "y")], [("x", (2, 32, 32), FLOAT)], [("y", (2, 32, 32), FLOAT)])
    described, source = item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir"))
    made, _ = engine(described, source)
    assert (made.read(1) == NIR_IS_MORE).all()
    with pytest.raises(UsageError, match="takes batches of 1; 4 can't be used"):
        engine(described, source, batch_size=4)


def test_a_batch_that_only_the_file_has_is_no_class(engine, item, network, raster):
    file = network([node("Identity", ("x",), "y")], [("x", ("n", 2, 32, 32), FLOAT)], [("y", ("n", 2, 32, 32), FLOAT)])
    described = item(file, ["red", "nir"], result_order=["class", "height", "width"], result_shape=[2, 32, 32])
    made, _ = engine(described, raster(IMAGE, ("red", "nir")))
    assert (made.read(1) == NIR_IS_MORE).all()


def test_a_scene_s_scores_without_a_batch_are_its_classes(engine, item, network, raster):
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[2, 3], keepdims=0),
        node("Squeeze", ("m", "first"), "y"),
    ]
    file = network(nodes, [("x", (1, 2, 10, 10), FLOAT)], [("y", (2,), FLOAT)], {"first": FIRST})
    described = item(file, ["red", "nir"], tasks=["scene-classification"], result_order=["batch", "class"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [-1, 2]
    made, _ = engine(described, raster(IMAGE, ("red", "nir")))
    means = IMAGE.reshape(2, 5, 10, 7, 10).mean(axis=(2, 4))
    assert (made.read(1) == (means[1] > means[0])).all()


@pytest.mark.parametrize("batch", ["m", 1])
def test_one_result_for_several_windows_is_refused(engine, item, network, raster, batch):
    mean = helper.make_node("ReduceMean", ["x"], ["y"], axes=[0], keepdims=1)
    file = network([mean], [("x", ("n", 2, 32, 32), FLOAT)], [("y", (batch, 2, 32, 32), FLOAT)])
    described, source = item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir"))
    with pytest.raises(NotRunnable, match="results for 1 windows where it got 4. Run it with a batch size of 1"):
        engine(described, source, batch_size=4)
    made, _ = engine(described, source, batch_size=1)
    assert (made.read(1) == NIR_IS_MORE).all()


@pytest.mark.parametrize("size", [1, 1000])
def test_a_file_may_fix_how_many_single_pixels_it_takes(engine, item, network, raster, size):
    # 16 x 16 pixels are handed over at once; the last of 1000 at once are filled up.
    file = network([node("Identity", ("x",), "y")], [("x", (size, 2), FLOAT)], [("y", (size, 2), FLOAT)])
    described = item(file, ["red", "nir"], dim_order=["batch", "bands"], shape=[-1, 2], result_order=["batch", "class"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [-1, 2]
    made, _ = engine(described, raster(IMAGE[:, :40, :30].copy(), ("red", "nir")), tile=40)
    assert (made.read(1) == NIR_IS_MORE[:40, :30]).all()


def test_a_number_beside_single_pixels_stays_what_it_is(engine, item, network, raster):
    nodes = [node("Mul", ("x", "k"), "y")]
    file = network(nodes, [("x", (7, 2), FLOAT), ("k", ("m", 1), FLOAT)], [("y", (7, 2), FLOAT)])
    described = item(file, ["red", "nir"], dim_order=["batch", "bands"], shape=[-1, 2], result_order=["batch", "class"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [-1, 2]
    described["properties"]["mlm:hyperparameters"] = {"k": -1.0}
    made, _ = engine(described, raster(IMAGE[:, :40, :30].copy(), ("red", "nir")), tile=40)
    assert (made.read(1) == (IMAGE[1] < IMAGE[0])[:40, :30]).all()

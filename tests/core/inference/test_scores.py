"""What a network's scores are taken for, and what is done where they can't be that."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from onnx import TensorProto, helper

from mlm_runner.core.errors import NotRunnable

FLOAT = TensorProto.FLOAT
SHAPE = ("n", 2, "h", "w")
FIRST = np.array([0])
IMAGE = np.random.default_rng(7).random((2, 40, 60)).astype(np.float32)


def node(kind, given, *made, **attributes):
    return helper.make_node(kind, list(given), list(made), **attributes)


@pytest.fixture
def index(network):
    """Write a network that computes (nir - red) / (nir + red), which is 0 / 0 for what it sees where there is none."""
    nodes = [
        node("Split", ("x",), "r", "n", axis=1),
        node("Sub", ("n", "r"), "d"),
        node("Add", ("n", "r"), "s"),
        node("Div", ("d", "s"), "y"),
    ]
    return lambda: network(nodes, [("x", SHAPE, FLOAT)], [("y", ("n", 1, "h", "w"), FLOAT)])


def test_a_network_that_divides_is_not_stopped_by_nodata(engine, item, index, raster):
    described = item(index(), ["red", "nir"], tasks=["regression"])
    del described["properties"]["mlm:output"][0]["classification:classes"]
    values = IMAGE.copy()
    values[:, 10:20, 10:50] = -9
    made, _ = engine(described, raster(values, ("red", "nir"), nodata=-9), tile=16)
    red, nir = np.where(values == -9, np.nan, values)
    assert np.allclose(made.read(1), (nir - red) / (nir + red), atol=1e-5, equal_nan=True)


def test_a_network_that_gives_no_number_for_a_pixel_with_values_is_not_believed(engine, item, index, raster):
    values = IMAGE.copy()
    values[:, 30, 30] = 0
    with pytest.raises(NotRunnable, match="scores that are no numbers"):
        engine(item(index(), ["red", "nir"]), raster(values, ("red", "nir")), tile=16)


@pytest.mark.parametrize("last", ["Relu", "Abs"])
def test_small_logits_on_trial_are_no_probabilities(engine, item, network, raster, tmp_path, last):
    # Hundredths of the values: of noise they lie between 0 and 1, of digital numbers up to 10.
    nodes = [node("Mul", ("x", "k"), "m"), node(last, ("m",), "y")]
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", SHAPE, FLOAT)], {"k": np.array(0.01, np.float32)})
    wanted = tmp_path / "confidence.tif"
    values = (IMAGE * 1000).astype(np.float32)
    _, found = engine(item(file, ["red", "nir"]), raster(values, ("red", "nir")), confidence=str(wanted))
    with rasterio.open(wanted) as opened:
        made = opened.read(1)
    softmax = 1 / (1 + np.exp(-np.abs(values[0] - values[1]) / 100))
    assert np.allclose(made, softmax, atol=1e-5)
    assert "scores: softmax over what the network gives" in found["applied"]


def test_scores_that_a_trial_took_for_probabilities_must_be_some(engine, item, network, raster):
    # A step at 100000: on trial all is 0.
    nodes = [node("Sub", ("x", "k"), "m"), node("Relu", ("m",), "y")]
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", SHAPE, FLOAT)], {"k": np.array(1e5, np.float32)})
    values = (IMAGE + 1e5 + 3).astype(np.float32)
    with pytest.raises(NotRunnable, match="scores from 3.* to 4.*, and on trial they lay between 0 and 1"):
        engine(item(file, ["red", "nir"]), raster(values, ("red", "nir")))


def test_what_a_trial_told_is_said_to_be_assumed(engine, item, network, raster):
    nodes = [node("Sigmoid", ("x",), "s"), node("Mul", ("s", "k"), "y")]
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", SHAPE, FLOAT)], {"k": np.array(0.5, np.float32)})
    _, found = engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))
    assert any("finished probabilities, since on trial" in text for text in found["assumed"])


def test_the_confidence_is_that_of_the_class_a_pixel_got(engine, item, convolution, raster, tmp_path):
    # At a threshold of 0.3 a score of 0.4 is class 1, with a confidence of 0.4 and not of the other class's 0.6.
    weights = np.full((1, 2, 1, 1), -0.5)
    described = item(convolution(weights), ["red", "nir"])
    wanted = tmp_path / "confidence.tif"
    made, _ = engine(described, raster(IMAGE, ("red", "nir")), threshold=0.3, confidence=str(wanted))
    score = 1 / (1 + np.exp(IMAGE.sum(axis=0) / 2))
    with rasterio.open(wanted) as file:
        assert np.allclose(file.read(1), np.where(made.read(1) == 1, score, 1 - score), atol=1e-5)
    assert (made.read(1) == (score >= 0.3)).all()


@pytest.mark.parametrize("task", ["semantic-segmentation", "regression"])
def test_a_threshold_of_the_item_stops_no_model_without_scores(engine, item, network, raster, task):
    labels = task != "regression"
    last = node("ArgMax", ("x",), "y", axis=1, keepdims=1) if labels else node("Identity", ("x",), "y")
    shape, kind = (("n", 1, "h", "w"), TensorProto.INT64) if labels else (SHAPE, FLOAT)
    described = item(network([last], [("x", SHAPE, FLOAT)], [("y", shape, kind)]), ["red", "nir"], tasks=[task])
    output = described["properties"]["mlm:output"][0]
    output["recommended_threshold"] = 0.7
    if not labels:
        del output["classification:classes"]
    made, found = engine(described, raster(IMAGE, ("red", "nir")))
    assert np.array_equal(made.read(1), IMAGE.argmax(axis=0) if labels else IMAGE[0])
    assert any("threshold of 0.7 (recommended_threshold) is left out" in text for text in found["assumed"])


def test_the_item_s_own_nodata_class_everywhere_is_no_lack_of_values(engine, item, convolution, raster):
    legend = [{"value": 0, "name": "nothing", "nodata": True}, {"value": 1, "name": "forest"}]
    described = item(convolution(np.zeros((2, 2, 1, 1)), bias=np.array([1, 0])), ["red", "nir"], legend=legend)
    made, found = engine(described, raster(IMAGE, ("red", "nir")))
    assert (made.read(1) == 0).all()
    assert not any("no pixel" in text for text in found["assumed"])


def test_a_raster_without_a_value_is_said_to_be_empty(engine, item, convolution, raster):
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    _, found = engine(described, raster(np.zeros_like(IMAGE), ("red", "nir"), nodata=0))
    assert any("no pixel of the extent has a value in all needed bands" in text for text in found["assumed"])


def test_whole_numbers_for_each_class_are_scores_and_no_labels(engine, item, network, raster):
    file = network([node("Cast", ("x",), "y", to=TensorProto.UINT8)], [("x", SHAPE, FLOAT)],
                   [("y", SHAPE, TensorProto.UINT8)])  # fmt: skip
    values = (IMAGE * 255).astype(np.uint8)
    made, found = engine(item(file, ["red", "nir"]), raster(values, ("red", "nir")))
    assert (made.read(1) == (values[1] > values[0])).all()
    assert any("whole numbers for each of 2 classes; the largest counts" in text for text in found["assumed"])


def test_labels_in_several_bands_are_refused(engine, item, network, raster):
    # How many bands there are is known when it runs: 0 times the largest value, and 2.
    nodes = [
        node("Mul", ("x", "none"), "z"),
        helper.make_node("ReduceMax", ["z"], ["m"], axes=[1, 2, 3], keepdims=0),
        node("Add", ("m", "two"), "e"),
        node("Cast", ("e",), "end", to=TensorProto.INT64),
        node("Slice", ("x", "start", "end", "axis"), "s"),
        node("Cast", ("s",), "y", to=TensorProto.INT64),
    ]
    constants = {"none": np.array(0, np.float32), "two": np.array(2, np.float32), "start": FIRST, "axis": FIRST + 1}
    shape = ("n", "k", "h", "w")
    file = network(nodes, [("x", SHAPE, FLOAT)], [("y", shape, TensorProto.INT64)], constants)
    with pytest.raises(NotRunnable, match="whole numbers in 2 bands, and labels of classes are one"):
        engine(item(file, ["red", "nir"]), raster(IMAGE, ("red", "nir")))


def test_a_detector_s_later_scores_must_be_what_the_first_were(engine, item, network, raster):
    # For each pixel a box around it, whose scores are the two bands there: 0.9 in the first window, 7 in another.
    rows, cols = np.mgrid[0:32, 0:32].astype(np.float32)
    four = np.full_like(cols, 4)
    constants = {"s": np.array([1, 2, 1024]), "b": np.stack([cols, rows, four, four]).reshape(1, 4, -1)}
    nodes = [node("Reshape", ("x", "s"), "r"), node("Concat", ("b", "r"), "y", axis=1)]
    file = network(nodes, [("x", (1, 2, 32, 32), FLOAT)], [("y", (1, 6, 1024), FLOAT)], constants)
    described = item(file, ["red", "nir"], tasks=["object-detection"], result_order=["batch", "values", "boxes"])
    described["properties"]["mlm:output"][0]["result"]["shape"] = [1, 6, 1024]
    values = np.zeros((2, 64, 96), np.float32)
    values[0, 10, 10], values[0, 50, 80] = 0.9, 7
    with pytest.raises(NotRunnable, match="scores from 0 to 7, and scores lie between 0 and 1"):
        engine(described, raster(values, ("red", "nir")), out="out.gpkg")


def test_a_pixel_that_a_function_after_the_network_has_no_number_for_is_nodata(engine, item, convolution, raster):
    log = {"format": "gdal-calc", "expression": "log(A - 0.5)"}
    weights = np.eye(2)[:1].reshape(1, 2, 1, 1)
    described = item(convolution(weights), ["red", "nir"], tasks=["regression"], post=log)
    del described["properties"]["mlm:output"][0]["classification:classes"]
    made, _ = engine(described, raster(IMAGE, ("red", "nir")), tile=16, overlap=0)
    by_hand = np.log(np.where(IMAGE[0] > 0.5, IMAGE[0] - 0.5, np.nan))
    assert np.allclose(made.read(1), by_hand, atol=1e-4, equal_nan=True)

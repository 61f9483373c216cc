"""Models with several inputs and dates: which raster feeds what, and that each gets its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import DoesNotFit

FLOAT = TensorProto.FLOAT
RANDOM = np.random.default_rng(9)
MAP = ["batch", "channel", "height", "width"]


def image(bands: int) -> np.ndarray:
    return RANDOM.integers(0, 100, (bands, 30, 40)).astype(np.float32)


def given(name: str, bands: list[str], order=("batch", "bands", "height", "width"), shape=None) -> dict[str, Any]:
    return {
        "name": name,
        "bands": bands,
        "input": {"shape": shape or [-1] * len(order), "dim_order": list(order), "data_type": "float32"},
    }


@pytest.fixture
def described(item):
    """Return an item of a regression with these inputs."""

    def build(file, *inputs, **properties):
        made = item(file, ["x"], tasks=["regression"], result_order=MAP)
        del made["properties"]["mlm:output"][0]["classification:classes"]
        made["properties"].update({"mlm:input": list(inputs), **properties})
        return made

    return build


@pytest.fixture
def total(network):
    """Write a network that adds up all channels of inputs, each times its own weight."""

    def build(**inputs):
        nodes, constants, names = [], {"axes": np.array([1], np.int64)}, []
        for name, (_, weight) in inputs.items():
            constants[f"k_{name}"] = np.array(weight, np.float32)
            nodes.append(helper.make_node("ReduceSum", [name, "axes"], [f"s_{name}"], keepdims=1))
            nodes.append(helper.make_node("Mul", [f"s_{name}", f"k_{name}"], [f"m_{name}"]))
            names.append(f"m_{name}")
        nodes.append(helper.make_node("Sum", names, ["y"]))
        takes = [(name, ("n", channels, "h", "w"), FLOAT) for name, (channels, _) in inputs.items()]
        return network(nodes, takes, [("y", ("n", 1, "h", "w"), FLOAT)], constants)

    return build


def test_an_image_and_elevation_come_from_two_rasters(engine, described, total, raster):
    file = total(rgb=(3, 1), dem=(1, 1000))
    rgb, dem = image(3), image(1)
    item = described(file, given("rgb", ["red", "green", "blue"]), given("dem", [], shape=[-1, 1, -1, -1]))
    made, _ = engine(item, raster(rgb, ("red", "green", "blue"), "rgb.tif"), raster(dem, ("dem",), "dem.tif"))
    assert np.allclose(made.read(1), rgb.sum(axis=0) + 1000 * dem[0])


def test_inputs_are_told_apart_by_their_channels_where_the_file_calls_them_otherwise(engine, described, total, raster):
    file = total(input_1=(1, 1000), input_0=(3, 1))
    rgb, dem = image(3), image(1)
    item = described(file, given("rgb", ["red", "green", "blue"]), given("elevation", ["height"]))
    made, _ = engine(item, raster(rgb, ("red", "green", "blue"), "rgb.tif"), raster(dem, ("height",), "dem.tif"))
    assert np.allclose(made.read(1), rgb.sum(axis=0) + 1000 * dem[0])


def test_a_band_that_two_inputs_share_is_the_same_band(engine, described, total, raster):
    file = total(rgb=(2, 1), pair=(2, 1000))
    values = image(3)
    item = described(file, given("rgb", ["B04", "B03"]), given("pair", ["B04", "B08"]))
    made, _ = engine(item, raster(values, ("B04", "B03", "B08")))
    assert np.allclose(made.read(1), values[0] + values[1] + 1000 * (values[0] + values[2]))


def test_two_images_of_the_same_bands_are_two_rasters_in_their_order(engine, described, total, raster):
    file = total(before=(2, 1), after=(2, 1000))
    first, second = image(2), image(2)
    item = described(file, given("before", ["red", "nir"]), given("after", ["red", "nir"]))
    made, found = engine(item, raster(first, ("red", "nir"), "a.tif"), raster(second, ("red", "nir"), "b.tif"))
    assert np.allclose(made.read(1), first.sum(axis=0) + 1000 * second.sum(axis=0))
    assert any("in the order of the layers: a.tif, b.tif" in text for text in found["assumed"])


def test_one_image_for_a_model_of_two_is_refused(engine, described, total, raster):
    item = described(total(a=(2, 1), b=(2, 1)), given("a", ["red", "nir"]), given("b", ["red", "nir"]))
    with pytest.raises(DoesNotFit, match="the layers hold 1 of 2 dates or images"):
        engine(item, raster(image(2), ("red", "nir")))


@pytest.fixture
def dated(network):
    """Write a network [n, dates, 2, h, w] whose result is 100 times the second date's nir, and the first date's red."""

    def build(order):
        place = {"time": order.index("time"), "channel": order.index("channel")}
        nodes, constants = [], {}
        for date, channel, name in ((0, 0, "red"), (1, 1, "nir")):
            for axis, number in (("time", date), ("channel", channel)):
                constants[f"{name}_{axis}"] = np.array(number, np.int64)
            shift = place["channel"] - (place["channel"] > place["time"])
            nodes.append(helper.make_node("Gather", ["x", f"{name}_time"], [f"{name}_1"], axis=place["time"]))
            nodes.append(helper.make_node("Gather", [f"{name}_1", f"{name}_channel"], [f"{name}_2"], axis=shift))
        constants["k"] = np.array(100, np.float32)
        nodes.append(helper.make_node("Mul", ["nir_2", "k"], ["nir_3"]))
        nodes.append(helper.make_node("Add", ["red_2", "nir_3"], ["y"]))
        sizes = {"batch": "n", "time": 2, "channel": 2, "height": "h", "width": "w"}
        return network(nodes, [("x", [sizes[d] for d in order], FLOAT)], [("y", ("n", "h", "w"), FLOAT)], constants)

    return build


@pytest.mark.parametrize("order", [("batch", "time", "channel", "height", "width"),
                                   ("batch", "channel", "time", "height", "width"),
                                   ("batch", "time", "height", "width", "channel")])  # fmt: skip
@pytest.mark.parametrize("said", [2, -1])
def test_the_dates_of_a_series_are_rasters(engine, described, dated, raster, order, said):
    first, second = image(2), image(2)
    names = ["bands" if d == "channel" else d for d in order]
    shape = [{"batch": -1, "time": said, "channel": 2}.get(d, -1) for d in order]
    item = described(dated(order), given("series", ["red", "nir"], names, shape))
    item["properties"]["mlm:output"][0]["result"] |= {"dim_order": ["batch", "height", "width"], "shape": [-1, -1, -1]}
    made, _ = engine(item, raster(first, ("red", "nir"), "t1.tif"), raster(second, ("red", "nir"), "t2.tif"))
    assert np.allclose(made.read(1), first[0] + 100 * second[1])


def test_the_dates_of_a_series_are_groups_of_bands_in_one_raster(engine, described, dated, raster):
    both = image(4)
    order = ["batch", "time", "bands", "height", "width"]
    item = described(dated(("batch", "time", "channel", "height", "width")), given("series", ["red", "nir"], order))
    item["properties"]["mlm:output"][0]["result"] |= {"dim_order": ["batch", "height", "width"], "shape": [-1, -1, -1]}
    made, found = engine(item, raster(both, ("red", "nir", "red", "nir")))
    assert np.allclose(made.read(1), both[0] + 100 * both[3])
    assert "red@2 = Band 3: red" in found["applied"][0]


def test_a_band_that_stands_twice_is_of_two_dates(engine, described, network, raster):
    weights = np.array([1, 10, 100, 1000], np.float32).reshape(1, 4, 1, 1)
    node = helper.make_node("Conv", ["x", "w"], ["y"])
    file = network([node], [("x", ("n", 4, "h", "w"), FLOAT)], [("y", ("n", 1, "h", "w"), FLOAT)], {"w": weights})
    first, second = image(2), image(2)
    item = described(file, given("pair", ["B4", "B8", "B4", "B8"]))
    made, _ = engine(item, raster(first, ("B4", "B8"), "a.tif"), raster(second, ("B4", "B8"), "b.tif"))
    assert np.allclose(made.read(1), first[0] + 10 * first[1] + 100 * second[0] + 1000 * second[1])


@pytest.mark.parametrize("where", ["params", "hyperparameters"])
@pytest.mark.parametrize(("shape", "value"), [([], 7), ([1], 7), (["n"], 7), (["n", 1], [7]), ([1, 1, 1, 1], 7)])
def test_an_input_without_bands_is_the_item_s_number(engine, described, network, raster, where, shape, value):
    nodes = [helper.make_node("ReduceSum", ["c"], ["s"], keepdims=0), helper.make_node("Mul", ["x", "s"], ["y"])]
    file = network(nodes, [("x", (1, 1, "h", "w"), FLOAT), ("c", shape, FLOAT)], [("y", (1, 1, "h", "w"), FLOAT)])
    bare = {"name": "c", "bands": [], "input": {"shape": [1], "dim_order": ["value"], "data_type": "float32"}}
    more = {}
    if where == "params":
        bare["params"] = {"c": value}
    else:
        more["mlm:hyperparameters"] = {"c": value}
    values = image(1)
    made, found = engine(described(file, given("x", ["red"]), bare, **more), raster(values, ("red",)))
    assert np.allclose(made.read(1), 7 * values[0])
    assert any(text.startswith("input c: ") for text in found["applied"])


def test_an_input_without_bands_and_without_a_value_is_refused(engine, described, network, raster):
    file = network([helper.make_node("Add", ["x", "c"], ["y"])],
                   [("x", (1, 1, "h", "w"), FLOAT), ("c", [], FLOAT)], [("y", (1, 1, "h", "w"), FLOAT)])  # fmt: skip
    with pytest.raises(DoesNotFit, match="'c', for which the item gives no bands and no value"):
        engine(described(file, given("x", ["red"])), raster(image(1), ("red",)))


def test_climate_variables_are_matched_like_bands(engine, described, network, raster):
    node = helper.make_node("Identity", ["x"], ["y"])
    file = network([node], [("x", ("t", 2, 8, 8), FLOAT)], [("y", ("t", 2, 8, 8), FLOAT)])
    variables = given("climate", [], ["time", "variables", "lat", "lon"], [-1, 2, 8, 8])
    variables["variables"] = ["t2m", "tp"]
    item = described(file, variables)
    item["properties"]["mlm:output"][0]["result"]["dim_order"] = ["time", "variables", "lat", "lon"]
    values = image(2)
    made, _ = engine(item, raster(values[::-1].copy(), ("tp", "t2m")))
    assert np.allclose(made.read(), values)

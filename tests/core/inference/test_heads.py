"""Further outputs of a model: their files have names that nobody gave, and must harm none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from onnx import TensorProto, helper

from mlm_runner.core.errors import NotRunnable, UsageError

IMAGE = np.random.default_rng(7).random((2, 20, 30)).astype(np.float32)
SHAPE = ("n", 2, "h", "w")


@pytest.fixture
def three_heads(item, network):
    """Return an item whose file gives its input, the same again, and its negative, described under three names."""

    def build(names=("a", "b", "c")) -> dict[str, Any]:
        nodes = [helper.make_node(n, ["x"], [out]) for n, out in (("Identity", "a"), ("Identity", "b"), ("Neg", "c"))]
        outputs = [(out, SHAPE, TensorProto.FLOAT) for out in "abc"]
        made = item(network(nodes, [("x", SHAPE, TensorProto.FLOAT)], outputs), ["red", "nir"])
        first = made["properties"]["mlm:output"][0]
        made["properties"]["mlm:output"] = [{**first, "name": name} for name in names]
        return made

    return build


def test_a_raster_is_not_overwritten_by_a_further_output(engine, three_heads, raster):
    source = raster(IMAGE, ("red", "nir"), "out_b.tif")
    with pytest.raises(UsageError, match="out_b.tif, which is a file that this run reads or writes"):
        engine(three_heads(), source)
    with rasterio.open(source) as file:
        assert np.array_equal(file.read(), IMAGE)


def test_a_further_output_does_not_take_the_place_of_the_probabilities(engine, three_heads, raster, tmp_path):
    with pytest.raises(UsageError, match="out_c.tif"):
        engine(three_heads(), raster(IMAGE, ("red", "nir")), probabilities=str(tmp_path / "out_c.tif"))


def test_outputs_whose_names_make_one_file_name_are_two_files(engine, three_heads, raster):
    _, found = engine(three_heads(("a", "b x", "b-x")), raster(IMAGE, ("red", "nir")))
    files = [Path(path).name for path in found["heads"].values()]
    assert files == ["out_b-x.tif", "out_b-x-2.tif"]
    with rasterio.open(found["heads"]["b-x"]) as file:
        assert (file.read(1) == (IMAGE[1] < IMAGE[0])).all()  # the negative's classes are the other way round


def test_nothing_is_left_of_any_head_where_one_fails(engine, item, network, raster, tmp_path):
    nodes = [
        helper.make_node("Identity", ["x"], ["a"]),
        helper.make_node("ArgMax", ["x"], ["m"], axis=1, keepdims=0),
        helper.make_node("Add", ["m", "seven"], ["b"]),
    ]
    outputs = [("a", SHAPE, TensorProto.FLOAT), ("b", ("n", "h", "w"), TensorProto.INT64)]
    file = network(nodes, [("x", SHAPE, TensorProto.FLOAT)], outputs, {"seven": np.array(7)})
    made = item(file, ["red", "nir"])
    first = made["properties"]["mlm:output"][0]
    labels = {"shape": [-1, -1, -1], "dim_order": ["batch", "height", "width"], "data_type": "int64"}
    made["properties"]["mlm:output"] = [{**first, "name": "a"}, {**first, "name": "b", "result": labels}]
    source = raster(IMAGE, ("red", "nir"))
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(NotRunnable, match="gave the label [78], and its item names 0, 1"):
        engine(made, source)
    assert [path.name for path in sorted(tmp_path.iterdir()) if path.name != "home"] == before


def test_the_mask_is_not_overwritten(engine, item, convolution, raster, tmp_path):
    import pyogrio
    import shapely

    mask = tmp_path / "mask.gpkg"
    square = shapely.to_wkb(np.array([shapely.box(500_000, 3_999_900, 500_100, 4_000_000)]))
    pyogrio.raw.write(mask, square, [], [], geometry_type="Polygon", crs="EPSG:32633", layer="mask")
    before = mask.read_bytes()
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    with pytest.raises(UsageError, match="mask.gpkg is a layer that is read, which is never overwritten"):
        engine(described, raster(IMAGE, ("red", "nir")), mask=f"{mask}|layername=mask", vector=str(mask))
    assert mask.read_bytes() == before


def test_a_further_output_whose_function_is_code_is_left_out(engine, three_heads, raster):
    described = three_heads()
    described["properties"]["mlm:output"][1]["post_processing_function"] = {"format": "python", "expression": "a:b"}
    _, found = engine(described, raster(IMAGE, ("red", "nir")))
    assert list(found["heads"]) == ["c"]
    assert any("output 'b' is left out: The item names a python function" in text for text in found["assumed"])
    _, found = engine(described, raster(IMAGE, ("red", "nir")), skip_functions=True)
    assert list(found["heads"]) == ["b", "c"]

"""What a model, a raster or an option can have wrong: refused with the value and a remedy, and nothing is left behind;
or allowed, and then right.
"""

from __future__ import annotations

import math
import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mlm_runner.core.errors import MlmRunnerError

FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
BANDS = ("red", "nir")
EYE = np.eye(2).reshape(2, 2, 1, 1)
FREE = ("n", 2, "h", "w")
UTM = (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_000_000.0)
NAN, INF = float("nan"), float("inf")


def noise(height=40, width=50) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 100, (2, height, width)).astype(np.float32)


@pytest.fixture
def refused(engine, tmp_path):
    """Run what can't be run; returns the sentence, having seen that the output's folder is as it was."""

    def go(item, *rasters, **params) -> str:
        folder = tmp_path / "made"
        folder.mkdir()
        (folder / "out.tif").write_bytes(b"an older map")
        with pytest.raises(MlmRunnerError) as error:
            engine(item, *rasters, out="made/out.tif", **{"confidence": str(folder / "sure.tif"), **params})
        assert [(p.name, p.read_bytes()) for p in folder.iterdir()] == [("out.tif", b"an older map")]
        text = str(error.value)
        assert re.fullmatch(r"[\w/].*\.", text) and "\n" not in text, "a sentence or two"
        return text

    return go


SCALINGS = {
    "mean is NaN": ({"type": "z-score", "mean": NAN, "stddev": 1}, "mean must be a finite number.*nan"),
    "minimum is infinite": ({"type": "min-max", "minimum": -INF, "maximum": 1}, "minimum must be a finite.*-inf"),
    "stddev 0": ({"type": "z-score", "mean": 0, "stddev": 0}, "stddev must be above 0.* has 0"),
    "stddev vanishes": ({"type": "z-score", "mean": 0, "stddev": 1e-300}, "stddev must be above 0.* has 1e-300"),
    "mean overflows": ({"type": "z-score", "mean": 1e300, "stddev": 1}, r"mean must be .* float32.* has 1e\+300"),
    "minimum is maximum": (
        {"type": "min-max", "minimum": 7, "maximum": 7},
        "maximum must be more than the minimum, 7; .* has 7",
    ),
    "range vanishes": (
        {"type": "min-max", "minimum": 1e6, "maximum": 1e6 + 1e-9},
        "maximum must be more than the minimum, 1",
    ),
    "scale 0": ({"type": "scale", "value": 0}, "value must be other than 0.* has 0"),
}


@pytest.mark.parametrize("name", SCALINGS)
def test_a_scaling_that_leaves_no_numbers_is_refused(refused, item, convolution, raster, name):
    scaling, why = SCALINGS[name]
    described = item(convolution(EYE), BANDS, value_scaling=[scaling])
    assert re.search(rf"value_scaling\[0\]\.{why}", refused(described, raster(noise(), BANDS)))


def test_an_older_norm_without_a_range_is_refused(refused, item, convolution, raster):
    described = item(convolution(EYE), BANDS)
    described["stac_extensions"] = ["https://crim-ca.github.io/mlm-extension/v1.2.0/schema.json"]
    given = described["properties"]["mlm:input"][0]
    given.update(norm_type="min-max", statistics=[{"minimum": 0, "maximum": 9}, {"minimum": 7, "maximum": 7}])
    assert "has a spread of 0 at index 1, by which min-max can't divide" in refused(described, raster(noise(), BANDS))


def saved(path, nodes, shape=FREE, kind=FLOAT, constants=None, opset=13, ir=8, domain=""):
    """Write a network x -> y that onnx's own checker would refuse, too."""
    ends = [helper.make_tensor_value_info("x", FLOAT, FREE)], [helper.make_tensor_value_info("y", kind, shape)]
    kept = [numpy_helper.from_array(np.asarray(v), k) for k, v in (constants or {}).items()]
    opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    graph = helper.make_graph(nodes, "g", *ends, kept)
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=ir), path)
    return path


def one(kind, *more, **attributes):
    return helper.make_node(kind, ["x", *more], ["y"], **attributes)


POOL = {"kernel_shape": [32, 32], "strides": [32, 32]}
HALVED = [  # as a U-Net, it puts what was halved five times to what was not
    helper.make_node("MaxPool", ["x"], ["p"], **POOL),
    helper.make_node("Resize", ["p", "", "factors"], ["u"], mode="nearest"),
    one("Add", "u"),
]
FACTORS = {"factors": np.array([1, 1, 32, 32], np.float32)}
LABELS = [helper.make_node("ArgMax", ["x"], ["m"], axis=1, keepdims=0), helper.make_node("Add", ["m", "five"], ["y"])]
HIDDEN = [
    helper.make_node("Concat", ["x", "x"], ["c"], axis=1),
    helper.make_node("Compress", ["c", "keep"], ["y"], axis=1),
]
CUT = {"a": [0], "b": [5], "c": [3]}

NETWORKS = {
    "tile below the stride": ((HALVED, FREE, FLOAT, FACTORS), {"tile": 16}, "windows of 16 x 16 pixels. .* tile of 32"),
    "tile beside the stride": ((HALVED, FREE, FLOAT, FACTORS), {"tile": 72}, "windows of 72 x 72 pixels.* tile of 96"),
    "coarse result, tile too small": (([one("MaxPool", **POOL)], ("n", 2, "a", "b")), {"tile": 16}, "Use a tile of 32"),
    "coarse result, tile uneven": (([one("MaxPool", **POOL)], ("n", 2, "a", "b")), {"tile": 40}, "Use a tile of 64"),
    "no image: another width": (
        ([one("Slice", "a", "b", "c")], ("n", 2, "h", "v"), FLOAT, CUT), {},
        "256 x 256 pixels into 256 x 5, which is no image of them.*Choose another model",
    ),
    "no image: six dimensions": (
        ([one("Unsqueeze", "a")], (*FREE, 1, 1), FLOAT, {"a": [4, 5]}), {},
        r"output 'y' \(free x 2 x free x free x 1 x 1\) is no map of pixels",
    ),
    "no image: one number": (([one("ReduceSum", keepdims=0)], ()), {}, r"output 'y' \(\) is no map of pixels"),
    "no image: text": (([one("Cast", to=STRING)], FREE, STRING), {}, "output 'y' as string: text.*Ask the publisher"),
    "no numbers": (([one("Log")],), {"units": "raw"}, r"no numbers \(NaN\)"),
    "more channels than classes": (
        ([one("Concat", "x", axis=1)], ("n", 4, "h", "w")), {}, "names 2 classes; the file's output has 4 channels",
    ),
    "more channels, which the file hides": (
        (HIDDEN, ("n", "k", "h", "w"), FLOAT, {"keep": [True, True, True, False]}), {},
        "gives scores for 3 classes, and its item names 2",
    ),
    "a label of no class": (
        (LABELS, ("n", "h", "w"), INT64, {"five": np.array(5)}), {"confidence": None},
        "gave the label [56], and its item names 0, 1",
    ),
    "a newer opset": (
        ([one("Identity")], FREE, FLOAT, None, 99), {}, r"newer onnxruntime than [\d.]+: it has opset 99.*older opset",
    ),
    "a newer format": (([one("Identity")], FREE, FLOAT, None, 13, 99), {}, "newer onnxruntime.* IR version 99"),
    "a custom operation": (
        ([one("Teleport", domain="com.example")], FREE, FLOAT, None, 13, 8, "com.example"), {},
        "does not have: com.example:Teleport. Ask the publisher",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_can_not_be_used_is_refused(refused, item, raster, tmp_path, name):
    network, params, why = NETWORKS[name]
    values = noise() - 50 if name == "no numbers" else noise()
    text = refused(item(saved(tmp_path / "m.onnx", *network), BANDS), raster(values, BANDS), **params)
    assert re.search(why, text), text


RASTERS = {
    "rotated": ({"transform": (10, 1, 500_000, 1, -10, 4_000_000)}, "is rotated.*Warp it to an upright grid"),
    "upside down and sideways": ({"transform": (0, 10, 500_000, 10, 0, 4_000_000)}, "is rotated.*Warp"),
    "no size": ({"transform": (0, 0, 500_000, 0, 0, 4_000_000)}, "pixels of .* have no size .*Georeference"),
    "complex": ({"values": noise().astype(np.complex64)}, "red has complex numbers.*layer of its amplitude"),
}


@pytest.mark.parametrize("name", RASTERS)
def test_a_raster_that_can_not_be_used_is_refused(refused, item, convolution, raster, name):
    more, why = RASTERS[name]
    path = raster(**{"values": noise(), "names": BANDS, **more})
    assert re.search(why, refused(item(convolution(EYE), BANDS), path))


@pytest.mark.parametrize("head", ['rasterXSize="0" rasterYSize="0"', 'rasterXSize="9" rasterYSize="9"'])
def test_a_raster_without_a_pixel_or_a_band_is_refused(refused, item, convolution, tmp_path, head):
    path = tmp_path / "empty.vrt"
    path.write_text(f"<VRTDataset {head}></VRTDataset>")
    assert "empty.vrt can't be opened as a raster" in refused(item(convolution(EYE), BANDS), str(path))


OPTIONS = [
    ({"extent": [500_100, 3_999_700, 500_100, 3_999_900]}, "extent 500100 3999700 500100 3999900 is empty"),
    ({"extent": [500_200, 3_999_700, 500_100, 3_999_900]}, "extent 500200 .* is empty; give XMIN YMIN XMAX YMAX"),
    ({"extent": [NAN, 0, 1, 1]}, "extent nan 0 1 1 is empty"),
    ({"extent": [0, 0, INF, 1]}, "extent 0 0 inf 1 is empty"),
    ({"extent": [0, 0, 1, 1]}, "no pixel in common. Zoom to the layer"),
    ({"extent": [499_900, 3_999_700, 500_000, 3_999_900]}, "no pixel in common"),  # it ends where the raster begins
    ({"extent": [0, 0, 1, 1], "extent_crs": "EPSG:0"}, "can't be brought from EPSG:0 to the raster's CRS"),
    ({"tile": 0}, "tile of 0 pixels makes no sense; use 8 to 8192"),
    ({"tile": -1}, "tile of -1 pixels"),
    ({"batch_size": 0}, "batch of 0 windows"),
    ({"overlap": 1}, "overlap of 1 makes no sense; use a fraction from 0 to 0.6"),
    ({"overlap": NAN}, "overlap of nan"),
    ({"threshold": NAN}, "threshold of nan makes no sense; use a number between 0 and 1"),
    ({"resolution": 0}, "resolution of 0 makes no sense"),
    ({"resolution": 1e9}, r"pixel of 1e\+09 m is larger than the raster, which is 500 x 400 m"),
    ({"resolution": 1e-9}, r"would have 5e\+11 x 4e\+11 pixels. Give a larger resolution"),
    ({"units": "0"}, "Units '0' mean nothing; use auto"),
    ({"units": "nan"}, "Units 'nan' mean nothing"),
]


@pytest.mark.parametrize(("params", "why"), OPTIONS)
def test_an_option_that_means_nothing_is_refused(refused, item, convolution, raster, params, why):
    assert re.search(why, refused(item(convolution(EYE), BANDS), raster(noise(), BANDS), **params))


OF_A_SITE = "The raster's CRS is neither of a map nor of degrees, so areas and pixel sizes in metres are not given."
ALLOWED = {
    "no CRS": ({"crs": None}, "The raster has no CRS; the result has none either, and areas are not given."),
    "a site's own CRS": ({"crs": 'LOCAL_CS["site",UNIT["metre",1]]'}, OF_A_SITE),
    "antimeridian in degrees": ({"crs": "EPSG:4326", "transform": (0.01, 0, 179.8, 0, -0.01, 0.2)}, ""),
    "antimeridian in metres": ({"crs": "EPSG:32660", "transform": (1000, 0, 810_000, 0, -1000, 50_000)}, ""),
    "south-up": ({"transform": (10, 0, 500_000, 0, 10, 4_000_000)}, ""),
    "east to west": ({"transform": (-10, 0, 500_000, 0, -10, 4_000_000)}, ""),
}


@pytest.mark.parametrize("name", ALLOWED)
@pytest.mark.parametrize("tile", [None, 16])
def test_an_unusual_raster_is_computed_on_its_own_pixels(engine, item, convolution, raster, name, tile):
    more, said = ALLOWED[name]
    values = noise()
    made, found = engine(item(convolution(EYE), BANDS), raster(values, BANDS, **more), tile=tile)
    assert (made.read(1) == (values[1] > values[0])).all()
    assert tuple(made.transform)[:6] == tuple(more.get("transform", UTM))
    assert bool(made.crs) == (name != "no CRS")
    assert said in found["assumed"] or not said
    assert (found["classes"][0]["area"] is None) == (made.crs is None or not made.crs.to_epsg())


@pytest.mark.parametrize("height", [10, -10], ids=["south-up", "north-up"])
def test_mask_extent_and_polygons_lie_where_the_pixels_do(engine, item, convolution, raster, tmp_path, height):
    pyogrio = pytest.importorskip("pyogrio", reason="writes vector files; the runtime has it")
    shapely = pytest.importorskip("shapely", reason="makes polygons; the runtime has it")
    # 20 rows on both sides of y = 1000; class 1 is where y is above that, whichever way the rows run.
    values = np.zeros((2, 20, 20), np.float32)
    north = slice(10, None) if height > 0 else slice(None, 10)
    values[1, north] = 1
    source = raster(values, BANDS, transform=(10, 0, 0, 0, height, 1000 - 10 * height))
    mask = tmp_path / "mask.gpkg"
    wkb = np.array([shapely.to_wkb(shapely.box(50, 950, 150, 1100))], object)
    pyogrio.raw.write(mask, wkb, [np.array([1])], ["n"], layer="m", geometry_type="Polygon", crs="EPSG:32633")
    made, _ = engine(
        item(convolution(EYE), BANDS), source, mask=str(mask), vector=str(tmp_path / "v.gpkg"),
        extent=[0, 920, 200, 1060],
    )  # fmt: skip
    assert tuple(made.bounds) == (0, 920, 200, 1060) or tuple(made.bounds) == (0, 1060, 200, 920)
    _, _, shapes, fields = pyogrio.raw.read(tmp_path / "v.gpkg", layer="v", columns=["value"])
    found = {int(value): shapely.from_wkb(shape).bounds for value, shape in zip(fields[0], shapes, strict=True)}
    assert found == {0: (50, 950, 150, 1000), 1: (50, 1000, 150, 1060)}


def test_pixels_in_degrees_for_a_model_in_metres_are_doubted_and_can_be_brought_to_it(
    engine, item, convolution, raster
):
    described = item(convolution(EYE), BANDS)
    described["properties"]["gsd"] = 10
    image = raster(noise(), BANDS, crs="EPSG:4326", transform=(0.001, 0, 10, 0, -0.001, 0.02))
    made, found = engine(described, image)
    assert "The model was made for pixels of 10 m, and gets pixels of 111 m." in found["assumed"]
    made, found = engine(described, image, resolution="model")
    # On the equator a degree of WGS 84 is 111,319.49 m long to the east, and 110,574.28 m to the north.
    assert (made.transform.a, made.transform.e) == pytest.approx((10 / 111_319.49, -10 / 110_574.28), rel=1e-5)
    assert not any("made for pixels of 10 m" in text for text in found["assumed"])


def test_a_single_pixel_is_a_raster(engine, item, convolution, raster):
    made, _ = engine(item(convolution(EYE), BANDS), raster(np.array([[[1]], [[2]]], np.float32), BANDS))
    assert made.read(1).tolist() == [[1]]


@pytest.mark.parametrize("stride", [32, 64])
def test_a_coarse_network_of_small_fixed_windows_runs_without_context(engine, item, raster, network, stride):
    node = one("MaxPool", kernel_shape=[stride, stride], strides=[stride, stride])
    side = 64 // stride
    file = network([node], [("x", (1, 2, 64, 64), FLOAT)], [("y", (1, 2, side, side), FLOAT)])
    values = noise(128, 192)
    made, _ = engine(item(file, BANDS), raster(values, BANDS))
    largest = values.reshape(2, 128 // stride, stride, 192 // stride, stride).max(axis=(2, 4))
    assert (made.read(1) == (largest[1] > largest[0])).all()
    assert math.isclose(made.transform.a, 10 * stride)

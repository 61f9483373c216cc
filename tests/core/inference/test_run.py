"""What a run gives, on networks small enough to be computed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from onnx import TensorProto, helper
from rasterio.transform import Affine

from mlm_runner.core.errors import Cancelled, DoesNotFit, NotRunnable, RasterUnreadable, UsageError
from mlm_runner.core.inference.check import check, required
from mlm_runner.core.inference.extent import area_of
from mlm_runner.core.inference.inspect import inspect
from mlm_runner.core.inference.job import Job
from mlm_runner.core.inference.measure import measure
from mlm_runner.core.inference.plan import plan, tile_of
from mlm_runner.core.inference.products import Wanted
from mlm_runner.core.inference.run import run
from mlm_runner.core.inference.session import Network
from mlm_runner.core.mlm.read import read
from mlm_runner.core.watch import Watch

BANDS = ("red", "nir")
# Class 1 where nir is more than red: scores (red, nir), the larger one wins.
LARGER = np.eye(2).reshape(2, 2, 1, 1)


@pytest.fixture
def classify(tmp_path):
    """Run an item on rasters and return (pixels, result, output path)."""

    def go(
        item, rasters, extent=None, watch=None, units="raw", threshold=None, by_hand=None, out="out.tif",
        wanted=None, **options,
    ):  # fmt: skip
        model = read(item)
        info = inspect([rasters] if isinstance(rasters, str) else rasters)
        checked = check(model, info, Path(item["assets"]["model"]["href"]), by_hand=by_hand, units=units)
        net, lies = required(checked, model)
        tile = tile_of(lies, options.pop("tile", None))
        traits = measure(net, lies, tile)
        job = Job(
            model,
            net,
            lies,
            info,
            checked.fit,
            plan(lies, area_of(info, extent), tile, [t.geometry for t in traits], **options),
            traits,
            tmp_path / out,
            threshold=threshold,
            wanted=wanted or Wanted(),
        )
        result = run(job, watch or Watch())
        with rasterio.open(tmp_path / out) as file:
            return file.read(1), result, tmp_path / out

    return go


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(np.float32)


def test_a_pixel_gets_the_class_with_the_highest_score(raster, convolution, item, classify):
    values = noise(2, 70, 50)
    pixels, result, _ = classify(item(convolution(LARGER), BANDS), raster(values, BANDS))
    assert (pixels == (values[1] > values[0])).all()
    assert [c["pixels"] for c in result.classes] == [(pixels == 0).sum(), (pixels == 1).sum()]


def test_the_output_lies_on_the_rasters_own_pixels(raster, convolution, item, classify):
    grid = Affine(0.333, 0, 1000.123, 0, -0.333, 2000.456)
    source = raster(noise(2, 40, 61), BANDS, transform=grid)
    _, _, path = classify(item(convolution(LARGER), BANDS), source)
    with rasterio.open(path) as file:
        assert file.transform.almost_equals(grid, 1e-12) and file.shape == (40, 61) and file.crs == "EPSG:32633"


def test_an_extent_gives_the_same_pixels_as_the_whole(raster, convolution, item, classify):
    model = item(convolution(noise(2, 2, 5, 5, seed=3) - 100), BANDS)
    source = raster(noise(2, 300, 280), BANDS)
    whole, _, _ = classify(model, source, tile=64)
    part, _, path = classify(model, source, tile=64, extent=(500_503, 3_998_003, 501_987, 3_999_512), out="part.tif")
    # By hand: columns 50..198, rows 48..199.
    assert (part == whole[48:200, 50:199]).all()
    with rasterio.open(path) as file:
        assert (file.transform.c, file.transform.f) == (500_500.0, 3_999_520.0)


@pytest.mark.parametrize("merge", ["blend", "crop"])
def test_one_window_and_many_give_the_same_classes(raster, convolution, item, classify, merge):
    model = item(convolution(noise(3, 2, 7, 7, seed=5) - 100), BANDS, classes=3)
    source = raster(noise(2, 300, 200), BANDS)
    one, _, _ = classify(model, source, tile=512, merge=merge)
    many, result, _ = classify(model, source, tile=64, merge=merge)
    assert (one == many).all()
    assert "windows of 64 x 64" in " ".join(result.applied)


def test_nodata_is_never_given_a_class(raster, convolution, item, classify):
    values = noise(2, 90, 90)
    values[0, 10:30, 20:80] = -99999
    values[1, 60, 60] = np.nan
    gone = (values[0] == -99999) | np.isnan(values[1])
    pixels, result, path = classify(item(convolution(LARGER), BANDS), raster(values, BANDS, nodata=-99999), tile=32)
    with rasterio.open(path) as file:
        assert (pixels[gone] == file.nodata).all() and (pixels[~gone] != file.nodata).all()
    assert sum(c["pixels"] for c in result.classes) == (~gone).sum()


def test_windows_without_a_valid_pixel_are_not_computed(raster, convolution, item, classify, monkeypatch):
    computed = []
    really = Network.run
    monkeypatch.setattr(Network, "run", lambda self, *given: computed.append(1) or really(self, *given))
    values = np.full((2, 400, 400), -1, np.float32)
    values[:, 200:202, 200:202] = 5
    pixels, _, _ = classify(item(convolution(LARGER), BANDS), raster(values, BANDS, nodata=-1), tile=32)
    assert 1 <= len(computed) <= 4  # the four pixels lie in at most four windows
    assert (pixels != 255).sum() == 4


def test_scaling_and_units_reach_the_network(raster, convolution, item, classify):
    # (stored / 100 - 1) / 2 for red and 0 + nir / 100 for nir: 400 gives 1.5, 100 gives 1.0 by hand; class 0 wins.
    scaling = [{"type": "z-score", "mean": 1, "stddev": 2}, None]
    values = np.array([[[400, 400]], [[100, 200]]], np.uint16)
    model = item(convolution(LARGER), BANDS, value_scaling=scaling)
    pixels, _, _ = classify(model, raster(values, BANDS), units="100")
    assert pixels.tolist() == [[0, 1]]


NDVI = {"name": "ndvi", "format": "rio-calc", "expression": "(nir - red) / (nir + red)"}


def test_a_computed_band_is_made_of_the_rasters_own(raster, convolution, item, classify):
    # Scores are NDVI and 0.2: class 0 where NDVI is above 0.2. NDVI of (2, 8) is 0.6, of (4, 5) 0.11, of (0, 0) none.
    weights = np.array([[[[1.0]]], [[[0.0]]]])
    file = convolution(weights, bias=np.array([0, 0.2]))
    values = np.array([[[2, 4, 0]], [[8, 5, 0]]], np.float32)
    pixels, result, _ = classify(item(file, [NDVI]), raster(values, BANDS))
    assert pixels.tolist() == [[0, 1, 255]]
    assert sum(c["pixels"] for c in result.classes) == 2


def test_a_missing_band_of_a_computed_one_is_named(raster, convolution, item, classify):
    model = item(convolution(np.ones((2, 1, 1, 1))), [NDVI])
    with pytest.raises(DoesNotFit, match="wants the band nir; the layer has red, green"):
        classify(model, raster(noise(2, 5, 5), ["red", "green"]))


def test_a_function_makes_one_band_of_two_before_they_are_scaled(raster, convolution, item, classify):
    # (A - B) / (A + B) of (8, 2) and (5, 4) is 0.6 and 0.11; times 10 by value_scaling; class 0 above 2.
    file = convolution(np.array([[[[1.0]]], [[[0.0]]]]), bias=np.array([0, 2.0]))
    function = {"format": "gdal-calc", "expression": "(A - B) / (A + B)"}
    model = item(file, ["nir", "red"], pre=function, value_scaling=[{"type": "scale", "value": 0.1}])
    values = np.array([[[2, 4]], [[8, 5]]], np.float32)
    assert classify(model, raster(values, BANDS))[0].tolist() == [[0, 1]]


def test_a_function_by_names_means_the_bands_of_these_names(raster, convolution, item, classify):
    # The first channel is NDVI, and "nir - red" means nir and red all the same: 6, 1 and -3; class 0 above 2.
    file = convolution(np.array([[[[1.0]]], [[[0.0]]]]), bias=np.array([0, 2.0]))
    function = {"format": "rio-calc", "expression": "nir - red"}
    values = np.array([[[2, 4, 5]], [[8, 5, 2]]], np.float32)
    pixels, _, _ = classify(item(file, [NDVI, "red", "nir"], pre=function), raster(values, BANDS))
    assert pixels.tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("where", ["post", "scaling"])
def test_two_names_for_one_value_are_refused(raster, convolution, item, classify, where):
    two = {"format": "gdal-calc", "expression": "where(B > A, 1, 0)"}
    more = {"post": two} if where == "post" else {"value_scaling": [{"type": "processing", **two}]}
    with pytest.raises(DoesNotFit, match="B and A, and there is only one value"):
        classify(item(convolution(LARGER), BANDS, **more), raster(noise(2, 5, 5), BANDS))


def test_values_beyond_an_integer_input_are_cut_and_never_wrapped(raster, network, item, classify):
    nodes = [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)]
    shape = ("n", 2, "h", "w")
    file = network(nodes, [("x", shape, TensorProto.UINT8)], [("y", shape, TensorProto.FLOAT)])
    values = np.array([[[300, 10, 2.6]], [[60, 20, 2.4]]], np.float32)  # wrapped round, 300 would be 44
    assert classify(item(file, BANDS), raster(values, BANDS))[0].tolist() == [[0, 1, 0]]


def test_probabilities_that_end_in_an_unknown_operation_get_no_second_sigmoid(raster, network, item, classify):
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"]),
        helper.make_node("Clip", ["s", "low", "high"], ["y"]),
    ]
    shape = ("n", 1, "h", "w")
    constants = {"low": np.array(0, np.float32), "high": np.array(1, np.float32)}
    file = network(nodes, [("x", shape, TensorProto.FLOAT)], [("y", shape, TensorProto.FLOAT)], constants)
    pixels, _, _ = classify(item(file, ["red"]), raster(np.array([[[-1.0, 1.0]]], np.float32), ["red"]))
    assert pixels.tolist() == [[0, 1]]


def test_a_label_that_is_no_class_is_not_painted_grey(raster, network, item, classify):
    nodes = [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)]
    file = network(nodes, [("x", ("n", 2, "h", "w"), TensorProto.FLOAT)], [("y", ("n", "h", "w"), TensorProto.INT64)])
    legend = [{"value": 1, "name": "one"}, {"value": 2, "name": "two"}]
    order = {"result_order": ["batch", "height", "width"], "result_shape": [-1, -1, -1]}
    with pytest.raises(NotRunnable, match="label 0, and its item names 1, 2"):
        classify(item(file, BANDS, legend=legend, **order), raster(noise(2, 9, 9), BANDS), tile=32)


def test_an_infinite_pixel_is_without_a_value_and_stops_nothing(raster, convolution, item, classify):
    values = np.array([[[np.inf, 1]], [[1, 2]]], np.float32)
    assert classify(item(convolution(LARGER), BANDS), raster(values, BANDS))[0].tolist() == [[255, 1]]


@pytest.mark.parametrize("asked", ["confidence", "probabilities"])
def test_scores_are_not_made_up_where_there_are_none(raster, convolution, item, classify, tmp_path, asked):
    model = item(convolution(np.ones((1, 2, 1, 1))), BANDS, classes=1, tasks=["regression"])
    model["properties"]["mlm:output"][0].pop("classification:classes")
    with pytest.raises(UsageError, match=f"no {asked} to be had"):
        classify(model, raster(noise(2, 9, 9), BANDS), wanted=Wanted(**{asked: tmp_path / "x.tif"}))


def test_a_scaling_expression_is_computed_for_its_band(raster, convolution, item, classify):
    scaling = [{"type": "processing", "format": "gdal-calc", "expression": "A * logical_or(A <= 177, A >= 185)"}, None]
    # 180 becomes 0 in red; 200 stays. Class 1 where nir is more.
    values = np.array([[[180, 200]], [[100, 100]]], np.float32)
    pixels, _, _ = classify(item(convolution(LARGER), BANDS, value_scaling=scaling), raster(values, BANDS))
    assert pixels.tolist() == [[1, 0]]


def test_a_function_after_the_model_changes_its_output(raster, network, item, classify):
    nodes = [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=1)]
    shape = ("n", 2, "h", "w")
    file = network(nodes, [("x", shape, TensorProto.FLOAT)], [("y", ("n", 1, "h", "w"), TensorProto.INT64)])
    post = {"format": "gdal-calc", "expression": "logical_not(A)"}
    model = item(file, BANDS, post=post, result_shape=[-1, 1, -1, -1])
    values = noise(2, 20, 20)
    pixels, _, _ = classify(model, raster(values, BANDS), tile=32)
    assert (pixels == (values[1] <= values[0])).all()


@pytest.mark.parametrize("where", ["pre", "post"])
def test_a_function_of_code_is_shown_and_never_run(raster, convolution, item, classify, where):
    function = {"format": "python", "expression": "os:remove"}
    with pytest.raises(DoesNotFit, match="python function .*os:remove.* no code of an item is ever run"):
        classify(item(convolution(LARGER), BANDS, **{where: function}), raster(noise(2, 5, 5), BANDS))


def test_a_band_mapped_by_hand_is_used(raster, convolution, item, classify):
    values = noise(2, 20, 20)
    hand = {"red": "2", "nir": "1"}
    pixels, result, _ = classify(item(convolution(LARGER), BANDS), raster(values), by_hand=hand)
    assert (pixels == (values[0] > values[1])).all()
    assert "red = Band 2 (by hand)" in result.applied[0]


def test_channels_last_networks_are_served(raster, network, item, classify):
    node = helper.make_node("Identity", ["x"], ["y"])
    shape = ("n", "h", "w", 2)
    file = network([node], [("x", shape, TensorProto.FLOAT)], [("y", shape, TensorProto.FLOAT)])
    order = {"dim_order": ["batch", "height", "width", "bands"], "shape": [-1, -1, -1, 2]}
    order.update(result_order=["batch", "height", "width", "class"], result_shape=[-1, -1, -1, 2])
    values = noise(2, 80, 80)
    pixels, _, _ = classify(item(file, BANDS, **order), raster(values, BANDS), tile=32)
    assert (pixels == (values[1] > values[0])).all()


@pytest.mark.parametrize("wrong", ["dim_order", "result_order", "both"])
def test_the_file_knows_better_than_the_item_where_the_channels_are(raster, convolution, item, classify, wrong):
    orders = {
        "dim_order": ["batch", "height", "width", "bands"],
        "result_order": ["batch", "height", "width", "class"],
    }
    order = orders if wrong == "both" else {wrong: orders[wrong]}
    values = noise(2, 60, 50)
    pixels, result, _ = classify(item(convolution(LARGER), BANDS, **order), raster(values, BANDS), tile=32)
    assert (pixels == (values[1] > values[0])).all()
    assert any("channels elsewhere" in text for text in result.assumed)


def test_one_pixel_at_a_time_networks_are_served(raster, network, item, classify):
    node = helper.make_node("Identity", ["x"], ["y"])
    file = network([node], [("x", ("n", 2), TensorProto.FLOAT)], [("y", ("n", 2), TensorProto.FLOAT)])
    order = {"dim_order": ["batch", "bands"], "shape": [-1, 2], "result_order": ["batch", "class"]}
    model = item(file, BANDS, result_shape=[-1, 2], tasks=["classification"], **order)
    values = noise(2, 80, 70)
    pixels, _, _ = classify(model, raster(values, BANDS))
    assert (pixels == (values[1] > values[0])).all()


def test_labels_are_written_as_they_are(raster, network, item, classify):
    nodes = [helper.make_node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)]
    file = network(nodes, [("x", ("n", 2, "h", "w"), TensorProto.FLOAT)], [("y", ("n", "h", "w"), TensorProto.INT64)])
    model = item(file, BANDS, result_order=["batch", "height", "width"], result_shape=[-1, -1, -1])
    values = noise(2, 80, 70)
    pixels, _, _ = classify(model, raster(values, BANDS), tile=32)
    assert (pixels == (values[1] > values[0])).all()


def test_the_threshold_of_a_single_logit_is_that_of_its_sigmoid(raster, convolution, item, classify):
    # Logits -3, 0.2 and 2 have the sigmoids 0.047, 0.55 and 0.88, by hand.
    values = np.array([[[-3, 0.2, 2]]], np.float32)
    model = item(convolution(np.ones((1, 1, 1, 1))), ["red"], classes=2)
    assert classify(model, raster(values, ["red"]), threshold=0.7)[0].tolist() == [[0, 0, 1]]


def test_a_single_probability_is_not_put_through_a_sigmoid_again(raster, network, item, classify):
    file = network(
        [helper.make_node("Sigmoid", ["x"], ["y"])],
        [("x", ("n", 1, "h", "w"), TensorProto.FLOAT)],
        [("y", ("n", 1, "h", "w"), TensorProto.FLOAT)],
    )
    # Sigmoid(-1) = 0.27 is below one half; a second sigmoid would make it 0.57.
    pixels, _, _ = classify(item(file, ["red"]), raster(np.array([[[-1.0, 1.0]]], np.float32), ["red"]))
    assert pixels.tolist() == [[0, 1]]


@pytest.mark.parametrize("last", ["Sigmoid", "Identity"])
def test_without_the_onnx_package_a_trial_tells_probabilities_from_logits(
    raster, network, item, classify, monkeypatch, last
):
    monkeypatch.setattr("mlm_runner.core.inference.graph.onnx", None)
    shape = ("n", 1, "h", "w")
    file = network(
        [helper.make_node(last, ["x"], ["y"])],
        [("x", shape, TensorProto.FLOAT)],
        [("y", shape, TensorProto.FLOAT)],
    )
    # Sigmoids are 0.45 and 0.55; a second one would put both above one half, none at all would put both below.
    pixels, result, _ = classify(item(file, ["red"]), raster(np.array([[[-0.2, 0.2]]], np.float32), ["red"]))
    assert pixels.tolist() == [[0, 1]]
    assert ("scores: sigmoid, by the network itself" in result.applied) == (last == "Sigmoid")


def test_probabilities_and_confidence_are_those_of_the_softmax(raster, convolution, item, classify, tmp_path):
    # Logits (0, 2) have the softmax 0.1192 and 0.8808, by hand; (1, 1) one half each.
    values = np.array([[[0, 1, -9]], [[2, 1, -9]]], np.float32)
    wanted = Wanted(probabilities=tmp_path / "p.tif", confidence=tmp_path / "c.tif")
    classify(item(convolution(LARGER), BANDS), raster(values, BANDS, nodata=-9), wanted=wanted)
    with rasterio.open(tmp_path / "p.tif") as file:
        assert file.descriptions == ("class-0", "class-1")
        assert np.allclose(file.read()[:, 0], [[0.1192, 0.5, np.nan], [0.8808, 0.5, np.nan]], atol=1e-4, equal_nan=True)
    with rasterio.open(tmp_path / "c.tif") as file:
        assert np.allclose(file.read(1), [[0.8808, 0.5, np.nan]], atol=1e-4, equal_nan=True)


def test_an_uncertain_pixel_is_unclassified_and_not_class_0(raster, convolution, item, classify):
    values = np.array([[[0, 1, 4]], [[2, 1, 0]]], np.float32)
    pixels, result, _ = classify(item(convolution(LARGER), BANDS), raster(values, BANDS), threshold=0.8)
    assert pixels.tolist() == [[1, 2, 0]]
    assert [(c["value"], c["name"], c["pixels"]) for c in result.classes] == [
        (0, "class-0", 1),
        (1, "class-1", 1),
        (2, "unclassified", 1),
    ]


def test_a_scene_classifier_gives_a_pixel_for_each_tile(raster, network, item, classify):
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["y"])]
    shape = ("n", 2, 32, 32)
    file = network(nodes, [("x", shape, TensorProto.FLOAT)], [("y", ("n", 2), TensorProto.FLOAT)])
    order = {"shape": [-1, 2, 32, 32], "result_order": ["batch", "class"], "result_shape": [-1, 2]}
    model = item(file, BANDS, tasks=["scene-classification"], **order)
    values = np.ones((2, 64, 96), np.float32)
    values[1, :32, :32] = 5  # one tile with more nir than red
    values[0, 32:, 64:] = -9  # one tile without data
    pixels, result, path = classify(model, raster(values, BANDS, nodata=-9))
    assert pixels.tolist() == [[1, 0, 0], [0, 0, 255]]
    with rasterio.open(path) as file:
        assert (file.transform.a, file.transform.e) == (320.0, -320.0)
        assert (file.transform.c, file.transform.f) == (500_000.0, 4_000_000.0)
    assert [c["area"] for c in result.classes] == [4 * 320.0**2, 320.0**2]


def test_what_lay_beside_an_older_result_does_not_spoil_the_new_one(raster, convolution, item, classify, tmp_path):
    for name in ("out.qml", "out.tif.aux.xml", "out.tif.ovr"):
        (tmp_path / name).write_text("of an older map")
    model = item(convolution(np.ones((1, 2, 1, 1))), BANDS, classes=1, tasks=["regression"])
    model["properties"]["mlm:output"][0].pop("classification:classes")
    classify(model, raster(noise(2, 9, 9), BANDS))
    assert sorted(p.name for p in tmp_path.glob("out*")) == ["out.tif"]


def test_more_channels_than_classes_are_refused(raster, convolution, item, classify):
    legend = [{"value": k, "name": f"c{k}"} for k in range(3)]
    with pytest.raises(DoesNotFit, match="names 3 classes; the file's output has 2 channels"):
        classify(item(convolution(LARGER), BANDS, legend=legend), raster(noise(2, 9, 9), BANDS))


def test_classes_keep_the_values_that_the_item_gives_them(raster, convolution, item, classify):
    classes = [{"value": 7, "name": "water"}, {"value": 3, "name": "forest"}]
    values = np.array([[[1, 9]], [[9, 1]]], np.float32)
    pixels, result, _ = classify(item(convolution(LARGER), BANDS, legend=classes), raster(values, BANDS))
    assert pixels.tolist() == [[7, 3]]
    assert [(c["value"], c["name"]) for c in result.classes] == [(3, "forest"), (7, "water")]
    assert any("ascending value: 3, 7" in text for text in result.applied)


def test_the_file_carries_colours_names_overviews_and_where_it_comes_from(raster, convolution, item, classify):
    classes = [
        {"value": 0, "name": "land", "color_hint": "102030"},
        {"value": 1, "name": "sea", "color_hint": "0000FF"},
    ]
    _, _, path = classify(item(convolution(LARGER), BANDS, legend=classes), raster(noise(2, 700, 600), BANDS))
    with rasterio.open(path) as file:
        assert file.colormap(1)[0] == (0x10, 0x20, 0x30, 255) and file.colormap(1)[255][3] == 0
        assert file.overviews(1) == [2] and file.profile["compress"] == "deflate" and file.profile["tiled"]
        tags = file.tags()
    assert tags["MLM_RUNNER_MODEL_ID"] == "test-model"
    assert json.loads(tags["MLM_RUNNER_APPLIED"])[1].startswith("units: as stored")
    names = [c.text for c in ElementTree.parse(f"{path}.aux.xml").iter("Category")]
    assert names == ["land", "sea"]
    entries = ElementTree.parse(path.with_suffix(".qml")).iter("paletteEntry")
    assert [(e.get("value"), e.get("label"), e.get("color")) for e in entries] == [
        ("0", "land", "#102030"),
        ("1", "sea", "#0000ff"),
    ]


def test_areas_are_in_square_metres(raster, convolution, item, classify):
    _, result, _ = classify(item(convolution(LARGER), BANDS), raster(noise(2, 10, 10), BANDS))
    assert [c["area"] for c in result.classes] == [c["pixels"] * 100.0 for c in result.classes]


def test_a_degree_raster_has_areas_of_the_ellipsoid(raster, convolution, item, classify):
    # The cell between 45 and 46 N, one degree wide, has 8 671 km2 on WGS 84 (GRS 80 tables of one-degree cells).
    source = raster(np.ones((2, 1, 1), np.float32), BANDS, transform=Affine(1, 0, 10, 0, -1, 46), crs="EPSG:4326")
    _, result, _ = classify(item(convolution(LARGER), BANDS), source)
    assert abs(sum(c["area"] for c in result.classes) / 1e6 - 8671) < 30


@pytest.mark.parametrize("moment", [0, 3, 20])
def test_a_cancelled_run_leaves_nothing_and_keeps_an_older_result(
    raster, convolution, item, classify, tmp_path, moment
):
    source = raster(noise(2, 400, 400), BANDS)
    (tmp_path / "out.tif").write_text("older")
    before = sorted(p.name for p in tmp_path.iterdir())
    watch = Watch()
    told = []

    def listener(progress):
        told.append(progress)
        if len(told) > moment:
            watch.cancel()

    watch.listener = listener
    file = convolution(LARGER, name="n.onnx")
    with pytest.raises(Cancelled):
        classify(item(file, BANDS), source, watch=watch, tile=32)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({*before, "n.onnx"})
    assert (tmp_path / "out.tif").read_text() == "older"


def test_progress_is_the_share_of_windows_done(raster, convolution, item, classify):
    watch, told = Watch(), []
    watch.listener = lambda progress: told.append(progress.fraction)
    classify(item(convolution(LARGER), BANDS), raster(noise(2, 100, 100), BANDS), watch=watch, tile=32)
    fractions = [f for f in told if f is not None]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and len(set(fractions)) > 5


def test_a_raster_cut_off_in_the_middle_leaves_nothing(raster, convolution, item, classify, tmp_path):
    source = raster(noise(2, 600, 600), compress="deflate", tiled=True, blockxsize=64, blockysize=64)
    model = item(convolution(LARGER), BANDS)
    content = Path(source).read_bytes()
    Path(source).write_bytes(content[: len(content) * 3 // 4])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RasterUnreadable, match="damaged or cut off"):
        classify(model, source, by_hand={"red": "1", "nir": "2"})
    assert sorted(tmp_path.iterdir()) == before


def test_a_rotated_raster_is_refused_with_a_remedy(raster, convolution, item, classify):
    source = raster(noise(2, 10, 10), BANDS, transform=Affine.rotation(30) @ Affine.scale(10, -10))
    with pytest.raises(DoesNotFit, match="rotated.*Warp"):
        classify(item(convolution(LARGER), BANDS), source)


def test_missing_bands_are_all_named(raster, convolution, item, classify):
    model = item(convolution(np.ones((2, 4, 1, 1))), ["red", "nir", "swir16", "green"])
    with pytest.raises(DoesNotFit, match="wants the bands nir, swir16; the layer has red, green, blue"):
        classify(model, raster(noise(3, 9, 9), ["red", "green", "blue"]))


def test_a_file_that_takes_other_bands_than_the_item_names_is_refused(raster, convolution, item, classify):
    with pytest.raises(DoesNotFit, match="takes 3 bands; the item names 2"):
        classify(item(convolution(np.ones((2, 3, 1, 1))), BANDS), raster(noise(2, 9, 9), BANDS))


def test_a_network_that_gives_no_numbers_is_not_believed(raster, network, item, classify):
    file = network(
        [helper.make_node("Log", ["x"], ["y"])],
        [("x", ("n", 2, "h", "w"), TensorProto.FLOAT)],
        [("y", ("n", 2, "h", "w"), TensorProto.FLOAT)],
    )
    with pytest.raises(NotRunnable, match="NaN"):
        classify(item(file, BANDS), raster(-noise(2, 9, 9) - 1, BANDS))


def test_a_tile_that_the_file_does_not_take_is_a_mistake(raster, convolution, item, classify):
    model = item(convolution(LARGER, shape=("n", None, 32, 32)), BANDS)
    with pytest.raises(UsageError, match="takes tiles of 32"):
        classify(model, raster(noise(2, 9, 9), BANDS), tile=64)


def test_all_unfinished_files_lie_in_the_folder_that_the_caller_can_remove(item, convolution, raster, tmp_path):
    seen = []

    class Looking(Watch):
        def check(self):
            seen.append({p.name for p in tmp_path.glob(".*")} | {p.name for p in tmp_path.glob("c*.tif")})

    from mlm_runner.core.catalog.store import Store
    from mlm_runner.core.commands import Context
    from mlm_runner.core.commands import run as run_command

    context = Context(Looking(), Store(tmp_path / "home"), None, tmp_path / "home")
    values = np.random.default_rng(0).random((2, 40, 50)).astype(np.float32)
    more = {"confidence": str(tmp_path / "c.tif"), "scratch": str(tmp_path / ".unfinished")}
    given = {"item": item(convolution(LARGER), BANDS), "rasters": [raster(values, BANDS)], "units": "raw", **more}
    run_command({**given, "output": str(tmp_path / "out.tif")}, context)
    assert {".unfinished"} in seen and all(some <= {".unfinished"} for some in seen)
    assert (tmp_path / "c.tif").exists() and not (tmp_path / ".unfinished").exists()

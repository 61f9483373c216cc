"""The embedded land-cover model on the real Landsat image that it was made for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlm_runner.core.cli import main

pytestmark = pytest.mark.network  # the image comes out of a package, once; it is kept outside the checkout


@pytest.fixture(scope="module")
def data(tool):
    return tool("demo_data")


@pytest.fixture(scope="module")
def image(data, tmp_path_factory) -> Path:
    return data.image(tmp_path_factory.mktemp("landsat") / "landsat_2000.tif")


@pytest.fixture(scope="module")
def classify(image, tmp_path_factory):
    """Run the model with options; returns the pixels and the JSON."""
    import rasterio

    def go(*options: str) -> tuple[np.ndarray, dict]:
        out = tmp_path_factory.mktemp("classes") / "classes.tif"
        printed: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("builtins.print", lambda text="", **kwargs: printed.append(text) if not kwargs else None)
            assert main(["run", "Built-in#landcover-landsat7", str(image), "-o", str(out), "--json", *options]) == 0
        with rasterio.open(out) as file:
            return file.read(1), json.loads(printed[-1])

    return go


@pytest.fixture(scope="module")
def default(classify):
    return classify()


def test_the_accuracy_is_the_one_that_training_found(default, data, top):
    pixels, _ = default
    stated = json.loads((top / "resources/catalog/landcover-landsat7-accuracy.json").read_text())
    rule, truth = stated["held_out"], data.labels()
    rows, columns = np.indices(truth.shape)
    hidden = (rows // rule["block_px"] + columns // rule["block_px"]) % rule["every"] == rule["fold"]
    scored = hidden & (truth > 0) & (pixels != 255)
    assert scored.sum() == stated["on_held_out_blocks"]["pixels"]
    assert (pixels[scored] == truth[scored]).mean() == pytest.approx(
        stated["on_held_out_blocks"]["overall_accuracy"], abs=5e-4
    )


def test_pixels_without_data_have_no_class_and_are_not_counted(default, image):
    import rasterio

    with rasterio.open(image) as file:
        bands = file.read([1, 2, 3, 4, 5])
    gone = (bands == -99999).any(axis=0)
    pixels, result = default
    assert gone.sum() == 33_209  # counted in the files of the package, with another program
    assert ((pixels == 255) == gone).all()
    assert sum(c["pixels"] for c in result["classes"]) == pixels.size - 33_209


@pytest.mark.parametrize("options", [("--tile", "64"), ("--tile", "100", "--merge", "crop"), ("--batch-size", "4")])
def test_one_window_and_many_give_the_same_classes(classify, options):
    whole, _ = classify("--tile", "512")
    parts, _ = classify(*options)
    assert (whole == parts).all()


def test_the_result_lies_on_the_image(default, image, tmp_path):
    import rasterio

    _, result = default
    with rasterio.open(image) as one, rasterio.open(result["output"]) as other:
        assert one.transform == other.transform and one.shape == other.shape
        assert one.crs.to_wkt() == other.crs.to_wkt()


def test_the_demo_leaves_a_map_with_a_legend_and_a_project(image, tool, top, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(top / "tools"))  # where a script's own neighbours are
    demo = tool("demo")
    monkeypatch.setattr(demo, "OUT", tmp_path)
    result = demo.run_in_qgis(image)
    assert (tmp_path / "landcover.qgz").stat().st_size > 1000 and len(result["classes"]) == 7
    import rasterio

    with rasterio.open(tmp_path / "landcover.png") as picture:
        pixels = picture.read().reshape(picture.count, -1).T[:, :3]
    shown = {tuple(color) for color in np.unique(pixels, axis=0).tolist()}
    colors = {tuple(int(c["color"][i : i + 2], 16) for i in (1, 3, 5)) for c in result["classes"]}
    assert colors <= shown, "the picture has the colour of each class"

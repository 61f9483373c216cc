"""The same run in the shell and through a worker's process, which is what QGIS talks to, gives the same pixels."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import rasterio
from onnx import TensorProto, helper

from mlm_runner.core.cli import main
from mlm_runner.core.worker.client import Worker
from mlm_runner.core.worker.environment import child_environment
from mlm_runner.core.worker.places import worker_command

FLOAT = TensorProto.FLOAT
BANDS = ("red", "nir")
SIDE = 32
UTM_20 = (20.0, 0.0, 500_000.0, 0.0, -20.0, 4_000_000.0)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    """The true engine in a process of its own."""
    folder = tmp_path_factory.mktemp("worker")
    environment = child_environment(os.environ, home=folder / "home")
    made = Worker(worker_command(Path(sys.executable)), environment, folder / "worker.log")
    yield made
    made.close()


@pytest.fixture
def both(worker, tmp_path, capsys) -> Callable[..., list[tuple[Path, dict[str, Any]]]]:
    """Run an item in the shell and through the worker; returns the folder and the JSON of each."""

    def go(item, rasters, options: dict[str, Any], out: str, more: dict[str, str]):
        model = tmp_path / "item.json"
        model.write_text(json.dumps(item))
        made = []
        for name in ("shell", "worker"):
            folder = tmp_path / name
            folder.mkdir()
            files = {word: str(folder / file) for word, file in more.items()}
            if name == "shell":
                arguments = ["run", str(model), *rasters, "-o", str(folder / out), "--json"]
                for word, value in {**options, **files}.items():
                    values = value if isinstance(value, list) else [value]
                    arguments += [f"--{word.replace('_', '-')}", *map(str, values)]
                assert main(arguments) == 0, capsys.readouterr().err
                found = json.loads(capsys.readouterr().out)
            else:
                given = {"model": str(model), "rasters": rasters, "output": str(folder / out)}
                found = worker.call("run", {**given, **options, **files})
            made.append((folder, found))
        return made

    return go


def pixels(path: Path) -> tuple[Any, ...]:
    """Return all that a raster holds: its grid, its values as bytes, and what is written into it."""
    with rasterio.open(path) as file:
        tags = {k: v for k, v in file.tags().items() if k != "TIFFTAG_DATETIME"}
        return repr(sorted(file.profile.items())), file.read().tobytes(), file.descriptions, tags


def same(made: list[tuple[Path, dict[str, Any]]], *names: str) -> None:
    (shell, said), (worker, told) = made
    for name in names:
        assert pixels(shell / name) == pixels(worker / name), name
    for word in ("classes", "applied", "assumed", "width", "height"):
        assert said[word] == told[word], word


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).integers(1, 100, shape).astype(np.float32)


def test_a_model_of_two_inputs(both, item, network, raster):
    nodes = [
        helper.make_node("ReduceSum", ["image", "axis"], ["sum"], keepdims=1),
        helper.make_node("Mul", ["dem", "three"], ["up"]),
        helper.make_node("Add", ["sum", "up"], ["y"]),
    ]
    file = network(
        nodes,
        [("image", ("n", 2, "h", "w"), FLOAT), ("dem", ("n", 1, "h", "w"), FLOAT)],
        [("y", ("n", 1, "h", "w"), FLOAT)],
        {"axis": np.array([1], np.int64), "three": np.array(3, np.float32)},
    )
    described = item(file, BANDS, tasks=["regression"])
    image = described["properties"]["mlm:input"][0]
    dem = {**image, "name": "dem", "bands": ["elevation"], "input": {**image["input"], "shape": [-1, 1, -1, -1]}}
    described["properties"]["mlm:input"] = [image, dem]
    del described["properties"]["mlm:output"][0]["classification:classes"]
    seen, heights = values(2, 70, 90), values(1, 70, 90) * 10
    rasters = [raster(seen, BANDS), raster(heights, ["elevation"], name="dem.tif")]
    made = both(described, rasters, {"tile": SIDE, "units": "raw"}, "out.tif", {})
    same(made, "out.tif")
    with rasterio.open(made[0][0] / "out.tif") as written:
        assert np.allclose(written.read(1), seen.sum(axis=0) + 3 * heights[0])


def test_a_resampled_one_with_all_that_a_map_can_have(both, item, convolution, raster):
    seen = values(2, 64, 96)
    seen[:, :2, :4] = -1
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), BANDS)
    options = {
        "resolution": 20.0, "threshold": 0.75, "tile": SIDE, "overlap": 0.25, "batch_size": 2, "units": "raw",
        "extent": [500_000.0, 3_999_400.0, 500_900.0, 4_000_000.0], "extent_crs": "EPSG:32633",
    }  # fmt: skip
    more = {"confidence": "sure.tif", "probabilities": "scores.tif"}
    made = both(described, [raster(seen, BANDS, nodata=-1)], options, "out.tif", more)
    same(made, "out.tif", *more.values())
    red, nir = seen.reshape(2, 32, 2, 48, 2).mean(axis=(2, 4))[:, :30, :45]
    by_hand = np.where(
        np.abs(red - nir) < np.log(3), 2, nir > red
    )  # a softmax of two is 0.75 where they differ by that
    by_hand[0, :2] = 255
    with rasterio.open(made[0][0] / "out.tif") as written:
        assert tuple(written.transform)[:6] == UTM_20
        assert (written.read(1) == by_hand).all()


def test_a_detector(both, item, network, raster):
    pyogrio = pytest.importorskip("pyogrio", reason="writes vector files; the runtime has it")
    # [1, 4 + 2, 1024]: round each pixel a box of 4 x 4, whose scores are the two bands there.
    rows, cols = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    boxes = np.stack([cols + 0.5, rows + 0.5, np.full_like(cols, 4), np.full_like(cols, 4)]).reshape(1, 4, -1)
    nodes = [helper.make_node("Reshape", ["x", "s"], ["r"]), helper.make_node("Concat", ["b", "r"], ["y"], axis=1)]
    count = SIDE * SIDE
    file = network(
        nodes,
        [("x", (1, 2, SIDE, SIDE), FLOAT)],
        [("y", (1, 6, count), FLOAT)],
        {"s": np.array([1, 2, count], np.int64), "b": boxes},
    )
    described = item(file, BANDS, tasks=["object-detection"])
    described["properties"]["mlm:output"][0]["result"] = {
        "shape": [1, 6, count], "dim_order": ["batch", "values", "detections"], "data_type": "float32",
    }  # fmt: skip
    seen = np.zeros((2, 50, 70), np.float32)
    seen[0, 10, 12], seen[1, 40, 60], seen[0, 20, 31] = 0.9, 0.7, 0.4
    options = {"threshold": 0.5, "iou": 0.4, "units": "raw"}
    made = both(described, [raster(seen, BANDS)], options, "found.gpkg", {})
    same(made)
    shell, other = (pyogrio.raw.read(folder / "found.gpkg", layer="found") for folder, _ in made)
    assert [list(shape) for shape in shell[2]] == [list(shape) for shape in other[2]]
    assert [list(field) for field in shell[3]] == [list(field) for field in other[3]]
    bounds = pyogrio.read_bounds(made[0][0] / "found.gpkg", layer="found")[1].T
    assert sorted(bounds.tolist()) == [
        [500_105.0, 3_999_875.0, 500_145.0, 3_999_915.0],
        [500_585.0, 3_999_575.0, 500_625.0, 3_999_615.0],
    ]

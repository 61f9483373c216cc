"""Sentinel Hub's cloud detector for single pixels of Sentinel-2, a forest of 170 trees, against LightGBM's own result.

PyPI's `s2cloudless` 1.7.3 (CC BY-SA 4.0) carries the forest in LightGBM's text form; here its tables become ONNX's
TreeEnsembleRegressor, node by node. Ten reflectances give the probability of cloud, which counts from 0.4 on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import rasterio
from onnx import TensorProto, helper
from rasterio.transform import from_origin

BANDS = ["B01", "B02", "B04", "B05", "B08", "B8A", "B09", "B10", "B11", "B12"]
S2CLOUDLESS = ("s2cloudless", "1.7.3")
PACKAGES = {S2CLOUDLESS[0]: S2CLOUDLESS[1], "lightgbm": "4.6.0", "scipy": "1.16.3"}
SIDE = 100
# The file alone is loaded: the package as a whole wants a client of an outside service.
OWN = """
import importlib.util, sys
import lightgbm, numpy
from pathlib import Path
forest, image, out = map(Path, sys.argv[1:])
spec = importlib.util.spec_from_file_location("pixel_classifier", forest.parents[1] / "pixel_classifier.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
classifier = module.PixelClassifier(lightgbm.Booster(model_file=str(forest)))
numpy.save(out, classifier.image_predict_proba(numpy.load(image)[None])[0, ..., 1])
"""


@pytest.fixture(scope="module")
def forest(package) -> Path:
    return package(*S2CLOUDLESS) / "s2cloudless/models/pixel_s2_cloud_detector_lightGBM_v0.1.txt"


def trees(forest: Path) -> list[dict[str, np.ndarray]]:
    """Return the tables of each tree."""
    wanted = {"split_feature": int, "threshold": float, "left_child": int, "right_child": int, "leaf_value": float}
    found = []
    for part in forest.read_text().split("\nTree=")[1:]:
        rows = dict(line.split("=", 1) for line in part.splitlines() if "=" in line)
        found.append({name: np.array(rows[name].split(), dtype=kind) for name, kind in wanted.items()})
    return found


def ceiling_free(thresholds: np.ndarray) -> np.ndarray:
    """Return the largest float32 that is not above: a float32 is at most one exactly if it is at most the other."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def network(path: Path, forest: Path) -> Path:
    """Write the forest as a network; in each tree leaf k stands behind the inner nodes, where LightGBM has ~k."""
    columns: dict[str, list] = {}
    leaves: dict[str, list] = {"target_treeids": [], "target_nodeids": [], "target_weights": []}
    for number, tree in enumerate(trees(forest)):
        inner, outer = len(tree["split_feature"]), len(tree["leaf_value"])
        none = np.zeros(outer, int)

        def place(child: np.ndarray, inner: int = inner) -> np.ndarray:
            return np.where(child >= 0, child, inner + ~child)

        table = {
            "nodes_treeids": np.full(inner + outer, number),
            "nodes_nodeids": np.arange(inner + outer),
            "nodes_featureids": np.concatenate([tree["split_feature"], none]),
            "nodes_values": np.concatenate([ceiling_free(tree["threshold"]), none.astype(np.float32)]),
            "nodes_truenodeids": np.concatenate([place(tree["left_child"]), none]),
            "nodes_falsenodeids": np.concatenate([place(tree["right_child"]), none]),
            "nodes_modes": ["BRANCH_LEQ"] * inner + ["LEAF"] * outer,
        }
        for name, values in table.items():
            columns.setdefault(name, []).extend(values if isinstance(values, list) else values.tolist())
        leaves["target_treeids"] += [number] * outer
        leaves["target_nodeids"] += range(inner, inner + outer)
        leaves["target_weights"] += tree["leaf_value"].tolist()
    more = {"n_targets": 1, "target_ids": [0] * len(leaves["target_treeids"]), "post_transform": "NONE"}
    nodes = [
        helper.make_node("TreeEnsembleRegressor", ["x"], ["sum"], domain="ai.onnx.ml", **columns, **leaves, **more),
        helper.make_node("Sigmoid", ["sum"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "clouds",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(BANDS)])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def spectra(forest: Path) -> np.ndarray:
    """Return reflectances (bands, rows, columns) x 10000: each pixel near the thresholds of a tree's own splits."""
    drawn = np.random.default_rng(1)
    features = np.concatenate([tree["split_feature"] for tree in trees(forest)])
    limits = np.concatenate([tree["threshold"] for tree in trees(forest)])
    bright = drawn.uniform(0, 1, SIDE * SIDE)  # all bands of a pixel are bright or dark together
    image = [np.quantile(limits[features == b], np.clip(bright + drawn.normal(0, 0.1, bright.size), 0, 1))
             for b in range(len(BANDS))]  # fmt: skip
    return np.rint(np.array(image) * 10_000).astype(np.uint16).reshape(-1, SIDE, SIDE)


def test_the_forest_gives_lightgbm_s_own_probabilities(forest, item, engine, own, tmp_path):
    numbers = spectra(forest)
    raster, scores = tmp_path / "image.tif", tmp_path / "scores.tif"
    profile = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": len(BANDS), "dtype": "uint16"}
    with rasterio.open(raster, "w", **profile, crs="EPSG:32633", transform=from_origin(5e5, 5e6, 10, 10)) as file:
        file.write(numbers)
        for index, name in enumerate(BANDS, 1):
            file.set_band_description(index, name)
    np.save(tmp_path / "image.npy", (numbers.astype(np.float32) / np.float32(10_000)).transpose(1, 2, 0))
    own(OWN, PACKAGES, forest, tmp_path / "image.npy", tmp_path / "own.npy")
    theirs = np.load(tmp_path / "own.npy")

    given = {
        "bands": BANDS,
        "input": {"shape": [-1, len(BANDS)], "dim_order": ["batch", "bands"], "data_type": "float32"},
    }
    output = {
        "result": {"shape": [-1, 1], "dim_order": ["batch", "class"], "data_type": "float32"},
        "classification:classes": [{"value": 1, "name": "cloud"}],
    }
    described = item("Clouds", network(tmp_path / "network.onnx", forest), "segmentation", given, output)
    found = engine(described, raster, units="10000", threshold=0.4, probabilities=str(scores))
    with rasterio.open(scores) as file:
        assert np.abs(file.read(1) - theirs).max() < 1e-5
    with rasterio.open(found["output"]) as file:
        clouds = file.read(1) == 1
    assert (clouds == (theirs >= 0.4)).all()
    assert 0.2 < clouds.mean() < 0.8, "both classes are put to the test"

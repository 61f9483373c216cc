"""A run that finds objects, from the raster to the layer of polygons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from mlm_runner.core.errors import UsageError

pyogrio = pytest.importorskip("pyogrio", reason="writes vector files; the runtime has it")
shapely = pytest.importorskip("shapely", reason="makes polygons; the runtime has it")

TILE = 32


@pytest.fixture
def spots(network):
    """Write a detector [1, 4 + 2, 1024]: for each pixel a box of 4 x 4 around it, whose scores are the two bands there.

    A raster with a single 1 in a band so has one object of that class, there.
    """
    rows, cols = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    boxes = np.stack([cols + 0.5, rows + 0.5, np.full_like(cols, 4), np.full_like(cols, 4)]).reshape(1, 4, -1)
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("Concat", ["b", "r"], ["y"], axis=1),
    ]
    constants = {"s": np.array([1, 2, TILE * TILE], np.int64), "b": boxes}
    return network(
        nodes,
        [("x", (1, 2, TILE, TILE), TensorProto.FLOAT)],
        [("y", (1, 6, TILE * TILE), TensorProto.FLOAT)],
        constants,
    )


@pytest.fixture
def detector(item, spots):
    classes = [{"value": 3, "name": "car", "color_hint": "FF0000"}, {"value": 7, "name": "ship"}]
    made = item(spots, ["red", "nir"], tasks=["object-detection"], legend=classes)
    made["properties"]["mlm:output"][0]["result"] = {
        "shape": [1, 6, TILE * TILE], "dim_order": ["batch", "values", "detections"], "data_type": "float32",
    }  # fmt: skip
    return made


@pytest.fixture
def scene(raster):
    values = np.zeros((2, 50, 70), np.float32)
    for band, row, col, score in ((0, 10, 12, 0.9), (1, 40, 60, 0.7), (0, 20, 31, 0.8), (0, 45, 5, 0.1)):
        values[band, row, col] = score
    return raster(values, ("red", "nir"))


def read(path):
    _, _, geometries, fields = pyogrio.raw.read(path, layer=Path(path).stem)
    names = list(pyogrio.read_info(path, layer=Path(path).stem)["fields"])
    return shapely.from_wkb(geometries), dict(zip(names, fields, strict=True))


def test_each_object_is_a_polygon_where_it_lies(engine, detector, scene):
    path, found = engine(detector, scene, out="out.gpkg")
    polygons, fields = read(path)
    # 10 m pixels from (500000, 4000000): a spot at row r, column c has its box at c - 1.5 .. c + 2.5, by hand.
    wanted = {
        (500_000 + 10 * (c - 1.5), 4_000_000 - 10 * (r + 2.5), 500_000 + 10 * (c + 2.5), 4_000_000 - 10 * (r - 1.5)): v
        for r, c, v in ((10, 12, 3), (40, 60, 7), (20, 31, 3))
    }
    made = {tuple(np.round(p.bounds, 3).tolist()): v for p, v in zip(polygons, fields["value"].tolist(), strict=True)}
    assert made == wanted, "the spot at a seam of windows comes out once, the one of 0.1 not at all"
    assert sorted(np.round(fields["score"], 3).tolist()) == [0.7, 0.8, 0.9]
    assert [(c["name"], c["count"], c["area"]) for c in found["classes"]] == [("car", 2, 3200.0), ("ship", 1, 1600.0)]
    assert found["kind"] == "vector" and any("score of at least 0.25" in text for text in found["applied"])


def test_each_instance_has_its_own_outline(engine, item, network, scene):
    # The same spots, each with one coefficient of 10 for a prototype that is 1 everywhere: the mask fills the box.
    rows, cols = np.mgrid[0:TILE, 0:TILE].astype(np.float32)
    boxes = np.stack([cols + 0.5, rows + 0.5, np.full_like(cols, 6), np.full_like(cols, 6)]).reshape(1, 4, -1)
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("Concat", ["b", "r", "k"], ["y"], axis=1),
        helper.make_node("Identity", ["p"], ["protos"]),
    ]
    constants = {
        "s": np.array([1, 2, TILE * TILE], np.int64),
        "b": boxes,
        "k": np.full((1, 32, TILE * TILE), 10, np.float32),
        "p": np.ones((1, 32, 8, 8), np.float32),
    }
    file = network(
        nodes,
        [("x", (1, 2, TILE, TILE), TensorProto.FLOAT)],
        [("y", (1, 38, TILE * TILE), TensorProto.FLOAT), ("protos", (1, 32, 8, 8), TensorProto.FLOAT)],
        constants,
    )
    classes = [{"value": 3, "name": "car"}, {"value": 7, "name": "ship"}]
    path, found = engine(
        item(file, ["red", "nir"], tasks=["instance-segmentation"], legend=classes), scene, out="i.gpkg"
    )
    polygons, fields = read(path)
    assert sorted(fields["value"].tolist()) == [3, 3, 7] and shapely.is_valid(polygons).all()
    for row, col in ((10, 12), (40, 60), (20, 31)):
        spot = shapely.Point(500_000 + 10 * (col + 0.5), 4_000_000 - 10 * (row + 0.5))
        (mine,) = [p for p in polygons if p.contains(spot)]
        assert 25 <= mine.area / 100 <= 49, "pixels of a box of 6 x 6, one more or less at each side"
    assert [(c["name"], c["count"]) for c in found["classes"]] == [("car", 2), ("ship", 1)]


def test_the_threshold_may_be_another(engine, detector, scene):
    path, _ = engine(detector, scene, out="out.gpkg", threshold=0.85)
    assert len(read(path)[0]) == 1


def test_objects_on_nodata_and_outside_the_mask_are_not_found(engine, detector, scene, tmp_path):
    mask = tmp_path / "mask.gpkg"
    box = shapely.box(500_000, 3_999_500, 500_400, 4_000_000)
    pyogrio.raw.write(mask, shapely.to_wkb([box]), [], [], geometry_type="Polygon", crs="EPSG:32633")
    path, _ = engine(detector, scene, out="out.gpkg", mask=str(mask))
    assert set(read(path)[1]["class"]) == {"car"}


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"out": "out.tif"}, "Give a name that ends in .gpkg"),
        ({"out": "out.gpkg", "confidence": "c.tif"}, "leave the confidence out"),
        ({"out": "out.xyz"}, "no vector file that can be written"),
    ],
)
def test_what_a_list_of_objects_can_not_be_is_refused(engine, detector, scene, params, why, tmp_path):
    with pytest.raises(UsageError, match=why):
        engine(detector, scene, **params)
    assert not list(tmp_path.glob("out.*")) and not list(tmp_path.glob(".mlm-runner-*"))


def test_a_scene_without_objects_is_an_empty_layer(engine, detector, raster):
    path, found = engine(detector, raster(np.zeros((2, 40, 40), np.float32), ("red", "nir")), out="out.gpkg")
    assert len(read(path)[0]) == 0 and Path(path).exists()
    assert [c["count"] for c in found["classes"]] == [0, 0]


def test_a_mask_leaves_the_rest_without_a_value(engine, item, convolution, raster, tmp_path):
    values = np.random.default_rng(0).integers(0, 100, (2, 40, 60)).astype(np.float32)
    mask = tmp_path / "mask.gpkg"
    triangle = shapely.Polygon([(500_000, 4_000_000), (500_300, 4_000_000), (500_000, 3_999_700)])
    pyogrio.raw.write(mask, shapely.to_wkb([triangle]), [], [], geometry_type="Polygon", crs="EPSG:32633")
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    made, found = engine(described, raster(values, ("red", "nir")), mask=str(mask))
    assert "mask: only what lies in the polygons of mask.gpkg" in found["applied"]
    rows, cols = np.mgrid[0:40, 0:60]
    inside = (cols + 0.5) + (rows + 0.5) < 30  # pixel centres in the triangle, by hand
    border = (cols + 0.5) + (rows + 0.5) == 30
    pixels = made.read(1)
    assert (pixels[~inside & ~border] == 255).all()
    assert (pixels[inside] == (values[1] > values[0])[inside]).all()


def test_polygons_of_classes_have_the_map_s_area(engine, item, convolution, raster, tmp_path):
    values = np.random.default_rng(0).integers(0, 100, (2, 40, 60)).astype(np.float32)
    described = item(convolution(np.eye(2).reshape(2, 2, 1, 1)), ["red", "nir"])
    vector = tmp_path / "classes.gpkg"
    made, found = engine(described, raster(values, ("red", "nir")), vector=str(vector))
    polygons, fields = read(vector)
    assert found["vector"] == str(vector) and shapely.is_valid(polygons).all()
    for value in (0, 1):
        area = shapely.area(polygons[fields["value"] == value]).sum()
        assert area == pytest.approx(100 * (made.read(1) == value).sum())


def test_scenes_become_a_grid_of_polygons_with_their_scores(engine, item, network, raster, tmp_path):
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]), helper.make_node("Flatten", ["p"], ["f"]),
             helper.make_node("Softmax", ["f"], ["y"], axis=1)]  # fmt: skip
    file = network(nodes, [("x", ("n", 2, 16, 16), TensorProto.FLOAT)], [("y", ("n", 2), TensorProto.FLOAT)])
    described = item(file, ["red", "nir"], tasks=["scene-classification"], result_order=["batch", "class"],
                     result_shape=[-1, 2])  # fmt: skip
    values = np.zeros((2, 16, 32), np.float32)
    values[0, :, :16], values[1, :, 16:] = 1, 1
    vector = tmp_path / "scenes.gpkg"
    engine(described, raster(values, ("red", "nir")), vector=str(vector))
    polygons, fields = read(vector)
    assert [p.bounds for p in polygons] == [(500_000, 3_999_840, 500_160, 4_000_000),
                                            (500_160, 3_999_840, 500_320, 4_000_000)]  # fmt: skip
    assert fields["value"].tolist() == [0, 1]
    # Softmax of (1, 0): e / (e + 1).
    assert fields["score_class-0"] == pytest.approx([np.e / (np.e + 1), 1 / (np.e + 1)], abs=1e-6)

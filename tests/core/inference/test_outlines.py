"""Objects as polygons with fields: where they lie, what they are and how large."""

from __future__ import annotations

import math
from typing import Optional, Sequence

import numpy as np
import pytest
import shapely
from rasterio.transform import Affine

from mlm_runner.core.inference.instances import Mask
from mlm_runner.core.inference.outlines import features
from mlm_runner.core.inference.seams import Objects
from mlm_runner.core.mlm.model import ModelClass

UTM = Affine(10, 0, 500_000, 0, -10, 4_000_000)
CLASSES = (ModelClass(3, "ship"), ModelClass(7, "car", title="Car"))


def objects(*boxes: Sequence[float], masks: Optional[list[Mask]] = None) -> Objects:
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    return Objects(rows, np.linspace(0.9, 0.5, len(rows), dtype=np.float32), np.arange(len(rows)) % 2, masks)


def test_a_box_becomes_a_rectangle_in_the_areas_crs() -> None:
    found = features(objects((1, 2, 3, 5)), CLASSES, "EPSG:32633", UTM)
    assert found.geometries[0].equals(shapely.box(500_010, 3_999_950, 500_030, 3_999_980))


def test_a_box_of_a_rotated_grid_is_rotated() -> None:
    """Columns run north-east, rows south-east: a box of 2 x 1 pixels of 10 m from the origin."""
    side = 10 / math.sqrt(2)
    found = features(objects((0, 0, 2, 1)), CLASSES, "EPSG:32633", Affine(side, side, 0, side, -side, 0))
    expected = shapely.Polygon([(0, 0), (2 * side, 2 * side), (3 * side, side), (side, -side)])
    assert shapely.equals_exact(found.geometries[0].normalize(), expected.normalize(), 1e-9)
    assert found.fields["area"] == pytest.approx([200])


def test_fields_are_the_classes_label_and_value_the_score_and_the_area() -> None:
    fields = features(objects((0, 0, 2, 3), (5, 5, 6, 6.5)), CLASSES, "EPSG:32633", UTM).fields
    assert list(fields) == ["class", "value", "score", "area"]
    assert fields["class"].tolist() == ["ship", "Car"]
    assert fields["value"].tolist() == [3, 7]
    assert fields["score"] == pytest.approx([0.9, 0.5])
    assert fields["area"] == pytest.approx([600, 150])


def test_an_area_in_degrees_is_that_on_the_ground() -> None:
    """A square degree at the equator has 12,308.8 km2 (WGS 84: 110.574 km by 111.320 km, less its narrowing)."""
    found = features(objects((0, 0, 10, 10)), CLASSES, "EPSG:4326", Affine(0.1, 0, 10, 0, -0.1, 1))
    assert found.fields["area"] == pytest.approx([12_308.8e6], rel=1e-4)


@pytest.mark.parametrize(("crs", "transform"), [("", UTM), ("EPSG:4326", Affine(0.1, 0.1, 10, 0.1, -0.1, 1))])
def test_an_area_that_is_not_known_is_no_number(crs: str, transform: Affine) -> None:
    assert np.isnan(features(objects((0, 0, 10, 10)), CLASSES, crs, transform).fields["area"]).all()


def test_a_mask_is_outlined_along_its_pixels() -> None:
    pixels = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
    found = features(objects((1, 2, 4, 5), masks=[Mask(2, 1, pixels)]), CLASSES, "EPSG:32633", UTM)
    outer, hole = (
        shapely.box(500_010, 3_999_950, 500_040, 3_999_980),
        shapely.box(500_020, 3_999_960, 500_030, 3_999_970),
    )
    assert found.geometries[0].equals(outer.difference(hole))
    assert found.fields["area"] == pytest.approx([800])


def test_parts_that_meet_at_a_corner_are_several_polygons() -> None:
    pixels = np.array([[1, 0], [0, 1]], bool)
    found = features(objects((0, 0, 2, 2), masks=[Mask(0, 0, pixels)]), CLASSES, "EPSG:32633", UTM)
    assert found.geometries[0].geom_type == "MultiPolygon"
    assert found.geometries[0].is_valid


def test_outlines_of_any_mask_are_valid_and_have_its_area() -> None:
    random = np.random.default_rng(0)
    masks = [Mask(0, 0, random.uniform(size=(12, 12)) < share) for share in np.linspace(0.05, 0.95, 60)]
    found = features(objects(*[(0, 0, 12, 12)] * 60, masks=masks), CLASSES, "EPSG:32633", UTM)
    assert shapely.is_valid(found.geometries).all()
    assert shapely.area(found.geometries) == pytest.approx([100 * m.pixels.sum() for m in masks])
    assert found.fields["area"] == pytest.approx(shapely.area(found.geometries))


def test_numbers_beyond_the_classes_are_named_by_themselves() -> None:
    one = Objects(np.array([[0.0, 0, 1, 1]]), np.ones(1, np.float32), np.array([4]))
    fields = features(one, (), "EPSG:32633", UTM).fields
    assert (fields["class"].tolist(), fields["value"].tolist()) == (["class 4"], [4])


@pytest.mark.parametrize("masks", [None, []])
def test_no_objects_are_no_features(masks: Optional[list[Mask]]) -> None:
    found = features(objects(masks=masks), CLASSES, "EPSG:32633", UTM)
    assert len(found.geometries) == 0 and all(len(v) == 0 for v in found.fields.values())

"""Polygons of classes: what a grid of pixels is as areas, by hand, and as another library counts them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
import rasterio
import shapely

from mlm_runner.core.errors import Cancelled, MlmRunnerError, RuntimeMissing, UsageError
from mlm_runner.core.inference import polygons as module
from mlm_runner.core.inference.polygons import check_wishes, polygons
from mlm_runner.core.mlm.legend import LegendEntry
from mlm_runner.core.watch import Watch

CLASSES = (LegendEntry(1, "water", "#0000FF"), LegendEntry(2, "forest", "#00FF00"), LegendEntry(3, "rock", "#888888"))
can_simplify = pytest.mark.skipif(not hasattr(shapely, "coverage_simplify"), reason="shapely is older than 2.1")


@pytest.fixture
def classes(raster: Callable[..., str]) -> Callable[..., Path]:
    """Write class numbers, row by row, as a GeoTIFF whose nodata is 255."""

    def build(rows: Any, **more: Any) -> Path:
        return Path(raster(np.array(rows, dtype=np.uint8)[None], nodata=255, **more))

    return build


def blots(size: int, count: int = 4, seed: int = 0, smooth: int = 2) -> np.ndarray:
    """Return classes from 1 on as a noisy classification has them, a tenth of it nodata."""
    scores = np.random.default_rng(seed).normal(size=(count + 1, size, size))
    for _ in range(smooth):
        scores = (scores + sum(np.roll(scores, step, axis) for step in (-1, 1) for axis in (1, 2))) / 5
    found = scores.argmax(axis=0).astype(np.uint8)
    return np.where(found == 0, 255, found).astype(np.uint8)


def test_a_small_map_gives_the_polygons_that_one_would_draw(classes):
    found = polygons(classes([[1, 1, 2], [1, 255, 2]]), CLASSES)
    west, north = 500_000, 4_000_000
    angle = [(0, 0), (20, 0), (20, -10), (10, -10), (10, -20), (0, -20)]
    wanted = {
        1: shapely.Polygon([(west + x, north + y) for x, y in angle]),
        2: shapely.box(west + 20, north - 20, west + 30, north),
    }
    assert sorted(found.fields["value"].tolist()) == [1, 2]
    for place, value in enumerate(found.fields["value"].tolist()):
        assert found.geometries[place].equals(wanted[value])
        assert found.fields["class"][place] == {1: "water", 2: "forest"}[value]
        assert found.fields["pixels"][place] == {1: 3, 2: 2}[value]
        assert found.fields["area"][place] == {1: 300.0, 2: 200.0}[value]


def test_pixels_that_meet_at_a_corner_are_two_polygons(classes):
    assert len(polygons(classes([[1, 2], [2, 1]]), CLASSES)) == 4


def test_what_lies_within_another_class_is_a_hole_in_it(classes):
    found = polygons(classes([[1, 1, 1], [1, 2, 1], [1, 1, 1]]), CLASSES)
    outer = found.geometries[found.fields["value"].tolist().index(1)]
    assert len(outer.interiors) == 1 and outer.area == 800


def test_a_value_that_no_class_explains_is_named_by_its_number(classes):
    assert polygons(classes([[9]]), CLASSES).fields["class"].tolist() == ["value 9"]


def test_nodata_and_the_items_nodata_class_are_no_polygons(classes):
    entries = (*CLASSES, LegendEntry(7, "fill", "#000000", nodata=True))
    assert polygons(classes([[255, 7], [7, 255]]), entries).fields["value"].size == 0
    assert polygons(classes([[255, 7], [1, 255]]), entries).fields["value"].tolist() == [1]


@pytest.mark.parametrize("smooth", [0, 1, 3])
def test_polygons_cover_what_is_valid_without_gaps_or_overlaps(classes, smooth):
    values = blots(90, seed=smooth, smooth=smooth)
    found = polygons(classes(values), CLASSES)
    assert shapely.is_valid(found.geometries).all()
    assert shapely.area(found.geometries).sum() == (values != 255).sum() * 100
    rows, cols = np.nonzero(values != 255)
    x, y = 500_000 + 10 * cols, 4_000_000 - 10 * rows
    assert shapely.union_all(found.geometries).equals(shapely.union_all(shapely.box(x, y - 10, x + 10, y)))


def test_pixels_and_areas_add_up_to_those_counted_in_the_map(classes):
    values = blots(80)
    found = polygons(classes(values), CLASSES)
    for value in (1, 2, 3, 4):
        of_it = found.fields["value"] == value
        assert found.fields["pixels"][of_it].sum() == (values == value).sum()
        assert found.fields["area"][of_it].sum() == (values == value).sum() * 100.0


def test_areas_in_degrees_are_those_on_the_ground(classes):
    # A degree of latitude from the equator on: 12309 km2 by the closed formula of the ellipsoid, evaluated apart.
    found = polygons(
        classes([[1], [2]], transform=(1.0, 0, 10, 0, -1.0, 61.0), crs="EPSG:4326"),
        CLASSES,
    )
    by_value = dict(zip(found.fields["value"].tolist(), found.fields["area"].tolist(), strict=True))
    # One degree by one degree from 60 N and from 59 N, WGS 84.
    assert by_value[1] == pytest.approx(square_degree(60), rel=1e-6)
    assert by_value[2] == pytest.approx(square_degree(59), rel=1e-6)


def square_degree(south: float) -> float:
    """Return the area of one degree by one, by adding up thin zones M(lat) N(lat) cos(lat) of WGS 84."""
    a, e2 = 6378137.0, 0.00669437999014
    latitude = np.radians(south + (np.arange(2000) + 0.5) / 2000)
    sine2 = np.sin(latitude) ** 2
    meridian, prime = a * (1 - e2) / (1 - e2 * sine2) ** 1.5, a / np.sqrt(1 - e2 * sine2)
    return float((meridian * prime * np.cos(latitude)).sum() * np.radians(1 / 2000) * np.radians(1))


def test_without_a_crs_there_is_no_area(classes):
    found = polygons(classes([[1, 1]], crs=None), CLASSES)
    assert np.isnan(found.fields["area"]).all() and found.fields["pixels"].tolist() == [2]


@pytest.mark.parametrize(
    "transform",
    [(10.0, 0, 500_000, 0, 10.0, 3_990_000), (6.0, 8.0, 500_000, 8.0, -6.0, 4_000_000)],
    ids=["south up", "rotated"],
)
def test_polygons_lie_where_a_turned_raster_has_its_pixels(classes, transform):
    path = classes([[1, 2], [1, 1]], transform=transform)
    found = polygons(path, CLASSES)
    one = found.geometries[found.fields["value"].tolist().index(2)]
    with rasterio.open(path) as file:
        assert one.contains(shapely.Point(file.xy(0, 1)))
    assert shapely.area(found.geometries).sum() == pytest.approx(400) and shapely.is_valid(found.geometries).all()
    assert sorted(found.fields["area"].tolist()) == pytest.approx([100, 300])


def test_one_pixel_is_one_square(classes):
    found = polygons(classes([[2]]), CLASSES)
    assert found.geometries[0].equals(shapely.box(500_000, 3_999_990, 500_010, 4_000_000))


SPECKLED = [[1, 1, 1, 3, 3], [1, 2, 1, 3, 3], [1, 1, 1, 3, 3]]


def test_what_is_smaller_than_the_minimum_area_goes_to_its_largest_neighbour(classes):
    path = classes(SPECKLED)
    assert sorted(polygons(path, CLASSES, min_area=100).fields["value"].tolist()) == [1, 2, 3]
    found = polygons(path, CLASSES, min_area=101)
    assert dict(zip(found.fields["value"].tolist(), found.fields["pixels"].tolist(), strict=True)) == {1: 9, 3: 6}
    assert shapely.area(found.geometries).sum() == 1500


def test_the_minimum_area_neither_fills_nodata_nor_lets_it_eat(classes):
    values = np.array([[1, 1, 1, 1], [1, 255, 1, 1], [1, 1, 1, 1], [255, 255, 255, 255], [2, 255, 255, 255]])
    found = polygons(classes(values), CLASSES, min_area=500)
    # The lone pixel of class 2 has no neighbour to go to.
    assert dict(zip(found.fields["value"].tolist(), found.fields["pixels"].tolist(), strict=True)) == {1: 11, 2: 1}


def test_the_minimum_area_is_met_wherever_there_is_a_neighbour(classes):
    values = np.where(blots(60) == 255, 1, blots(60))
    found = polygons(classes(values), CLASSES, min_area=800)
    assert found.fields["area"].min() >= 800 and found.fields["pixels"].sum() == 3600


def test_a_minimum_area_without_a_crs_is_refused(classes):
    with pytest.raises(UsageError, match="25 m2"):
        polygons(classes([[1]], crs=None), CLASSES, min_area=25)
    with pytest.raises(UsageError, match="25 m2"):
        check_wishes(25, 0, "")
    check_wishes(25, 0, "EPSG:4326")


@can_simplify
def test_simplified_polygons_still_share_their_borders(classes):
    values = blots(120, smooth=4)
    path = classes(values)
    exact, found = polygons(path, CLASSES), polygons(path, CLASSES, simplify=1.5)
    assert shapely.coverage_is_valid(found.geometries) and shapely.is_valid(found.geometries).all()
    corners = [shapely.get_num_coordinates(some.geometries).sum() for some in (found, exact)]
    assert corners[0] < corners[1] / 1.5
    for name in ("value", "pixels", "area"):
        assert (found.fields[name] == exact.fields[name]).all()
    # Each is still in its own place.
    assert shapely.intersects(found.geometries, exact.geometries).all()


@can_simplify
def test_a_staircase_becomes_a_slope_for_both_its_sides(classes):
    steps = [[1 if col <= row else 2 for col in range(20)] for row in range(20)]
    found = polygons(classes(steps), CLASSES, simplify=1.5)
    shared = found.geometries[0].intersection(found.geometries[1])
    assert shared.length == pytest.approx(np.hypot(200, 200), rel=0.1) and found.geometries[0].area < 22_000


def test_an_older_shapely_is_told_to_be_too_old_for_simplifying(classes, monkeypatch):
    monkeypatch.setattr(shapely, "__version__", "2.0.7")
    with pytest.raises(RuntimeMissing, match=r"shapely 2\.1 or newer.*has 2\.0\.7\. Set up the engine"):
        polygons(classes([[1]]), CLASSES, simplify=1)
    with pytest.raises(RuntimeMissing):
        check_wishes(0, 1, "EPSG:32633")
    assert len(polygons(classes([[1]]), CLASSES)) == 1


def test_a_python_without_shapely_is_told_what_it_lacks(classes, monkeypatch):
    monkeypatch.setitem(sys.modules, "shapely", None)
    with pytest.raises(RuntimeMissing, match="Polygons of classes needs the package shapely.*Set up the engine"):
        polygons(classes([[1]]), CLASSES)


@can_simplify
def test_a_process_of_its_own_gives_the_same(classes, monkeypatch):
    path = classes(blots(70))
    here = polygons(path, CLASSES, simplify=1)
    monkeypatch.setattr(module, "AT_ONCE", 0)
    apart = polygons(path, CLASSES, simplify=1)
    assert shapely.equals_exact(here.geometries, apart.geometries).all()
    assert all((here.fields[name] == apart.fields[name]).all() for name in here.fields)


def test_tracing_a_large_map_is_stopped_at_once(classes, monkeypatch):
    started: list[subprocess.Popen[bytes]] = []
    watch = Watch()

    class Seen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            started.append(self)
            threading.Timer(0.5, watch.cancel).start()

    path = classes(np.random.default_rng(0).integers(0, 5, (1500, 1500)))
    monkeypatch.setattr(subprocess, "Popen", Seen)
    began = time.monotonic()
    with pytest.raises(Cancelled):
        polygons(path, CLASSES, check=watch.check)
    assert time.monotonic() - began < 2 and started[0].poll() is not None


@pytest.mark.parametrize("at_once", [0, 10_000], ids=["apart", "here"])
def test_a_map_that_can_not_be_read_is_told_so(classes, monkeypatch, at_once):
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    path = classes(blots(90))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(MlmRunnerError, match=f"polygons of {path.name} could not be traced: .*smaller extent"):
        polygons(path, CLASSES)

"""Masks on small rasters, by hand, and against shapely's own answer for the centres of pixels."""

from __future__ import annotations

import sqlite3
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import numpy as np
import pyogrio
import pytest
import shapely
from rasterio.warp import transform

from mlm_runner.core.errors import ExtentOutside, RuntimeMissing, UsageError
from mlm_runner.core.inference.mask import Mask

UTM = "EPSG:32633"
DEGREES = "EPSG:4326"


@dataclass(frozen=True)
class Grid:
    """A raster of 10 m pixels whose upper left corner is at 500000, 4000000."""

    width: int = 6
    height: int = 4
    crs: str = UTM
    transform: Sequence[float] = (10.0, 0.0, 500_000.0, 0.0, -10.0, 4_000_000.0)


def pixels(row0: float, col0: float, row1: float, col1: float) -> shapely.Polygon:
    """Return the polygon of these pixels of the grid."""
    return shapely.box(500_000 + 10 * col0, 4_000_000 - 10 * row1, 500_000 + 10 * col1, 4_000_000 - 10 * row0)


def degrees(polygon: Any, fine: bool = True) -> Any:
    """Return a geometry of UTM in longitude and latitude, with a vertex every metre or only where it has one."""
    if fine:
        polygon = shapely.segmentize(polygon, 1.0)
    return shapely.transform(polygon, lambda xy: np.column_stack(transform(UTM, DEGREES, xy[:, 0], xy[:, 1])))


@pytest.fixture
def layer(tmp_path: Path) -> Callable[..., str]:
    def build(
        *geometries: Any, crs: Optional[str] = UTM, name: str = "mask.gpkg", layer: str = "mask", kind: str = "Unknown"
    ) -> str:
        wkb = np.array([None if one is None else shapely.to_wkb(one) for one in geometries], dtype=object)
        number = np.arange(len(geometries), dtype=np.int32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no CRS, where there shall be none
            pyogrio.raw.write(tmp_path / name, wkb, [number], ["number"], layer=layer, geometry_type=kind, crs=crs)
        return str(tmp_path / name)

    return build


def drawn(mask: Mask, *window: int) -> list[str]:
    """Return a window's rows as text."""
    return ["".join(".#"[int(pixel)] for pixel in row) for row in mask.window(*window)]


WHOLE = (0, 0, 4, 6)


def test_pixels_under_a_polygon_are_inside(layer):
    mask = Mask.read(layer(pixels(1, 2, 3, 5)), Grid())
    assert drawn(mask, *WHOLE) == ["......", "..###.", "..###.", "......"]
    assert mask.bounds == (1, 2, 3, 5)


def test_a_pixel_is_inside_where_its_centre_is(layer):
    mask = Mask.read(layer(pixels(0.4, 0.6, 2.4, 3.6)), Grid())
    assert drawn(mask, *WHOLE) == [".###..", ".###..", "......", "......"]
    assert mask.bounds == (0, 0, 3, 4)


def test_a_hole_is_outside_and_all_parts_count(layer):
    ring = shapely.difference(pixels(0, 0, 4, 4), pixels(1, 1, 3, 3))
    mask = Mask.read(layer(shapely.union(ring, pixels(0, 5, 1, 6))), Grid())
    assert drawn(mask, *WHOLE) == ["####.#", "#..#..", "#..#..", "####.."]


def test_polygons_that_overlap_do_not_cancel_each_other(layer):
    mask = Mask.read(layer(pixels(0, 0, 3, 3), pixels(1, 1, 4, 4)), Grid())
    assert drawn(mask, *WHOLE) == ["###...", "####..", "####..", ".###.."]


def test_a_mask_in_degrees_falls_on_the_same_pixels(layer):
    shape = shapely.difference(pixels(0.2, 0.2, 3.8, 5.2), pixels(1.2, 1.2, 2.8, 3.8))
    mask = Mask.read(layer(degrees(shape), crs=DEGREES), Grid())
    assert drawn(mask, *WHOLE) == ["#####.", "#...#.", "#...#.", "#####."]


def test_a_polygon_of_the_whole_world_covers_a_raster_of_one_zone(layer):
    mask = Mask.read(layer(shapely.box(-180, -90, 180, 90), crs=DEGREES), Grid())
    assert mask.window(*WHOLE).all() and mask.bounds == WHOLE


def test_a_mask_split_at_the_date_line_lies_on_a_raster_across_it(layer):
    # Zone 60 at 45 degrees north: the line is at x = 736 km. 40 pixels of 10 km from 640 km on have it inside.
    grid = Grid(40, 10, "EPSG:32660", (10_000.0, 0, 540_000.0, 0, -10_000.0, 5_000_000.0))
    halves = shapely.MultiPolygon([shapely.box(179, 40, 180, 50), shapely.box(-180, 40, -179, 50)])
    inside = Mask.read(layer(halves, crs=DEGREES), grid).window(0, 0, 10, 40)
    rows, cols = np.mgrid[0:10, 0:40]
    x, y = 545_000 + 10_000 * cols, 4_995_000 - 10_000 * rows
    longitude = np.array(transform(grid.crs, DEGREES, x.ravel(), y.ravel())[0]).reshape(10, 40)
    assert inside.any() and (inside == (np.abs(longitude) > 179)).all()


@pytest.mark.parametrize("place", [(-2, -3, 4, 5), (2, 4, 5, 5), (-1, -1, 6, 8)])
def test_a_window_may_reach_beyond_the_raster_where_all_is_outside(layer, place):
    row, col, height, width = place
    around = np.zeros((20, 20), dtype=bool)
    around[10:14, 10:16] = True
    mask = Mask.read(layer(pixels(-100, -100, 100, 100)), Grid())
    assert (mask.window(*place) == around[10 + row : 10 + row + height, 10 + col : 10 + col + width]).all()


def test_a_window_apart_from_the_raster_or_from_all_polygons_is_outside(layer):
    mask = Mask.read(layer(pixels(0, 0, 1, 1)), Grid())
    assert not mask.window(50, 50, 3, 3).any() and not mask.window(2, 2, 2, 2).any()


@pytest.mark.parametrize(
    "affine",
    [
        (10.0, 0, 500_000, 0, -10.0, 4_000_000),
        (10.0, 0, 500_000, 0, 10.0, 3_999_000),
        (6.0, 8.0, 500_000, 8.0, -6.0, 3_999_500),
    ],
    ids=["north up", "south up", "rotated"],
)
def test_windows_agree_with_the_polygon_at_every_pixels_centre(layer, affine):
    star = (
        shapely.Point(500_400, 3_999_600)
        .buffer(310, quad_segs=7)
        .difference(shapely.box(500_300, 3_999_500, 500_420, 3_999_700))
    )
    mask = Mask.read(layer(star), Grid(100, 100, UTM, affine))
    rows, cols = np.mgrid[0:100, 0:100]
    a, b, c, d, e, f = affine
    x, y = a * (cols + 0.5) + b * (rows + 0.5) + c, d * (cols + 0.5) + e * (rows + 0.5) + f
    wanted = shapely.contains_xy(star, x, y)
    tiled = np.zeros((100, 100), dtype=bool)
    for row in range(0, 100, 33):
        for col in range(0, 100, 27):
            part = mask.window(row, col, 33, 27)
            tiled[row : row + 33, col : col + 27] = part[: 100 - row, : 100 - col]
    assert wanted.any() and (tiled == wanted).all()


def test_polygons_beside_the_raster_do_not_widen_its_bounds(layer):
    mask = Mask.read(layer(pixels(1, 1, 2, 2), pixels(50, 50, 60, 60), pixels(-9, -9, -1, -1)), Grid())
    assert mask.bounds == (1, 1, 2, 2)


def test_a_layer_is_chosen_as_qgis_names_it(layer):
    layer(pixels(0, 0, 4, 1), layer="west")
    path = layer(pixels(0, 5, 4, 6), layer="east", name="mask.gpkg")
    assert drawn(Mask.read(f"{path}|layername=east", Grid()), *WHOLE)[0] == ".....#"
    assert drawn(Mask.read(f"{path}|layerid=0", Grid()), *WHOLE)[0] == "#....."
    with pytest.raises(UsageError, match=r"several layers \(west, east\).*layername=west"):
        Mask.read(path, Grid())


def test_a_filter_of_qgis_is_followed(layer):
    path = layer(pixels(0, 0, 4, 1), pixels(0, 5, 4, 6))
    assert drawn(Mask.read(f'{path}|layername=mask|subset="number" = 1', Grid()), *WHOLE)[0] == ".....#"


@pytest.mark.parametrize(
    ("behind", "named"), [("option:X=1", "option:x"), ("subset=SELECT * FROM mask", "a query instead of a filter")]
)
def test_what_can_not_be_followed_is_refused(layer, behind, named):
    with pytest.raises(UsageError, match=named):
        Mask.read(f"{layer(pixels(0, 0, 1, 1))}|{behind}", Grid())


def test_features_without_a_geometry_are_passed_over(layer):
    assert Mask.read(layer(None, pixels(0, 0, 1, 1), shapely.Polygon()), Grid()).bounds == (0, 0, 1, 1)


def test_heights_of_a_polygon_are_passed_over(layer):
    assert Mask.read(layer(shapely.force_3d(pixels(0, 0, 1, 1), 7.0)), Grid()).bounds == (0, 0, 1, 1)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"mask nowhere\.gpkg can't be read: .*No such file"):
        Mask.read(str(tmp_path / "nowhere.gpkg"), Grid())


def test_a_file_that_is_no_vector_file_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("polygons")
    with pytest.raises(UsageError, match=r"mask notes\.txt can't be read"):
        Mask.read(str(tmp_path / "notes.txt"), Grid())


def test_a_layer_that_is_not_in_the_file_is_told(layer):
    with pytest.raises(UsageError, match=r"mask\.gpkg \(other\) can't be read"):
        Mask.read(f"{layer(pixels(0, 0, 1, 1))}|layername=other", Grid())


def test_lines_are_no_mask(layer):
    with pytest.raises(UsageError, match="polygons and nothing else; it has 1 linestring"):
        Mask.read(layer(pixels(0, 0, 1, 1).exterior, kind="LineString"), Grid())


def test_polygons_among_lines_are_one_if_only_they_are_wanted(layer):
    path = layer(shapely.LineString([(0, 0), (1, 1)]), pixels(0, 0, 1, 1), name="mask.geojson", crs=UTM)
    with pytest.raises(UsageError, match="1 linestring"):
        Mask.read(path, Grid())
    assert Mask.read(f"{path}|geometrytype=Polygon", Grid()).bounds == (0, 0, 1, 1)


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_a_layer_without_polygons_is_no_mask(layer, suffix):
    path = layer(name=f"mask{suffix}", kind="Polygon")
    with pytest.raises(UsageError, match="holds no polygons"):
        Mask.read(path, Grid())


@pytest.mark.parametrize("crs", [UTM, DEGREES])
def test_a_mask_elsewhere_is_told_with_its_crs(layer, crs):
    far = pixels(1000, 1000, 1001, 1001)
    with pytest.raises(ExtentOutside, match=f"No polygon of the mask mask.gpkg lies on the raster.*{crs}"):
        Mask.read(layer(far if crs == UTM else degrees(far), crs=crs), Grid())


def test_a_mask_that_only_touches_the_raster_is_elsewhere(layer):
    with pytest.raises(ExtentOutside):
        Mask.read(layer(pixels(4, 0, 8, 6)), Grid())


def test_an_invalid_polygon_is_told_with_the_place(layer):
    bow = shapely.Polygon([(500_000, 4_000_000), (500_020, 3_999_980), (500_020, 4_000_000), (500_000, 3_999_980)])
    with pytest.raises(UsageError, match=r"Self-intersection\[500010 3999990\].*Fix Geometries"):
        Mask.read(layer(bow), Grid())
    with pytest.raises(UsageError, match="Self-intersection"):
        Mask.read(layer(degrees(bow, fine=False), crs=DEGREES), Grid())


def test_a_mask_that_has_no_place_in_the_rasters_crs_is_told(layer):
    # The whole globe as one raster in a projection that shows half of it: there is no frame to cut at.
    half = "+proj=ortho +lat_0=0 +lon_0=0 +R=6371000 +units=m +no_defs"
    grid = Grid(10, 10, half, (2_000_000.0, 0, -10_000_000.0, 0, -2_000_000.0, 10_000_000.0))
    with pytest.raises(UsageError, match="can't be brought into the raster's CRS"):
        Mask.read(layer(shapely.box(170, -10, 180, 10), crs=DEGREES), grid)


def test_without_a_crs_on_either_side_coordinates_are_compared_as_they_are(layer):
    path = layer(pixels(0, 0, 1, 2), crs=None, kind="Polygon")
    assert Mask.read(path, Grid(crs="")).bounds == (0, 0, 1, 2)
    with pytest.raises(UsageError, match=r"mask mask\.gpkg has no CRS"):
        Mask.read(path, Grid())


def test_a_geopackages_word_for_no_crs_is_none(layer):
    path = layer(pixels(0, 0, 1, 2), kind="Polygon")
    with sqlite3.connect(path) as file:
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            file.execute(f"update {table} set srs_id = -1")
    assert Mask.read(path, Grid(crs="")).bounds == (0, 0, 1, 2)


def test_a_raster_without_a_crs_and_a_mask_with_one_are_not_compared(layer):
    with pytest.raises(UsageError, match="raster has no CRS"):
        Mask.read(layer(pixels(0, 0, 1, 2)), Grid(crs=""))


def test_a_python_that_lacks_a_package_is_told_so(layer, monkeypatch):
    path = layer(pixels(0, 0, 1, 1))
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    with pytest.raises(RuntimeMissing, match="A mask needs the package pyogrio.*Set up the engine"):
        Mask.read(path, Grid())

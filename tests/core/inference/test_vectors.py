"""Vector files as GDAL reads them back, and their styles as QGIS wants them."""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
from pathlib import Path
from typing import Any, Iterator
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
import shapely

from mlm_runner.core.errors import OutputNotWritable, RuntimeMissing, UsageError
from mlm_runner.core.inference.scratch import Scratch
from mlm_runner.core.inference.vectors import FORMATS, Features, check_name, layer_name, write, write_style
from mlm_runner.core.mlm.legend import LegendEntry

UTM = "EPSG:32633"
LEGEND = (
    LegendEntry(1, "Wald & <Wiese>", "#00FF00"),
    LegendEntry(2, "Wasser", "#0000FF"),
    LegendEntry(0, "kein Wert", "#000000", nodata=True),
)


def squares(count: int = 2) -> Features:
    """Return squares of 10 m in a row from 15 degrees east on, with a field of each type."""
    west = 500_000 + 10 * np.arange(count)
    return Features(
        np.asarray(shapely.box(west, 3_999_990, west + 10, 4_000_000), dtype=object).reshape(count),
        {
            "value": np.arange(count, dtype=np.int32),
            "class": np.array(["Grünland"] * count, dtype=object),
            "pixels": np.full(count, 2**40, dtype=np.int64),
            "area": np.where(np.arange(count) == 0, np.nan, 100.0),
        },
    )


def read(path: Path) -> tuple[dict[str, Any], np.ndarray, dict[str, list[Any]]]:
    meta, _, geometries, fields = pyogrio.raw.read(path, layer=layer_name(path))
    return meta, shapely.from_wkb(geometries), {n: f.tolist() for n, f in zip(meta["fields"], fields, strict=True)}


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".fgb"])
def test_a_file_gives_back_what_was_written(tmp_path, suffix):
    path = tmp_path / f"map{suffix}"
    write(path, squares(), UTM, "Polygon")
    meta, geometries, fields = read(path)
    assert meta["crs"] == UTM and meta["geometry_type"] == "Polygon"
    one, other = fields["value"].index(1), fields["value"].index(0)
    assert geometries[one].equals(shapely.box(500_010, 3_999_990, 500_020, 4_000_000))
    assert [fields[name][one] for name in ("class", "pixels", "area")] == ["Grünland", 2**40, 100.0]
    assert np.isnan(fields["area"][other])


def test_geojson_is_brought_to_longitude_and_latitude(tmp_path):
    path = tmp_path / "map.geojson"
    write(path, squares(), UTM, "Polygon")
    said = json.loads(path.read_text("utf-8"))
    assert "crs" not in said
    first = said["features"][0]
    # The zone's central meridian; 4000 km along it from the equator, by the publisher's tables 36 08 40.66 N.
    longitude, latitude = np.array(first["geometry"]["coordinates"][0]).T
    assert longitude.min() == 15.0 and latitude.max() == pytest.approx(36.14471809, abs=1e-6)
    assert first["properties"] == {"value": 0, "class": "Grünland", "pixels": 2**40, "area": None}


def test_geojson_keeps_pixels_of_a_drone_apart(tmp_path):
    path = tmp_path / "map.geojson"
    x, y = 512_345.67, 4_012_345.67
    tiny = np.array([shapely.box(x, y, x + 0.004, y + 0.004)], dtype=object)
    write(path, Features(tiny, {"value": np.array([1])}), UTM, "Polygon")
    ring = json.loads(path.read_text("utf-8"))["features"][0]["geometry"]["coordinates"][0]
    assert len({tuple(point) for point in ring}) == 4


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_result_without_features_has_its_fields_and_type_all_the_same(tmp_path, suffix):
    path = tmp_path / f"map{suffix}"
    write(path, squares(0), UTM, "Polygon")
    info = pyogrio.read_info(path, force_feature_count=True)
    assert info["features"] == 0
    if suffix != ".geojson":  # whose empty list of features can have neither
        assert info["fields"].tolist() == ["value", "class", "pixels", "area"] and info["geometry_type"] == "Polygon"


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb"])
def test_the_layer_says_what_the_run_was(tmp_path, suffix):
    path = tmp_path / f"map{suffix}"
    write(path, squares(), UTM, "Polygon", "Land cover", {"MLM_RUNNER_MODEL_ID": "unet"})
    said = pyogrio.read_info(path)["layer_metadata"]
    assert said["MLM_RUNNER_MODEL_ID"] == "unet" and said["DESCRIPTION"] == "Land cover"


def test_geojson_says_what_the_run_was_beside_its_features(tmp_path):
    path = tmp_path / "map.geojson"
    write(path, squares(), UTM, "Polygon", "Land cover", {"MLM_RUNNER_MODEL_ID": "unet"})
    said = json.loads(path.read_text("utf-8"))
    assert said["mlm_runner"] == {"MLM_RUNNER_MODEL_ID": "unet"} and said["description"] == "Land cover"


def test_a_geopackage_is_of_a_version_that_older_qgis_knows(tmp_path):
    path = tmp_path / "map.gpkg"
    write(path, squares(), UTM, "Polygon")
    with sqlite3.connect(path) as file:
        assert file.execute("pragma user_version").fetchone()[0] <= 10200


@pytest.mark.parametrize("name", ["map.tif", "map", "map.kml"])
def test_a_suffix_that_can_not_be_written_is_refused_with_those_that_can(tmp_path, name):
    with pytest.raises(UsageError, match=r"ends in \.gpkg, \.geojson, \.shp, \.fgb"):
        check_name(tmp_path / name)


def test_a_suffix_in_capitals_is_the_same(tmp_path):
    check_name(tmp_path / "MAP.GPKG")
    write(tmp_path / "MAP.GPKG", squares(), UTM, "Polygon")
    assert pyogrio.list_layers(tmp_path / "MAP.GPKG")[:, 0].tolist() == ["MAP"]


def test_geojson_without_a_crs_is_refused_before_the_run(tmp_path):
    with pytest.raises(UsageError, match=r"no CRS.*\.gpkg"):
        check_name(tmp_path / "map.geojson", crs="")
    check_name(tmp_path / "map.gpkg", crs="")


def test_two_files_that_would_share_a_style_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"map\.shp and map\.tif would share the style map\.qml"):
        check_name(tmp_path / "map.shp", [tmp_path / "map.tif"])
    check_name(tmp_path / "map.gpkg", [tmp_path / "map.tif"])
    check_name(tmp_path / "polygons.shp", [tmp_path / "map.tif"])
    check_name(tmp_path / "map.shp", [tmp_path / "map.shp"])


@pytest.mark.parametrize("name", ["pyogrio", "shapely"])
def test_a_python_that_lacks_a_package_is_told_so_before_the_run(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(RuntimeMissing, match=f"needs the package {name}.*lacks it. Set up the engine"):
        check_name(tmp_path / "map.gpkg")


@pytest.mark.parametrize("stem", ["gpkg_map", "sqlite_map", "layer_styles"])
def test_a_name_that_a_geopackage_keeps_for_itself_is_no_obstacle(tmp_path, stem):
    path = tmp_path / f"{stem}.gpkg"
    write(path, squares(), UTM, "Polygon")
    write_style(path, LEGEND, "value")
    assert pyogrio.read_info(path, layer=layer_name(path))["features"] == 2


@pytest.fixture
def file_limit() -> Iterator[Any]:
    """Let no file grow beyond a number of bytes, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.97, 0.999])
def test_a_full_disk_is_told_and_no_cut_off_file_passes_for_whole(tmp_path, file_limit, suffix, share):
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    write(whole, squares(2000), UTM, "Polygon")
    size = max(part.stat().st_size for part in tmp_path.glob("whole.*"))
    file_limit(int(size * share))
    with pytest.raises(OutputNotWritable, match="the disk takes no more"):
        write(cut, squares(2000), UTM, "Polygon")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputNotWritable, match="Choose another place"):
        write(tmp_path / "nowhere" / "map.gpkg", squares(), UTM, "Polygon")


def style(path: Path) -> ElementTree.Element:
    """Return the style that QGIS would find for the file."""
    if path.suffix != ".gpkg":
        return ElementTree.fromstring(path.with_suffix(".qml").read_text("utf-8"))
    with sqlite3.connect(path) as file:
        (text,) = file.execute(
            "select styleQML from layer_styles "
            "where f_table_name = 'map' and f_geometry_column = 'geom' and useAsDefault"
        ).fetchone()
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_style_has_the_classes_names_and_colours(tmp_path, suffix):
    path = tmp_path / f"map{suffix}"
    write(path, squares(), UTM, "Polygon")
    write_style(path, LEGEND, "value", opacity=0.4)
    renderer = style(path).find("renderer-v2")
    assert renderer is not None
    assert renderer.get("type") == "categorizedSymbol" and renderer.get("attr") == "value"
    shown = [(c.get("value"), c.get("label"), c.get("symbol")) for c in renderer.iter("category")]
    assert shown == [("1", "Wald & <Wiese>", "0"), ("2", "Wasser", "1")]
    fills = [o.get("value") for o in renderer.iter("Option") if o.get("name") == "color"]
    assert fills == ["0,255,0,102", "0,0,255,102"]


def test_the_style_of_a_geopackage_does_not_take_that_of_a_raster(tmp_path):
    (tmp_path / "map.qml").write_text("of map.tif")
    with Scratch(tmp_path / "map.gpkg") as scratch:
        write(scratch.path(), squares(), UTM, "Polygon")
        write_style(scratch.path(), LEGEND, "value")
        scratch.finish()
    assert (tmp_path / "map.qml").read_text() == "of map.tif" and style(tmp_path / "map.gpkg") is not None


@pytest.mark.parametrize(
    ("suffix", "parts"),
    [
        (".gpkg", [".gpkg"]),
        (".geojson", [".geojson", ".qml"]),
        (".fgb", [".fgb", ".qml"]),
        (".shp", [".cpg", ".dbf", ".prj", ".qml", ".shp", ".shx"]),
    ],
)
def test_all_parts_of_a_file_get_their_final_names(tmp_path, suffix, parts):
    with Scratch(tmp_path / f"map{suffix}") as scratch:
        write(scratch.path(), squares(), UTM, "Polygon")
        write_style(scratch.path(), LEGEND, "value")
        scratch.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"map{part}" for part in parts]
    assert len(read(tmp_path / f"map{suffix}")[1]) == 2


@pytest.mark.parametrize(
    ("suffix", "stale"),
    [(".gpkg", "map.gpkg-wal"), (".gpkg", "map.gpkg-journal"), (".shp", "map.qix"), (".shp", "map.prj")],
)
def test_what_an_older_file_left_beside_does_not_spoil_a_new_one(tmp_path, suffix, stale):
    (tmp_path / stale).write_bytes(b"of an older file")
    with Scratch(tmp_path / f"map{suffix}") as scratch:
        write(scratch.path(), squares(), "", "Polygon")
        scratch.finish()
    assert not (tmp_path / stale).exists()

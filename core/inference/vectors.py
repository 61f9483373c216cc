"""Writes features with fields to a vector file, whose kind is its suffix, and what QGIS draws them with."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import numpy as np

from ..errors import RuntimeMissing, UsageError
from ..mlm.legend import LegendEntry
from .scratch import writing_failed
from .vector_style import categorized

STYLES = "layer_styles"
"""The table of a GeoPackage that QGIS looks for styles in."""
RESERVED = ("gpkg", "rtree_", "sqlite_", STYLES)
"""What no layer of a GeoPackage may begin with."""
GEOMETRY = "geom"
UTC = np.array([100])
"""GDAL's number for a time that is in UTC."""


@dataclass(frozen=True)
class Features:
    """Geometries (shapely's), and in every field a value for each."""

    geometries: np.ndarray
    fields: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.geometries)


@dataclass(frozen=True)
class Format:
    """How GDAL writes a kind of file, and what the file can hold besides features."""

    driver: str
    options: tuple[tuple[str, str], ...] = ()
    creation: tuple[tuple[str, str], ...] = ()
    describes: bool = True
    keeps_metadata: bool = False
    holds_style: bool = False
    in_degrees: bool = False


FORMATS = {
    # Of a later version than 1.2 the GDAL of an older QGIS says that it may not be understood.
    ".gpkg": Format(
        "GPKG", (("GEOMETRY_NAME", GEOMETRY),), (("VERSION", "1.2"),), keeps_metadata=True, holds_style=True
    ),
    # RFC 7946 is longitude and latitude. Nine places are a tenth of a millimetre: its seven bend a drone's pixels.
    ".geojson": Format("GeoJSON", (("RFC7946", "YES"), ("COORDINATE_PRECISION", "9")), in_degrees=True),
    ".shp": Format("ESRI Shapefile", (("ENCODING", "UTF-8"),), describes=False),
    ".fgb": Format("FlatGeobuf", keeps_metadata=True),
}


def check_name(path: Path, others: Sequence[Path] = (), crs: Optional[str] = None) -> None:
    """Raise what would stop `write` after a long run: a suffix that means nothing, or packages that are not here.

    `others` are files of the same run: beside a shapefile a style would have the name of theirs. `crs` is the raster's,
    "" for none.
    """
    kind = _format(path)
    library("shapely", "A vector file")
    library("pyogrio", "A vector file")
    if kind.in_degrees and crs == "":
        raise UsageError(
            f"{path.name} would be in longitude and latitude, and the raster has no CRS. "
            "Choose a GeoPackage (.gpkg), or give the raster a CRS."
        )
    beside = style_beside(path)
    twin = next((o for o in others if not _same(o, path) and _same(style_beside(o), beside)), None)
    if twin is not None and not kind.holds_style:
        raise UsageError(
            f"{path.name} and {twin.name} would share the style {beside.name}. "
            "Choose another name, or a GeoPackage (.gpkg), which keeps its style inside."
        )


def write(
    path: Path,
    features: Features,
    crs: str,
    geometry_type: str,
    description: str = "",
    metadata: Mapping[str, str] = {},
) -> None:
    """Write `features` as the only layer of a new file; one without any has the fields all the same.

    `geometry_type` is GDAL's word ("Polygon", "MultiPolygon", "Point"). `metadata` goes to where the format has a place
    for it, which a shapefile has not. Raises `OutputNotWritable`.
    """
    check_name(path, crs=crs)
    kind = _format(path)
    pyogrio, shapely = library("pyogrio", "A vector file"), library("shapely", "A vector file")
    options = dict(kind.options)
    if kind.describes and description:
        options["DESCRIPTION"] = description
    if kind.driver == "GeoJSON" and metadata:
        # A member of our own beside the features, which the standard allows.
        more = {"type": "FeatureCollection", "mlm_runner": dict(metadata)}
        options.update(NATIVE_DATA=json.dumps(more), NATIVE_MEDIA_TYPE="application/vnd.geo+json")
    try:
        with warnings.catch_warnings():
            # A raster may have no CRS; the run says so.
            warnings.filterwarnings("ignore", "'crs' was not provided")
            pyogrio.raw.write(
                path,
                shapely.to_wkb(features.geometries),
                list(features.fields.values()),
                list(features.fields),
                layer=layer_name(path),
                driver=kind.driver,
                geometry_type=geometry_type,
                crs=crs or None,
                layer_options=options,
                dataset_options=dict(kind.creation),
                layer_metadata=dict(metadata) if kind.keeps_metadata else None,
            )
        _prove(pyogrio, path, len(features))
    except (RuntimeError, OSError) as error:
        raise writing_failed(path, error) from error


def write_style(path: Path, entries: Sequence[LegendEntry], field: str, opacity: float = 1.0) -> None:
    """Give the file at `path` the legend's names and colours, for QGIS to load by itself; `field` holds their values.

    In a GeoPackage it lies inside, where a raster of the same name can't take its place; else beside, as .qml.
    `opacity` is the fill's.
    """
    style = categorized(entries, field, opacity)
    try:
        if _format(path).holds_style:
            _keep_style(path, style.decode("utf-8"))
        else:
            style_beside(path).write_bytes(style)
    except (RuntimeError, OSError) as error:
        raise writing_failed(path, error) from error


def style_beside(path: Path) -> Path:
    """Return where QGIS looks for the style of the file at `path`."""
    return path.with_suffix(".qml")


def layer_name(path: Path) -> str:
    """Return the name of the file's layer: the file's own, where a GeoPackage can have it."""
    return f"layer {path.stem}" if path.stem.lower().startswith(RESERVED) else path.stem


def library(name: str, what: str, at_least: tuple[int, int] = (0, 0)) -> Any:
    """Return the package `name`, which not every runtime has; raises `RuntimeMissing` that says `what` needs it."""
    wanted = f"{name} {'.'.join(map(str, at_least))} or newer" if any(at_least) else name
    try:
        found = importlib.import_module(name)
    except ImportError:
        state = "lacks it"
    else:
        version = tuple(int(number) for number in re.findall(r"\d+", found.__version__)[:2])
        if version >= at_least:
            return found
        state = f"has {found.__version__}"
    raise RuntimeMissing(
        f"{what} needs the package {wanted}, and the engine's Python ({sys.executable}) {state}. Set up the engine."
    )


def _format(path: Path) -> Format:
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise UsageError(
            f"{path.name} is no vector file that can be written. Give a name that ends in {', '.join(FORMATS)}."
        )
    return found


def _same(one: Path, other: Path) -> bool:
    return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))


def _prove(pyogrio: Any, path: Path, count: int) -> None:
    """Raise OSError where the file is not whole: of what fails while it is closed, GDAL tells nothing."""
    if not count:
        return
    try:
        last = pyogrio.raw.read(path, layer=layer_name(path), skip_features=count - 1)[2]
        indexed = pyogrio.read_info(path, layer=layer_name(path))["capabilities"]["fast_spatial_filter"]
    except (RuntimeError, ValueError) as error:
        raise OSError(f"it can't be read back, {error}: write error") from error
    # Of a shapefile's geometry that is cut off GDAL makes none.
    if len(last) != 1 or last[0] is None:
        raise OSError(f"the last of {count} features is not in it: write error")
    # Without one a GeoPackage is whole, and slow for ever.
    if _format(path).driver == "GPKG" and not indexed:
        raise OSError("it has no spatial index: write error")


def _keep_style(path: Path, style: str) -> None:
    """Add QGIS's table of styles to a GeoPackage, with one that is the default."""
    row: dict[str, Any] = {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": layer_name(path),
        "f_geometry_column": GEOMETRY,
        "styleName": "classes",
        "styleQML": style,
        "styleSLD": "",
        "useAsDefault": True,
        "description": "",
        "owner": "",
        "ui": "",
        "update_time": np.datetime64("now", "ms"),
    }
    values = [np.array([v], dtype=object) if isinstance(v, str) else np.array([v]) for v in row.values()]
    library("pyogrio", "A vector file").raw.write(
        path, None, values, list(row), layer=STYLES, driver="GPKG", gdal_tz_offsets={"update_time": UTC}
    )

"""Reads the polygons of a vector layer, named as QGIS names one: a file, then what is chosen of it, after bars."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, Optional, Union

import numpy as np

from ..errors import UsageError
from .vectors import library

OPTIONS = frozenset({"layername", "layerid", "subset", "geometrytype"})
"""What QGIS writes behind a file's name and can be followed here."""


@dataclass(frozen=True)
class Source:
    """A layer of a file, and which of its features."""

    path: str
    layer: Union[str, int, None] = None
    where: Optional[str] = None
    only_polygons: bool = False

    @property
    def name(self) -> str:
        """What the user knows it by."""
        file = PurePath(self.path).name
        return file if self.layer is None else f"{file} ({self.layer})"

    @staticmethod
    def parse(text: str) -> Source:
        """Return what "path|layername=x" names; raises `UsageError` where something behind a bar is not understood."""
        path, *rest = text.split("|")
        options = {word.lower(): value for word, _, value in (part.partition("=") for part in rest)}
        unknown = sorted(options.keys() - OPTIONS)
        where = options.get("subset")
        if unknown or (where is not None and re.match(r"\s*select\b", where, re.IGNORECASE)):
            what = unknown[0] if unknown else "a query instead of a filter"
            raise UsageError(
                f"The mask {text} has {what}, which can't be followed here. Export the layer and choose that."
            )
        number = options.get("layerid", "")
        return Source(
            path,
            options.get("layername", int(number) if number.isdigit() else None),
            where,
            "polygon" in options.get("geometrytype", "").lower(),
        )


@dataclass(frozen=True)
class Polygons:
    """What was read: shapely's Polygons and MultiPolygons, and their CRS, "" for none."""

    geometries: np.ndarray
    crs: str

    @property
    def called(self) -> str:
        """The CRS in a word: its code, or the name that its long definition begins with."""
        named = re.match(r'\w+\["([^"]+)"', self.crs)
        return named[1] if named else self.crs or "no CRS"


def read_polygons(source: Source) -> Polygons:
    """Read all polygons of `source`; raises `UsageError` where there are none, or something else beside them."""
    pyogrio, shapely = library("pyogrio", "A mask"), library("shapely", "A mask")
    try:
        layer = _only_layer(pyogrio, source) if source.layer is None else source.layer
        meta, _, stored, _ = pyogrio.raw.read(source.path, layer=layer, columns=[], where=source.where, force_2d=True)
        geometries = shapely.from_wkb(stored[[one is not None for one in stored]] if len(stored) else stored)
    except (RuntimeError, ValueError, shapely.errors.ShapelyError) as error:
        reason = str(error).strip().rstrip(".")
        raise UsageError(
            f"The mask {source.name} can't be read: {reason}. "
            "Check the path, or open it in QGIS to see whether it is whole."
        ) from error
    geometries = geometries[~shapely.is_empty(geometries)]
    types = shapely.get_type_id(geometries)
    polygons = np.isin(types, (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON))
    others = Counter(shapely.GeometryType(number).name.lower() for number in types[~polygons].tolist())
    if others and not source.only_polygons:
        counted = ", ".join(f"{count} {name}" for name, count in others.most_common())
        raise UsageError(
            f"The mask {source.name} must hold polygons and nothing else; it has {counted}. Choose another."
        )
    if not polygons.any():
        raise UsageError(f"The mask {source.name} holds no polygons. Choose a layer that has some.")
    found = Polygons(geometries[polygons], meta["crs"] or "")
    # A GeoPackage without a CRS names one that says so.
    return replace(found, crs="") if found.called.startswith("Undefined") else found


def _only_layer(pyogrio: Any, source: Source) -> str:
    """Return the one layer with geometries; raises `UsageError` where there are several to choose from."""
    named = [str(name) for name, kind in pyogrio.list_layers(source.path) if kind is not None]
    if not named:
        raise UsageError(f"The mask {source.name} holds no polygons. Choose a layer that has some.")
    if len(named) > 1:
        raise UsageError(
            f"{source.name} has several layers ({', '.join(named)}). Name one: {source.path}|layername={named[0]}"
        )
    return named[0]
